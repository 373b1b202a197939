// `capwire/js`: the module as JavaScript behind the same shell. The step `node:no-wasm` runs other tests with it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runForJson } from "./helpers/process.js";
import { KEY } from "./helpers/sandbox.js";

/** A client that needs no network, and a switch that makes the engine refuse the module. */
const PRELUDE = `
  import { stat } from "node:fs/promises";
  import * as capwire from "capwire";
  const balance = () => Response.json({ errorId: 0, balance: 1 });
  const client = new capwire.Client({ clientKey: "${KEY}", fetch: balance });
  const codeOf = (promise) => promise.then(() => "fulfilled", (error) => error.code);
  const { size } = await stat(new URL(import.meta.resolve("capwire/capwire.wasm")));
  const forbid = () => {
    const { instantiate } = WebAssembly;
    // Node's own fetch uses WebAssembly modules too.
    WebAssembly.instantiate = (source, ...given) =>
      source.byteLength === size
        ? Promise.reject(new WebAssembly.CompileError("forbidden"))
        : instantiate(source, ...given);
  };
  const say = (value) => console.log(JSON.stringify(value));
`;

describe("capwire/js", { concurrency: true, timeout: 120_000 }, () => {
  it("exports what capwire does, with the same classes", async () => {
    const others = await runForJson(`${PRELUDE}
      const js = await import("capwire/js");
      const names = new Set([...Object.keys(capwire), ...Object.keys(js)]);
      say([...names].filter((name) => capwire[name] !== js[name]));
    `);
    assert.deepEqual(others, []);
  });

  it("takes over where WebAssembly has failed, for clients that are there already", async () => {
    const seen = await runForJson(`${PRELUDE}
      forbid();
      const before = await codeOf(client.getBalance());
      await import("capwire/js");
      const rows = await capwire.errorTable();
      say({ before, balance: await client.getBalance(), hasRows: rows.length > 20 });
    `);
    assert.deepEqual(seen, { before: "INTERNAL", balance: 1, hasRows: true });
  });

  it("leaves a module alone that is started", async () => {
    const seen = await runForJson(`${PRELUDE}
      const image = new Uint8Array(99);
      await client.ready();
      await import("capwire/js");
      const fresh = new capwire.Client({ clientKey: "${KEY}", fetch: balance });
      say([
        await client.getBalance(),
        await fresh.getBalance(),
        await codeOf(client.solveImage(image)),
        await codeOf(fresh.solveImage(image)),
      ]);
    `);
    const code = "ERROR_ZERO_CAPTCHA_FILESIZE";
    assert.deepEqual(seen, [1, 1, code, code]);
  });

  it("needs no source, and takes init() as a start", async () => {
    const seen = await runForJson(`${PRELUDE}
      const { init } = await import("capwire/js");
      forbid();
      await init("https://127.0.0.1:1/capwire.wasm");
      say(await client.getBalance());
    `);
    assert.equal(seen, 1);
  });

  it("makes no code from strings, which policies forbid together with WebAssembly", async () => {
    const script = `
      import { Client } from "capwire/js";
      const fetch = () => Response.json({ errorId: 0, balance: 1 });
      let refusal;
      try { new Function("return 1")(); } catch (error) { refusal = error.name; }
      const balance = await new Client({ clientKey: "${KEY}", fetch }).getBalance();
      console.log(JSON.stringify({ refusal, balance }));
    `;
    const flags = ["--disallow-code-generation-from-strings"];
    assert.deepEqual(await runForJson(script, { flags }), { refusal: "EvalError", balance: 1 });
  });
});
