// Batches of tasks for solveAll, and an input that records how it is used.

import { setTimeout as sleep } from "node:timers/promises";

/** The reply of a service that never finishes its answer. */
export const HANG = { kind: "hang", where: "in-body" };

/** Tasks of captchas that the sandbox knows, and the text in each. */
export async function captchas(sandbox, count) {
  const drawn = await Promise.all(Array.from({ length: count }, () => sandbox.captcha()));
  return {
    tasks: drawn.map(({ bytes }) => ({ type: "ImageToTextTask", body: bytes })),
    texts: drawn.map(({ text }) => text),
  };
}

/** A captcha that nobody can read. */
export const UNKNOWN = { type: "ImageToTextTask", body: new Uint8Array(200).fill(9) };

/** Everything that is iterated. */
export async function all(records) {
  const list = [];
  for await (const record of records) list.push(record);
  return list;
}

/** An input that records how it is used. */
export function watched(tasks, { isAsync = false, delayMs = 0 } = {}) {
  const seen = { taken: 0, returned: 0 };
  let place = 0;
  const step = () => {
    if (place === tasks.length) return { done: true, value: undefined };
    seen.taken += 1;
    return { done: false, value: tasks[place++] };
  };
  const close = () => {
    seen.returned += 1;
    return { done: true, value: undefined };
  };
  const iterator = isAsync
    ? {
        next: async () => {
          await sleep(delayMs);
          return step();
        },
        return: async () => close(),
      }
    : { next: step, return: close };
  const input = { [isAsync ? Symbol.asyncIterator : Symbol.iterator]: () => iterator };
  return { input, seen };
}

/** The largest number of tasks under way at once, from creation to the only result request, as the service saw it. */
export async function widest(sandbox) {
  let open = 0;
  let most = 0;
  for (const { method } of await sandbox.requests()) {
    open += method === "createTask" ? 1 : -1;
    most = Math.max(most, open);
  }
  return most;
}
