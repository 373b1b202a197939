// Errors as plain data: which fields are copied, and what of them people may see.

import type { CaptchaErrorData } from "./errors.js";
import { printable } from "./text.js";
import type { ErrorRecord, Failure } from "./types.js";
import { getAny, getOwn } from "./values.js";

/** The fields of all classes, each with a value of its type. Nothing else is copied from data. */
const FIELDS = {
  code: "",
  hint: "",
  origin: "",
  retryable: false,
  method: "",
  service: "",
  taskId: 0,
  serverCode: "",
  serverMessage: "",
  httpStatus: 0,
  size: 0,
  limit: 0,
  index: 0,
  detected: "",
  field: "",
  option: "",
  retryAfterMs: 0,
  mayHaveCreatedTask: false,
} satisfies Record<
  Exclude<keyof Failure, "name" | "message" | "cause" | "solution">,
  string | number | boolean
>;

/** The longest text of a task id. */
const MAX_ID = 1_024;

/** How much is kept of the two fields that are a service's own words, in characters. */
const MAX_SERVER_TEXT = 4_096;

/** How many causes are followed: more than the client makes. A chain may be a ring. */
const MAX_CAUSES = 10;

/** A member as text that people may see. */
function text(object: unknown, key: string): string | undefined {
  const value = getAny(object, key);
  return typeof value === "string" ? printable(value) : undefined;
}

function isTextId(value: unknown): boolean {
  return typeof value === "string" && value.length <= MAX_ID && !/\p{Cc}/u.test(value);
}

/** The known fields of an error or of its data, as plain data. */
export function copy(
  source: unknown,
  maxCauses = MAX_CAUSES,
  isOurs = true,
): ErrorRecord | CaptchaErrorData {
  const data: Record<string, unknown> = {
    name: text(source, "name") ?? (isOurs ? "CaptchaError" : "Error"),
    message: text(source, "message") ?? "",
  };
  if (isOurs) {
    Object.assign(data, { code: "UNKNOWN", hint: "", origin: "client", retryable: false });
    for (const [key, example] of Object.entries(FIELDS)) {
      const value = getOwn(source, key);
      // An id that is text is kept exactly, or it would be another one.
      if (key === "taskId" && isTextId(value)) data[key] = value;
      if (typeof value !== typeof example) continue;
      if (typeof value === "string") {
        // The service's own words stay as they are.
        data[key] = key.startsWith("server") ? value.slice(0, MAX_SERVER_TEXT) : printable(value);
      } else if (example !== 0 || Number.isFinite(value)) data[key] = value;
    }
    const solution = getOwn(source, "solution");
    if (/^(string|number|boolean|object)$/.test(typeof solution)) data.solution = solution;
  } else {
    const code = text(source, "code");
    if (code !== undefined) data.code = code;
  }
  const cause = getOwn(source, "cause");
  if (maxCauses > 0 && typeof cause === "object" && cause !== null) {
    data.cause = copy(cause, maxCauses - 1, getOwn(cause, "origin") !== undefined);
  }
  return data as unknown as ErrorRecord;
}
