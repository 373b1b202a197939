// A server that receives the posts to a callbackUrl. To try it, run `node www/callback-server.js 8788`, and
// in a second terminal
//
//   curl -i 'http://127.0.0.1:8788/captcha?order=4711' \
//     -d '{"errorId":0,"status":"ready","solution":{"text":"w7kq"}}'

import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { Client } from "capwire";

/** Solutions are a few kilobytes long. A longer body is discarded as it arrives. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** A body that never ends must not keep a connection open. */
const TIMEOUTS = { requestTimeout: 10_000, connectionsCheckingInterval: 5_000 };

/**
 * A server for posts to `/captcha?order=…`. It answers each with 204 as soon as the body has arrived, because
 * the service closes the connection after 2 s. It parses the body afterwards.
 *
 * @typedef {{ result: import("capwire").CallbackResult } | { error: Error }} Outcome
 * @param {(order: string | null, outcome: Outcome) => unknown} onResult Called for each post with
 *   the `order` from its URL. It may be slow. Errors that it throws go to the console.
 */
export function createCallbackServer(onResult) {
  return createServer(TIMEOUTS, async (request, response) => {
    // Not `new URL`: it throws for some paths that a stranger could request.
    const [path, query] = request.url.split("?", 2);
    if (path !== "/captcha") return response.writeHead(404).end();
    if (request.method !== "POST") return response.writeHead(405, { allow: "POST" }).end();
    // A sender that disconnected leaves no body, and the answer reaches nobody.
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

/** Returns the whole body, or undefined if it is too long. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // Always read to the end, or the sender would not see the answer.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createCallbackServer((order, { result, error }) => {
    // Log objects, because their strings are escaped: a stranger's post must not control the terminal.
    if (error) console.log({ order, name: error.name, code: error.code, message: error.message });
    else console.log({ order, ...result });
  });
  server.listen(Number(process.argv[2] ?? 8788), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}/captcha`);
  });
}
