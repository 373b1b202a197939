// The timers and the clock are taken once. Whatever a test or a strange place does with them, no call waits for ever.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as process from "./helpers/process.js";
import { KEY } from "./helpers/sandbox.js";

/** Each script loads the package at the moment that it chooses. */
const runForJson = (script) => process.runForJson(script, { isBare: true });

/** A service whose task is ready at its second request. */
const SERVICE = `
  const { setTimeout: real } = globalThis;
  const json = (body) => ({ status: 200, headers: new Headers(), text: async () => JSON.stringify(body) });
  let requests = 0, polls = 0;
  const fetch = async (url) => {
    requests += 1;
    if (url.endsWith("getBalance")) return json({ errorId: 0, balance: 1 });
    if (url.endsWith("createTask")) return json({ errorId: 0, taskId: 5 });
    polls += 1;
    return json({ errorId: 0, status: polls > 1 ? "ready" : "processing", solution: { text: "abcd" } });
  };
  const late = (ms) => new Promise((resolve) => real(() => resolve("pending"), ms));
  const seen = (promise) => Promise.race([late(9_000), promise.catch((error) => error.name + " " + error.code)]);
  const load = async (more) => {
    const { Client } = await import("capwire");
    return new Client({ clientKey: "${KEY}", fetch, ...more });
  };
  const say = (value) => { console.log(JSON.stringify(value)); process.exit(); };
`;

describe("timers", { concurrency: true, timeout: 60_000 }, () => {
  it("that are faked after the import change nothing", async () => {
    const found = await runForJson(`${SERVICE}
      const client = await load();
      await client.ready();
      const { now } = performance;
      const begun = process.hrtime.bigint();
      for (const name of ["setTimeout", "clearTimeout", "queueMicrotask"]) globalThis[name] = () => {};
      globalThis.performance = { now: () => 0 };
      Date.now = () => 0;
      const text = await seen(client.solve({ type: "X" }).then((it) => it.solution.text));
      say({ text, isPaced: process.hrtime.bigint() - begun >= 2_900_000_000n });
    `);
    assert.deepEqual(found, { text: "abcd", isPaced: true });
  });

  it("and queueMicrotask that are faked keep no answer that is a Response from its call", async () => {
    const found = await runForJson(`
      const { setTimeout: real } = globalThis;
      let polls = 0;
      const status = () => (polls += 1) > 1 ? '"ready","solution":{"text":"abcd"}' : '"processing"';
      const fetch = async (url) => new Response(
        url.endsWith("getBalance") ? '{"errorId":0,"balance":1}'
        : url.endsWith("createTask") ? '{"errorId":0,"taskId":5}'
        : '{"errorId":0,"status":' + status() + '}');
      const { Client } = await import("capwire");
      const client = new Client({ clientKey: "${KEY}", fetch });
      const { nextTick } = process;
      for (const name of ["setTimeout", "clearTimeout", "setImmediate", "queueMicrotask"]) globalThis[name] = () => {};
      process.nextTick = () => {};
      const balance = await client.getBalance();
      const { solution } = await client.solve({ type: "X" });
      process.nextTick = nextTick;
      console.log(JSON.stringify({ balance, text: solution.text }));
      process.exit();
    `);
    assert.deepEqual(found, { balance: 1, text: "abcd" });
  });

  for (const [what, broken] of Object.entries({
    missing: "undefined",
    throwing: '() => { throw new Error("not here"); }',
    "called back at once": "(callback) => { callback(); return 1; }",
  })) {
    it(`setTimeout ${what} is an InternalError, and nothing is sent`, async () => {
      const found = await runForJson(`${SERVICE}
        globalThis.setTimeout = ${broken};
        const client = await load();
        const calls = [client.solve({ type: "X" }).then((it) => it.solution.text), client.getBalance(), client.waitForResult(5)];
        say({ seen: await Promise.all(calls.map(seen)), requests });
      `);
      assert.deepEqual(found, { seen: Array(3).fill("InternalError INTERNAL"), requests: 0 });
    });
  }

  for (const [what, change] of Object.entries({
    "clearTimeout missing": "globalThis.clearTimeout = undefined;",
    "clearTimeout throwing": "globalThis.clearTimeout = () => { throw 1; };",
    "performance.now missing": "Object.defineProperty(performance, 'now', { value: undefined });",
    "a clock that throws": "performance.now = () => { throw 1; };",
    "a clock that gives nothing": "performance.now = () => undefined;",
    "a clock that stands still": "performance.now = () => 5; Date.now = () => 5;",
    "a clock that goes back": "let time = 1e9; performance.now = () => (time -= 1_000);",
    "no AbortController": "globalThis.AbortController = undefined;",
    "an AbortController that throws":
      "globalThis.AbortController = class { constructor() { throw 1; } };",
    "no AbortSignal": "globalThis.AbortSignal = undefined;",
  })) {
    it(`${what} keeps no call from its result`, async () => {
      const found = await runForJson(`${SERVICE}
        ${change}
        const client = await load();
        say({ text: await seen(client.solve({ type: "X" }).then((it) => it.solution.text)), balance: await client.getBalance() });
      `);
      assert.deepEqual(found, { text: "abcd", balance: 1 });
    });
  }
});
