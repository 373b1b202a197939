export default {
  input: { main: "import-url.js" },
  output: { dir: "dist" },
  moduleTypes: { ".wasm": "asset" },
};
