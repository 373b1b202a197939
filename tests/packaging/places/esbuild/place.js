import { build, built, versionOf } from "../../bundles.js";

const forNode =
  (script, file) =>
  async ({ project, config, run }) => {
    await build(project, run, script);
    return {
      version: await versionOf(project, "esbuild"),
      report: JSON.parse(await run(process.execPath, [file, JSON.stringify(config)])),
    };
  };

export default {
  variants: {
    "esbuild, file copied": built("esbuild", "build:copy", { wasm: 1 }),
    "esbuild, file imported": built("esbuild", "build:import-url", { wasm: 1 }),
    "esbuild, inline": built("esbuild", "build:inline", { wasm: 0 }),
    "esbuild, classic script": built("esbuild", "build:classic", { wasm: 1 }),
    "esbuild, for Node": forNode("build:node", "dist/main.js"),
    "esbuild, for Node, CommonJS": forNode("build:commonjs", "dist/main.cjs"),
  },
};
