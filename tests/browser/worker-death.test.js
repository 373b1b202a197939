// The browser ends an extension's background worker: a paid task outlives it.
//
// Most tests end the worker by command, which takes no time. With CAPWIRE_SLOW=1 they wait until the
// browser does so itself, after about half a minute.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../node/helpers/assertions.js";
import { rowsOf } from "../node/helpers/reliability-rows.js";
import { KEY, sandboxFor, TOKEN_TASK } from "../node/helpers/sandbox.js";
import { example, startExtension } from "./helpers/extension.js";

const rows = rowsOf("worker-death");

/** The account has 10, and the sandbox charges this much less for one image. */
const BALANCE_AFTER_ONE = 9.9997;

const json = JSON.stringify;

const DEATHS = [
  { fault: "between two result requests", script: [] },
  {
    fault: "while a result request is in flight",
    script: [{ method: "getTaskResult", delayMs: 60_000, reply: { kind: "rules" } }],
  },
];

describe("the worker of the guide, ended", { timeout: 300_000 }, () => {
  for (const [order, { fault, script }] of DEATHS.entries()) {
    it(fault, async (t) => {
      const sandbox = await sandboxFor(t, { solveMs: 3_000 });
      const { text, base64 } = await sandbox.captcha();
      await sandbox.script(...script);
      const { states, inPage, endWorker } = await startExtension(t, {
        background: await example("extension-background.js"),
        page: 'import { readCaptcha } from "./ask.js"; Object.assign(globalThis, { readCaptcha, isReady: true });',
      });
      const options = { clientKey: KEY, baseUrl: sandbox.url() };
      await inPage(`chrome.storage.local.set(${json({ options })})`);
      await inPage(`void (globalThis.reading = readCaptcha("data:image/png;base64,${base64}"))`);
      const polls = () => sandbox.requests("getTaskResult");
      await eventually(async () => (await polls()).length > 0, "it is asked for", 30_000);
      const [taskId] = Object.values(await inPage("chrome.storage.session.get()"));
      assert.ok(Number.isSafeInteger(taskId), String(taskId));

      states.length = 0;
      await endWorker();
      // The page asks again, which starts a new worker.
      assert.equal(await inPage("reading"), text);
      assert.ok(states.includes("stopped"), String(states));
      assert.ok(states.lastIndexOf("running") > states.indexOf("stopped"), String(states));

      const asked = (await polls()).map(({ body }) => body.taskId);
      assert.ok(asked.length > 1);
      assert.deepEqual(new Set(asked), new Set([taskId]));
      assert.equal((await sandbox.requests("createTask")).length, 1);
      assert.equal(await sandbox.client().getBalance(), BALANCE_AFTER_ONE);
      assert.deepEqual(await inPage("chrome.storage.session.get()"), {});
      rows.add(order, {
        place: "Chromium extension",
        fault: `the browser stops the background worker ${fault}`,
        outcome:
          "the next worker gets the solution with waitForResult() and the id in storage.session: one createTask, charged once",
        runs: 1,
      });
    });
  }
});

/** A worker that owes nobody an answer, because that would keep it alive. */
const BACKGROUND = `
import { Client } from "./dist/browser.js";
const store = chrome.storage.session;
chrome.runtime.onMessage.addListener(({ options, task }) => void work(options, task));
async function work(options, task) {
  const client = new Client(options);
  const { taskId } = await store.get("taskId");
  const { solution } = taskId
    ? await client.waitForResult(taskId, { type: task.type })
    : await client.solve(task, {
        onProgress(event) {
          if (event.type === "created") store.set({ taskId: event.taskId });
        },
      });
  await store.set({ solution });
}`;

/** Longer than the browser's half a minute, but short enough for two workers. */
const SLOW_SOLVE_MS = 45_000;

async function startSlowSolve(t, clientOptions) {
  const sandbox = await sandboxFor(t, { solveMs: SLOW_SOLVE_MS });
  const extension = await startExtension(t, {
    background: BACKGROUND,
    page: "globalThis.isReady = true;",
  });
  const options = { clientKey: KEY, baseUrl: sandbox.url(), ...clientOptions };
  const message = json({ options, task: TOKEN_TASK });
  const start = () => extension.inPage(`void chrome.runtime.sendMessage(${message})`);
  const solution = async () =>
    (await extension.inPage('chrome.storage.session.get("solution")')).solution;
  extension.states.length = 0;
  await start();
  /** From the creation to the last request, in ms. */
  const lifeMs = async () => {
    const requests = await sandbox.requests();
    return requests.at(-1).at - requests[0].at;
  };
  return { ...extension, sandbox, start, solution, lifeMs };
}

if (process.env.CAPWIRE_SLOW === "1") {
  describe("a worker in a solve of 45 s", { concurrency: true, timeout: 240_000 }, () => {
    it("is ended by the browser, and the next one resumes the task", async (t) => {
      const { sandbox, states, start, solution, lifeMs } = await startSlowSolve(t, {});
      await eventually(() => states.includes("stopped"), "the worker is ended", SLOW_SOLVE_MS);
      assert.equal(await solution(), undefined);
      assert.equal((await sandbox.requests("createTask")).length, 1);
      t.diagnostic(`last request ${Math.round(await lifeMs())} ms after the creation`);

      await start();
      await eventually(solution, "the solution is there", 90_000);
      assert.equal((await sandbox.requests("createTask")).length, 1);
      assert.ok((await lifeMs()) >= SLOW_SOLVE_MS, `${await lifeMs()} ms`);
    });

    it("lives until the end with keepAlive, and no longer", async (t) => {
      const { sandbox, states, solution, lifeMs } = await startSlowSolve(t, { keepAlive: true });
      await eventually(solution, "the solution is there", 90_000);
      assert.ok(!states.includes("stopped"), String(states));
      assert.ok((await lifeMs()) >= SLOW_SOLVE_MS, `${await lifeMs()} ms`);
      assert.equal((await sandbox.requests("createTask")).length, 1);
      // Nothing keeps it alive any more.
      await eventually(() => states.includes("stopped"), "the worker is ended", 90_000);
    });
  });
}
