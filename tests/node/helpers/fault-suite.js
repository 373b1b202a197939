// Tries each fault of the list in Node or in a page, and records a row with the outcome.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { ANSWERS, FAULTS, fine, RETRY_AFTERS } from "./faults.js";
import { sandboxFor, TOKEN_TASK } from "./sandbox.js";

const ID = 4711;

/** The arguments of each method. */
const CALLS = { createTask: [TOKEN_TASK], getTaskResult: [ID], waitForResult: [ID] };

/**
 * @typedef Place
 * @property {string} name Such as "Node".
 * @property {(t: import("node:test").TestContext) => Promise<(order: object) => Promise<object>>} open
 *   Returns the function that makes a call there, see `make-call.js`.
 * @property {{ add(order: number, row: object): void }} rows
 * @property {number | true} concurrency How many faults at once.
 */

/** @param {Place} place */
export function tryFaults({ name: place, open, rows, concurrency }) {
  const inChromium = place === "Chromium";

  /** A sandbox, an address that must get no request, and the function that makes calls. */
  async function setUp(t) {
    const [sandbox, makeCall] = await Promise.all([sandboxFor(t), open(t)]);
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const call = (call, { options, leaves } = {}) => {
      // A key of its own: calls with one key share what they learn about it.
      const clientKey = randomBytes(16).toString("hex");
      const client = { clientKey, baseUrl: sandbox.url(), ...options };
      return makeCall({ options: client, call, given: CALLS[call], leaves });
    };
    const elsewhere = `http://127.0.0.1:${server.address().port}/createTask`;
    return { sandbox, call, elsewhere, connections: () => connections };
  }

  /** The reply that the sandbox is to give. */
  const replyOf = ({ reply }, method, elsewhere) => {
    const answer = ANSWERS[method];
    return typeof reply === "function"
      ? reply({ answer, json: JSON.stringify(answer), elsewhere })
      : reply;
  };

  describe(`${place}: a fault`, { concurrency, timeout: 300_000 }, () => {
    for (const [order, fault] of FAULTS.entries()) {
      it(fault.fault, async (t) => {
        const { sandbox, call, elsewhere, connections } = await setUp(t);
        const expected = (method) => (inChromium && fault.inChromium?.[method]) || fault[method];
        const creating = expected("createTask");
        const asking = expected("getTaskResult");
        // Few of the faults take time, and those need not take 21 s. But on a busy machine it takes a
        // while until a request reaches the sandbox, which must have seen it.
        const isSlow = creating?.code === "REQUEST_TIMEOUT";
        const options = isSlow ? { requestTimeoutMs: 1_500 } : {};
        const browserRepeats = inChromium && fault.browserRepeats;
        const outcomes = [];

        if (creating) {
          const reply = replyOf(fault, "createTask", elsewhere);
          await sandbox.script({ reply, times: 9 });
          const once = { maxRetries: 0, ...options };
          // `maxRetries` stays as it is where nothing may be repeated.
          const outcome = await call(
            "createTask",
            creating.isRepeated ? { options: once } : { options },
          );
          assertOutcome(outcome, creating, { method: "createTask", taskId: undefined });
          const sent = (await sandbox.requests()).length;
          assert.ok(sent === 1 || (browserRepeats && sent === 2), `sent ${sent} times`);
          let row = `createTask: ${shown(creating)}`;
          if (creating.isRepeated) {
            await sandbox.reset();
            const right = { reply: { kind: "json", body: ANSWERS.createTask } };
            await sandbox.script({ reply }, right);
            const again = await call("createTask", { options });
            assertOutcome(again, fine.createTask);
            assert.deepEqual(
              again.events.map(({ type, code }) => [type, code]),
              [
                ["retry", creating.code],
                ["created", undefined],
              ],
            );
            assert.equal((await sandbox.requests()).length, 2);
            row += ", repeated";
          } else if (!("value" in creating)) {
            row += browserRepeats ? ", repeated by the browser itself" : ", not repeated";
          }
          outcomes.push(row);
          await sandbox.reset();
        }

        if (asking) {
          const reply = replyOf(fault, "getTaskResult", elsewhere);
          await sandbox.script({ reply, times: 9 });
          const outcome = await call("getTaskResult", { options });
          const value = "value" in asking && {
            value: { status: "ready", taskId: ID, solution: asking.value },
          };
          assertOutcome(outcome, value || asking, { method: "getTaskResult", taskId: ID });
          const sent = (await sandbox.requests()).length;
          assert.ok(sent === 1 || (browserRepeats && sent === 2), `sent ${sent} times`);
          await sandbox.reset();
          outcomes.push(await wait(asking, reply));
        }

        assert.equal(connections(), 0, "nobody asked elsewhere");
        const outcome = outcomes.join("; ");
        const runs = (creating ? 1 : 0) + (creating?.isRepeated ? 1 : 0) + (asking ? 2 : 0);
        rows.add(order, { place, fault: fault.fault, outcome, runs });

        /** A wait for the result: its first answer has the fault, its second is valid. */
        async function wait(asking, reply) {
          const right = { reply: { kind: "json", body: ANSWERS.getTaskResult } };
          await sandbox.script({ reply, times: browserRepeats ? 2 : 1 }, right);
          const outcome = await call("waitForResult", { options });
          const requests = await sandbox.requests();
          const events = outcome.events.map(({ type, code, taskId }) => [type, code, taskId]);
          if ("value" in asking) {
            const { taskId, solution } = outcome.value ?? {};
            assert.deepEqual({ taskId, solution }, { taskId: ID, solution: asking.value });
            assert.ok(!("cost" in outcome.value));
            assert.deepEqual(events, [["poll", undefined, ID]]);
            return "getTaskResult: understood";
          }
          if (!asking.isPolledAgain) {
            assertOutcome(outcome, asking, { method: "getTaskResult", taskId: ID });
            assert.equal(requests.length, 1);
            return `getTaskResult: ${shown(asking)}, with the task's id; waiting ends`;
          }
          const { taskId, solution, polls } = outcome.value ?? {};
          assert.deepEqual(
            { taskId, solution },
            { taskId: ID, solution: ANSWERS.getTaskResult.solution },
            JSON.stringify(outcome),
          );
          const row = `getTaskResult: ${shown(asking)}, with the task's id; waiting continues`;
          // Repeats by the browser itself are not reported.
          if (browserRepeats) return row;
          assert.equal(polls, 2);
          assert.deepEqual(events, [
            ["retry", asking.code, ID],
            ["poll", undefined, ID],
          ]);
          assert.equal(requests.length, 2);
          assert.ok(requests[1].at - requests[0].at >= 2_000);
          return row;
        }
      });
    }
  });

  describe(`${place}: Retry-After`, { concurrency, timeout: 300_000 }, () => {
    for (const [index, { fault, reply, retryAfterMs, pauseMs }] of RETRY_AFTERS.entries()) {
      it(fault, async (t) => {
        const { sandbox, call } = await setUp(t);
        for (const method of ["createTask", "getTaskResult"]) {
          await sandbox.script({ reply: reply(), times: 9 });
          const outcome = await call(method, { options: { maxRetries: 0 } });
          const fields = {
            name: "TransportError",
            code: "HTTP_STATUS",
            httpStatus: 429,
            retryAfterMs,
          };
          const mayHaveCreatedTask = method === "createTask" ? false : undefined;
          assertOutcome(outcome, { ...fields, mayHaveCreatedTask }, { method });
          await sandbox.reset();
          await sandbox.script({ reply: reply(), times: 9 });
          const waits = method === "createTask" ? method : "waitForResult";
          const left = await call(waits, { leaves: true });
          assert.equal(left.left, true, JSON.stringify(left));
          assert.equal(left.events[0].code, "HTTP_STATUS");
          assertWithin(left.events[0].delayMs, pauseMs[method]);
          assert.equal((await sandbox.requests()).length, 1);
          await sandbox.reset();
        }
        const outcome = `createTask waits ${span(pauseMs.createTask)}; getTaskResult waits ${span(pauseMs.getTaskResult)}; the error says ${retryAfterMs ? span(retryAfterMs) : "nothing"}`;
        rows.add(FAULTS.length + index, { place, fault, outcome, runs: 4 });
      });
    }
  });
}

