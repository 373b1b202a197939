// Finds the memory of the wasm module, in whatever way it is instantiated. Imported before the module is.

const memories = [];

function note(made) {
  const { exports } = made.instance ?? made;
  for (const it of Object.values(exports)) if (it instanceof WebAssembly.Memory) memories.push(it);
  return made;
}

for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  if (original) WebAssembly[name] = async (...given) => note(await original(...given));
}
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...given) {
    super(...given);
    note(this);
  }
};

/** The bytes of all modules so far. */
export const wasmBytes = () =>
  memories.reduce((bytes, memory) => bytes + memory.buffer.byteLength, 0);
