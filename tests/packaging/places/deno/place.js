// Deno, with no more permissions than are needed.

// It would ask its maker for a newer one.
const env = { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };

const variant =
  (script) =>
  async ({ run, config }) => ({
    version: (await run("deno", ["--version"], env)).match(/^deno (\S+)/)[1],
    report: JSON.parse(
      await run("npm", ["run", "--silent", script, "--", JSON.stringify(config)], env),
    ),
  });

export default {
  variants: {
    "Deno, import": variant("start"),
    // It looks for what is required in the folders above, too.
    "Deno, require": variant("start:require"),
  },
};
