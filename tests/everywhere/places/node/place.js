// Each maintained version of Node, by `import` and by `require`. Their programs come from npm.

const VERSIONS = [20, 22, 24, 26];

const variant = (major, script) => {
  const node = `node_modules/node-${major}/bin/node`;
  return async ({ run, config }) => ({
    version: await run(node, ["--version"]),
    report: JSON.parse(await run(node, [script, JSON.stringify(config)])),
  });
};

export default {
  variants: Object.fromEntries(
    VERSIONS.flatMap((major) => [
      [`Node ${major}, import`, variant(major, "import.js")],
      [`Node ${major}, require`, variant(major, "require.cjs")],
    ]),
  ),
};
