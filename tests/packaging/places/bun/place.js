// Bun. The program itself is its package here: the package `bun` fetches it by an install script, which npm
// may forbid.

const bun = "node_modules/@oven/bun-linux-x64-baseline/bin/bun";

const variant =
  (script) =>
  async ({ run, config }) => ({
    version: await run(bun, ["--version"]),
    report: JSON.parse(await run(bun, [script, JSON.stringify(config)])),
  });

export default {
  platform: "linux-x64",
  variants: {
    "Bun, import": variant("import.js"),
    "Bun, require": variant("require.cjs"),
    // Away from the package there is no file beside the script.
    async "Bun, one executable"({ run, config }) {
      await run(bun, ["build", "inline.js", "--compile", "--outfile=built"]);
      return {
        version: await run(bun, ["--version"]),
        report: JSON.parse(await run("./built", [JSON.stringify(config)])),
      };
    },
  },
};
