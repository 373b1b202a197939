// The connections of the fetch over node:http: kept, bounded, closed in time, and never a reason for a second task.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, TransportError } from "capwire";
import { nodeHttpFetch } from "capwire/node-http";
import { eventually, failure, timed } from "./helpers/assertions.js";
import { run } from "./helpers/process.js";
import { KEY, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";
import { httpServer, rawServer, responseOf } from "./helpers/servers.js";

const BALANCE = '{"errorId":0,"balance":2}';

const clientOf = (baseUrl) => new Client({ clientKey: KEY, baseUrl, fetch: nodeHttpFetch });

const balanceWith = (...head) =>
  responseOf(["HTTP/1.1 200 OK", `Content-Length: ${BALANCE.length}`, ...head], BALANCE);

describe("connections", { concurrency: true, timeout: 60_000 }, () => {
  it("are used again, also for a whole solve", async (t) => {
    const { url, connections } = await httpServer(t, (request, response) => {
      const body = request.url.endsWith("createTask")
        ? { errorId: 0, taskId: 5 }
        : { errorId: 0, status: "ready", solution: { token: "x" } };
      // Chunked, without a length.
      response.write(JSON.stringify(body));
      response.end(" ");
    });
    const solved = await clientOf(url).solve(TOKEN_TASK, { timeoutMs: 20_000 });
    assert.deepEqual(solved.solution, { token: "x" });
    for (let i = 0; i < 20; i += 1) {
      assert.equal((await (await nodeHttpFetch(`${url}/createTask`)).json()).taskId, 5);
    }
    assert.equal(connections(), 1);
  });

  it("are at most 256 per host: more requests wait their turn", async (t) => {
    let open = 0;
    let most = 0;
    const { url, connections } = await httpServer(t, async (_, response) => {
      open += 1;
      most = Math.max(most, open);
      await sleep(100);
      open -= 1;
      response.end(BALANCE);
    });
    const calls = Array.from({ length: 600 }, async () => (await nodeHttpFetch(url)).text());
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([BALANCE]));
    assert.ok(most > 100, `${most} at once`);
    assert.ok(connections() <= 256, `${connections()} connections`);
  });

  it("are closed after 4 s of idleness, and a slow answer is not idleness", async (t) => {
    const { url, sockets } = await rawServer(t, async (socket) => {
      await sleep(5_000);
      socket.write(balanceWith());
    });
    assert.equal(await clientOf(url).getBalance(), 2);
    const { ms } = await timed(() => eventually(() => sockets[0].closed, "closed", 8_000));
    assert.ok(ms > 3_000 && ms < 6_000, `${ms} ms`);
  });

  it("are closed earlier if the server says how long it keeps them", async (t) => {
    const { url, sockets } = await rawServer(t, (socket) =>
      socket.write(balanceWith("Keep-Alive: timeout=1")),
    );
    const client = clientOf(url);
    assert.equal(await client.getBalance(), 2);
    await eventually(() => sockets[0].closed, "closed", 2_500);
    assert.equal(await client.getBalance(), 2);
    assert.equal(sockets.length, 2);
  });

  it("that the server has closed are not used again", async (t) => {
    const { url, sockets } = await rawServer(t, (socket) => {
      socket.write(balanceWith());
      setTimeout(() => socket.end(), 50);
    });
    const client = clientOf(url);
    for (let i = 1; i <= 3; i += 1) {
      assert.equal(await client.getBalance(), 2);
      assert.equal(sockets.length, i);
      await sleep(200);
    }
  });

  it("that break just when createTask is sent do not lead to a second task", async (t) => {
    let requests = 0;
    const { url, sockets } = await rawServer(t, (socket) => {
      requests += 1;
      if (requests === 1) socket.write(balanceWith());
      else socket.resetAndDestroy();
    });
    const client = clientOf(url);
    assert.equal(await client.getBalance(), 2);
    await failure(client.createTask(TOKEN_TASK), TransportError, "NETWORK", {
      mayHaveCreatedTask: true,
      retryable: false,
    });
    assert.equal(requests, 2);
    assert.equal(sockets.length, 1);
  });
});

describe("a program ends by itself", { concurrency: 2, timeout: 60_000 }, () => {
  const ends = {
    "after a solve": ["console.log(await client.solveImage(image))", undefined],
    "after an abort": [
      `const stop = new AbortController();
       setTimeout(() => stop.abort(), 300);
       await hanging.getBalance({ signal: stop.signal }).catch((error) => console.log(error.name))`,
      "AbortError",
    ],
    "after a timeout": [
      "await hanging.getBalance().catch((error) => console.log(error.code))",
      "REQUEST_TIMEOUT",
    ],
    "with a signal that is never used": [
      "console.log(await client.getBalance({ signal: new AbortController().signal }))",
      "10",
    ],
  };
  for (const [when, [lines, expected]] of Object.entries(ends)) {
    it(when, async (t) => {
      const sandbox = await sandboxFor(t);
      const hang = { kind: "hang", where: "in-body" };
      await sandbox.script({ service: "brocapgpt", times: 5, reply: hang });
      const { text, base64 } = await sandbox.captcha();
      const { stdout, stderr, code } = await run(`
        import { Client } from "capwire";
        import { nodeHttpFetch as fetch } from "capwire/node-http";
        const clientKey = "${KEY}", image = "${base64}";
        const client = new Client({ clientKey, fetch, baseUrl: "${sandbox.url()}" });
        const baseUrl = "${sandbox.url("brocapgpt")}";
        const hanging = new Client({ clientKey, fetch, baseUrl, requestTimeoutMs: 1_500 });
        ${lines};
        const settled = performance.now();
        process.on("exit", () => console.log(performance.now() - settled));
      `);
      assert.equal(stderr, "");
      assert.equal(code, 0);
      const [said, lingeredMs] = stdout.trim().split("\n");
      assert.equal(said, expected ?? text);
      assert.ok(Number(lingeredMs) < 1_000, `it lived on for ${lingeredMs} ms`);
    });
  }
});
