// What passes between the popup and the background worker. Messages of Chrome are written as JSON: images
// travel as `data:` URLs, errors as `toJSON()` gives them.

import { CaptchaError } from "capwire/errors";

/** A text of `_locales`. */
export const text = (name, ...values) => chrome.i18n.getMessage(name, values.map(String));

/** An error as plain data. */
export const packed = (error) =>
  error instanceof CaptchaError ? error.toJSON() : { message: String(error?.message ?? error) };

/** The error that was packed, of the same class. */
export const unpacked = (failure) =>
  failure.name === undefined ? new Error(failure.message) : CaptchaError.fromJSON(failure);

/** Asks the worker. What it throws is thrown here. */
export async function ask(type, details = {}) {
  const { value, failure } = await chrome.runtime.sendMessage({ ...details, type });
  if (failure) throw unpacked(failure);
  return value;
}

/** Answers what the pages of this extension ask, each type of message by the function of that name. */
export function answer(handlers) {
  chrome.runtime.onMessage.addListener((message, sender, reply) => {
    if (sender.origin !== location.origin) return;
    // A function that throws at once is like one that rejects.
    (async () => handlers[message.type](message))().then(
      (value) => reply({ value }),
      (error) => reply({ failure: packed(error) }),
    );
    return true; // the reply comes later
  });
}
