import resolve from "@rollup/plugin-node-resolve";

export default {
  input: "classic.js",
  output: { file: "dist/main.js", format: "iife" },
  plugins: [resolve()],
};
