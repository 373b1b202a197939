import { built } from "../../bundles.js";

export default {
  variants: {
    webpack: built("webpack", "build", { wasm: 1 }),
    "webpack, inline": built("webpack", "build:inline", { wasm: 0 }),
  },
};
