import { built } from "../../bundles.js";

export default {
  variants: {
    "Rolldown, file copied": built("rolldown", "build:copy", { wasm: 1 }),
    "Rolldown, resolveNewUrlToAsset": built("rolldown", "build:assets", { wasm: 1 }),
    "Rolldown, file imported": built("rolldown", "build:import-url", { wasm: 1 }),
    "Rolldown, inline": built("rolldown", "build:inline", { wasm: 0 }),
    "Rolldown, classic script": built("rolldown", "build:classic", { wasm: 1 }),
  },
};
