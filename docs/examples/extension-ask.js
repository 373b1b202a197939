// For content scripts and the popup, by way of a bundler. There is no key here.
import { CaptchaError } from "capwire/errors";

/** The text in an image, given as a `data:` URL: messages of Chrome carry no bytes. */
export async function readCaptcha(image) {
  const message = { type: "read-captcha", job: crypto.randomUUID(), image };
  const ask = () => chrome.runtime.sendMessage(message);
  // Where the browser has ended the worker, a new one goes on with the same job.
  const { text, error } = await ask().catch(ask);
  if (error === undefined) return text;
  // Of the class that the worker has caught, with all its fields.
  throw typeof error === "string" ? new Error(error) : CaptchaError.fromJSON(error);
}
