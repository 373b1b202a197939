// Messages between the popup and the background worker. Chrome serializes messages as JSON, so images are sent
// as `data:` URLs and errors as their `toJSON()`.

import { CaptchaError } from "capwire/errors";

/** A text from `_locales`. */
export const text = (name, ...values) => chrome.i18n.getMessage(name, values.map(String));

/** Turns an error into plain data. */
export const packed = (error) =>
  error instanceof CaptchaError ? error.toJSON() : { message: String(error?.message ?? error) };

/** Turns the data back into an error of the same class. */
export const unpacked = (failure) =>
  failure.name === undefined ? new Error(failure.message) : CaptchaError.fromJSON(failure);

/** Sends a request to the worker. An error thrown there is thrown here. */
export async function ask(type, details = {}) {
  const { value, failure } = await chrome.runtime.sendMessage({ ...details, type });
  if (failure) throw unpacked(failure);
  return value;
}

/** Answers requests from this extension's pages. The handler is the function named like the message's type. */
export function answer(handlers) {
  chrome.runtime.onMessage.addListener((message, sender, reply) => {
    if (sender.origin !== location.origin) return;
    // Turns a handler's synchronous throw into a rejection.
    (async () => handlers[message.type](message))().then(
      (value) => reply({ value }),
      (error) => reply({ failure: packed(error) }),
    );
    return true; // the reply comes later
  });
}
