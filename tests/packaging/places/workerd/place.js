// workerd, as one runs it oneself: its configuration lists the modules, with a bundler or without.

const variant =
  (constant) =>
  async ({ run, config }) => {
    await run("npm", ["run", "build"]);
    const served = await run(process.execPath, ["serve.js", constant, JSON.stringify(config)]);
    return {
      version: (await run("workerd", ["--version"])).replace("workerd ", ""),
      report: JSON.parse(served),
    };
  };

export default {
  variants: {
    "workerd, bundled by esbuild": variant("bundled"),
    "workerd, without a bundler": variant("unbundled"),
  },
};
