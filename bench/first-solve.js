// How long a new process takes to its first solution: `first-solve.js CLIENT URL [PACKAGE]`
//
// With a package it only imports that.

import { image, SETTINGS, TEXT } from "./settings.js";
import { skipPauses } from "./skip-pauses.js";

const [client, url, name] = process.argv.slice(2);
const picture = image(8_000);
const encode = (bytes) => Buffer.from(bytes).toString("base64");

const now = skipPauses();
const began = now();
if (name) {
  await import(name);
} else {
  const { make } = await import(`./clients/${client}.js`);
  const text = await make({ ...SETTINGS, url, encode })(picture);
  if (text !== TEXT) throw new Error(`${client} found ${text}`);
}
console.log(now() - began);
// Idle connections would keep it alive.
process.exit();
