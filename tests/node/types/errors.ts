// A caught error narrows by its class, down to its codes and fields.

import type {
  CaptchaErrorData,
  ErrorCode,
  ErrorCodes,
  ErrorName,
  ErrorTableRow,
  KnownErrorCode,
} from "capwire";
import * as capwire from "capwire";
import { expectTypeOf } from "expect-type";

declare const caught: unknown;

/** The classes whose codes are all known. error-codes.test.js compares them with the fixtures. */
type Codes = Omit<ErrorCodes, "ProxyError" | "UnknownServiceError">;

expectTypeOf(capwire.errorTable).returns.resolves.toEqualTypeOf<readonly ErrorTableRow[]>();
expectTypeOf<ErrorTableRow>().toEqualTypeOf<{
  code: string;
  name: ErrorName;
  retryable: boolean;
  message: string;
  hint: string;
}>();

/** The codes of the errors that are instances of a class. */
type CodeOf<C extends new (data: CaptchaErrorData) => { code: unknown }> = InstanceType<C>["code"];
type Classes = { [N in keyof Codes]: CodeOf<(typeof capwire)[N]> };
expectTypeOf<Classes>().toEqualTypeOf<Codes>();
expectTypeOf<keyof ErrorCodes>().toEqualTypeOf<ErrorName>();
type Names = { [N in ErrorName]: InstanceType<(typeof capwire)[N]>["name"] };
expectTypeOf<Names>().toEqualTypeOf<{ [N in ErrorName]: N }>();

if (caught instanceof capwire.CaptchaError) {
  expectTypeOf(caught).toExtend<Error>();
  expectTypeOf(caught.name).toEqualTypeOf<ErrorName>();
  expectTypeOf(caught.code).toEqualTypeOf<ErrorCode>();
  expectTypeOf(caught.message).toEqualTypeOf<string>();
  expectTypeOf(caught.hint).toEqualTypeOf<string>();
  expectTypeOf(caught.origin).toEqualTypeOf<"client" | "service" | "transport">();
  expectTypeOf(caught.retryable).toEqualTypeOf<boolean>();
  expectTypeOf(caught.method).toEqualTypeOf<
    | "createTask"
    | "getTaskResult"
    | "getBalance"
    | "getUserAgent"
    | "reportIncorrectImageCaptcha"
    | "reportIncorrectTokenCaptcha"
    | undefined
  >();
  expectTypeOf(caught.service).toEqualTypeOf<string | undefined>();
  expectTypeOf(caught.taskId).toEqualTypeOf<number | string | undefined>();
  expectTypeOf(caught.serverCode).toEqualTypeOf<string | undefined>();
  expectTypeOf(caught.serverMessage).toEqualTypeOf<string | undefined>();
  expectTypeOf(caught.httpStatus).toEqualTypeOf<number | undefined>();
  expectTypeOf(caught.toJSON()).toEqualTypeOf<CaptchaErrorData>();
  // @ts-expect-error the fields of an error are read-only
  caught.code = "NETWORK";
}

// The type is the union of all classes, which its name tells apart.
expectTypeOf<capwire.CaptchaError["name"]>().toEqualTypeOf<ErrorName>();
export function next(error: capwire.CaptchaError): string | number | undefined {
  switch (error.name) {
    case "ImageError":
      expectTypeOf(error).toEqualTypeOf<capwire.ImageError>();
      return error.size;
    case "OptionsError":
      return error.option;
    case "SolveTimeoutError":
      expectTypeOf(error.taskId).toEqualTypeOf<number | string>();
      return error.taskId;
    case "KeyError":
      expectTypeOf(error.code).toEqualTypeOf<"ERROR_KEY_DOES_NOT_EXIST">();
      // @ts-expect-error it has no size
      return error.size;
    default:
      // @ts-expect-error only some of them have it
      return error.size;
  }
}
try {
  caught;
} catch (error) {
  if (!(error instanceof capwire.CaptchaError)) throw error;
  next(error);
  if (error.name === "TransportError") {
    expectTypeOf(error.mayHaveCreatedTask).toEqualTypeOf<boolean | undefined>();
  }
}
if (capwire.CaptchaError.is(caught) && caught.name === "TaskError") {
  expectTypeOf(caught.field).toEqualTypeOf<string | undefined>();
}
if (capwire.CaptchaError.fromJSON({} as CaptchaErrorData).name === "ImageError") caught;
expectTypeOf<capwire.CaptchaError>().toExtend<Error>();

// A known code is offered while typing, and a newer one is taken.
expectTypeOf<KnownErrorCode>().toExtend<ErrorCode>();
expectTypeOf<"ERROR_OF_NEXT_YEAR">().toExtend<ErrorCode>();
expectTypeOf<"ERROR_OF_NEXT_YEAR">().not.toExtend<KnownErrorCode>();

if (caught instanceof capwire.ImageError) {
  expectTypeOf(caught.size).toEqualTypeOf<number | undefined>();
  expectTypeOf(caught.limit).toEqualTypeOf<number | undefined>();
  expectTypeOf(caught.index).toEqualTypeOf<number | undefined>();
  // @ts-expect-error it has no such code
  caught.code === "NETWORK";
} else if (caught instanceof capwire.TaskError) {
  expectTypeOf(caught.field).toEqualTypeOf<string | undefined>();
} else if (caught instanceof capwire.AccessError) {
  expectTypeOf(caught.retryAfterMs).toEqualTypeOf<number | undefined>();
} else if (caught instanceof capwire.TransportError) {
  expectTypeOf(caught.mayHaveCreatedTask).toEqualTypeOf<boolean | undefined>();
  switch (caught.code) {
    case "NETWORK":
    case "HTTP_STATUS":
    case "BAD_RESPONSE":
    case "REQUEST_TIMEOUT":
      break;
    default:
      expectTypeOf(caught.code).toEqualTypeOf<never>();
  }
} else if (caught instanceof capwire.SolveTimeoutError) {
  // Always there: it is needed to resume the task.
  expectTypeOf(caught.taskId).toEqualTypeOf<number | string>();
} else if (caught instanceof capwire.OptionsError) {
  expectTypeOf(caught.option).toEqualTypeOf<string>();
} else if (caught instanceof capwire.ProxyError) {
  expectTypeOf(caught.code).toEqualTypeOf<ErrorCodes["ProxyError"] | `ERROR_PROXY_${string}`>();
} else if (caught instanceof capwire.UnknownServiceError) {
  expectTypeOf(caught.code).toEqualTypeOf<ErrorCode>();
}

// The classes are distinguished although some have the same fields.
if (caught instanceof capwire.KeyError || caught instanceof capwire.DomainError) {
  expectTypeOf(caught.code).toEqualTypeOf<
    "ERROR_KEY_DOES_NOT_EXIST" | "ERROR_DOMAIN_NOT_ALLOWED"
  >();
  expectTypeOf(caught.name).toEqualTypeOf<"KeyError" | "DomainError">();
}

declare const data: CaptchaErrorData;
expectTypeOf(capwire.CaptchaError.fromJSON(data)).toEqualTypeOf<capwire.CaptchaError>();
