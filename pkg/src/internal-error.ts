// The errors that the shell itself makes. Those of the core come as records.

import { InternalError } from "./errors.js";
import type { Failure } from "./types.js";

/** What an error says of the task of its call. */
export type TaskData = Pick<Failure, "taskId" | "mayHaveCreatedTask">;

export function internalError(
  what: string,
  hint: string,
  thrown: unknown,
  more?: Partial<Failure>,
): InternalError {
  const cause = toErrorData(thrown);
  return new InternalError({
    name: "InternalError",
    code: "INTERNAL",
    message: `${what}: ${cause.message}`,
    hint,
    origin: "client",
    retryable: false,
    ...more,
    cause,
  });
}

/** A thrown value as data. It does not use `instanceof`: an `Error` of another realm counts too. */
export function toErrorData(thrown: unknown): { name: string; message: string } {
  try {
    const { name, message } = Object(thrown);
    const isError = typeof name === "string" && typeof message === "string";
    return isError ? { name, message } : { name: "Error", message: String(thrown) };
  } catch {
    return { name: "Error", message: "no reason given" };
  }
}
