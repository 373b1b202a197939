// The module is started lazily, once, and again after a failure.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copiedInstall } from "./copy.js";
import { rejection } from "./expect.js";
import { KEY } from "./sandbox.js";

const client = ({ Client }) =>
  new Client({ clientKey: KEY, fetch: () => Response.json({ errorId: 0, balance: 1 }) });

/** Counts how often the module of this copy is started, for one test. */
async function countStarts(t, { folder }) {
  const { size } = await stat(join(folder, "dist", "capwire.wasm"));
  const counts = { started: 0 };
  for (const name of ["instantiate", "compile"]) {
    const original = WebAssembly[name];
    t.mock.method(WebAssembly, name, (source, ...args) => {
      // Node's own fetch is made of modules too.
      if (source.byteLength === size) counts.started += 1;
      return original(source, ...args);
    });
  }
  return counts;
}

function assertInternal(error, { CaptchaError, InternalError }) {
  assert.ok(error instanceof InternalError && error instanceof CaptchaError, String(error));
  assert.equal(error.name, "InternalError");
  assert.equal(error.code, "INTERNAL");
  assert.ok(error.hint.length > 10);
}

describe("starting", { timeout: 120_000 }, () => {
  it("happens once for all first calls of all clients", async (t) => {
    const copy = await copiedInstall(t);
    const capwire = await copy.load();
    const counts = await countStarts(t, copy);
    const [one, other] = [client(capwire), client(capwire)];
    const answers = await Promise.all([
      one.getBalance(),
      one.ready(),
      other.getBalance(),
      other.getBalance(),
    ]);
    assert.equal(answers[3], 1);
    await one.getBalance();
    await client(capwire).getBalance();
    assert.equal(counts.started, 1);
  });

  it("is left alone by a call that was aborted before, and so is a failure of it", async (t) => {
    const { folder, load } = await copiedInstall(t);
    const wasm = join(folder, "dist", "capwire.wasm");
    await rename(wasm, `${wasm}.away`);
    const reason = new Error("enough");
    const one = client(await load());
    // An unhandled rejection would fail this test.
    assert.equal(await rejection(one.getBalance({ signal: AbortSignal.abort(reason) })), reason);
    await rename(`${wasm}.away`, wasm);
    assert.equal(await one.getBalance(), 1);
  });

  it("that fails for want of the file can be tried again", async (t) => {
    const { folder, load } = await copiedInstall(t);
    const wasm = join(folder, "dist", "capwire.wasm");
    await rename(wasm, `${wasm}.away`);
    const capwire = await load();
    const one = client(capwire);
    const errors = await Promise.all([
      rejection(one.getBalance()),
      rejection(one.ready()),
      rejection(client(capwire).solveImage("x")),
    ]);
    for (const error of errors) {
      assertInternal(error, capwire);
      assert.match(error.message, /ENOENT/);
    }
    await rename(`${wasm}.away`, wasm);
    const counts = await countStarts(t, { folder });
    assert.deepEqual(await Promise.all([one.getBalance(), client(capwire).getBalance()]), [1, 1]);
    assert.equal(counts.started, 1);
  });

  it("that the engine refuses can be tried again", async (t) => {
    const { load } = await copiedInstall(t);
    const capwire = await load();
    const one = client(capwire);
    const refusal = new WebAssembly.CompileError("refused by the engine");
    const refuse = t.mock.method(WebAssembly, "instantiate", () => Promise.reject(refusal));
    const error = await rejection(one.getBalance());
    assertInternal(error, capwire);
    assert.match(error.message, /refused by the engine/);
    assert.equal(error.cause.name, "CompileError");
    refuse.mock.restore();
    assert.equal(await one.getBalance(), 1);
  });

  for (const [what, reason] of [
    ["text", "no"],
    ["nothing", undefined],
  ]) {
    it(`that fails with ${what} is an InternalError, too`, async (t) => {
      const { load } = await copiedInstall(t);
      const capwire = await load();
      t.mock.method(WebAssembly, "instantiate", () => Promise.reject(reason), { times: 1 });
      assertInternal(await rejection(client(capwire).getBalance()), capwire);
      assert.equal(await client(capwire).getBalance(), 1);
    });
  }

  it("that throws at once is an InternalError, too", async (t) => {
    const { load } = await copiedInstall(t);
    const capwire = await load();
    const refuse = () => {
      throw new Error("at once");
    };
    t.mock.method(WebAssembly, "instantiate", refuse, { times: 1 });
    assertInternal(await rejection(client(capwire).getBalance()), capwire);
    assert.equal(await client(capwire).getBalance(), 1);
  });

  it("that takes long is not waited for by a call that is aborted", async (t) => {
    const { load } = await copiedInstall(t);
    const capwire = await load();
    const original = WebAssembly.instantiate;
    let goOn;
    const held = new Promise((resolve) => {
      goOn = resolve;
    });
    t.mock.method(WebAssembly, "instantiate", (...args) => held.then(() => original(...args)));
    const one = client(capwire);
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [one.getBalance({ signal }), one.solveImage("x", { signal })];
    const patient = one.getBalance();
    setTimeout(() => controller.abort(new Error("enough")), 20);
    for (const call of calls) assert.equal(await rejection(call, 2_000), signal.reason);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    // Nor by one that was aborted before.
    assert.equal(await rejection(one.getBalance({ signal }), 2_000), signal.reason);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    // It goes on for the others.
    goOn();
    assert.equal(await patient, 1);
  });

  it("is not possible without WebAssembly", async (t) => {
    const { load } = await copiedInstall(t);
    const capwire = await load();
    const original = globalThis.WebAssembly;
    t.after(() => {
      globalThis.WebAssembly = original;
    });
    globalThis.WebAssembly = undefined;
    assertInternal(await rejection(client(capwire).getBalance()), capwire);
    globalThis.WebAssembly = original;
    assert.equal(await client(capwire).getBalance(), 1);
  });
});
