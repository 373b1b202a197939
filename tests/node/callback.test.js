// Bodies that a service posts to a callbackUrl: read in every form, and received by the example server.

import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  CapacityError,
  Client,
  OptionsError,
  ProxyError,
  TransportError,
  UnknownServiceError,
  UnsolvableError,
} from "capwire";
import { eventually, failure, timed } from "./helpers/assertions.js";
import { run } from "./helpers/process.js";

const READY = { errorId: 0, status: "ready", cost: 0.0003, solution: { text: "w7kq" } };
const UNSOLVABLE = {
  errorId: 1,
  errorCode: "ERROR_CAPTCHA_UNSOLVABLE",
  errorDescription: "in its words",
};

const post = (body) => new Request("https://shop.example/captcha", { method: "POST", body });

/** A body in each form in which a server may pass it on. */
const FORMS = {
  text: (text) => text,
  "a Buffer": (text) => Buffer.from(text),
  "a view of a part": (text) => {
    const bytes = new TextEncoder().encode(`[${text}]`);
    return bytes.subarray(1, bytes.length - 1);
  },
  "an ArrayBuffer": (text) => new TextEncoder().encode(text).buffer,
  "a DataView": (text) => new DataView(new TextEncoder().encode(text).buffer),
  "a Blob": (text) => new Blob([text]),
  "a Request": (text) => post(text),
};

describe("parseCallback()", { concurrency: true, timeout: 120_000 }, () => {
  for (const [what, form] of Object.entries(FORMS)) {
    it(`reads ${what}`, async () => {
      const read = (body) => Client.parseCallback(form(JSON.stringify(body)));
      const { errorId: _, ...ready } = READY;
      assert.deepEqual(await read(READY), ready);
      const processing = { errorId: 0, errorCode: null, status: "processing" };
      assert.deepEqual(await read(processing), { status: "processing" });
      const notReady = { errorId: 1, errorCode: "CAPTCHA_NOT_READY" };
      assert.deepEqual(await read(notReady), { status: "processing" });
      const code = "ERROR_CAPTCHA_UNSOLVABLE";
      await failure(read(UNSOLVABLE), UnsolvableError, code, {
        origin: "service",
        serverCode: code,
        serverMessage: "in its words",
        httpStatus: undefined,
        taskId: undefined,
        method: undefined,
        service: undefined,
      });
      for (const text of ["", "hello", "[]", "null", "{}", '{"errorId":0,', '{"errorId":0}']) {
        const fields = { origin: "transport", retryable: false, httpStatus: undefined };
        const refused = Client.parseCallback(form(text));
        await failure(refused, TransportError, "BAD_RESPONSE", fields);
      }
    });
  }

  it("reads an object, whose solution stays the same", async () => {
    const { solution } = await Client.parseCallback(READY);
    assert.equal(solution, READY.solution);
    await failure(Client.parseCallback(UNSOLVABLE), UnsolvableError, "ERROR_CAPTCHA_UNSOLVABLE");
    for (const body of [{}, [], { status: "ready", solution: {} }, Object.create(null)]) {
      await failure(Client.parseCallback(body), TransportError, "BAD_RESPONSE");
    }
  });

  it("reads letters of every kind, with and without a byte order mark", async () => {
    const solution = { text: "κόσμε 🙂" };
    const body = JSON.stringify({ ...READY, solution });
    for (const bytes of [Buffer.from(body), Buffer.from(`\ufeff${body}`)]) {
      assert.deepEqual((await Client.parseCallback(bytes)).solution, solution);
    }
  });

  it("gives each code its class", async () => {
    for (const [errorCode, ErrorClass] of [
      ["ERROR_SERVICE_NOT_AVAILABLE", CapacityError],
      ["ERROR_PROXY_SOMETHING_NEW", ProxyError],
      ["ERROR_SOMETHING_NEW", UnknownServiceError],
    ]) {
      await failure(Client.parseCallback({ errorId: 1, errorCode }), ErrorClass, errorCode);
    }
  });

  it("refuses what nothing can be read from", async () => {
    const used = post("{}");
    await used.text();
    const detached = new ArrayBuffer(8);
    structuredClone(detached, { transfer: [detached] });
    const fields = { option: "body", origin: "client" };
    for (const body of [
      undefined,
      null,
      5,
      Number.NaN,
      true,
      1n,
      Symbol("x"),
      () => {},
      used,
      process.stdin,
    ]) {
      await failure(Client.parseCallback(body), OptionsError, "INVALID_OPTIONS", fields);
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    // A value that throws when it is read is refused too, and the call still settles.
    for (const body of [proxy, detached]) {
      const error = await Client.parseCallback(body).catch((error) => error);
      assert.ok(["INVALID_OPTIONS", "BAD_RESPONSE"].includes(error.code), error);
    }
  });

  it("reads no more than 4 MiB", async () => {
    const filler = "a".repeat(4 * 1024 * 1024);
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
      },
    });
    for (const body of [
      filler,
      Buffer.from(filler + filler),
      new Blob([`"${filler}"`]),
      post(JSON.stringify({ ...READY, filler })),
      new Request("https://shop.example", { method: "POST", body: endless, duplex: "half" }),
    ]) {
      const refused = Client.parseCallback(body);
      // Text of exactly that size is read, but it is not JSON.
      await failure(refused, TransportError, "BAD_RESPONSE", { origin: "transport" });
    }
    assert.ok(pulled < 100, `${pulled} parts of 64 KiB`);
    const { solution } = await Client.parseCallback({ ...READY, filler });
    assert.equal(solution, READY.solution);
  });

  it("reports a Request that breaks off, with the cause", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('{"errorId":0,'));
        setTimeout(() => controller.error(new RangeError("the sender left")), 20);
      },
    });
    const broken = new Request("https://shop.example", { method: "POST", body, duplex: "half" });
    const fields = { origin: "transport", retryable: false };
    const error = await failure(Client.parseCallback(broken), TransportError, "NETWORK", fields);
    assert.match(error.message, /the sender left/);
    assert.equal(error.cause.name, "RangeError");
  });

  it("its errors show who called", async () => {
    async function theUsersOwnFunction() {
      return await Client.parseCallback(UNSOLVABLE);
    }
    const code = "ERROR_CAPTCHA_UNSOLVABLE";
    const error = await failure(theUsersOwnFunction(), UnsolvableError, code);
    assert.match(error.stack, /theUsersOwnFunction/);
    assert.doesNotMatch(error.stack, /wasm/);
  });
});

