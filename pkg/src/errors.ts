// The error classes. Rust decides which codes belong to which class; the compiler checks the table at the
// end of this file against it.

import type { ErrorCodes, ErrorRecord, Failure, Method, Origin } from "./types.js";

/** The name of an error class. */
export type ErrorName = keyof ErrorCodes;

/** A code known to this version. */
export type KnownErrorCode = ErrorCodes[ErrorName];

/** A known code, or one newer than this version. Editors suggest the known ones. */
export type ErrorCode = KnownErrorCode | (string & Record<never, never>);

/** An error as plain data, as {@link CaptchaError.toJSON} returns it. */
export interface CaptchaErrorData extends Omit<Failure, "cause"> {
  /** What caused it. */
  cause?: ErrorRecord | CaptchaErrorData;
}

/** Marks errors across copies of this package: `Symbol.for` is shared by all realms. */
const BRAND: unique symbol = Symbol.for("capwire.CaptchaError") as never;

/**
 * The error with which every failed call rejects. Only an aborted call rejects with its signal's reason.
 *
 * The class tells your program what to do next, and `hint` tells a person. No field contains the key.
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
  /** The name of the class. Minifiers do not change it. */
  declare readonly name: ErrorName;
  /** The service's code, or one of the client's own. */
  declare readonly code: ErrorCode;
  /** What to do about it, in a sentence or two. */
  declare readonly hint: string;
  /** Where it comes from: `"client"` (nothing was sent), `"service"`, or `"transport"` between the two. */
  declare readonly origin: Origin;
  /** Whether the same call may succeed later without changes. */
  declare readonly retryable: boolean;
  /** The protocol method that failed or would have been called. */
  declare readonly method?: Method;
  /** The name of the service, such as `"capmonster"`. */
  declare readonly service?: string;
  /** The task's id, once it exists. Pass it to `waitForResult()` to keep waiting. */
  declare readonly taskId?: number;
  /** The service's code, verbatim. */
  declare readonly serverCode?: string;
  /** The service's description, verbatim except for an echoed key. */
  declare readonly serverMessage?: string;
  /** The HTTP status of the response, such as 503. */
  declare readonly httpStatus?: number;
  /** How long to wait before trying again, in ms, at most a day: what the service asked for, or the rest of a ban. */
  declare readonly retryAfterMs?: number;

  /** Makes an error from plain data. {@link CaptchaError.fromJSON} also picks the class. */
  constructor(data: CaptchaErrorData) {
    const { name: _, message, cause, ...fields } = data;
    super(message, cause === undefined ? undefined : { cause: deserializeCause(cause) });
    Object.assign(this, fields);
  }

  /** The error as plain data, for `postMessage`, extension messages and logs. */
  toJSON(): CaptchaErrorData {
    const { name, message, cause } = this;
    const data = { ...(this as unknown as CaptchaErrorData), name, message };
    if (isError(cause)) data.cause = serializeCause(cause);
    return data;
  }

  /**
   * Tells whether a value is an error of capwire, also one of another copy of the package or another realm (a
   * frame, a `node:vm` context), where `instanceof` fails. On a subclass, tells whether it is of that class.
   *
   * `postMessage` and `structuredClone` lose the class: send {@link CaptchaError.toJSON} instead.
   *
   * @example
   * ```ts
   * if (SolveTimeoutError.is(error)) later(error.taskId);
   * else if (CaptchaError.is(error)) console.error(error.message, error.hint);
   * ```
   */
  static is<E extends CaptchaError = CaptchaError>(
    // `this` is missing when the method is passed as a callback, as to `filter`.
    // biome-ignore lint/suspicious/noConfusingVoidType: a missing `this` is void
    this: { readonly prototype: E } | void,
    value: unknown,
  ): value is E {
    try {
      const error = value as { [BRAND]?: unknown; name: string } | null | undefined;
      if (error?.[BRAND] !== true) return false;
      // biome-ignore lint/complexity/noThisInStatic: each class checks for itself
      const wanted: string = this?.prototype.name ?? "CaptchaError";
      return wanted === "CaptchaError" || wanted === error.name;
    } catch {
      // A revoked proxy.
      return false;
    }
  }

  /** Restores an error from {@link CaptchaError.toJSON}, with its class. */
  static fromJSON(data: CaptchaErrorData): CaptchaError {
    // A newer version on the other side may have classes that this one does not know.
    if (Object.hasOwn(classes, data.name)) return new classes[data.name](data);
    return Object.defineProperty(new CaptchaError(data), "name", { value: data.name });
  }
}

/** The service does not know the key: correct it. */
export class KeyError extends CaptchaError {
  declare readonly name: "KeyError";
  declare readonly code: ErrorCodes["KeyError"];
}

/** The account is empty: add funds. */
export class BalanceError extends CaptchaError {
  declare readonly name: "BalanceError";
  declare readonly code: ErrorCodes["BalanceError"];
}

