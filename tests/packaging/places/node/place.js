// Each maintained version of Node, by `import` and by `require`, and with no more permissions than are needed,
// where there are such. Their programs come from npm.

const variant =
  (command) =>
  async ({ run, config }) => {
    const [name, ...args] = command.split(" ");
    const node = `node_modules/${name}/bin/node`;
    return {
      version: await run(node, ["--version"]),
      report: JSON.parse(await run(node, [...args, JSON.stringify(config)])),
    };
  };

export default {
  platform: "linux-x64",
  variants: {
    "Node 20, import": variant("node-20 import.js"),
    "Node 20, require": variant("node-20 require.cjs"),
    "Node 22, import": variant("node-22 import.js"),
    "Node 22, require": variant("node-22 require.cjs"),
    "Node 24, import": variant("node-24 import.js"),
    "Node 24, require": variant("node-24 require.cjs"),
    "Node 24, --permission": variant("node-24 --permission --allow-fs-read=. import.js"),
    "Node 26, import": variant("node-26 import.js"),
    "Node 26, require": variant("node-26 require.cjs"),
    "Node 26, --permission": variant(
      "node-26 --permission --allow-net --allow-fs-read=. import.js",
    ),
  },
};
