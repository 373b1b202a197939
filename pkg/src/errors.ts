// The error classes. Rust decides which codes belong to which class; the compiler checks the table at the
// end of this file against it.

import { copy } from "./error-data.js";
import type { ContentKind, ErrorCodes, ErrorRecord, Failure, Method, Origin } from "./types.js";

/** The name of an error class. */
export type ErrorName = keyof ErrorCodes;

/** A code known to this version. */
export type KnownErrorCode = ErrorCodes[ErrorName];

/** A known code, or one newer than this version. Editors suggest the known ones. */
export type ErrorCode = KnownErrorCode | `ERROR_PROXY_${string}` | (string & Record<never, never>);

/** An error as plain data, as {@link CaptchaError.toJSON} returns it. */
export interface CaptchaErrorData extends Omit<Failure, "cause"> {
  /** What caused it. */
  cause?: ErrorRecord | CaptchaErrorData;
}

/** Marks errors across copies of this package: `Symbol.for` is shared by all realms. */
const BRAND: unique symbol = Symbol.for("capwire.CaptchaError") as never;

/** What the errors of all classes have. Catch them as {@link CaptchaError}, whose `name` tells them apart. */
class CaptchaErrorBase extends Error {
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
  declare readonly taskId?: number | string;
  /** The service's code, verbatim: its first 200 characters. */
  declare readonly serverCode?: string;
  /**
   * The service's description: its first 4,096 characters, verbatim except for an echoed key. It may have line breaks
   * and invisible characters. No other field has any.
   */
  declare readonly serverMessage?: string;
  /** The HTTP status of the response, such as 503. */
  declare readonly httpStatus?: number;
  /**
   * What the service answered, verbatim, where it cannot be used: it may be paid for. It is what the answer has as
   * its solution, or the whole answer if that says "ready" and has none.
   */
  declare readonly solution?: unknown;
  /** How long to wait before trying again, in ms, at most a day: what the service asked for, or the rest of a ban. */
  declare readonly retryAfterMs?: number;

  /** Makes an error from plain data. {@link CaptchaError.fromJSON} also picks the class. */
  constructor(data: CaptchaErrorData) {
    const copied = copy(data);
    const { name: _, message, cause: __, ...fields } = copied;
    super(message, causeOf(copied));
    Object.assign(this, fields);
  }

