import assert from "node:assert/strict";
import { built } from "../../bundles.js";

/** Parcel looks for files and not into the package's "exports", so each entry may be found or not. */
async function withRussian(tools) {
  const result = await built("parcel", "build", { wasm: 1 })(tools);
  assert.match(result.report.refusalInRussian, /[а-я]{4}/);
  return result;
}

export default {
  variants: {
    Parcel: withRussian,
    "Parcel, inline": built("parcel", "build:inline", { wasm: 0 }),
    "Parcel, as JavaScript": built("parcel", "build:js", { wasm: 0 }),
  },
};
