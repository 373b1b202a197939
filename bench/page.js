// The side of chromium.js in the page.

import { image, SETTINGS, TEXT } from "./settings.js";
import { skipPauses } from "./skip-pauses.js";
import { workOf } from "./work.js";

const url = new URLSearchParams(location.search).get("service");
const client = new URLSearchParams(location.search).get("client");

function encode(bytes) {
  if (bytes.toBase64) return bytes.toBase64();
  let text = "";
  for (let n = 0; n < bytes.length; n += 8_192) {
    text += String.fromCharCode(...bytes.subarray(n, n + 8_192));
  }
  return btoa(text);
}

const settings = { ...SETTINGS, url, encode };
// In a variable, so that esbuild leaves it alone.
const module = `./${client}.js`;
const load = () => import(module);

globalThis.bench = {
  async open() {
    const { make } = await load();
    Object.assign(globalThis.bench, workOf(make, settings));
  },
  /** How long it takes from the import of the client to the first solution, in ms. */
  async firstSolve() {
    const now = skipPauses();
    const picture = image(8_000);
    const began = now();
    const { make } = await load();
    if ((await make(settings)(picture)) !== TEXT) throw new Error("another text");
    return now() - began;
  },
};