/** The image cannot be sent: use another one. */
export class ImageError extends CaptchaError {
  declare readonly name: "ImageError";
  declare readonly code: ErrorCodes["ImageError"];
  /** The image's size in bytes. */
  declare readonly size?: number;
  /** The exceeded bound, in bytes. */
  declare readonly limit?: number;
  /** The image's index in its array, from 0. */
  declare readonly index?: number;
  /** The field of the task that has the array. */
  declare readonly field?: string;
}

/** The task is wrong: fix it. */
export class TaskError extends CaptchaError {
  declare readonly name: "TaskError";
  declare readonly code: ErrorCodes["TaskError"];
  /** The field of the task, such as `"websiteURL"`. */
  declare readonly field?: string;
}

/** The service refuses to solve captchas on this site: stop. */
export class DomainError extends CaptchaError {
  declare readonly name: "DomainError";
  declare readonly code: ErrorCodes["DomainError"];
}

/** The proxy does not work: use another one. */
export class ProxyError extends CaptchaError {
  declare readonly name: "ProxyError";
  declare readonly code: ErrorCodes["ProxyError"] | `ERROR_PROXY_${string}`;
}

/** The service refuses your IP address: allow it in your account, or wait until the ban ends. */
export class AccessError extends CaptchaError {
  declare readonly name: "AccessError";
  declare readonly code: ErrorCodes["AccessError"];
}

/** The service does not know the task, or no longer keeps it: create a new one. */
export class TaskNotFoundError extends CaptchaError {
  declare readonly name: "TaskNotFoundError";
  declare readonly code: ErrorCodes["TaskNotFoundError"];
}

/** The captcha could not be solved: try another one. */
export class UnsolvableError extends CaptchaError {
  declare readonly name: "UnsolvableError";
  declare readonly code: ErrorCodes["UnsolvableError"];
}

/** The service is busy: try again later. */
export class CapacityError extends CaptchaError {
  declare readonly name: "CapacityError";
  declare readonly code: ErrorCodes["CapacityError"];
}

/** Too many requests: send fewer. */
export class RateLimitError extends CaptchaError {
  declare readonly name: "RateLimitError";
  declare readonly code: ErrorCodes["RateLimitError"];
}

/** A service error that this version does not know: look up `serverCode`, which `code` repeats. */
export class UnknownServiceError extends CaptchaError {
  declare readonly name: "UnknownServiceError";
}

/** No usable response: check the network, and your account before you try again. */
export class TransportError extends CaptchaError {
  declare readonly name: "TransportError";
  declare readonly code: ErrorCodes["TransportError"];
  /** For `createTask`: whether the task may exist and be charged, so that a second try may buy it twice. */
  declare readonly mayHaveCreatedTask?: boolean;
}

/** The task was not ready in time: keep waiting with `waitForResult(taskId)`. */
export class SolveTimeoutError extends CaptchaError {
  declare readonly name: "SolveTimeoutError";
  declare readonly code: ErrorCodes["SolveTimeoutError"];
  declare readonly taskId: number;
}

/** An option is wrong: fix it. */
export class OptionsError extends CaptchaError {
  declare readonly name: "OptionsError";
  declare readonly code: ErrorCodes["OptionsError"];
  /** The option, such as `"imageLimits.maxBytes"`. */
  declare readonly option: string;
}

/** capwire could not be started, or has a bug: report it. */
export class InternalError extends CaptchaError {
  declare readonly name: "InternalError";
  declare readonly code: ErrorCodes["InternalError"];
}

/** Classes that may have codes newer than this version. */
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

// Set `name` on the prototypes, as `Error` does: it is there before the stack is written, and not enumerable.
// Use the table's keys: minifiers change the names of the classes.
for (const [name, { prototype }] of Object.entries({ CaptchaError, ...classes })) {
  Object.defineProperty(prototype, "name", { value: name, configurable: true, writable: true });
}

// Not enumerable, so that logs do not show it. All subclasses inherit it.
Object.defineProperty(CaptchaError.prototype, BRAND, { value: true });

function deserializeCause(cause: ErrorRecord | CaptchaErrorData): Error {
  if (typeof cause !== "object") return new Error(String(cause));
  if ("hint" in cause) return CaptchaError.fromJSON(cause);
  const error = new Error(cause.message, cause.cause && { cause: deserializeCause(cause.cause) });
  // It was thrown elsewhere: a stack of this place would mislead.
  const { name, message, code } = cause;
  return Object.assign(error, { name, stack: `${name}: ${message}` }, code && { code });
}

function serializeCause(error: Error): ErrorRecord | CaptchaErrorData {
  if (CaptchaError.is(error)) return error.toJSON();
  const { name, message, code, cause } = error as Error & { code?: string };
  const data: ErrorRecord = { name, message };
  if (code !== undefined) data.code = code;
  if (isError(cause)) data.cause = serializeCause(cause) as ErrorRecord;
  return data;
}

/** An error of this realm, or one of ours from another. */
function isError(value: unknown): value is Error {
  return value instanceof Error || CaptchaError.is(value);
}
