import resolve from "@rollup/plugin-node-resolve";

export default {
  input: { main: "inline.js" },
  output: { dir: "dist" },
  plugins: [resolve()],
};