  /** The error as plain data, for `postMessage`, extension messages and logs. It never throws. */
  toJSON(): CaptchaErrorData {
    return copy(this) as CaptchaErrorData;
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
  static is<E extends CaptchaErrorBase = CaptchaError>(
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

  /**
   * Restores an error from {@link CaptchaError.toJSON}, with its class.
   *
   * The data may come from a stranger. It never throws, and copies only the fields of the classes, where they have
   * the right type: texts up to 1,000 characters, a `taskId` up to 1,024, `serverCode` and `serverMessage` up to
   * 4,096, a `solution` as it is, and 10 causes, one within the other. A code that is missing is `"UNKNOWN"`.
   */
  static fromJSON(data: CaptchaErrorData): CaptchaError {
    const { name } = copy(data, 0);
    if (Object.hasOwn(classes, name)) return new classes[name as ErrorName](data);
    // A newer version on the other side may have classes that this one does not know.
    return Object.defineProperty(new CaptchaErrorBase(data), "name", { value: name }) as never;
  }
}

export type { CaptchaErrorBase };

/**
 * The error with which every failed call rejects. Only an aborted call rejects with its signal's reason.
 *
 * The class tells your program what to do next, and `hint` tells a person. No field contains the key.
 *
 * TypeScript narrows it by its class or its `name`. One that a newer version has serialised may have another name, so
 * give a `switch` a `default`.
 *
 * @example
 * ```ts
 * try {
 *   text = await client.solveImage(png);
 * } catch (error) {
 *   if (!(error instanceof CaptchaError)) throw error;
 *   if (error.name === "SolveTimeoutError") later(error.taskId);
 *   else console.error(error.message, error.hint);
 * }
 * ```
 */
export type CaptchaError =
  | KeyError
  | BalanceError
  | ImageError
  | TaskError
  | DomainError
  | ProxyError
  | AccessError
  | TaskNotFoundError
  | UnsolvableError
  | CapacityError
  | RateLimitError
  | UnknownServiceError
  | TransportError
  | SolveTimeoutError
  | OptionsError
  | InternalError;

/** The class {@link CaptchaError}, from which the others inherit. */
export interface CaptchaErrorConstructor extends Pick<typeof CaptchaErrorBase, "is" | "fromJSON"> {
  /** Makes an error from plain data. {@link CaptchaErrorConstructor.fromJSON} also picks the class. */
  new (data: CaptchaErrorData): CaptchaError;
  /** What `instanceof` narrows to. */
  readonly prototype: CaptchaError;
}

/** The class of all errors, for `instanceof`, {@link CaptchaErrorConstructor.is} and {@link CaptchaErrorConstructor.fromJSON}. */
export const CaptchaError = CaptchaErrorBase as unknown as CaptchaErrorConstructor;

/** The service does not know the key: correct it. */
export class KeyError extends CaptchaErrorBase {
  declare readonly name: "KeyError";
  declare readonly code: ErrorCodes["KeyError"];
}

/** The account is empty: add funds. */
export class BalanceError extends CaptchaErrorBase {
  declare readonly name: "BalanceError";
  declare readonly code: ErrorCodes["BalanceError"];
}

/** The image cannot be sent: use another one. */
export class ImageError extends CaptchaErrorBase {
  declare readonly name: "ImageError";
  declare readonly code: ErrorCodes["ImageError"];
  /** The image's size in bytes. */
  declare readonly size?: number;
  /** The exceeded bound, in bytes. */
  declare readonly limit?: number;
  /** The image's index in its array, from 0. */
  declare readonly index?: number;
  /** What it certainly is instead of an image, such as `"html"`. */
  declare readonly detected?: ContentKind;
  /** The field of the task that has the array. */
  declare readonly field?: string;
}

/** The task is wrong: fix it. */
export class TaskError extends CaptchaErrorBase {
  declare readonly name: "TaskError";
  declare readonly code: ErrorCodes["TaskError"];
  /** The field of the task, such as `"websiteURL"`. */
  declare readonly field?: string;
}

/** The service refuses to solve captchas on this site: stop. */
export class DomainError extends CaptchaErrorBase {
  declare readonly name: "DomainError";
  declare readonly code: ErrorCodes["DomainError"];
}

/** The proxy does not work: use another one. */
export class ProxyError extends CaptchaErrorBase {
  declare readonly name: "ProxyError";
  declare readonly code: ErrorCodes["ProxyError"] | `ERROR_PROXY_${string}`;
}

/** The service refuses your IP address: allow it in your account, or wait until the ban ends. */
export class AccessError extends CaptchaErrorBase {
  declare readonly name: "AccessError";
  declare readonly code: ErrorCodes["AccessError"];
}

/** The service does not know the task, or no longer keeps it: create a new one. */
export class TaskNotFoundError extends CaptchaErrorBase {
  declare readonly name: "TaskNotFoundError";
  declare readonly code: ErrorCodes["TaskNotFoundError"];
}

/** The captcha could not be solved: try another one. */
export class UnsolvableError extends CaptchaErrorBase {
  declare readonly name: "UnsolvableError";
  declare readonly code: ErrorCodes["UnsolvableError"];
}

/** The service is busy: try again later. */
export class CapacityError extends CaptchaErrorBase {
  declare readonly name: "CapacityError";
  declare readonly code: ErrorCodes["CapacityError"];
}

/** Too many requests: send fewer. */
export class RateLimitError extends CaptchaErrorBase {
  declare readonly name: "RateLimitError";
  declare readonly code: ErrorCodes["RateLimitError"];
}

/** A service error that this version does not know: look up `serverCode`, which `code` repeats. */
export class UnknownServiceError extends CaptchaErrorBase {
  declare readonly name: "UnknownServiceError";
}

/** No usable response: check the network, and your account before you try again. */
export class TransportError extends CaptchaErrorBase {
  declare readonly name: "TransportError";
  declare readonly code: ErrorCodes["TransportError"];
  /** For `createTask`: whether the task may exist and be charged, so that a second try may buy it twice. */
  declare readonly mayHaveCreatedTask?: boolean;
}

/** The task was not ready in time: keep waiting with `waitForResult(taskId)`. */
export class SolveTimeoutError extends CaptchaErrorBase {
  declare readonly name: "SolveTimeoutError";
  declare readonly code: ErrorCodes["SolveTimeoutError"];
  declare readonly taskId: number | string;
}

/** An option is wrong: fix it. */
export class OptionsError extends CaptchaErrorBase {
  declare readonly name: "OptionsError";
  declare readonly code: ErrorCodes["OptionsError"];
  /** The option, such as `"imageLimits.maxBytes"`. */
  declare readonly option: string;
  /**
   * For `createTask` with a `fetch` that gives no response: true, because the task may exist and be charged. Any other
   * wrong option is found before anything is sent.
   */
  declare readonly mayHaveCreatedTask?: boolean;
}

/** capwire could not be started, or has a bug: report it. The next call starts afresh. */
export class InternalError extends CaptchaErrorBase {
  declare readonly name: "InternalError";
  declare readonly code: ErrorCodes["InternalError"];
  /** Whether a task may exist and be charged whose id nobody knows, because `createTask` was not answered yet. */
  declare readonly mayHaveCreatedTask?: boolean;
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
  ) => CaptchaErrorBase & { name: N; code: N extends OpenName ? ErrorCode : ErrorCodes[N] };
};

// Set `name` on the prototypes, as `Error` does: it is there before the stack is written, and not enumerable.
// Use the table's keys: minifiers change the names of the classes.
for (const [name, { prototype }] of Object.entries({ CaptchaError, ...classes })) {
  Object.defineProperty(prototype, "name", { value: name, configurable: true, writable: true });
}

// Not enumerable, so that logs do not show it. All subclasses inherit it.
Object.defineProperty(CaptchaError.prototype, BRAND, { value: true });

/** The cause in copied data, as an option of `Error`. */
function causeOf(data: ErrorRecord | CaptchaErrorData): { cause: Error } | undefined {
  if (!Object.hasOwn(data, "cause")) return undefined;
  const cause = data.cause as ErrorRecord | CaptchaErrorData;
  if (Object.hasOwn(cause, "origin")) {
    return { cause: CaptchaError.fromJSON(cause as CaptchaErrorData) };
  }
  // It was thrown elsewhere: a stack of this place would mislead.
  const { message, cause: _, ...fields } = cause;
  const error = new Error(message, causeOf(cause));
  return { cause: Object.assign(error, fields, { stack: `${cause.name}: ${message}` }) };
}
