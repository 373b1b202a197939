// The types of what starts the WebAssembly module. In a file of their own, because both `init.ts` and `module.ts`
// use them.

/** `WebAssembly.Module`, if the user's own types have it: those of Node do not. */
type Module = typeof globalThis extends {
  WebAssembly: { Module: new (...args: never[]) => infer M };
}
  ? M
  : never;

/** What {@link init} takes: `capwire.wasm` in any form that a program may have it in. */
export type WasmSource =
  | string
  | URL
  | Response
  | Promise<Response>
  | ArrayBuffer
  | ArrayBufferView
  | Module;

export type LoadSource = () => WasmSource | Promise<WasmSource>;
