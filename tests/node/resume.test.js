// A paid task outlives the process that created it: any other process can resume it by its id.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { eventually } from "./helpers/assertions.js";
import { runForJson } from "./helpers/process.js";
import { rowsOf } from "./helpers/reliability-rows.js";
import { KEY, sandboxFor } from "./helpers/sandbox.js";

const rows = rowsOf("resume");

/** The account has 10, and the sandbox charges this much less for one solution. */
const BALANCE_AFTER_ONE = 9.9997;

/**
 * Starts a process that solves a task, keeps its id in a file, and runs more code at each event.
 *
 * @param {string} atEvent What the script does, with `event`, `die` and `error` within its reach.
 */
function startSolving(sandbox, { image, file, atEvent = "", options = {}, solving = undefined }) {
  const script = `
    import { writeFileSync } from "node:fs";
    import { Client } from "capwire";
    import { solveOnce } from "../../docs/examples/node-resume.js";
    const [given, task, file, options] = JSON.parse(process.argv[1]);
    const die = () => process.kill(process.pid, "SIGKILL");
    const client = new Client(given);
    const onProgress = (event) => {
      if (event.type === "created") writeFileSync(file, String(event.taskId));
      ${atEvent}
    };
    ${solving ?? "await client.solve(task, { ...options, onProgress });"}`;
  const given = { clientKey: KEY, baseUrl: sandbox.url() };
  const task = { type: "ImageToTextTask", body: image };
  const args = ["--input-type=module", "--eval", script];
  return spawn(process.execPath, [...args, JSON.stringify([given, task, file, options])], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** The result for a process that knows only the id. */
async function goOn(sandbox, taskId) {
  const given = { clientKey: KEY, baseUrl: sandbox.url() };
  return await runForJson(`
    import { Client } from "capwire";
    const client = new Client(${JSON.stringify(given)});
    const solved = await client.waitForResult(${taskId}, { type: "ImageToTextTask" });
    console.log(JSON.stringify(solved));`);
}

/** A sandbox, an image of it, and a file for an id. */
async function setUp(t, solveMs) {
  const sandbox = await sandboxFor(t, { solveMs });
  const { text, base64: image } = await sandbox.captcha();
  const folder = await mkdtemp(join(import.meta.dirname, "resume-"));
  t.after(() => rm(folder, { recursive: true }));
  return { sandbox, text, image, file: join(folder, "task-id") };
}

async function assertBoughtOnce(sandbox) {
  assert.equal((await sandbox.requests("createTask")).length, 1);
  assert.equal(await sandbox.client().getBalance(), BALANCE_AFTER_ONE);
}

const isAsked = async (sandbox, times) =>
  (await sandbox.requests("getTaskResult")).length === times;

/**
 * When a process is killed: by itself at an event, or by another one once the sandbox has a request.
 * `polls` is the number of result requests before that.
 */
const DEATHS = [
  {
    fault: "killed (SIGKILL) as soon as the id is on disk",
    atEvent: `if (event.type === "created") die();`,
    polls: 0,
  },
  {
    fault: "killed (SIGKILL) during the first delay",
    atEvent: `if (event.type === "created") setTimeout(die, 100);`,
    polls: 0,
  },
  {
    fault: "killed (SIGKILL) between two result requests",
    atEvent: `if (event.type === "poll") setTimeout(die, 300);`,
    polls: 1,
  },
  {
    fault: "killed (SIGKILL) while a result request is in flight",
    script: [{ method: "getTaskResult", delayMs: 60_000, reply: { kind: "rules" } }],
    polls: 1,
  },
  {
    fault: "killed (SIGKILL) while the solution is on its way",
    // The service has delivered the solution, and charged for it, when the process ends.
    solveMs: 0,
    script: [{ method: "getTaskResult", delayMs: 60_000, reply: { kind: "rules" } }],
    polls: 1,
  },
];

describe("a process that is killed", { concurrency: 2, timeout: 300_000 }, () => {
  for (const [order, { fault, atEvent, script, solveMs = 1_500, polls }] of DEATHS.entries()) {
    it(fault, async (t) => {
      const { sandbox, text, image, file } = await setUp(t, solveMs);
      if (script) await sandbox.script(...script);
      const child = startSolving(sandbox, { image, file, atEvent });
      const ended = once(child, "exit");
      if (script) {
        await eventually(() => isAsked(sandbox, polls), "the request is in flight", 30_000);
        child.kill("SIGKILL");
      }
      assert.deepEqual(await ended, [null, "SIGKILL"]);
      assert.equal((await sandbox.requests("getTaskResult")).length, polls);

      const taskId = Number(await readFile(file, "utf8"));
      const solved = await goOn(sandbox, taskId);
      assert.equal(solved.taskId, taskId);
      assert.deepEqual(solved.solution, { text });
      await assertBoughtOnce(sandbox);
      rows.add(order, {
        place: "Node",
        fault: `the process is ${fault}`,
        outcome:
          "a new process gets the solution with waitForResult() and the saved id: one createTask, charged once",
        runs: 1,
      });
    });
  }

  it("while a result request is in flight, with node-resume.js", async (t) => {
    const { sandbox, text, image, file } = await setUp(t, 1_500);
    await sandbox.script({ method: "getTaskResult", delayMs: 60_000, reply: { kind: "rules" } });
    const solving = "await solveOnce(client, task, file);";
    const child = startSolving(sandbox, { image, file, solving });
    const ended = once(child, "exit");
    await eventually(() => isAsked(sandbox, 1), "the request is in flight", 30_000);
    child.kill("SIGKILL");
    assert.deepEqual(await ended, [null, "SIGKILL"]);
    const taskId = await readFile(file, "utf8");

    const given = { clientKey: KEY, baseUrl: sandbox.url() };
    const solution = await runForJson(`
      import { Client } from "capwire";
      import { solveOnce } from "../../docs/examples/node-resume.js";
      const client = new Client(${JSON.stringify(given)});
      const task = { type: "ImageToTextTask", body: ${JSON.stringify(image)} };
      const solution = await solveOnce(client, task, ${JSON.stringify(file)});
      console.log(JSON.stringify(solution));`);
    assert.deepEqual(solution, { text });
    const asked = (await sandbox.requests("getTaskResult")).map(({ body }) => String(body.taskId));
    assert.deepEqual(new Set(asked), new Set([taskId]));
    assert.ok(!existsSync(file));
    await assertBoughtOnce(sandbox);
  });
});

/** Failures of a solve that leave its task alive. */
const FAILURES = [
  {
    fault: "solve() takes longer than its timeoutMs",
    options: { timeoutMs: 1_500 },
    solveMs: 3_000,
    script: [],
    expected: { name: "SolveTimeoutError", code: "SOLVE_TIMEOUT" },
  },
  {
    fault: "a result is ready but has no solution",
    options: {},
    solveMs: 0,
    script: [
      { method: "getTaskResult", reply: { kind: "json", body: { errorId: 0, status: "ready" } } },
    ],
    expected: { name: "TransportError", code: "BAD_RESPONSE" },
  },
  {
    fault: "every result request of solve() is reset",
    // Two requests: after 350 ms, and 2 s after the end of the first one.
    options: { timeoutMs: 4_000 },
    solveMs: 0,
    script: [{ method: "getTaskResult", times: 2, reply: { kind: "reset" } }],
    expected: { name: "SolveTimeoutError", code: "SOLVE_TIMEOUT", cause: "TransportError" },
  },
];

describe("the id in an error", { concurrency: 2, timeout: 300_000 }, () => {
  for (const [order, { fault, options, solveMs, script, expected }] of FAILURES.entries()) {
    it(fault, async (t) => {
      const { sandbox, text, image, file } = await setUp(t, solveMs);
      await sandbox.script(...script);
      // The `created` event is ignored: the id comes from the error alone.
      const solving = `
        const error = await client.solve(task, options).catch((error) => error);
        writeFileSync(file, JSON.stringify(error));`;
      const child = startSolving(sandbox, { image, file, options, solving });
      assert.deepEqual(await once(child, "exit"), [0, null]);
      const error = JSON.parse(await readFile(file, "utf8"));
      const { name, code, taskId } = error;
      assert.deepEqual(
        { name, code, ...(expected.cause && { cause: error.cause?.name }) },
        expected,
      );
      assert.ok(Number.isSafeInteger(taskId), String(taskId));

      const solved = await goOn(sandbox, taskId);
      assert.deepEqual(solved.solution, { text });
      await assertBoughtOnce(sandbox);
      rows.add(DEATHS.length + order, {
        place: "Node",
        fault,
        outcome: `${name} ${code} with the task's id; a new process gets the solution with it: one createTask, charged once`,
        runs: 1,
      });
    });
  }
});