/** Fails unless a call had the expected result, or an error of exactly this class with this code and these fields. */
function assertOutcome(outcome, expected, fields = {}) {
  const seen = JSON.stringify(outcome);
  if ("value" in expected) {
    assert.deepEqual(outcome.value, expected.value, seen);
    return;
  }
  const { says, retryAfterMs, isRepeated, isPolledAgain, ...plain } = expected;
  assert.ok(outcome.failure, seen);
  assert.equal(outcome.isOfClass, true, seen);
  const wanted = { origin: "transport", mayHaveCreatedTask: undefined, ...plain, ...fields };
  const found = Object.fromEntries(
    Object.keys(wanted).map((field) => [field, outcome.failure[field]]),
  );
  // A JSON answer with an invalid task id has an HTTP status, which proves nothing.
  if (!("httpStatus" in wanted)) delete found.httpStatus;
  assert.deepEqual(found, wanted, seen);
  if (says) assert.match(outcome.failure.message, says);
  if ("retryAfterMs" in expected) assertWithin(outcome.failure.retryAfterMs, retryAfterMs);
  // A task that may exist must not be bought again without checking.
  if (plain.mayHaveCreatedTask) assert.equal(outcome.failure.retryable, false, seen);
}

function assertWithin(found, range) {
  if (range === undefined) return assert.equal(found, undefined);
  const [from, to] = range;
  assert.ok(found >= from && found <= to, `${found} is not within ${from} to ${to}`);
}

function shown({ value, name, code, httpStatus, mayHaveCreatedTask }) {
  if (value !== undefined) return "understood";
  const words = [name, `\`${code}\``, httpStatus].filter(Boolean).join(" ");
  if (mayHaveCreatedTask === undefined) return words;
  return `${words}, ${mayHaveCreatedTask ? "a task may exist" : "no task exists"}`;
}

function span([from, to]) {
  const seconds = (ms) => `${ms / 1_000} s`;
  return from === to ? seconds(from) : `${seconds(from)} to ${seconds(to)}`;
}
