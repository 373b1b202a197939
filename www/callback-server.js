// A receiver of what the services post to a callbackUrl. To try it: `node www/callback-server.js 8788`,
// and from a second terminal
//
//   curl -i 'http://127.0.0.1:8788/captcha?order=4711' \
//     -d '{"errorId":0,"status":"ready","solution":{"text":"w7kq"}}'

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { Client } from "capwire";

/** Solutions have a few kilobytes. What is longer than this is thrown away while it comes. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Nobody may keep a connection open with a body that never ends. */
const TIMEOUTS = { requestTimeout: 10_000, connectionsCheckingInterval: 5_000 };

/**
 * A server for posts to `/captcha?order=…`. Each is answered with 204 as soon as it is there, because the
 * service closes the connection after 2 s; what it says is read afterwards.
 *
 * @typedef {{ result: import("capwire").CallbackResult } | { error: Error }} Outcome
 * @param {(order: string | null, outcome: Outcome) => unknown} onResult Told of each post, with the
 *   `order` of its URL. It may take its time; what it throws is written to the console.
 */
export function createCallbackServer(onResult) {
  return createServer(TIMEOUTS, async (request, response) => {
    // Not by `new URL`, which throws for some of what a stranger may ask for.
    const [path, query] = request.url.split("?", 2);
    if (path !== "/captcha") return response.writeHead(404).end();
    if (request.method !== "POST") return response.writeHead(405, { allow: "POST" }).end();
    // Whoever has left gets no answer, but there is nothing to read either.
    const body = await readBody(request).catch(() => undefined);
    if (body === undefined) return response.writeHead(413).end();

    response.writeHead(204).end();
    const outcome = await Client.parseCallback(body).then(
      (result) => ({ result }),
      (error) => ({ error }),
    );
    try {
      await onResult(new URLSearchParams(query).get("order"), outcome);
    } catch (error) {
      console.error("The handler of a callback failed:", error);
    }
  });
}

/** The whole body, or nothing if it is too long. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // Read to its end in any case, or the sender would not see the answer.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createCallbackServer((order, { result, error }) => {
    // As objects, whose text is quoted: what a stranger posts must not move a terminal's cursor.
    if (error) console.log({ order, name: error.name, code: error.code, message: error.message });
    else console.log({ order, ...result });
  });
  server.listen(Number(process.argv[2] ?? 8788), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}/captcha`);
  });
}
