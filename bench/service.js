// A service in a process of its own that answers at once, so that its work is not measured as a client's.
//
// It speaks the protocol of the services, and that of `@2captcha/captcha-solver` beside it. The parent process says
// when tasks are ready, and asks what was requested.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

import { TEXT } from "./settings.js";

/** Tasks are ready this long after their creation. */
let readyMs = 0;
/** A folder of pages. */
let folder;
let count = 0;
const created = new Map();
const readyAt = new Map();

const MEDIA = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*",
  "access-control-max-age": "7200",
};

function create() {
  count += 1;
  const id = count;
  created.set(id, 0);
  readyAt.set(id, performance.now() + readyMs);
  return id;
}

/** True if a task is ready. */
function ask(id) {
  created.set(id, (created.get(id) ?? 0) + 1);
  return performance.now() >= readyAt.get(id) && readyMs < Number.MAX_SAFE_INTEGER;
}

const answers = {
  "/createTask": () => ({ errorId: 0, taskId: create() }),
  "/getTaskResult": (body) =>
    ask(JSON.parse(body).taskId)
      ? { errorId: 0, status: "ready", solution: { text: TEXT } }
      : { errorId: 0, status: "processing" },
  "/in.php": () => ({ status: 1, request: String(create()) }),
  "/res.php": (_, query) =>
    ask(Number(query.get("id")))
      ? { status: 1, request: TEXT }
      : { status: 0, request: "CAPCHA_NOT_READY" },
};

async function page(response, path) {
  // Without a folder nothing is served, and no path leaves it.
  const file = folder && join(folder, normalize(path));
  const text = file && (await readFile(file).catch(() => undefined));
  if (text === undefined) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": MEDIA[extname(path)] ?? "text/plain" }).end(text);
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
  const answer = answers[pathname];
  if (request.method === "OPTIONS") return response.writeHead(204, CORS).end();
  if (!answer) return page(response, pathname);
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    // The image is not read.
    const body = pathname === "/getTaskResult" ? Buffer.concat(chunks).toString() : "";
    const text = JSON.stringify(answer(body, searchParams));
    const length = Buffer.byteLength(text);
    response.writeHead(200, {
      ...CORS,
      "content-type": "application/json",
      "content-length": length,
    });
    response.end(text);
  });
});
// Connections outlive the rounds of the others.
server.keepAliveTimeout = 600_000;

export const commands = {
  /** Says when tasks are ready from now on; those that wait already, too. */
  setReady(ms) {
    readyMs = ms ?? Number.MAX_SAFE_INTEGER;
    for (const id of readyAt.keys()) readyAt.set(id, performance.now() + readyMs);
  },
  forget() {
    created.clear();
    readyAt.clear();
  },
  serve(path) {
    folder = path;
  },
  /** How many tasks were created, and for how many of them the result was requested. */
  seen: () => ({
    created: created.size,
    asked: [...created.values()].filter((times) => times > 0).length,
  }),
};

export const started = new Promise((resolve) => {
  server.listen(0, "127.0.0.1", 1_024, () => resolve(`http://127.0.0.1:${server.address().port}`));
});
