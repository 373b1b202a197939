// Errors from elsewhere: another copy of the package, another realm, another thread.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import vm from "node:vm";
import { MessageChannel, Worker } from "node:worker_threads";
import {
  CaptchaError,
  Client,
  KeyError,
  OptionsError,
  SolveTimeoutError,
  TransportError,
} from "capwire";
import { build } from "esbuild";
import { failure, rejection } from "./helpers/assertions.js";
import { copiedInstall } from "./helpers/installed-package.js";
import { sandboxFor } from "./helpers/sandbox.js";

const BRAND = Symbol.for("capwire.CaptchaError");

const DATA = {
  name: "KeyError",
  code: "ERROR_KEY_DOES_NOT_EXIST",
  message: "The service does not know this client key",
  hint: "Mend it",
  origin: "service",
  retryable: false,
  method: "getBalance",
  service: "capmonster",
  serverCode: "ERROR_KEY_DOES_NOT_EXIST",
  httpStatus: 403,
};

/** A chain as long as any: our error, caused by ours, caused by the platform's, caused by its own. */
const CHAIN = {
  ...DATA,
  name: "SolveTimeoutError",
  code: "SOLVE_TIMEOUT",
  origin: "transport",
  taskId: 4711,
  cause: {
    ...DATA,
    name: "TransportError",
    code: "NETWORK",
    origin: "transport",
    taskId: 4711,
    cause: {
      name: "TypeError",
      message: "fetch failed",
      cause: { name: "Error", message: "connect ECONNREFUSED", code: "ECONNREFUSED" },
    },
  },
};

/** Asserts that these are the errors of CHAIN, each of its class here. */
function assertChain(error) {
  assert.ok(error instanceof SolveTimeoutError);
  assert.equal(error.taskId, 4711);
  const { cause } = error;
  assert.ok(cause instanceof TransportError);
  assert.equal(cause.code, "NETWORK");
  assert.equal(cause.taskId, 4711);
  assert.ok(cause.cause instanceof Error && !CaptchaError.is(cause.cause));
  assert.equal(cause.cause.name, "TypeError");
  assert.equal(cause.cause.message, "fetch failed");
  assert.equal(cause.cause.cause.code, "ECONNREFUSED");
  assert.deepEqual(error.toJSON(), CHAIN);
}

/** The package in a realm of its own, without its module: errors do not need it. */
async function otherRealm() {
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "capwire"', resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "capwire",
    logLevel: "silent",
  });
  const context = vm.createContext({ TextDecoder, TextEncoder });
  vm.runInContext(outputFiles[0].text, context);
  return (script) => vm.runInContext(script, context);
}

