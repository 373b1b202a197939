// Images as bytes, text and streams, and a client with a service of its own.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Client } from "capwire";
import { KEY } from "./sandbox.js";

export const TOO_SMALL = "ERROR_ZERO_CAPTCHA_FILESIZE";
export const TOO_BIG = "ERROR_TOO_BIG_CAPTCHA_FILESIZE";

/** Bytes of no known format, some of which base64 writes as `+` and `/`. */
export const bytesOf = (size) =>
  Uint8Array.from({ length: size }, (_, at) => (at * 37 + 251) % 256);
export const base64Of = (bytes) => Buffer.from(bytes).toString("base64");

/** A client with a service of its own. `sent` has the tasks that it got. */
export function fixture(options) {
  const sent = [];
  const answers = {
    createTask: () => ({ errorId: 0, taskId: sent.length }),
    getTaskResult: () => ({ errorId: 0, status: "ready", solution: { text: "w7kq" } }),
  };
  const fetch = async (url, init) => {
    const { task } = JSON.parse(init.body);
    if (task) sent.push(task);
    return Response.json(answers[url.split("/").at(-1)]());
  };
  return { sent, client: new Client({ clientKey: KEY, fetch, ...options }) };
}

export async function folderFor(t) {
  const folder = await mkdtemp(join(tmpdir(), "capwire-images-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

export const webStream = (bytes, step = 1_000) => {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + step));
      at += step;
    },
  });
};
export const nodeStream = (bytes, step = 1_000) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += step) yield Buffer.from(bytes.slice(at, at + step));
    })(),
    { objectMode: false },
  );
export async function* generator(bytes, step = 1_000) {
  for (let at = 0; at < bytes.length; at += step) yield bytes.slice(at, at + step);
}
