// The module is started lazily, once, and again after a failure.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { readFile, rename, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { rejection } from "./helpers/assertions.js";
import { copiedInstall, installed } from "./helpers/installed-package.js";
import { run } from "./helpers/process.js";
import { KEY, sandboxFor } from "./helpers/sandbox.js";

const client = ({ Client }) =>
  new Client({ clientKey: KEY, fetch: () => Response.json({ errorId: 0, balance: 1 }) });

/** Counts how often this copy starts its module, for one test. */
async function countStarts(t, { folder }) {
  const { size } = await stat(join(folder, "dist", "capwire.wasm"));
  const counts = { started: 0 };
  for (const name of ["instantiate", "compile"]) {
    const original = WebAssembly[name];
    t.mock.method(WebAssembly, name, (source, ...args) => {
      // Node's own fetch uses WebAssembly modules too.
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

  it("that fails because the file is missing can be tried again", async (t) => {
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
    // A call that was aborted before does not wait either.
    assert.equal(await rejection(one.getBalance({ signal }), 2_000), signal.reason);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    // The start continues for the others.
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

/** A copy whose module is not in the package's folder. */
async function withoutWasm(t) {
  const copy = await copiedInstall(t);
  const wasm = join(copy.folder, "dist", "capwire.wasm");
  await rename(wasm, `${wasm}.away`);
  return { ...copy, bytes: await readFile(`${wasm}.away`) };
}

describe("init()", { timeout: 120_000 }, () => {
  const response = (bytes) =>
    new Response(bytes, { headers: { "content-type": "application/wasm" } });
  const sources = {
    "a Buffer": (bytes) => bytes,
    "a Uint8Array": (bytes) => new Uint8Array(bytes),
    "an ArrayBuffer": (bytes) => new Uint8Array(bytes).buffer,
    "a Response": response,
    "a promise of a Response": async (bytes) => response(bytes),
    "a compiled Module": (bytes) => new WebAssembly.Module(bytes),
    "a URL": (_, address) => new URL(address),
    "the text of a URL": (_, address) => address,
  };
  for (const [what, source] of Object.entries(sources)) {
    it(`starts the module from ${what}`, async (t) => {
      const { load, bytes } = await withoutWasm(t);
      const sandbox = await sandboxFor(t, { serve: { "/package": installed } });
      const capwire = await load();
      const wasm = source(bytes, `${sandbox.origin}/package/dist/capwire.wasm`);
      assert.equal(await capwire.init(wasm), undefined);
      assert.equal(await client(capwire).getBalance(), 1);
    });
  }

  it("need not be waited for by the first call", async (t) => {
    const { load, bytes } = await withoutWasm(t);
    const capwire = await load();
    const starting = capwire.init(Promise.resolve(response(bytes)));
    assert.equal(await client(capwire).getBalance(), 1);
    await starting;
  });

  it("does nothing where the module is started", async (t) => {
    const copy = await copiedInstall(t);
    const capwire = await copy.load();
    const counts = await countStarts(t, copy);
    assert.equal(await client(capwire).getBalance(), 1);
    await capwire.init(await readFile(join(copy.folder, "dist", "capwire.wasm")));
    await capwire.init(new Uint8Array(8));
    assert.equal(await client(capwire).getBalance(), 1);
    assert.equal(counts.started, 1);
  });

  it("called twice at once starts one module", async (t) => {
    const copy = await withoutWasm(t);
    const capwire = await copy.load();
    let started = 0;
    const original = WebAssembly.instantiate;
    t.mock.method(WebAssembly, "instantiate", (...args) => {
      started += 1;
      return original(...args);
    });
    await Promise.all([
      capwire.init(copy.bytes),
      capwire.init(new Uint8Array(copy.bytes)),
      client(capwire).getBalance(),
    ]);
    assert.equal(started, 1);
  });

  const garbage = {
    "bytes that are not a module": () => new Uint8Array(64),
    "no bytes": () => new ArrayBuffer(0),
    nothing: () => undefined,
    null: () => null,
    "a number": () => 5,
    "text that is not an address": () => "capwire.wasm",
    "a page instead of the file": () =>
      new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
    "a Response with a status of failure": () => new Response("", { status: 404 }),
    "a promise that rejects": () => Promise.reject(new TypeError("fetch failed")),
    "a module of somebody else": () =>
      new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
    // As an old file stays beside a bundle after an update of the package.
    "the file of another version": async () => {
      const bytes = await readFile(join(installed, "dist", "capwire.wasm"));
      const mark = bytes.lastIndexOf("capwire-");
      assert.equal(mark, bytes.length - "capwire-01234567".length);
      bytes.write("another-", mark);
      return response(bytes);
    },
  };
  for (const [what, source] of Object.entries(garbage)) {
    it(`refuses ${what}, and the next call starts the package's own`, async (t) => {
      const { load } = await copiedInstall(t);
      const capwire = await load();
      // An unhandled rejection would fail this test.
      assertInternal(await rejection(capwire.init(source())), capwire);
      assertInternal(await rejection(capwire.init(source())), capwire);
      assert.equal(await client(capwire).getBalance(), 1);
    });
  }

  it("can be tried again with another source", async (t) => {
    const { load, bytes } = await withoutWasm(t);
    const capwire = await load();
    assertInternal(await rejection(capwire.init(new Uint8Array(64))), capwire);
    await capwire.init(bytes);
    assert.equal(await client(capwire).getBalance(), 1);
  });

  it("leaves no rejection unhandled of a promise that it has no need of", async () => {
    const { stdout, stderr, code } = await run(`
      import { Client, init } from "capwire";
      await new Client({ clientKey: "x" }).ready();
      await init(Promise.reject(new TypeError("fetch failed")));
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log("alive");
    `);
    assert.deepEqual({ stdout, stderr, code }, { stdout: "alive\n", stderr: "", code: 0 });
  });
});

describe("capwire/inline", { timeout: 120_000 }, () => {
  const inlineOf = ({ project }) => {
    const entry = createRequire(join(project, "script.js")).resolve("capwire/inline");
    return import(pathToFileURL(entry).href);
  };

  it("needs no file but its own", async (t) => {
    const capwire = await inlineOf(await withoutWasm(t));
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const one = new capwire.Client({ clientKey: KEY, baseUrl: sandbox.url() });
    assert.equal(await one.solveImage(bytes), text);
  });

  it("exports what capwire exports", async (t) => {
    const copy = await copiedInstall(t);
    const [inline, capwire] = [await inlineOf(copy), await copy.load()];
    assert.deepEqual({ ...inline }, { ...capwire });
  });

  it("is the very module that capwire has", async (t) => {
    const { folder, ...copy } = await copiedInstall(t);
    const inline = await inlineOf(copy);
    let started;
    const original = WebAssembly.instantiateStreaming ?? WebAssembly.instantiate;
    const name = WebAssembly.instantiateStreaming ? "instantiateStreaming" : "instantiate";
    t.mock.method(WebAssembly, name, async (source, ...args) => {
      started = new Uint8Array(await source.clone().arrayBuffer());
      return original(source, ...args);
    });
    assert.equal(await client(inline).getBalance(), 1);
    const file = await readFile(join(folder, "dist", "capwire.wasm"));
    assert.ok(file.equals(started));
  });
});
