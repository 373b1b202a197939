// What the client holds back after a refusal, seen from JavaScript: paid tasks stay in reach, `status()` says what is
// closed, `resetGuard()` opens it. The rules are tested in Rust.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AccessError, Client, KeyError, OptionsError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { rowsOf } from "./helpers/reliability-rows.js";
import { WRONG_KEY } from "./helpers/sandbox.js";

const rows = rowsOf("guard");
const PLACE = "Guard";
const IMAGE = new Uint8Array(200).fill(7);
const CODES = [
  ["ERROR_KEY_DOES_NOT_EXIST", KeyError],
  ["ERROR_IP_NOT_ALLOWED", AccessError],
  ["ERROR_IP_BANNED", AccessError],
  ["ERROR_IP_BLOCKED", AccessError],
];

const json = (body) => new Response(JSON.stringify(body));
const refusal = (errorCode) => json({ errorId: 1, errorCode, errorDescription: "" });
const balance = () => json({ errorId: 0, balance: 1 });
let keys = 0;

/** A client of an account of its own, and the requests that it has sent. `answer` may leave a request to the default. */
function clientOf(answer = () => undefined, options = {}) {
  const sent = [];
  let tasks = 0;
  const fetch = async (url, { body }) => {
    const request = { method: url.split("/").at(-1), ...JSON.parse(body) };
    sent.push(request);
    const answered = answer(request, sent);
    if (answered !== undefined) return answered;
    if (request.method === "getBalance") return balance();
    if (request.method === "createTask") return json({ errorId: 0, taskId: ++tasks });
    return json({ errorId: 0, status: "ready", solution: { text: "w7kq" } });
  };
  keys += 1;
  const clientKey = `${WRONG_KEY}${keys}`;
  return { client: new Client({ clientKey, fetch, ...options }), sent, clientKey, fetch };
}

describe("the guard", { concurrency: true, timeout: 60_000 }, () => {
  for (const [at, [code, errorClass]] of CODES.entries()) {
    it(`${code} for one of 20 paid tasks loses only that one`, async () => {
      let isHit = false;
      const { client, sent } = clientOf(({ method, taskId }) => {
        if (method !== "getTaskResult") return undefined;
        if (taskId === 7 && !isHit) {
          isHit = true;
          return refusal(code);
        }
        return isHit ? undefined : json({ errorId: 0, status: "processing" });
      });
      await client.getBalance();
      const solves = Array.from({ length: 20 }, () => client.solveImage(IMAGE));
      const settled = await Promise.allSettled(solves);
      const rejected = settled.filter(({ status }) => status === "rejected");
      assert.equal(rejected.length, 1);
      const reason = { origin: "service", taskId: 7, method: "getTaskResult" };
      await failure(Promise.reject(rejected[0].reason), errorClass, code, reason);
      assert.equal((await client.waitForResult(7)).solution.text, "w7kq");
      assert.equal(await client.getBalance(), 1);
      rows.add(at, {
        place: PLACE,
        fault: `${code} for the result of one of 20 tasks`,
        outcome:
          "its error, with the task id; the other results come, and the account is open again",
        runs: sent.length,
      });
    });
  }

  it("status() says what is closed and why, and resetGuard() opens it", async () => {
    let isBanned = true;
    const { client, sent, clientKey, fetch } = clientOf(() =>
      isBanned ? refusal("ERROR_IP_NOT_ALLOWED") : undefined,
    );
    assert.deepEqual(await client.status(), { isKeyAccepted: false, closures: [], tasks: [] });
    await failure(client.getBalance(), AccessError, "ERROR_IP_NOT_ALLOWED", { origin: "service" });
    const { isKeyAccepted, closures, tasks } = await client.status();
    assert.deepEqual([isKeyAccepted, tasks], [false, []]);
    assert.equal(closures.length, 1);
    const { ageMs, retryAfterMs, resultsAfterMs, ...closure } = closures[0];
    assert.deepEqual(closure, { scope: "address", code: "ERROR_IP_NOT_ALLOWED", refusals: 6 });
    assert.ok(ageMs >= 0 && ageMs < 10_000, ageMs);
    assert.ok(retryAfterMs > 590_000 && retryAfterMs <= 600_000, retryAfterMs);
    assert.equal(retryAfterMs, resultsAfterMs);
    await failure(client.getBalance(), AccessError, "ERROR_IP_NOT_ALLOWED", { origin: "client" });

    isBanned = false;
    // Of another client of the same account.
    const opened = await new Client({ clientKey, fetch }).resetGuard();
    assert.deepEqual(
      opened.map(({ code }) => code),
      ["ERROR_IP_NOT_ALLOWED"],
    );
    assert.deepEqual(await client.resetGuard(), []);
    assert.equal(await client.getBalance(), 1);
    assert.deepEqual(await client.status(), { isKeyAccepted: true, closures: [], tasks: [] });
    assert.equal(sent.length, 2);
  });

  it("status() counts the result requests of each task, and never shows the key", async () => {
    const { client, clientKey } = clientOf();
    await client.solveImage(IMAGE);
    const status = await client.status();
    const { ageMs, lastPollMs, ...task } = status.tasks[0];
    assert.deepEqual(task, { taskId: 1, polls: 1, isFinished: true });
    assert.ok(ageMs >= lastPollMs && lastPollMs >= 0);
    assert.ok(!JSON.stringify(status).includes(clientKey));
    assert.deepEqual(structuredClone(status), status);
  });

  it("clients share an account whatever way its base URL is written, and no other account", async () => {
    const { client, sent, clientKey, fetch } = clientOf(() => refusal("ERROR_KEY_DOES_NOT_EXIST"), {
      baseUrl: "https://captcha.example/a%c3%a9",
    });
    const refused = (options, origin) =>
      failure(
        new Client({ clientKey, fetch, ...options }).getBalance(),
        KeyError,
        "ERROR_KEY_DOES_NOT_EXIST",
        { origin },
      );
    await failure(client.getBalance(), KeyError, "ERROR_KEY_DOES_NOT_EXIST", { origin: "service" });
    for (const baseUrl of [
      "https://captcha.example/a%c3%a9",
      "HTTPS://Captcha.EXAMPLE/a%C3%A9",
      "https://captcha.example:443/a%C3%a9/",
      "https://captcha.example/b/../a%c3%a9//",
      "https://captcha.example/./a%c3%a9/.",
      "https://captcha.example/b/%2e%2E/a%c3%a9",
    ]) {
      await refused({ baseUrl }, "client");
    }
    assert.equal(sent.length, 1);
    const others = [
      { baseUrl: "https://captcha.example:444/a%c3%a9" },
      { baseUrl: "https://captcha.example/A%c3%a9" },
      { baseUrl: "https://captcha.example" },
      { baseUrl: "https://captcha.example/a%c3%a9", fetch: (...all) => fetch(...all) },
      { baseUrl: "https://captcha.example/a%c3%a9", clientKey: `${clientKey}x` },
    ];
    for (const options of others) {
      await refused(options, "service");
      await refused(options, "client");
    }
    assert.equal(sent.length, 6);
  });

  it("both refuse wrong options as every call does", async () => {
    for (const call of ["status", "resetGuard"]) {
      await failure(new Client({})[call](), OptionsError, "INVALID_OPTIONS", {
        option: "clientKey",
      });
    }
  });
});
