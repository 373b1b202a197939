// The JavaScript side of the border: what the module asks the platform for. The glue imports these functions.
//
// None of them throws, whatever a caller's objects or the platform do: the glue would catch the exception, and
// loses a slot of its table for each. An operation that takes time has a number, under which the module starts it
// and this file reports its end, once, with `complete`.

import { readBody } from "./body.js";
import { failWithoutTimer, fetchOf, isUnderWay, purchase } from "./calls.js";
import { expectFailure, openForm } from "./image.js";
import { encodeBytes, encodeText } from "./image-text.js";
import { glue } from "./module.js";
import { printable } from "./text.js";
import { setTimer } from "./timers.js";
import { onTrap } from "./trap.js";
import { byteSize, getAny } from "./values.js";

export { settle, signalState, taskCreated } from "./calls.js";
export { firstGroup } from "./image-text.js";
export { now, timeUntil } from "./timers.js";
export {
  classify,
  className,
  digits,
  entries,
  getAny,
  getOwn,
  items,
  ownOptions,
  parseJson,
  toNumber,
} from "./values.js";

/** The kinds of an end. */
const SUCCESS = 0;
const FAILED = 1;
/** Of a request whose body cannot be written as JSON. */
const NOT_JSON = 2;
/** Of a fetch that is none. */
const NO_RESPONSE = 3;
/** Of an iterator. */
const DONE = 1;
const THROWN = 2;

type End = [kind: number, number?: number, value?: unknown, extra?: unknown];

/** The operations under way, and how each is cancelled. */
let cancels = new Map<number, () => void>();

/** Reports the end of an operation, of which `own` are the others of its module. */
function complete(own: typeof cancels, id: number, [kind, number = 0, value, extra]: End): void {
  // An operation that was cancelled has no end.
  if (own.delete(id)) glue?.complete(id, kind, number, value, extra);
}

/** Runs an operation. What it throws, at once or later, becomes an end too. */
function operate(
  id: number,
  work: () => Promise<End>,
  cancel: () => void = () => {},
  failed: number = FAILED,
  around: (end: () => void) => void = (end) => end(),
): void {
  const own = cancels;
  own.set(id, cancel);
  work().then(
    (end) => around(() => complete(own, id, end)),
    (error: unknown) => around(() => complete(own, id, [failed, 0, error])),
  );
}

export function cancel(id: number): void {
  const stop = cancels.get(id);
  cancels.delete(id);
  try {
    stop?.();
  } catch {
    // An AbortController that is not one.
  }
}

// The fresh module gives its operations the same numbers.
onTrap(() => {
  const own = cancels;
  for (const id of own.keys()) cancel(id);
  cancels = new Map();
});

/** A base URL as the platform writes it, so that those which lead to the same place are equal. */
export function normalizeUrl(url: string): string {
  try {
    return new URL(url).href.replace(/%../g, (byte) => byte.toUpperCase()).replace(/\/+$/, "");
  } catch {
    return url;
  }
}

const fetches = new WeakMap<object, number>();
let lastFetch = 0;

/** A number for each injected fetch: the module cannot look functions up. */
export function fetchNumber(fetch: object): number {
  const number = fetches.get(fetch) ?? ++lastFetch;
  fetches.set(fetch, number);
  return number;
}

/** A timer of a call. */
export function sleep(id: number, ms: number, call: number): void {
  const own = cancels;
  try {
    own.set(
      id,
      setTimer(() => complete(own, id, [SUCCESS]), ms),
    );
  } catch (error) {
    failWithoutTimer(call, error);
  }
}

/** One HTTP exchange. Its end has the status, the body as text or `undefined` if it is too large, and Retry-After. */
export function send(
  id: number,
  url: string,
  init: RequestInit,
  body: unknown,
  maxBytes: number,
  call: number,
): void {
  // A call may end while it is being polled: by a signal, or for want of a timer. It sends nothing any more.
  if (!isUnderWay(call)) return;
  const around = url.endsWith("/createTask") ? purchase(call) : undefined;
  const injected = fetchOf(call);
  let controller: AbortController | undefined;
  let stopReading = () => {};
  const exchange = async (): Promise<End> => {
    const request: RequestInit = { ...init };
    try {
      controller = new AbortController();
      request.signal = controller.signal;
    } catch {
      // Then the request cannot be cancelled.
    }
    if (body !== undefined) {
      try {
        request.body = JSON.stringify(body);
      } catch (error) {
        return [NOT_JSON, 0, error];
      }
      // The image in it may be large, and the answer may take long.
      body = undefined;
    }
    const response = await (injected ?? fetch)(url, request);
    // An injected fetch may return anything.
    const status = getAny(response, "status");
    const isReadable = [
      getAny(response, "text"),
      getAny(getAny(response, "body"), "getReader"),
    ].some((method) => typeof method === "function");
    if (typeof status !== "number" || !isReadable) return [NO_RESPONSE, 0, response];
    // 0 is the status of an error, of which nothing is known, and of a redirect that was not followed.
    if (!(status >= 100) && getAny(response, "type") !== "opaqueredirect") {
      throw new TypeError(`fetch gave a response with the status ${status}`);
    }
    const text = await readBody(response, maxBytes, (stop) => {
      stopReading = stop;
      // The response may come after its request was given up.
      if (controller?.signal.aborted) stop();
    });
    if (text === undefined) cancelExchange();
    return [SUCCESS, status, text, retryAfter(response)];
  };
  const cancelExchange = () => {
    controller?.abort();
    stopReading();
  };
  operate(id, exchange, cancelExchange, FAILED, around);
}

