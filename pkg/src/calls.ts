// The calls under way: each is a promise with a number, under which the module knows it.

import { onAbort } from "./abort.js";
import { keepAlive } from "./keep-alive.js";
import { glue } from "./module.js";
import { callWasm, onTrap } from "./trap.js";
import type { Failure } from "./types.js";

/** How a call ended. The client turns a failure into its error class. */
export type Outcome<T> = { value: T } | { failure: Failure };

/** The ways in which the module ends a call. */
const VALUE = 0;
const FAILURE = 1;
const THROWN = 2;

interface Pending {
  resolve(outcome: Outcome<unknown>): void;
  reject(error: unknown): void;
  /** Stops listening to the signal, and lets the worker of an extension end. */
  release(): void;
  signal: unknown;
  taskId?: number;
}

const calls = new Map<number, Pending>();
let lastId = 0;

/** Starts a call. `begin` passes its number to the module. */
export function startCall<T>(
  begin: (id: number) => void,
  signal?: unknown,
  keepsAlive = false,
): Promise<Outcome<T>> {
  return new Promise((resolve, reject) => {
    const id = nextId();
    const call: Pending = { resolve: resolve as Pending["resolve"], reject, release() {}, signal };
    calls.set(id, call);
    try {
      callWasm(() => begin(id));
    } catch (error) {
      finish(id);
      reject(error);
    }
    // It may have ended at once.
    if (!calls.has(id)) return;
    const stops = [onAbort(signal, () => abort(id)), keepsAlive ? keepAlive() : () => {}];
    call.release = () => {
      for (const stop of stops) stop();
    };
  });
}

/** A number that no call has. They start again after 4 billion. */
function nextId(): number {
  do lastId = (lastId + 1) >>> 0;
  while (calls.has(lastId));
  return lastId;
}

function finish(id: number): Pending | undefined {
  const call = calls.get(id);
  calls.delete(id);
  call?.release();
  return call;
}

function abort(id: number): void {
  const call = finish(id);
  glue.abort(id);
  call?.reject(reason(call.signal));
}

function reason(signal: unknown): unknown {
  try {
    return (signal as AbortSignal).reason;
  } catch {
    return undefined;
  }
}

/** Ends a call. The module calls it, through the glue. */
export function settle(id: number, kind: number, value: unknown): void {
  const call = finish(id);
  if (kind === VALUE) call?.resolve({ value });
  else if (kind === FAILURE) call?.resolve({ failure: value as Failure });
  else call?.reject(kind === THROWN ? value : reason(call.signal));
}

/** Remembers the task of a call: should the module crash, its error tells which task was paid for. */
export function taskCreated(id: number, taskId: number): void {
  const call = calls.get(id);
  if (call) call.taskId = taskId;
}

onTrap((error) => {
  for (const [id, { taskId }] of calls) finish(id)?.reject(error(taskId));
});
