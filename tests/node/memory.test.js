// Many solves leave nothing behind. And the memory that many at once need.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runForJson } from "./helpers/process.js";
import { KEY, sandboxFor } from "./helpers/sandbox.js";

/** Makes the wasm's memory and the process's warnings visible. */
const MEASURE = `
  import { getEventListeners } from "node:events";
  import { setTimeout as sleep } from "node:timers/promises";
  const { instantiate } = WebAssembly;
  let memory, table;
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate(...args);
    const { exports } = made.instance ?? made;
    const all = Object.values(exports);
    memory = all.find((it) => it instanceof WebAssembly.Memory);
    // The table of the JavaScript values that the module holds: a free slot is null.
    table = all.find((it) => it instanceof WebAssembly.Table && it.length > 1_000);
    return made;
  };
  const warnings = [];
  process.on("warning", (warning) => warnings.push(warning.name));
  const { Client } = await import("capwire");
  const measured = async () => {
    for (let n = 0; n < 4; n += 1) { gc(); await sleep(5); }
    const { heapUsed, rss } = process.memoryUsage();
    let values = 0;
    for (let n = 0; n < (table?.length ?? 0); n += 1) values += table.get(n) === null ? 0 : 1;
    return { wasm: memory?.buffer.byteLength, values, heap: heapUsed, rss };
  };
  const say = (value) => console.log(JSON.stringify(value));
`;
const MB = 1_000_000;

describe("memory", { timeout: 900_000 }, () => {
  it("100,000 solves leave nothing behind", async (t) => {
    const found = await runForJson(
      `${MEASURE}
      let id = 0;
      const json = JSON.stringify;
      const headers = new Headers();
      const answer = (body) => ({ status: 200, headers, body: null, text: async () => json(body) });
      const fetch = async (url) =>
        url.endsWith("createTask")
          ? answer({ errorId: 0, taskId: (id += 1) })
          : answer({ errorId: 0, status: "ready", solution: { text: "abcd" } });
      const client = new Client({ clientKey: "${KEY}", fetch });
      const { signal } = new AbortController();
      const image = new Uint8Array(100).fill(7);
      const solveMany = async (count) => {
        let left = count, solved = 0;
        const worker = async () => {
          while (left > 0) {
            left -= 1;
            if ((await client.solveImage(image, { signal, timeoutMs: 300_000 })) === "abcd") solved += 1;
          }
        };
        await Promise.all(Array.from({ length: 1_000 }, worker));
        return solved;
      };
      let solved = await solveMany(20_000);
      await sleep(2_500); // what was finished is forgotten when the next ones come
      solved += await solveMany(10_000);
      const before = await measured();
      solved += await solveMany(70_000);
      const after = await measured();
      const listeners = getEventListeners(signal, "abort").length;
      const open = process.getActiveResourcesInfo().filter((it) => it === "Timeout").length;
      say({ solved, before, after, listeners, open, warnings });`,
      { flags: ["--expose-gc"] },
    );
    t.diagnostic(JSON.stringify(found));
    assert.equal(found.solved, 100_000);
    assert.deepEqual(found.warnings, []);
    assert.equal(found.listeners, 0);
    assert.equal(found.open, 0, "no timer is left");
    assert.ok(found.after.values <= found.before.values + 20, "values are held");
    assert.equal(found.after.wasm, found.before.wasm, "the wasm's memory grows");
    // It grows for the busiest moment so far, which may come late: 80 bytes per solve.
    assert.ok(found.after.heap <= found.before.heap + 6 * MB, "the heap grows");
  });

  it("a client is freed whose fetch leads back to it", async () => {
    const found = await runForJson(
      `${MEASURE}
      let freed = 0;
      const registry = new FinalizationRegistry(() => { freed += 1; });
      const useOne = async () => {
        const owner = { balance: 1 };
        owner.fetch = async () => Response.json({ errorId: 0, balance: owner.balance });
        owner.client = new Client({ clientKey: "${KEY}", fetch: () => owner.fetch() });
        registry.register(owner.client);
        return owner.client.getBalance();
      };
      for (let n = 0; n < 500; n += 1) await useOne();
      await measured();
      say({ freed });`,
      { flags: ["--expose-gc"] },
    );
    // The last ones may still be on the stack.
    assert.ok(found.freed >= 490, `${found.freed} of 500`);
  });

  it("1,000 solves at once all end, and each keeps the rules", async (t) => {
    const sandbox = await sandboxFor(t, { solveMs: 3_000 });
    const { base64, text } = await sandbox.captcha();
    const found = await runForJson(
      `${MEASURE}
      const client = new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" });
      await client.getBalance();
      const before = await measured();
      let created = 0, most;
      const onProgress = async ({ type }) => {
        if (type === "created" && (created += 1) === 1_000) most = measured();
      };
      const image = Buffer.from("${base64}", "base64");
      const solves = Array.from({ length: 1_000 }, () =>
        client.solveImage(image, { timeoutMs: 240_000, onProgress }));
      const outcomes = await Promise.allSettled(solves);
      const failed = outcomes.filter((it) => it.status === "rejected").map((it) => it.reason.code);
      const texts = new Set(outcomes.map((it) => it.value));
      say({ texts: [...texts], failed, created, before, most: await most, warnings });`,
      { flags: ["--expose-gc"] },
    );
    const { before, most } = found;
    const each = (name) => Math.round((most[name] - before[name]) / 1_000);
    t.diagnostic(
      `bytes per solve in flight: wasm ${each("wasm")}, heap ${each("heap")}, process ${each("rss")}`,
    );
    assert.deepEqual(found.failed, []);
    assert.deepEqual(found.texts, [text]);
    assert.deepEqual(found.warnings, []);
    assert.equal((await sandbox.requests("createTask")).length, 1_000);
    const asked = new Map();
    for (const { at, body } of await sandbox.requests("getTaskResult")) {
      asked.set(body.taskId, [...(asked.get(body.taskId) ?? []), at]);
    }
    assert.equal(asked.size, 1_000);
    for (const [task, times] of asked) {
      for (let n = 1; n < times.length; n += 1) {
        assert.ok(times[n] - times[n - 1] >= 1_995, `task ${task} was asked for at ${times}`);
      }
    }
  });
});
