// The error classes. Which codes belong to which class is decided in Rust; the table at the end of this
// file is checked against it when it is compiled.

import type { ErrorCodes, ErrorRecord, Failure, Method, Origin } from "./types.js";

/** The name of an error class. */
export type ErrorName = keyof ErrorCodes;

/** A code that is known here. */
export type KnownErrorCode = ErrorCodes[ErrorName];

/** A code, known here or newer than this version; the known ones are offered while typing. */
export type ErrorCode = KnownErrorCode | (string & Record<never, never>);

/** An error as plain data, as {@link CaptchaError.toJSON} gives it. */
export interface CaptchaErrorData extends Omit<Failure, "cause"> {
  /** What caused it. */
  cause?: ErrorRecord | CaptchaErrorData;
}

/** By which copies of this package know each other's errors: the registry is one for all realms. */
const BRAND: unique symbol = Symbol.for("capwire.CaptchaError") as never;

/**
 * What every failed call rejects with, except an aborted one, which rejects with the signal's reason.
 *
 * The class says what to do next, `hint` says it in a sentence. The key is in none of the fields.
 *
 * @example
 * ```ts
 * try {
 *   text = await client.solveImage(png);
 * } catch (error) {
 *   if (error instanceof SolveTimeoutError) later(error.taskId);
 *   else if (error instanceof CaptchaError) console.error(error.message, error.hint);
 *   else throw error;
 * }
 * ```
 */
export class CaptchaError extends Error {
  /** The name of the class, which survives every minifier. */
  declare readonly name: ErrorName;
  /** The service's code, or the client's own for what it found itself. */
  declare readonly code: ErrorCode;
  /** What to do about it, in a sentence or two. */
  declare readonly hint: string;
  /** `"client"`: refused before anything was sent; `"service"`: its answer; `"transport"`: between. */
  declare readonly origin: Origin;
  /** Whether the same call may succeed later without a change. */
  declare readonly retryable: boolean;
  /** The method of the protocol that failed, or would have been called. */
  declare readonly method?: Method;
  /** The name of the service, such as `"capmonster"`. */
  declare readonly service?: string;
  /** The task, once it exists: `waitForResult(taskId)` can go on with it. */
  declare readonly taskId?: number;
  /** The service's code, verbatim. */
  declare readonly serverCode?: string;
  /** The service's description, verbatim (but for the key, should the service echo it). */
  declare readonly serverMessage?: string;
  /** The HTTP status of the answer, such as 503. */
  declare readonly httpStatus?: number;
  /** How long to wait before the next try, in ms: what the service asked for, or the rest of a ban. */
  declare readonly retryAfterMs?: number;

  /** Makes an error of what was written down; {@link CaptchaError.fromJSON} finds its class, too. */
  constructor(data: CaptchaErrorData) {
    const { name: _, message, cause, ...fields } = data;
    super(message, cause === undefined ? undefined : { cause: revived(cause) });
    Object.assign(this, fields);
  }

  /** The error as plain data, for `postMessage`, extension messages and logs. */
  toJSON(): CaptchaErrorData {
    const { name, message, cause } = this;
    const data = { ...(this as unknown as CaptchaErrorData), name, message };
    if (isError(cause)) data.cause = flattened(cause);
    return data;
  }

  /**
   * Whether this is an error of capwire, be it of another copy of the package or of another realm (a frame,
   * a `node:vm` context), where `instanceof` does not know it. Of a class below: whether it is of that one.
   *
   * Errors lose this across `postMessage` and `structuredClone`: send {@link CaptchaError.toJSON}.
   *
   * @example
   * ```ts
   * if (SolveTimeoutError.is(error)) later(error.taskId);
   * else if (CaptchaError.is(error)) console.error(error.message, error.hint);
   * ```
   */
  static is<E extends CaptchaError = CaptchaError>(
    // Nothing where it is passed on as a function, as to a filter.
    // biome-ignore lint/suspicious/noConfusingVoidType: a `this` that is missing is void
    this: { readonly prototype: E } | void,
    value: unknown,
  ): value is E {
    try {
      const error = value as { [BRAND]?: unknown; name: string } | null | undefined;
      if (error?.[BRAND] !== true) return false;
      // biome-ignore lint/complexity/noThisInStatic: each class asks for its own
      const wanted: string = this?.prototype.name ?? "CaptchaError";
      return wanted === "CaptchaError" || wanted === error.name;
    } catch {
      // A revoked proxy.
      return false;
    }
  }

  /** The error that {@link CaptchaError.toJSON} wrote down, of the same class. */
  static fromJSON(data: CaptchaErrorData): CaptchaError {
    // A newer version on the other side may have classes that are not known here.
    if (Object.hasOwn(classes, data.name)) return new classes[data.name](data);
    return Object.defineProperty(new CaptchaError(data), "name", { value: data.name });
  }
}

/** The service does not know the key: mend it. */
export class KeyError extends CaptchaError {
  declare readonly name: "KeyError";
  declare readonly code: ErrorCodes["KeyError"];
}

/** The account is empty: add funds. */
export class BalanceError extends CaptchaError {
  declare readonly name: "BalanceError";
  declare readonly code: ErrorCodes["BalanceError"];
}

