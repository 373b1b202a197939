// For content scripts and the popup, built with a bundler. It never sees the key.
import { CaptchaError } from "capwire/errors";

/** Reads the text in an image. Pass it as a `data:` URL: Chrome's messages can't carry bytes. */
export async function readCaptcha(image) {
  const message = { type: "read-captcha", job: crypto.randomUUID(), image };
  const ask = () => chrome.runtime.sendMessage(message);
  // If the browser stopped the worker, a new one resumes the same job.
  const { text, error } = await ask().catch(ask);
  if (error === undefined) return text;
  // The same class that the worker caught, with all its fields.
  throw typeof error === "string" ? new Error(error) : CaptchaError.fromJSON(error);
}