function retryAfter(response: Response): unknown {
  try {
    return response.headers.get("retry-after");
  } catch {
    return undefined;
  }
}

/** The text in a string, bytes or a request. */
export function readText(id: number, value: unknown, maxBytes: number): void {
  let stop = () => {};
  const read = async (): Promise<End> => {
    const size = typeof value === "string" ? value.length : byteSize(value as object);
    // A response copies them before it is read.
    if (size !== undefined && size > maxBytes) return [SUCCESS];
    const isRequest = typeof getAny(value, "text") === "function" && size === undefined;
    const holder = isRequest ? (value as Request) : new Response(value as BodyInit);
    const text = await readBody(holder, maxBytes, (cancel) => {
      stop = cancel;
    });
    if (text === undefined) stop();
    return [SUCCESS, 0, text];
  };
  operate(id, read, () => stop());
}

/** Opens an image that is neither a text nor bytes. */
export function openImage(id: number, value: unknown, maxBytes: number): void {
  let stop = () => {};
  const onStop = (stopsReading: () => void) => {
    stop = stopsReading;
  };
  operate(
    id,
    () => openForm(value as object, maxBytes, onStop),
    () => stop(),
  );
}

/** The image in a text, or in bytes in any form, as base64. */
export function encodeImage(id: number, value: unknown, maxBytes: number): void {
  operate(id, async () =>
    typeof value === "string" ? encodeText(value) : encodeBytes(await toBytes(value), maxBytes),
  );
}

async function toBytes(value: unknown): Promise<Uint8Array> {
  const { arrayBuffer, size } = value as Partial<Blob>;
  if (typeof arrayBuffer === "function") {
    const bytes = bytesIn(await arrayBuffer.call(value));
    // Only the size it announces was checked.
    if (bytes.length <= Number(size)) return bytes;
    throw new TypeError("it gives more bytes than its size says");
  }
  if (ArrayBuffer.isView(value)) return bytesIn(value.buffer, value.byteOffset, value.byteLength);
  return bytesIn(value);
}

/** The bytes in a buffer. A `DataView` takes no other object, of which an array would copy what it says it has. */
function bytesIn(buffer: unknown, offset?: number, length?: number): Uint8Array {
  const view = new DataView(buffer as ArrayBuffer, offset, length);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** The next step of an iterator of either kind. A synchronous one may give promises. */
export function next(id: number, iterator: Iterator<unknown> | AsyncIterator<unknown>): void {
  const step = async (): Promise<End> => {
    const result: unknown = await iterator.next();
    // As the language has it. A number would be a step without an end.
    if (Object(result) !== result) throw new TypeError(`next() gave ${String(result)}`);
    const { done, value } = result as IteratorResult<unknown>;
    if (done) return [DONE];
    try {
      const task = await value;
      expectFailure(task);
      return [SUCCESS, 0, task];
    } catch (error) {
      // The iterator does not know that its promise was the last.
      (async () => iterator.return?.())().catch(() => {});
      throw error;
    }
  };
  operate(id, step, undefined, THROWN);
}

/** Calls a listener. Its error must not lose the task that is paid for, nor go unseen. */
export function notify(
  listener: (event: unknown) => unknown,
  event: Record<string, unknown>,
): void {
  for (const key of ["code", "message"]) {
    const text = event[key];
    if (typeof text === "string") event[key] = printable(text);
  }
  const report = (error: unknown) => {
    try {
      console.error("capwire: onProgress failed", error);
    } catch {
      // There is no console, or it is the listener's own.
    }
  };
  // Called at once, and awaited: an async listener fails later.
  (async () => listener(event))().catch(report);
}

/** Sets a member of a request, unless the platform does not know it. */
export function setIfKnown(init: RequestInit, name: keyof RequestInit, value: never): void {
  try {
    // Node loads its `fetch`, 16 ms, when this getter is called. It knows them all.
    const isLazy = Object.getOwnPropertyDescriptor(globalThis, "Request")?.get;
    if (isLazy || name in Request.prototype) init[name] = value;
  } catch {
    // There is no Request.
  }
}
