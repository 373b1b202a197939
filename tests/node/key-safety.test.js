// The key is in the body of requests, and nowhere else. This looks at JavaScript's own values; the texts of
// errors are tested in Rust too.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Client } from "capwire";
import { everythingIn, rejection } from "./helpers/assertions.js";
import { runForJson } from "./helpers/process.js";
import { KEY, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

/** Fails if the key, without its suffixes, can be reached from a value. */
function assertNoKey(value, what) {
  const texts = everythingIn(value);
  assert.ok(!texts.includes(KEY), `the key is in ${what}: ${inspect(value, { depth: 9 })}`);
}

describe("the key", { concurrency: true, timeout: 120_000 }, () => {
  for (const clientKey of [KEY, `${KEY}__module`]) {
    it(`${clientKey === KEY ? "plain" : "with a suffix"}: is not in a client`, async (t) => {
      const sandbox = await sandboxFor(t);
      const client = sandbox.client({ clientKey });
      assertNoKey(client, "a new client");
      assert.deepEqual(Object.keys(client), []);
      await client.getBalance();
      assertNoKey(client, "a client in use");
      assertNoKey(await client.ready(), "the profile");
      assertNoKey(Client, "the class");
    });

    it(`${clientKey === KEY ? "plain" : "with a suffix"}: is in no address or header`, async (t) => {
      const sandbox = await sandboxFor(t);
      const { bytes } = await sandbox.captcha();
      const urls = [];
      const client = sandbox.client({
        clientKey,
        fetch: (url, init) => {
          urls.push(url);
          return fetch(url, init);
        },
      });
      await client.getBalance();
      await client.solveImage(bytes);
      const requests = await sandbox.requests();
      assert.equal(requests.length, 3);
      for (const { headers, method, body } of requests) {
        assert.ok(!JSON.stringify([headers, method]).includes(KEY));
        assert.ok(!("authorization" in headers) && !("cookie" in headers));
        assert.ok(!("referer" in headers));
        const { clientKey: sent, ...rest } = body;
        assert.equal(sent, clientKey);
        assert.ok(!JSON.stringify(rest).includes(KEY));
      }
      assert.ok(!urls.join().includes(KEY));
    });
  }

  // A service that quotes the request.
  const echoes = {
    "an error": { kind: "error", code: "ERROR_KEY_DOES_NOT_EXIST", description: `no ${KEY} here` },
    "an unknown code": { kind: "error", code: `ERROR_${KEY}`, description: `${KEY}__module` },
    "an unknown proxy code": { kind: "error", code: `ERROR_PROXY_${KEY}` },
    "an error without a code": { kind: "json", body: { errorId: 1, errorDescription: KEY } },
    "a proxy's page": { kind: "text", status: 502, body: `<pre>{"clientKey":"${KEY}"}</pre>` },
    "text at the cut of what is quoted": {
      kind: "text",
      body: `${"x".repeat(110)}${KEY}`,
    },
    "a task id": { kind: "json", body: { errorId: 0, taskId: KEY } },
    "a status": { kind: "json", body: { errorId: 0, status: KEY } },
    "JSON that is the key": { kind: "json", body: KEY },
    "an errorId": { kind: "json", body: { errorId: KEY } },
    "a redirect": { kind: "redirect", status: 307, location: `/x?${KEY}` },
    "a Retry-After": {
      kind: "text",
      status: 429,
      headers: { "retry-after": KEY, "x-echo": KEY },
      body: KEY,
    },
  };
  for (const [what, reply] of Object.entries(echoes)) {
    it(`is not in the error when ${what} echoes it`, async (t) => {
      const sandbox = await sandboxFor(t);
      for (const clientKey of [KEY, `${KEY}__module`]) {
        for (const call of [
          (client) => client.getBalance(),
          (client) => client.createTask(TOKEN_TASK),
          (client) => client.getTaskResult(5),
        ]) {
          await sandbox.script({ reply });
          const error = await rejection(call(sandbox.client({ clientKey, maxRetries: 0 })));
          assertNoKey(error, "the error");
          assertNoKey(error.toJSON(), "its data");
        }
      }
    });
  }

  const faults = {
    "a hang": { kind: "hang", where: "in-body" },
    "a reset": { kind: "reset" },
    "a cut": { kind: "cut" },
    "a large body": { kind: "big", bytes: 5_000_000 },
  };
  for (const [what, reply] of Object.entries(faults)) {
    it(`is not in the error of ${what}`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ times: 2, reply });
      const client = sandbox.client({ requestTimeoutMs: 1_000 });
      assertNoKey(await rejection(client.createTask(TOKEN_TASK)), "the error");
      assertNoKey(await rejection(client.getTaskResult(5)), "the error");
    });
  }

  it("is not in the events of a listener", async (t) => {
    const sandbox = await sandboxFor(t);
    const { bytes } = await sandbox.captcha();
    const echo = { kind: "text", status: 503, body: `busy, ${KEY}` };
    await sandbox.script(
      { method: "createTask", reply: echo },
      { method: "getTaskResult", reply: echo },
    );
    const events = [];
    await sandbox.client().solveImage(bytes, { onProgress: (event) => events.push(event) });
    assert.deepEqual(
      events.map(({ type }) => type),
      ["retry", "created", "retry", "poll"],
    );
    assertNoKey(events, "the events");
  });

  // The key in the wrong place, as when arguments are mixed up.
  const misplaced = {
    "as the task": (client) => client.solve(KEY),
    "as the task's type": (client) => client.solve({ type: [KEY] }),
    "as the image": (client) => client.solveImage(KEY),
    "as the task id": (client) => client.getTaskResult(KEY),
    "as the task id to wait for": (client) => client.waitForResult(KEY),
    "as a call's options": (client) => client.getBalance(KEY),
    "as a name of an option": (client) => client.getBalance({ [KEY]: 1 }),
    "as timeoutMs": (client) => client.solve(TOKEN_TASK, { timeoutMs: KEY }),
    "as callbackUrl": (client) => client.solve(TOKEN_TASK, { callbackUrl: KEY }),
    "as signal": (client) => client.getBalance({ signal: KEY }),
    "as onProgress": (client) => client.solve(TOKEN_TASK, { onProgress: KEY }),
    "as the service": () => new Client({ clientKey: KEY, service: KEY }).ready(),
    "as softId": () => new Client({ clientKey: KEY, softId: KEY }).ready(),
    "as a name of a client's option": () => new Client({ clientKey: KEY, [KEY]: true }).ready(),
    "in baseUrl": () => new Client({ clientKey: KEY, baseUrl: `https://${KEY}@x.example` }).ready(),
    "in baseUrl's query": () =>
      new Client({ clientKey: KEY, baseUrl: `https://x.example/?key=${KEY}` }).ready(),
    "as the only argument": () => new Client(KEY).ready(),
    "in a list": () => new Client({ clientKey: [KEY] }).ready(),
  };
  for (const [what, call] of Object.entries(misplaced)) {
    it(`is not in the error when it is given ${what}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const error = await rejection(call(sandbox.client()));
      assert.ok(["OptionsError", "TaskError", "ImageError"].includes(error.name), inspect(error));
      assertNoKey(error, "the error");
      assert.deepEqual(await sandbox.requests(), []);
    });
  }

  it("is not in what an uncaught error prints", async (t) => {
    const sandbox = await sandboxFor(t);
    const echo = { kind: "error", code: "ERROR_NEW", description: `key ${KEY}` };
    await sandbox.script({ reply: echo });
    const printed = await runForJson(`
      import { spawnSync } from "node:child_process";
      const script = \`
        import { Client } from "capwire";
        const client = new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" });
        console.log(client);
        await client.getBalance();\`;
      const { stdout, stderr, status } = spawnSync(process.execPath,
        ["--input-type=module", "--eval", script], { encoding: "utf8" });
      console.log(JSON.stringify({ stdout, stderr, status }));
    `);
    assert.equal(printed.status, 1);
    assert.match(printed.stderr, /UnknownServiceError.*ERROR_NEW/);
    assert.ok(!JSON.stringify(printed).includes(KEY), printed.stderr);
  });
});
