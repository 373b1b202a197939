// The Node that runs the tests.

const variant =
  (script) =>
  async ({ run, config }) => ({
    version: process.version,
    report: JSON.parse(await run(process.execPath, [script, JSON.stringify(config)])),
  });

export default {
  fast: ["this Node, import", "this Node, require"],
  variants: {
    "this Node, import": variant("import.js"),
    "this Node, require": variant("require.cjs"),
  },
};
