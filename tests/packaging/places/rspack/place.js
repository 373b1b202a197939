import { built } from "../../bundles.js";

export default {
  variants: {
    Rspack: built("@rspack/core", "build", { wasm: 1 }),
    "Rspack, inline": built("@rspack/core", "build:inline", { wasm: 0 }),
  },
};
