// The module behind the client, called through its glue. In a file of its own: the public types must not
// lead to the types of the glue, which need newer and other libraries than a user may have.

import type * as generated from "./glue.js";
import { now, setTimer } from "./timers.js";
import { callWasm, onTrap, salvage } from "./trap.js";
import type { LoadSource } from "./wasm-source.js";

/** WebAssembly and JavaScript have different glue with the same exports. */
export type Glue = Omit<typeof generated, "default" | "mark">;

/** How long the books of a crashed module may be older than its last request for a result, which the services limit. */
const UNSURE_MS = 2_000;

/** Which part of the time may go into keeping the books. */
const KEEPING = 1 / 20;

let makeGlue: (load: LoadSource) => Promise<Glue>;
let ownSource: LoadSource;

/** The glue of the module that runs. There is none before the start, nor after a trap. */
export let glue: Glue | undefined;

/** What a fresh module must know of the accounts, and since when. */
let books: unknown[] | undefined;
let closedAt = 0;
/** When they may be kept again. */
let keepAt = 0;
/** When a fresh module may send requests. */
let sureAt = 0;

/** Sets what makes an instance, and where this kind of runtime loads the module from. Each entry calls it. */
export function setLoader(make: typeof makeGlue, source: LoadSource): void {
  makeGlue = make;
  ownSource = source;
}

export async function instantiate(source = ownSource): Promise<Glue> {
  const started = await makeGlue(source);
  const wait = sureAt - now();
  if (wait > 0) await new Promise<void>((resolve) => setTimer(resolve, wait));
  if (books) {
    const kept = books;
    // Should they be what makes a module crash, the next one starts without them.
    books = undefined;
    callWasm(() => started.restore(kept, closedAt));
  }
  glue = started;
  return started;
}

/** Keeps the books, should the module crash in such a way that they cannot be read. */
export function keepBooks(): void {
  const begun = now();
  if (!glue || begun < keepAt) return;
  try {
    books = callWasm(glue.books);
    closedAt = now();
    keepAt = closedAt + (closedAt - begun) / KEEPING;
  } catch {
    // It has crashed, and every call of it has failed.
  }
}

onTrap(() => {
  const crashed = glue;
  glue = undefined;
  const saved = crashed && salvage(crashed.books);
  if (saved) [books, closedAt] = [saved, now()];
  else sureAt = now() + UNSURE_MS;
});
