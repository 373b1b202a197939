// Loaded into every process of the tests: it replaces `capwire` by `capwire/js` and removes WebAssembly.

import { once } from "node:events";
import { createServer } from "node:http";
import { register } from "node:module";

const hooks = `
  export const resolve = (specifier, context, next) =>
    next(specifier === "capwire" ? "capwire/js" : specifier, context);
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

// Node's own `fetch` uses WebAssembly too, which it compiles for the first request.
const server = createServer((_, response) => response.end());
server.listen(0, "127.0.0.1");
await once(server, "listening");
const response = await fetch(`http://127.0.0.1:${server.address().port}`);
await response.text();
server.close();
server.closeAllConnections();
delete globalThis.WebAssembly;
