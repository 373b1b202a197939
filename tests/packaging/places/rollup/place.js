import { built } from "../../bundles.js";

export default {
  variants: {
    "Rollup, file copied": built("rollup", "build:copy", { wasm: 1 }),
    "Rollup, importMetaAssets": built("rollup", "build:assets", { wasm: 1 }),
    "Rollup, file imported": built("rollup", "build:import-url", { wasm: 1 }),
    "Rollup, inline": built("rollup", "build:inline", { wasm: 0 }),
    "Rollup, classic script": built("rollup", "build:classic", { wasm: 1 }),
  },
};