/** A copy of the example beside the tests, where its import finds the installed package. */
async function example(t) {
  const folder = await mkdtemp(join(import.meta.dirname, "callback-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "callback-server.js");
  await copyFile(new URL("../../www/callback-server.js", import.meta.url), file);
  return file;
}

/** The example's server, and the callbacks that its handler received. */
async function serverFor(t, handle = () => {}) {
  const { createCallbackServer } = await import(pathToFileURL(await example(t)).href);
  const handled = [];
  const server = createCallbackServer((order, outcome) => {
    handled.push({ order, ...outcome });
    return handle(order, outcome);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${server.address().port}`;
  const send = async (body, query = "?order=4711") => {
    const init = { method: "POST", body, headers: { connection: "close" } };
    const { value, ms } = await timed(() => fetch(`${origin}/captcha${query}`, init));
    assert.ok(ms < 2_000, `answered after ${ms} ms`);
    return value.status;
  };
  const handles = (count) =>
    eventually(() => handled.length >= count, `${count} posts are handled`);
  return { origin, server, handled, send, handles };
}

describe("www/callback-server.js", { concurrency: true, timeout: 120_000 }, () => {
  it("answers each post, and reports its content and task", async (t) => {
    const { send, handled, handles } = await serverFor(t);
    assert.equal(await send(JSON.stringify(READY)), 204);
    await handles(1);
    const { errorId: _, ...result } = READY;
    assert.deepEqual(handled[0], { order: "4711", result });

    assert.equal(await send('{"errorId":0,"status":"processing"}', "?a=1&order=%C3%BC"), 204);
    await handles(2);
    assert.deepEqual(handled[1], { order: "ü", result: { status: "processing" } });

    assert.equal(await send(JSON.stringify(UNSOLVABLE), ""), 204);
    await handles(3);
    assert.equal(handled[2].order, null);
    assert.ok(handled[2].error instanceof UnsolvableError);

    for (const [index, garbage] of ["", "hello", "{", "[]", Buffer.alloc(500, 0xff)].entries()) {
      assert.equal(await send(garbage), 204);
      await handles(4 + index);
      const { error } = handled[3 + index];
      assert.ok(error instanceof TransportError, error);
      assert.equal(error.code, "BAD_RESPONSE");
    }
  });

  it("refuses a huge body without reporting it, and keeps serving", async (t) => {
    const { send, handled, handles } = await serverFor(t);
    const filler = "a".repeat(5 * 1024 * 1024);
    assert.equal(await send(JSON.stringify({ ...READY, filler })), 413);
    assert.equal(await send(JSON.stringify(READY)), 204);
    await handles(1);
    assert.equal(handled.length, 1);
    assert.equal(handled[0].result.status, "ready");
  });

  it("answers other paths and methods, even malformed ones", async (t) => {
    const { origin, server, handled } = await serverFor(t);
    assert.equal((await fetch(`${origin}/captcha`)).status, 405);
    assert.equal((await fetch(`${origin}/other`, { method: "POST" })).status, 404);
    for (const path of ["//", "http://[::1", "/captcha/../x", "*"]) {
      const socket = connect(server.address().port, "127.0.0.1");
      socket.end(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const answer = await socket.setEncoding("latin1").toArray();
      assert.match(answer.join(""), /^HTTP\/1\.1 40[04] /, path);
    }
    assert.deepEqual(handled, []);
  });

  it("answers in time although the handler never ends", async (t) => {
    const { send, handled, handles } = await serverFor(t, () => new Promise(() => {}));
    for (let count = 1; count <= 3; count += 1) {
      assert.equal(await send(JSON.stringify(READY)), 204);
      await handles(count);
    }
    assert.equal(handled.length, 3);
  });

  it("outlives a handler that throws, and a sender that leaves", async (t) => {
    const logged = t.mock.method(console, "error", () => {});
    const { send, handled, handles, server } = await serverFor(t, () => {
      throw new Error("the handler's own fault");
    });
    const socket = connect(server.address().port, "127.0.0.1");
    socket.write("POST /captcha HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    await once(server, "request");
    socket.destroy();
    for (const count of [1, 2]) {
      assert.equal(await send(JSON.stringify(READY)), 204);
      await handles(count);
    }
    assert.equal(handled.length, 2, "a post that breaks off is not reported");
    await eventually(() => logged.mock.callCount() === 2, "both faults are written");
    assert.equal(logged.mock.calls[0].arguments[1].message, "the handler's own fault");
  });

  // In a process of its own, because nothing else can run while the handler blocks.
  it("answers in time although the handler blocks", async (t) => {
    const file = await example(t);
    const blocked = run(`
      import { createCallbackServer } from ${JSON.stringify(pathToFileURL(file).href)};
      const server = createCallbackServer(() => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
        server.close();
        server.closeAllConnections();
      });
      // The module is started first, so that only the handler takes time.
      const { Client } = await import("capwire");
      await Client.parseCallback({ errorId: 0, status: "processing" });
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        const sender = \`
          const start = performance.now();
          const init = { method: "POST", body: '{"errorId":0,"status":"processing"}' };
          const { status } = await fetch("http://127.0.0.1:\${port}/captcha", init);
          console.log(status, performance.now() - start);
        \`;
        import("node:child_process").then(({ spawn }) => {
          spawn(process.execPath, ["--input-type=module", "--eval", sender], { stdio: "inherit" });
        });
      });
    `);
    const { stdout, stderr, code } = await blocked;
    assert.equal(stderr, "");
    assert.equal(code, 0);
    const [status, ms] = stdout.trim().split(" ");
    assert.equal(status, "204");
    assert.ok(Number(ms) < 2_000, `answered after ${ms} ms`);
  });

  it("runs by itself, and prints what comes", async (t) => {
    const file = fileURLToPath(pathToFileURL(await example(t)));
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, [file, "0"], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => child.kill());
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      printed += text;
    });
    await eventually(() => printed.includes("\n"), "it says where it listens");
    const url = printed.match(/http:\S+/)[0];
    for (const body of [READY, { errorId: 1, errorCode: "ERROR_\u001b[31m" }]) {
      const init = { method: "POST", body: JSON.stringify(body) };
      assert.equal((await fetch(`${url}?order=4711`, init)).status, 204);
    }
    await eventually(() => /w7kq.*UnknownServiceError/s.test(printed), "both are printed");
    assert.match(printed, /order: '4711'/);
    assert.ok(!printed.includes("\u001b[31m"), "what a stranger posts is quoted");
  });
});
