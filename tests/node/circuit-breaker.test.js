// What leads to a ban is not repeated: the client answers by itself, with the same class and code.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  AccessError,
  BalanceError,
  DomainError,
  KeyError,
  ProxyError,
  TaskNotFoundError,
} from "capwire";
import { failure } from "./helpers/assertions.js";
import { runForJson } from "./helpers/process.js";
import { EMPTY_KEY, KEY, SERVICES, sandboxFor, TOKEN_TASK, WRONG_KEY } from "./helpers/sandbox.js";

const TEN_MINUTES = 600_000;

/** All requests of a client. */
const calls = (client) => ({
  getBalance: client.getBalance(),
  createTask: client.createTask(TOKEN_TASK),
  getTaskResult: client.getTaskResult(4711),
});

describe("after a refusal", { concurrency: true, timeout: 120_000 }, () => {
  for (const { service } of SERVICES) {
    it(`${service}: a wrong key is tried once`, async (t) => {
      const sandbox = await sandboxFor(t);
      const client = sandbox.client({ service, clientKey: WRONG_KEY });
      await failure(client.getBalance(), KeyError, "ERROR_KEY_DOES_NOT_EXIST", {
        origin: "service",
        retryable: false,
        httpStatus: 200,
      });
      for (const [method, call] of Object.entries(calls(client))) {
        await failure(call, KeyError, "ERROR_KEY_DOES_NOT_EXIST", {
          origin: "client",
          retryable: false,
          retryAfterMs: undefined,
          method,
          service,
          taskId: method === "getTaskResult" ? 4711 : undefined,
        });
      }
      await failure(client.solveImage(new Uint8Array(200)), KeyError, "ERROR_KEY_DOES_NOT_EXIST");
      await failure(client.waitForResult(4711), KeyError, "ERROR_KEY_DOES_NOT_EXIST");
      assert.equal((await sandbox.requests()).length, 1);

      // Another client, with the right key, is not held back.
      assert.equal(await sandbox.client({ service }).getBalance(), 10);
    });

    it(`${service}: a dead task id is asked for once`, async (t) => {
      const sandbox = await sandboxFor(t);
      const code = { capmonster: "ERROR_NO_SUCH_CAPCHA_ID", brocapgpt: "WRONG_CAPTCHA_ID" }[
        service
      ];
      const client = sandbox.client({ service });
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
      // Another id is another matter.
      await failure(client.getTaskResult(4712), TaskNotFoundError, code, { origin: "service" });
      assert.ok((await client.createTask(TOKEN_TASK)) > 0);
    });

    it(`${service}: an empty account gets no new task until it has money`, async (t) => {
      const sandbox = await sandboxFor(t);
      const client = sandbox.client({ service, clientKey: EMPTY_KEY });
      await failure(client.createTask(TOKEN_TASK), BalanceError, "ERROR_ZERO_BALANCE", {
        origin: "service",
      });
      const error = await failure(
        client.createTask(TOKEN_TASK),
        BalanceError,
        "ERROR_ZERO_BALANCE",
        {
          origin: "client",
          method: "createTask",
        },
      );
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
  }

  for (const code of ["ERROR_IP_NOT_ALLOWED", "ERROR_IP_BANNED", "ERROR_IP_BLOCKED"]) {
    it(`${code}: nothing is sent for 10 minutes`, async (t) => {
      const sandbox = await sandboxFor(t);
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
  }

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
      import { Client } from "capwire";
      const client = new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" });
      const origin = () => client.getBalance().catch((error) => error.origin);
      const before = await origin();
      const { now } = Date;
      Date.now = () => now() + 3_600_000;
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

  it("a refused site is not tried again; another one is", async (t) => {
    const sandbox = await sandboxFor(t);
    const code = "ERROR_DOMAIN_NOT_ALLOWED";
    await sandbox.script({ reply: { kind: "error", code } });
    const client = sandbox.client();
    const task = (websiteURL) => ({ ...TOKEN_TASK, websiteURL });
    await failure(client.createTask(task("https://refused.example/a")), DomainError, code, {
      origin: "service",
    });
    await failure(client.createTask(task("https://refused.example/b?c")), DomainError, code, {
      origin: "client",
    });
    assert.equal((await sandbox.requests()).length, 1);
    assert.ok((await client.createTask(task("https://other.example/"))) > 0);
  });

  it("a banned proxy is not tried again; another one is", async (t) => {
    const sandbox = await sandboxFor(t);
    const code = "ERROR_PROXY_BANNED";
    await sandbox.script({ reply: { kind: "error", code } });
    const client = sandbox.client();
    const task = (proxyAddress) => ({
      ...TOKEN_TASK,
      proxyType: "http",
      proxyAddress,
      proxyPort: 80,
    });
    await failure(client.createTask(task("192.0.2.1")), ProxyError, code, { origin: "service" });
    await failure(client.createTask(task("192.0.2.1")), ProxyError, code, { origin: "client" });
    assert.equal((await sandbox.requests()).length, 1);
    assert.ok((await client.createTask(task("192.0.2.2"))) > 0);
  });
});
