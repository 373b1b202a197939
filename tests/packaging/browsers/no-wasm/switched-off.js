/** `"ok"` where the page's policy forbids WebAssembly. */
export function switchedOff() {
  const emptyModule = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  try {
    new WebAssembly.Module(emptyModule);
    return "a module was compiled";
  } catch (error) {
    return /Content Security Policy|CSP/.test(error.message) ? "ok" : String(error);
  }
}
