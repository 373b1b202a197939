// Messages between the popup and the background worker. Chrome serializes messages as JSON, so images are sent
// as `data:` URLs and errors as their `toJSON()`.

import { CaptchaError } from "capwire/errors";

/** A text from `_locales`. */
export const text = (name, ...values) => chrome.i18n.getMessage(name, values.map(String));

/** More than any captcha has. */
const MAX_SHOWN = 1_000;

/** A text of a server or a page as it may be shown: on one line, without characters that hide or reorder others. */
export const plain = (value) =>
  String(value ?? "")
    .slice(0, MAX_SHOWN)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/\p{Cf}/gu, "");

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

/**
 * Answers requests from this extension's pages. Each kind of request has a row: what its members must be, and its
 * handler. Everything else goes unanswered: requests of content scripts, of other kinds, with other members.
 *
 * @param {Record<string, [members: Record<string, (value: unknown) => boolean>, handler: Function]>} rows
 */
export function answer(rows) {
  chrome.runtime.onMessage.addListener((message, sender, reply) => {
    // A content script has the extension's id too, but the origin of its page.
    if (sender.id !== chrome.runtime.id || sender.origin !== location.origin) return;
    if (typeof message?.type !== "string" || !Object.hasOwn(rows, message.type)) return;
    const [members, handler] = rows[message.type];
    if (!Object.entries(members).every(([name, isRight]) => isRight(message[name]))) return;
    // Turns a handler's synchronous throw into a rejection.
    (async () => handler(message))().then(
      (value) => reply({ value }),
      (error) => reply({ failure: packed(error) }),
    );
    return true; // the reply comes later
  });
}
