import {
  AccessError,
  BalanceError,
  CapacityError,
  CaptchaError,
  ImageError,
  KeyError,
  SolveTimeoutError,
  TransportError,
  UnsolvableError,
} from "capwire";

/** What to do about a failed call: the class says it, the code says more. */
export function nextStep(error) {
  // Not an error of capwire: the reason of the signal that aborted the call, or a fault of your own.
  if (!(error instanceof CaptchaError)) throw error;

  if (error instanceof KeyError) return "set another key";
  if (error instanceof BalanceError) return "add funds";
  if (error instanceof ImageError && error.size !== undefined) {
    return `send another image: ${error.size} bytes, the limit is ${error.limit}`;
  }
  if (error instanceof UnsolvableError) return "ask the page for another captcha";
  if (error instanceof SolveTimeoutError && error.retryable) return `wait for task ${error.taskId}`;
  if (error instanceof AccessError && error.retryAfterMs !== undefined) {
    return `come back in ${error.retryAfterMs} ms`;
  }
  if (error instanceof CapacityError) return "come back later";
  if (error instanceof TransportError && error.mayHaveCreatedTask) {
    return "look at the account: the task may exist and be charged";
  }
  return error.hint; // the others: a sentence for people
}
