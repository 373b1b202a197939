declare module "*.wasm" {
  const wasm: WebAssembly.Module;
  export default wasm;
}

// Written by the build: capwire.wasm, compressed with gzip, as base64 text.
declare module "*/wasm-inline.js" {
  const gzipped: string;
  export default gzipped;
}
