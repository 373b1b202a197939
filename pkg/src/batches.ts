// A batch as an async iterator: its results out, its input closed when it is left.

import { type OpenCore, startCall, unwrap } from "./calls.js";
import { CaptchaError } from "./errors.js";
import type { Batch } from "./glue.js";
import type { Settled, SolveAllOptions } from "./options.js";
import { getOwn, ownOptions } from "./platform.js";
import type * as tasks from "./tasks.js";
import { setTimer } from "./timers.js";
import { callWasm } from "./trap.js";
import type * as types from "./types.js";

/** How the input of a batch is closed: awaited, or not. */
const CLOSE = 1;
const DETACHED = 2;

/** How long the end of a loop waits until its input is closed, in ms. */
const MAX_CLOSE_MS = 2_000;

type Input = Iterator<unknown> | AsyncIterator<unknown>;

/** What a generator does not hear while it waits: that its loop is left. */
interface Leaving {
  isLeft: boolean;
  cancel(): void;
}

/** Iterates over the results of tasks. `open` gives the module's side of the client, once it is needed. */
export function iterate<T extends tasks.Task>(
  open: (signal: unknown) => Promise<OpenCore>,
  tasks: unknown,
  options?: SolveAllOptions<T>,
): AsyncIterableIterator<Settled<T>> {
  const leaving: Leaving = { isLeft: false, cancel() {} };
  const results = generate<T>(open, tasks, ownOptions(options), leaving);
  for (const how of ["return", "throw"] as const) {
    const end = results[how].bind(results);
    results[how] = (value: unknown) => {
      leaving.isLeft = true;
      leaving.cancel();
      return end(value as undefined);
    };
  }
  return results;
}

async function* generate<T extends tasks.Task>(
  open: (signal: unknown) => Promise<OpenCore>,
  tasks: unknown,
  options: SolveAllOptions<T> | undefined,
  leaving: Leaving,
): AsyncGenerator<Settled<T>, void> {
  const signal = getOwn(options, "signal");
  const core = await open(signal);
  if (leaving.isLeft) return;
  const input = inputOf(tasks);
  let batch: Batch | undefined;
  const begin = (id: number) => {
    batch = core.solveAll(id, input, options);
  };
  const end = unwrap(startCall<void>(begin, signal, core));
  // It may reject while nobody awaits it yet.
  end.catch(() => {});
  leaving.cancel = () => cancel(batch);
  let hasFailed = false;
  try {
    const next = (id: number) => batch?.next(id);
    while (batch) {
      let record: types.BatchRecord | undefined;
      try {
        record = await unwrap(startCall<typeof record>(next));
      } catch (error) {
        // After a trap, the error of the batch knows more.
        await end;
        throw error;
      }
      if (record === undefined) break;
      const index = record.index;
      const task = record.task as T;
      if ("failure" in record) {
        const reason = CaptchaError.fromJSON(record.failure);
        yield { status: "rejected", index, task, reason } as Settled<T>;
      } else {
        const value = record.value as types.Solved<tasks.SolutionOf<T>>;
        yield { status: "fulfilled", index, task, value } as Settled<T>;
      }
    }
    // Throws if the batch ended early.
    await end;
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    leaving.cancel = () => {};
    const closing = close(batch, input);
    // What went wrong first is what the caller learns.
    await (hasFailed ? closing.catch(() => {}) : closing);
  }
}

/** The iterator of the tasks, `undefined` if they have none. */
function inputOf(tasks: unknown): Input | undefined {
  const source = tasks as Partial<AsyncIterable<unknown> & Iterable<unknown>> | undefined;
  const input = source?.[Symbol.asyncIterator]?.() ?? source?.[Symbol.iterator]?.();
  return Object(input) === input ? input : undefined;
}

/** Cancels a batch. Returns how its input is closed. */
function cancel(batch: Batch | undefined): number {
  try {
    return callWasm(() => batch?.cancel() ?? DETACHED);
  } catch {
    // The module has crashed, and every call of it has failed already.
    return DETACHED;
  }
}

/** Cancels a batch, and closes its input unless that has ended. */
async function close(batch: Batch | undefined, input: Input | undefined): Promise<void> {
  const cleanup = cancel(batch);
  try {
    callWasm(() => batch?.free());
  } catch {
    // As above.
  }
  if (cleanup !== CLOSE && cleanup !== DETACHED) return;
  const closing = (async () => {
    await input?.return?.();
  })();
  // An input that is busy, perhaps for ever, and one that takes too long: nobody waits for it, nor for its error.
  closing.catch(() => {});
  if (cleanup === DETACHED) return;
  let stop = () => {};
  const late = new Promise<void>((resolve) => {
    stop = setTimer(resolve, MAX_CLOSE_MS);
  });
  await Promise.race([closing, late]).finally(stop);
}
