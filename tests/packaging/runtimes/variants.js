// Node, Bun, Deno and edge workers. The programs come from npm.
//
// The packages of Node and Bun are for one platform each: that of Bun itself (`bun`) downloads its program by an
// install script, which npm may forbid.

import { versionOf } from "../harness/project.js";

const platform = "linux-x64";

/** Runs a program that prints its report. */
const program =
  (command, ...args) =>
  async ({ exec, config }) => ({
    version: await exec(command, ["--version"]),
    report: JSON.parse(await exec(command, [...args, JSON.stringify(config)])),
  });

const thisNode = (script) => program(process.execPath, script);

const node = (major, ...args) => ({
  platform,
  run: program(`node_modules/node-${major}/bin/node`, ...args),
});

const BUN = "node_modules/@oven/bun-linux-x64-baseline/bin/bun";
const bun = (script) => ({ platform, run: program(BUN, script) });

/** Makes one executable. It must work without any file beside it. */
async function bunExecutable({ exec, config }) {
  await exec(BUN, ["build", "inline.js", "--compile", "--outfile=built/executable"]);
  return {
    version: await exec(BUN, ["--version"]),
    report: JSON.parse(await exec("built/executable", [JSON.stringify(config)])),
  };
}

// Deno would look for a newer version of itself.
const denoEnv = { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };

const deno = (script) => ({
  async run({ exec, config }) {
    const args = ["run", "--silent", script, "--", JSON.stringify(config)];
    return {
      version: (await exec("deno", ["--version"], denoEnv)).match(/^deno (\S+)/)[1],
      report: JSON.parse(await exec("npm", args, denoEnv)),
    };
  },
});

/** Runs workerd as one does without Wrangler. Its configuration lists the modules. */
const workerd = (constant) => ({
  async run({ exec, config }) {
    await exec("npm", ["run", "build:workerd"]);
    const args = ["workerd/serve.js", constant, JSON.stringify(config)];
    return {
      version: (await exec("workerd", ["--version"])).replace("workerd ", ""),
      report: JSON.parse(await exec(process.execPath, args)),
    };
  },
});

/** Runs Miniflare by its API. Wrangler uses it too, and bundles in the same way by itself. */
async function miniflare({ project, exec, config }) {
  await exec("npm", ["run", "build:miniflare"]);
  const args = ["miniflare/serve.js", JSON.stringify(config)];
  return {
    version: await versionOf(project, "miniflare"),
    report: JSON.parse(await exec(process.execPath, args)),
  };
}

/** What scenario.js reports, and that there was no WebAssembly. */
const checks = ["switched off", "solve", "refusal", "error", "abort", "dead port"];

export default {
  "this Node, import": { run: thisNode("import.js"), fast: true },
  "this Node, require": { run: thisNode("require.cjs"), fast: true },

  "Node 20, import": node(20, "import.js"),
  "Node 20, require": node(20, "require.cjs"),
  "Node 22, import": node(22, "import.js"),
  "Node 22, require": node(22, "require.cjs"),
  "Node 24, import": node(24, "import.js"),
  "Node 24, require": node(24, "require.cjs"),
  "Node 26, import": node(26, "import.js"),
  "Node 26, require": node(26, "require.cjs"),

  // With no more permissions than are needed. Node 24 does not restrict the network.
  "Node 24, --permission": node(24, "--permission", "--allow-fs-read=.", "import.js"),
  "Node 26, --permission": node(
    26,
    "--permission",
    "--allow-net",
    "--allow-fs-read=.",
    "import.js",
  ),

  "capwire/js, this Node": { run: thisNode("no-wasm/deleted.js"), checks },
  "capwire/js, Node 24 --jitless": { ...node(24, "--jitless", "no-wasm/jitless.js"), checks },

  "node-http, this Node": { run: thisNode("node-http.js"), fast: true },
  "node-http, Node 20": node(20, "node-http.js"),
  "node-http, Node 22": node(22, "node-http.js"),
  "node-http, Node 24": node(24, "node-http.js"),
  "node-http, Node 26": node(26, "node-http.js"),
  "node-http, Bun": bun("node-http.js"),
  "node-http, Deno": deno("start:deno-node-http"),

  "Bun, import": bun("import.js"),
  "Bun, require": bun("require.cjs"),
  "Bun, one executable": { platform, run: bunExecutable },

  // With no more permissions than are needed. `require` also looks into the folders above the project.
  "Deno, import": deno("start:deno"),
  "Deno, require": deno("start:deno-require"),

  "workerd, bundled by esbuild": workerd("bundled"),
  "workerd, without a bundler": workerd("unbundled"),
  "Miniflare, bundled by esbuild": { run: miniflare },
};
