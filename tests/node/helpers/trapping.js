// A module that traps on demand. Import this file before the package is started.

/** A module with one function, whose only instruction is `unreachable`. */
const UNREACHABLE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic, version
  ...[1, 4, 1, 0x60, 0, 0], // one type: () -> ()
  ...[3, 2, 1, 0], // one function of it
  ...[7, 8, 1, 4, 0x74, 0x72, 0x61, 0x70, 0, 0], // exported as "trap"
  ...[10, 5, 1, 3, 0, 0, 0x0b], // unreachable, end
);

const { instantiate } = WebAssembly;
const { trap } = new WebAssembly.Instance(new WebAssembly.Module(UNREACHABLE)).exports;

/** How often the module was started, and after how many more calls of its imports it traps. */
export const module = { starts: 0, left: Number.POSITIVE_INFINITY, isBroken: false };

const trapping =
  (call) =>
  (...args) => {
    module.left -= 1;
    if (module.left < 0 && module.isBroken) trap();
    if (module.left === 0) trap();
    return call(...args);
  };

WebAssembly.instantiate = (source, imports, ...more) => {
  // Node's own fetch has modules too.
  if (!imports?.a && !imports?.["./glue_bg.js"]) return instantiate(source, imports, ...more);
  module.starts += 1;
  const wrap = ([name, value]) => [name, typeof value === "function" ? trapping(value) : value];
  const wrapped = Object.entries(imports).map(([name, functions]) => [
    name,
    Object.fromEntries(Object.entries(functions).map(wrap)),
  ]);
  return instantiate(source, Object.fromEntries(wrapped), ...more);
};

/**
 * Lets the module trap in the nth call of an import from now on, once. Where it is broken, it also traps in every
 * call after that one, until this is called again: nothing can be read from it any more.
 */
export function trapAt(n, isBroken = false) {
  Object.assign(module, { left: n, isBroken });
}

/** Lets it work. */
export function trapNever() {
  trapAt(Number.POSITIVE_INFINITY);
}

/** Whether it has trapped since. */
export function hasTrapped() {
  return module.left <= 0;
}
