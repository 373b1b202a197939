// What a client does when it is measured, in a process or a page.

import { image, TEXT } from "./settings.js";
import { wasmBytes } from "./wasm-memory.js";

/** Of wasm memory, in bytes. */
const PAGE = 65_536;

/**
 * @param {(settings: object) => (image: Uint8Array) => Promise<string>} make Of a file in the folder `clients`.
 * @param {object} settings
 */
export function workOf(make, settings) {
  const solve = make(settings);
  let begun;

  async function solveAtOnce(count, bytes) {
    const picture = image(bytes);
    const texts = await Promise.all(Array.from({ length: count }, () => solve(picture)));
    if (texts.some((text) => text !== TEXT)) throw new Error(`found ${texts}`);
  }

  return {
    solveAtOnce,
    wasmBytes,
    /** Starts so many solves, for which `end` waits. */
    begin(count, bytes) {
      begun = solveAtOnce(count, bytes);
      begun.catch(() => {});
    },
    end: () => begun,
    /** How long after its task was ready each of so many solves had the text, in ms, with a client's own pauses. */
    async lateness(count, readyMs) {
      const solve = make({ ...settings, firstMs: undefined, intervalMs: undefined });
      const late = async () => {
        const began = performance.now();
        await solve(image(100));
        return performance.now() - began - readyMs;
      };
      return Promise.all(Array.from({ length: count }, late));
    },
    /** By how many pages so many solves let the wasm grow after the first ones, without a service. */
    async pageGrowth({ first, count, atOnce }) {
      const solve = make({ ...settings, fetch: answerAtOnce() });
      const solveMany = async (many) => {
        for (let done = 0; done < many; done += atOnce) {
          await Promise.all(Array.from({ length: atOnce }, () => solve(image(8_000))));
        }
      };
      await solveMany(first);
      const before = wasmBytes();
      await solveMany(count);
      return (wasmBytes() - before) / PAGE;
    },
  };
}

/** A `fetch` that plays a service. */
function answerAtOnce() {
  let tasks = 0;
  return async (address) => {
    const isNew = address.endsWith("createTask");
    if (isNew) tasks += 1;
    const body = isNew
      ? { errorId: 0, taskId: tasks }
      : { errorId: 0, status: "ready", solution: { text: TEXT } };
    return Response.json(body);
  };
}
