// After a refusal that must not be repeated, the client answers itself with the same class and code. Each rule is
// tested in Rust; this is one call after another over HTTP, with real clocks and several clients.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AccessError, BalanceError, KeyError, TaskNotFoundError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { runForJson } from "./helpers/process.js";
import { EMPTY_KEY, KEY, sandboxFor, TOKEN_TASK, WRONG_KEY } from "./helpers/sandbox.js";

const TEN_MINUTES = 600_000;
const HOUR = 3_600_000;

/** All requests of a client. */
const calls = (client) => ({
  getBalance: client.getBalance(),
  createTask: client.createTask(TOKEN_TASK),
  getTaskResult: client.getTaskResult(4711),
});

describe("after a refusal", { concurrency: true, timeout: 120_000 }, () => {
  it("a wrong key is tried once", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client({ clientKey: WRONG_KEY });
    await failure(client.getBalance(), KeyError, "ERROR_KEY_DOES_NOT_EXIST", {
      origin: "service",
      retryable: false,
      httpStatus: 200,
    });
    for (const [method, call] of Object.entries(calls(client))) {
      const error = await failure(call, KeyError, "ERROR_KEY_DOES_NOT_EXIST", {
        origin: "client",
        retryable: false,
        method,
        service: "capmonster",
        taskId: method === "getTaskResult" ? 4711 : undefined,
      });
      assert.ok(error.retryAfterMs > HOUR - 30_000 && error.retryAfterMs <= HOUR);
    }
    await failure(
      client.solveImage(new Uint8Array(200).fill(7)),
      KeyError,
      "ERROR_KEY_DOES_NOT_EXIST",
    );
    await failure(client.waitForResult(4711), KeyError, "ERROR_KEY_DOES_NOT_EXIST");
    assert.equal((await sandbox.requests()).length, 1);

    // Another client, with the right key, is not held back.
    assert.equal(await sandbox.client().getBalance(), 10);
  });

  it("a dead task id is asked for once", async (t) => {
    const sandbox = await sandboxFor(t);
    const code = "ERROR_NO_SUCH_CAPCHA_ID";
    const client = sandbox.client();
    const fields = { taskId: 4711, method: "getTaskResult" };
    await failure(client.waitForResult(4711), TaskNotFoundError, code, {
      ...fields,
      origin: "service",
    });
    // Together: both wait until 2 s have passed since the request, and either may be the first to fail.
    await Promise.all(
      [client.getTaskResult(4711), client.waitForResult(4711)].map((call) =>
        failure(call, TaskNotFoundError, code, { ...fields, origin: "client" }),
      ),
    );
    assert.equal((await sandbox.requests()).length, 1);
    // Another id is still asked for.
    await failure(client.getTaskResult(4712), TaskNotFoundError, code, { origin: "service" });
    assert.ok((await client.createTask(TOKEN_TASK)) > 0);
  });

  it("an empty account gets no new task until it has money", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client({ clientKey: EMPTY_KEY });
    await failure(client.createTask(TOKEN_TASK), BalanceError, "ERROR_ZERO_BALANCE", {
      origin: "service",
    });
    const error = await failure(client.createTask(TOKEN_TASK), BalanceError, "ERROR_ZERO_BALANCE", {
      origin: "client",
      method: "createTask",
    });
    assert.ok(error.retryAfterMs > TEN_MINUTES - 30_000 && error.retryAfterMs <= TEN_MINUTES);
    assert.equal(await client.getBalance(), 0);
    await failure(client.createTask(TOKEN_TASK), BalanceError, "ERROR_ZERO_BALANCE", {
      origin: "client",
    });
    assert.equal((await sandbox.requests("createTask")).length, 1);

    await sandbox.settings({ accounts: { [EMPTY_KEY]: 2.5 } });
    assert.equal(await client.getBalance(), 2.5);
    assert.ok((await client.createTask(TOKEN_TASK)) > 0);
  });

  it("a banned address sends nothing for 10 minutes", async (t) => {
    const sandbox = await sandboxFor(t);
    const code = "ERROR_IP_BANNED";
    await sandbox.script({ reply: { kind: "error", code, status: 403 } });
    const client = sandbox.client();
    await failure(client.getBalance(), AccessError, code, {
      origin: "service",
      retryAfterMs: TEN_MINUTES,
    });
    for (const [method, call] of Object.entries(calls(client))) {
      const error = await failure(call, AccessError, code, { origin: "client", method });
      assert.ok(error.retryAfterMs > TEN_MINUTES - 30_000 && error.retryAfterMs <= TEN_MINUTES);
    }
    assert.equal((await sandbox.requests()).length, 1);
  });

  it("twenty first calls with a wrong key are one request", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client({ clientKey: WRONG_KEY });
    const calls = Array.from({ length: 20 }, () =>
      failure(client.getBalance(), KeyError, "ERROR_KEY_DOES_NOT_EXIST"),
    );
    const origins = (await Promise.all(calls)).map((error) => error.origin);
    assert.equal(origins.filter((origin) => origin === "service").length, 1);
    assert.equal((await sandbox.requests()).length, 1);
  });

  it("another client with the same key knows it too; one with another key or fetch does not", async (t) => {
    const sandbox = await sandboxFor(t);
    const code = "ERROR_KEY_DOES_NOT_EXIST";
    const refused = (options, origin) =>
      failure(sandbox.client(options).getBalance(), KeyError, code, { origin });
    await refused({ clientKey: WRONG_KEY }, "service");
    await refused({ clientKey: WRONG_KEY }, "client");
    await refused({ clientKey: `${WRONG_KEY}__module` }, "client");
    assert.equal((await sandbox.requests()).length, 1);
    await refused({ clientKey: WRONG_KEY, fetch: (url, init) => fetch(url, init) }, "service");
    assert.equal(await sandbox.client({ clientKey: KEY }).getBalance(), 10);
  });

  it("a changed wall clock opens nothing", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: { kind: "error", code: "ERROR_IP_BANNED" } });
    const outcome = await runForJson(`
      const { now } = Date;
      let changed = 0;
      Date.now = () => now() + changed;
      const { Client } = await import("capwire");
      const client = new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" });
      const origin = () => client.getBalance().catch((error) => error.origin);
      const before = await origin();
      changed = 3_600_000;
      console.log(JSON.stringify([before, await origin()]));
    `);
    assert.deepEqual(outcome, ["service", "client"]);
    assert.equal((await sandbox.requests()).length, 1);
  });

  it("five wrong keys from one address are a ban, and the client sees it coming once", async (t) => {
    const sandbox = await sandboxFor(t);
    for (let n = 0; n < 5; n += 1) {
      const client = sandbox.client({ clientKey: `${WRONG_KEY}${n}` });
      await failure(client.getBalance(), KeyError, "ERROR_KEY_DOES_NOT_EXIST");
    }
    const client = sandbox.client({ clientKey: KEY });
    await failure(client.getBalance(), AccessError, "ERROR_IP_BANNED", { origin: "service" });
    await failure(client.getBalance(), AccessError, "ERROR_IP_BANNED", { origin: "client" });
    assert.equal((await sandbox.requests()).length, 6);
  });
});