describe("CaptchaError.is()", { concurrency: true, timeout: 120_000 }, () => {
  it("knows the errors of this copy, and their classes", () => {
    const error = new KeyError(DATA);
    for (const ErrorClass of [CaptchaError, KeyError]) assert.equal(ErrorClass.is(error), true);
    for (const ErrorClass of [OptionsError, TransportError]) {
      assert.equal(ErrorClass.is(error), false);
    }
    const newer = CaptchaError.fromJSON({ ...DATA, name: "NewerError" });
    assert.equal(CaptchaError.is(newer), true);
    assert.equal(KeyError.is(newer), false);
  });

  it("knows nothing else", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const value of [
      undefined,
      null,
      5,
      "KeyError",
      Symbol("x"),
      () => {},
      {},
      [],
      proxy,
      new Error("x"),
      Object.assign(new Error("x"), { name: "KeyError", code: DATA.code, hint: "x" }),
      new KeyError(DATA).toJSON(),
      structuredClone(new KeyError(DATA)),
      { [BRAND]: "yes" },
      CaptchaError,
    ]) {
      assert.equal(CaptchaError.is(value), false, String(typeof value));
    }
  });

  it("can be passed on as a function", () => {
    const { is } = CaptchaError;
    const error = new KeyError(DATA);
    assert.deepEqual([1, error, new Error("x")].filter(is), [error]);
    assert.deepEqual([1, error, new Error("x")].filter(CaptchaError.is), [error]);
  });

  it("the brand is not to be seen", () => {
    const error = new KeyError(DATA);
    assert.equal(error[BRAND], true);
    assert.ok(!Object.getOwnPropertySymbols(error).includes(BRAND));
    const { enumerable } = Object.getOwnPropertyDescriptor(CaptchaError.prototype, BRAND);
    assert.equal(enumerable, false);
    for (const name in error) assert.notEqual(name, String(BRAND));
  });

  it("knows a real error of another copy of the package", async (t) => {
    const { load } = await copiedInstall(t);
    const other = await load();
    assert.notEqual(other.CaptchaError, CaptchaError);
    const error = await rejection(new other.Client({}).ready());
    assert.ok(!(error instanceof CaptchaError), "the copies are two");
    assert.ok(CaptchaError.is(error) && OptionsError.is(error));
    assert.ok(!KeyError.is(error));
    assert.ok(other.CaptchaError.is(new KeyError(DATA)) && other.KeyError.is(new KeyError(DATA)));
    const mine = CaptchaError.fromJSON(error.toJSON());
    assert.ok(mine instanceof OptionsError);
    assert.deepEqual(mine.toJSON(), error.toJSON());
    assert.equal(mine.option, "clientKey");
  });

  it("knows an error of another realm", async () => {
    const inRealm = await otherRealm();
    const error = inRealm(`capwire.CaptchaError.fromJSON(${JSON.stringify(CHAIN)})`);
    assert.ok(!(error instanceof Error), "the realms are two");
    assert.ok(CaptchaError.is(error) && SolveTimeoutError.is(error));
    assert.ok(!CaptchaError.is(inRealm(`new Error("x")`)));
    assertChain(CaptchaError.fromJSON(error.toJSON()));
  });

  it("an error of another copy or realm is kept whole as a cause", async (t) => {
    const other = await (await copiedInstall(t)).load();
    const inRealm = await otherRealm();
    for (const cause of [
      new other.KeyError(DATA),
      inRealm(`new capwire.KeyError(${JSON.stringify(DATA)})`),
    ]) {
      const error = new TransportError({ ...DATA, name: "TransportError", code: "NETWORK" });
      error.cause = cause;
      const revived = CaptchaError.fromJSON(JSON.parse(JSON.stringify(error)));
      assert.ok(revived.cause instanceof KeyError);
      assert.deepEqual(revived.cause.toJSON(), DATA);
      // And below an error of the platform.
      const wrapped = new TransportError({ ...DATA, name: "TransportError", code: "NETWORK" });
      wrapped.cause = new TypeError("fetch failed", { cause });
      const again = CaptchaError.fromJSON(structuredClone(wrapped.toJSON()));
      assert.equal(again.cause.message, "fetch failed");
      assert.ok(again.cause.cause instanceof KeyError);
    }
  });
});

describe("an error on its way", { concurrency: true, timeout: 120_000 }, () => {
  it("keeps its whole chain of causes through structuredClone", () => {
    const error = CaptchaError.fromJSON(structuredClone(CHAIN));
    assertChain(error);
    assertChain(CaptchaError.fromJSON(structuredClone(error.toJSON())));
    assertChain(CaptchaError.fromJSON(JSON.parse(JSON.stringify(error))));
  });

  it("and through a MessageChannel", async () => {
    const { port1, port2 } = new MessageChannel();
    const arrived = new Promise((resolve) => port2.once("message", resolve));
    port1.postMessage(CaptchaError.fromJSON(CHAIN).toJSON());
    const data = await arrived;
    port2.close();
    assertChain(CaptchaError.fromJSON(data));
  });

  it("a real one comes out of a worker thread as it went in", async (t) => {
    const sandbox = await sandboxFor(t);
    const reply = { kind: "hang", where: "before-headers" };
    await sandbox.script({ method: "getTaskResult", times: 2, reply });
    const script = `
      import { parentPort } from "node:worker_threads";
      import { Client } from "capwire";
      const client = new Client({ clientKey: "x", baseUrl: "${sandbox.url()}" });
      const error = await client.waitForResult(4711, { timeoutMs: 300 }).catch((error) => error);
      parentPort.postMessage(error.toJSON());`;
    const options = { eval: true, execArgv: ["--input-type=module"] };
    const worker = new Worker(script, options);
    t.after(() => worker.terminate());
    const data = await new Promise((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
    });
    const error = CaptchaError.fromJSON(data);
    assert.ok(error instanceof SolveTimeoutError && error.cause instanceof TransportError);
    assert.equal(error.cause.code, "REQUEST_TIMEOUT");
    const client = sandbox.client();
    const here = client.waitForResult(4711, { timeoutMs: 300 });
    const mine = await failure(here, SolveTimeoutError, "SOLVE_TIMEOUT", { taskId: 4711 });
    assert.deepEqual(Object.keys(error.toJSON()), Object.keys(mine.toJSON()));
    assert.equal(typeof Client, "function");
  });
});
