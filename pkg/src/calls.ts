// The calls under way: each is a promise with a number, under which the module knows it.

import { onAbort, reasonOf, stateOfSignal } from "./abort.js";
import { CaptchaError } from "./errors.js";
import type { Core } from "./glue.js";
import { internalError } from "./internal-error.js";
import { keepAlive } from "./keep-alive.js";
import { glue, keepBooks } from "./module.js";
import { callWasm, onTrap } from "./trap.js";
import type { Failure } from "./types.js";

/**
 * A client in the module, and its injected `fetch`, which stays on this side: the module would hold a function that
 * leads back to the client, as many do, for ever.
 */
export type OpenCore = Core & { fetch?: typeof fetch };

/** How a call ended. */
type Outcome<T> = { value: T } | { failure: Failure };

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
  core: OpenCore | undefined;
  taskId?: number | string;
  /** How many requests were sent that buy a task, whose outcome is not known. */
  purchases: number;
  /** How many tasks were created. */
  created: number;
}

const calls = new Map<number, Pending>();
let lastId = 0;

/** The value of a call, or its error. It is made here, where its stack leads to the caller's own code. */
export async function unwrap<T>(outcome: Promise<Outcome<T>>): Promise<T> {
  const ended = await outcome;
  if ("failure" in ended) throw CaptchaError.fromJSON(ended.failure);
  return ended.value;
}

/** Starts a call. `begin` passes its number to the module. */
export function startCall<T>(
  begin: (id: number) => void,
  signal?: unknown,
  core?: OpenCore,
): Promise<Outcome<T>> {
  return new Promise((resolve, reject) => {
    const id = nextId();
    const call: Pending = {
      resolve: resolve as Pending["resolve"],
      reject,
      release() {},
      signal,
      core,
      purchases: 0,
      created: 0,
    };
    calls.set(id, call);
    try {
      callWasm(() => begin(id));
    } catch (error) {
      finish(id);
      reject(error);
    }
    // It may have ended at once.
    if (!calls.has(id)) return;
    const stop = onAbort(signal, () => abort(id));
    call.release = stop;
    if (core?.keepAlive) {
      const letEnd = keepAlive();
      call.release = () => {
        stop();
        letEnd();
      };
    }
    // Or because its signal calls back at once.
    if (!calls.has(id)) call.release();
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
  if (!call) return;
  glue?.abort(id);
  call.reject(reasonOf(call.signal));
}

/** Ends a call. The module calls it, through the glue. */
export function settle(id: number, kind: number, value: unknown): void {
  const call = finish(id);
  // A thrown value is the caller's own: nothing of it is looked at.
  if (kind !== THROWN) {
    const { failure = value } = Object(value);
    // What the service refuses for good may close the account. The module is busy now.
    if (failure?.origin === "service" && !failure.retryable) Promise.resolve().then(keepBooks);
  }
  if (kind === VALUE) call?.resolve({ value });
  else if (kind === FAILURE) call?.resolve({ failure: value as Failure });
  else call?.reject(kind === THROWN ? value : reasonOf(call.signal));
}

/** Ends a call for which there is no timer: it would never end by itself. */
export function failWithoutTimer(id: number, thrown: unknown): void {
  const call = finish(id);
  if (!call) return;
  glue?.abort(id);
  call.reject(
    internalError(
      "There is no timer that works",
      "Call it where setTimeout() works, which is taken when capwire is imported.",
      thrown,
      stateOf(call),
    ),
  );
}

/** Remembers the task of a call: should the module crash, its error tells which task was paid for. */
export function taskCreated(id: number, taskId: number | string): void {
  const call = calls.get(id);
  if (!call) return;
  call.taskId = taskId;
  call.created += 1;
  call.purchases -= 1;
}

/** Whether the signal of a call has aborted, or is none. The module asks before it begins. */
export function signalState(id: number): number {
  return stateOfSignal(calls.get(id)?.signal);
}

/** The injected `fetch` of the client of a call. */
export function fetchOf(id: number): typeof fetch | undefined {
  return calls.get(id)?.core?.fetch;
}

/** Whether a call has not ended. */
export function isUnderWay(id: number): boolean {
  return calls.has(id);
}

/**
 * A request of a call that buys a task is sent. Returns what runs the end of it: until that has told the task, the task
 * may exist unknown.
 */
export function purchase(id: number): (end: () => void) => void {
  const call = calls.get(id);
  if (call) call.purchases += 1;
  return (end) => {
    const before = call?.created;
    end();
    if (call && call.created === before) call.purchases -= 1;
  };
}

/** What an error must say of the task of a call. */
function stateOf({ taskId, purchases }: Pending) {
  return {
    ...(taskId !== undefined && { taskId }),
    ...(purchases > 0 && { mayHaveCreatedTask: true }),
  };
}

onTrap((error) => {
  for (const [id, call] of calls) {
    finish(id);
    call.reject(error(stateOf(call)));
  }
});