/** The image cannot be sent: send another. */
export class ImageError extends CaptchaError {
  declare readonly name: "ImageError";
  declare readonly code: ErrorCodes["ImageError"];
  /** The image's size in bytes. */
  declare readonly size?: number;
  /** The bound that was broken, in bytes. */
  declare readonly limit?: number;
  /** Which image of a list, from 0. */
  declare readonly index?: number;
  /** Which field of the task the list is in. */
  declare readonly field?: string;
}

/** The task is wrong: mend it. */
export class TaskError extends CaptchaError {
  declare readonly name: "TaskError";
  declare readonly code: ErrorCodes["TaskError"];
  /** Which field of the task. */
  declare readonly field?: string;
}

/** The service refuses this site: stop. */
export class DomainError extends CaptchaError {
  declare readonly name: "DomainError";
  declare readonly code: ErrorCodes["DomainError"];
}

/** The proxy does not work: change it. */
export class ProxyError extends CaptchaError {
  declare readonly name: "ProxyError";
  declare readonly code: ErrorCodes["ProxyError"] | `ERROR_PROXY_${string}`;
}

/** The service takes nothing from this address: allow it in the account, or wait out the ban. */
export class AccessError extends CaptchaError {
  declare readonly name: "AccessError";
  declare readonly code: ErrorCodes["AccessError"];
}

/** The service does not know the task, or no longer: create it anew. */
export class TaskNotFoundError extends CaptchaError {
  declare readonly name: "TaskNotFoundError";
  declare readonly code: ErrorCodes["TaskNotFoundError"];
}

/** The captcha could not be solved: try another. */
export class UnsolvableError extends CaptchaError {
  declare readonly name: "UnsolvableError";
  declare readonly code: ErrorCodes["UnsolvableError"];
}

/** The service is full: try later. */
export class CapacityError extends CaptchaError {
  declare readonly name: "CapacityError";
  declare readonly code: ErrorCodes["CapacityError"];
}

/** Asked too often: ask less often. */
export class RateLimitError extends CaptchaError {
  declare readonly name: "RateLimitError";
  declare readonly code: ErrorCodes["RateLimitError"];
}

/** An error of the service that is not known here: read `serverCode`, which `code` repeats. */
export class UnknownServiceError extends CaptchaError {
  declare readonly name: "UnknownServiceError";
}

/** No usable answer: mend the network, or look at the account before repeating. */
export class TransportError extends CaptchaError {
  declare readonly name: "TransportError";
  declare readonly code: ErrorCodes["TransportError"];
  /** Of createTask: whether the task may exist and be charged, so that a repeat may buy it twice. */
  declare readonly mayHaveCreatedTask?: boolean;
}

/** Not ready in time: go on with `waitForResult(taskId)`. */
export class SolveTimeoutError extends CaptchaError {
  declare readonly name: "SolveTimeoutError";
  declare readonly code: ErrorCodes["SolveTimeoutError"];
  declare readonly taskId: number;
}

/** An option is wrong: mend it. */
export class OptionsError extends CaptchaError {
  declare readonly name: "OptionsError";
  declare readonly code: ErrorCodes["OptionsError"];
  /** Which option. */
  declare readonly option: string;
}

/** capwire could not be started, or has a fault: report it. */
export class InternalError extends CaptchaError {
  declare readonly name: "InternalError";
  declare readonly code: ErrorCodes["InternalError"];
}

/** Codes of these classes may be newer than this version. */
type OpenName = "ProxyError" | "UnknownServiceError";

const classes = {
  KeyError,
  BalanceError,
  ImageError,
  TaskError,
  DomainError,
  ProxyError,
  AccessError,
  TaskNotFoundError,
  UnsolvableError,
  CapacityError,
  RateLimitError,
  UnknownServiceError,
  TransportError,
  SolveTimeoutError,
  OptionsError,
  InternalError,
} satisfies {
  [N in ErrorName]: new (
    data: CaptchaErrorData,
  ) => CaptchaError & { name: N; code: N extends OpenName ? ErrorCode : ErrorCodes[N] };
};

// On the prototypes, where Error has its own: there before the stack is written, and not enumerable.
// From the table's keys, for the classes' own names do not survive every minifier.
for (const [name, { prototype }] of Object.entries({ CaptchaError, ...classes })) {
  Object.defineProperty(prototype, "name", { value: name, configurable: true, writable: true });
}

// Not enumerable, so that no log shows it; there for all the classes below.
Object.defineProperty(CaptchaError.prototype, BRAND, { value: true });

function revived(cause: ErrorRecord | CaptchaErrorData): Error {
  if (typeof cause !== "object") return new Error(String(cause));
  if ("hint" in cause) return CaptchaError.fromJSON(cause);
  const error = new Error(cause.message, cause.cause && { cause: revived(cause.cause) });
  // It happened elsewhere: a stack of here would mislead.
  const { name, message, code } = cause;
  return Object.assign(error, { name, stack: `${name}: ${message}` }, code && { code });
}

function flattened(error: Error): ErrorRecord | CaptchaErrorData {
  if (CaptchaError.is(error)) return error.toJSON();
  const { name, message, code, cause } = error as Error & { code?: string };
  const data: ErrorRecord = { name, message };
  if (code !== undefined) data.code = code;
  if (isError(cause)) data.cause = flattened(cause) as ErrorRecord;
  return data;
}

/** Of this realm, or one of ours from another. */
function isError(value: unknown): value is Error {
  return value instanceof Error || CaptchaError.is(value);
}
