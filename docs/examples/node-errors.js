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

/** Says what to do about a failed call. The class decides; the code has the details. */
export function nextStep(error) {
  // Not from capwire: the abort reason of your signal, or a bug in your own code.
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
  return error.hint; // for all others, a sentence for people
}
