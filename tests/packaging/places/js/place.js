// Where WebAssembly is switched off: the module as JavaScript.

const BROWSERS = { Chromium: "chromium", Firefox: "firefox" };

const PAGES = {
  "capwire/js": "index.html",
  "capwire/js after capwire has failed": "fallback.html",
};

const variant =
  (node, ...args) =>
  async ({ run, config }) => ({
    version: await run(node, ["--version"]),
    report: JSON.parse(await run(node, [...args, JSON.stringify(config)])),
  });

export default {
  platform: "linux-x64",
  // What `scenario.js` reports, and that WebAssembly is switched off indeed.
  checks: ["switched off", "solve", "refusal", "error", "abort", "dead port"],
  variants: {
    "capwire/js, this Node": variant(process.execPath, "node.js"),
    "capwire/js, Node 24 --jitless": variant(
      "node_modules/node-24/bin/node",
      "--jitless",
      "jitless.js",
    ),
    ...Object.fromEntries(
      Object.entries(BROWSERS).flatMap(([name, browser]) =>
        Object.entries(PAGES).map(([what, path]) => [
          `${what}, ${name}`,
          ({ openPage }) => openPage({ browser, folder: ".", path }),
        ]),
      ),
    ),
  },
};
