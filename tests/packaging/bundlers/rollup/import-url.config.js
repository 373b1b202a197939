import resolve from "@rollup/plugin-node-resolve";
import url from "@rollup/plugin-url";

export default {
  input: { main: "import-url.js" },
  output: { dir: "dist" },
  plugins: [resolve(), url({ include: ["**/*.wasm"], limit: 0 })],
};
