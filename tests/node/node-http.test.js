// The fetch over node:http: its requests and responses, its failures, and its abort.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { createServer as createHttpsServer, Agent as HttpsAgent } from "node:https";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import * as capwire from "capwire";
import { createNodeHttpFetch, nodeHttpFetch } from "capwire/node-http";
import { makeCall } from "../browser/pages/make-call.js";
import { eventually, failure, rejection } from "./helpers/assertions.js";
import { tryFaults } from "./helpers/fault-suite.js";
import { bomb } from "./helpers/faults.js";
import { runForJson } from "./helpers/process.js";
import { deadUrl, KEY, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";
import { httpServer, rawServer, responseOf } from "./helpers/servers.js";

const { Client, TransportError } = capwire;

// Each outcome is the same as with Node's own fetch, so it needs no rows of its own in docs/reliability.md.
tryFaults({
  name: "capwire/node-http",
  open: async () => (order) =>
    makeCall(capwire, { ...order, options: { ...order.options, fetch: nodeHttpFetch } }),
  rows: { add() {} },
  concurrency: true,
});

const OK = "HTTP/1.1 200 OK";
const BALANCE = '{"errorId":0,"balance":2}';
const sized = (body, ...head) =>
  responseOf([OK, `Content-Length: ${Buffer.byteLength(body)}`, ...head], body);

const clientOf = (baseUrl, options) =>
  new Client({ clientKey: KEY, baseUrl, fetch: nodeHttpFetch, ...options });

const listeners = (signal) => getEventListeners(signal, "abort").length;

describe("a request", { concurrency: true, timeout: 60_000 }, () => {
  /** The request as a server sees it. */
  async function seen(t, init) {
    const { url } = await httpServer(t, (request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const { method, headers, url: path } = request;
        response.end(JSON.stringify({ method, headers, path, body: String(Buffer.concat(parts)) }));
      });
    });
    const response = await nodeHttpFetch(`${url}/a%20path?q=1`, init);
    const { headers, ...request } = await response.json();
    delete headers.host;
    return { ...request, headers };
  }

  it("is a GET without a body, and asks for no compression", async (t) => {
    assert.deepEqual(await seen(t), {
      method: "GET",
      path: "/a%20path?q=1",
      body: "",
      headers: { "user-agent": "node", connection: "keep-alive" },
    });
  });

  const bodies = { text: "\u00fc", bytes: new TextEncoder().encode("\u00fc") };
  const headers = {
    Headers: new Headers({ "X-Own": "1", "user-agent": "me" }),
    "an object": { "x-own": "1", "user-agent": "me" },
    "a list": [
      ["x-own", "1"],
      ["user-agent", "me"],
    ],
  };
  for (const [bodyKind, body] of Object.entries(bodies)) {
    for (const [headersKind, given] of Object.entries(headers)) {
      it(`has ${bodyKind} and headers from ${headersKind}`, async (t) => {
        const request = await seen(t, { method: "POST", headers: given, body });
        assert.equal(request.method, "POST");
        assert.equal(request.body, "\u00fc");
        assert.deepEqual(request.headers, {
          "user-agent": "me",
          "x-own": "1",
          "content-length": "2",
          connection: "keep-alive",
        });
      });
    }
  }

  it("may have a long body", async (t) => {
    for (const body of ["x".repeat(65_536), "\u00fc".repeat(65_537), Buffer.alloc(200_000, "y")]) {
      const request = await seen(t, { method: "POST", body });
      assert.ok(request.body === String(body));
      assert.equal(request.headers["content-length"], String(Buffer.byteLength(body)));
    }
  });

  const refused = {
    "another kind of body": ["http://127.0.0.1:1", { method: "POST", body: new FormData() }],
    "a header that is not valid": ["http://127.0.0.1:1", { headers: { "x-own": "\n" } }],
    "an address that is none": ["nowhere", {}],
    "another protocol": ["ftp://127.0.0.1:1", {}],
  };
  for (const [what, [url, init]] of Object.entries(refused)) {
    it(`rejects for ${what}, and keeps no listener`, async () => {
      const { signal } = new AbortController();
      const error = await rejection(nodeHttpFetch(url, { ...init, signal }));
      assert.ok(error instanceof TypeError, String(error));
      assert.equal(listeners(signal), 0);
    });
  }

  it("uses https, and the agent of its own", async (t) => {
    const psk = Buffer.alloc(16, 7);
    const tls = { ciphers: "PSK", maxVersion: "TLSv1.2" };
    const secure = { ...tls, pskCallback: () => psk };
    const respond = (_, response) => response.end(BALANCE);
    const { url, connections } = await httpServer(t, respond, createHttpsServer, secure);
    const agent = new HttpsAgent({
      ...tls,
      keepAlive: true,
      pskCallback: () => ({ psk, identity: "me" }),
      checkServerIdentity: () => undefined,
    });
    t.after(() => agent.destroy());
    const client = clientOf(url.replace("http:", "https:"), {
      fetch: createNodeHttpFetch({ agent }),
    });
    assert.equal(await client.getBalance(), 2);
    assert.equal(await client.getBalance(), 2);
    assert.equal(connections(), 1);
  });
});

describe("a response", { concurrency: true, timeout: 60_000 }, () => {
  const respondWith = (t, answer) => rawServer(t, (socket) => socket.write(answer));

  it("has a status, headers and a body", async (t) => {
    const { url } = await respondWith(t, sized(BALANCE, "X-A: 1", "x-a: 2", "Retry-After: 5"));
    const response = await nodeHttpFetch(url);
    assert.equal(response.status, 200);
    assert.equal(response.ok, true);
    assert.equal(response.headers.get("Retry-After"), "5");
    assert.equal(response.headers.get("x-A"), "1, 2");
    assert.equal(response.headers.get("5"), null);
    assert.equal(await response.text(), BALANCE);
    assert.throws(() => response.body.getReader(), TypeError);
    assert.equal(await rejection(response.text()).then(({ name }) => name), "TypeError");
  });

  it("is a redirect as it is", async (t) => {
    const { url: elsewhere, sockets } = await rawServer(t, () => {});
    const head = ["HTTP/1.1 307 Elsewhere", `Location: ${elsewhere}`, "Content-Length: 2"];
    const { url } = await respondWith(t, responseOf(head, "{}"));
    const response = await nodeHttpFetch(url, { redirect: "manual" });
    assert.equal(response.status, 307);
    assert.equal(response.ok, false);
    assert.equal(response.headers.get("location"), elsewhere);
    assert.deepEqual(await response.json(), {});
    assert.equal(sockets.length, 0);
  });

  it("comes in parts, cut anywhere, with a BOM", async (t) => {
    const text = "\u00fc\u20ac\ud83d\ude00".repeat(50);
    const { url } = await httpServer(t, async (_, response) => {
      for (const byte of Buffer.from(`\ufeff${text}`)) {
        response.write(Buffer.of(byte));
        await sleep(0);
      }
      response.end();
    });
    assert.equal(await (await nodeHttpFetch(url)).text(), text);
  });

  it("of many megabytes is read whole, and not before it is asked for", async (t) => {
    const size = 64 * 1024 * 1024;
    const { url, sockets } = await rawServer(t, (socket) => {
      socket.write(responseOf([OK, `Content-Length: ${size}`]));
      socket.write(Buffer.alloc(size, "a"));
    });
    const response = await nodeHttpFetch(url);
    await sleep(500);
    // The rest waits on the server's side; some is in the buffers of the system.
    assert.ok(sockets[0].writableLength > 0, "it has read all of it");
    const reader = response.body.getReader();
    let read = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      read += value.byteLength;
    }
    assert.equal(read, size);
  });

  const encodings = {
    gzip: gzipSync,
    "x-gzip": gzipSync,
    GZIP: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
  };
  for (const [encoding, encode] of Object.entries(encodings)) {
    it(`of ${encoding} is unpacked, and an incomplete one rejects`, async (t) => {
      const packed = encode(BALANCE.repeat(1_000));
      for (const body of [packed, packed.subarray(0, -9)]) {
        const { url } = await httpServer(t, (_, response) => {
          response.setHeader("content-encoding", encoding);
          response.end(body);
        });
        const { signal } = new AbortController();
        const text = (await nodeHttpFetch(url, { signal })).text();
        if (body === packed) assert.equal(await text, BALANCE.repeat(1_000));
        else assert.match((await rejection(text)).message, /unexpected end of file/);
        assert.equal(listeners(signal), 0);
      }
    });
  }

  it("of another encoding stays as it is, and so does one without a body", async (t) => {
    const { url } = await respondWith(t, sized("as is", "Content-Encoding: klingon"));
    assert.equal(await (await nodeHttpFetch(url)).text(), "as is");
    const empty = responseOf(["HTTP/1.1 204 No Content", "Content-Encoding: gzip"]);
    for (const answer of [empty, sized("", "Content-Encoding: br")]) {
      const { url } = await respondWith(t, answer);
      assert.equal(await (await nodeHttpFetch(url)).text(), "");
    }
  });

  it("that is a gzip bomb takes no memory, whoever reads it", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: bomb(256), times: 9 });
    const { codes, rssMb } = await runForJson(`
      import { Client } from "capwire";
      import { nodeHttpFetch } from "capwire/node-http";
      const baseUrl = ${JSON.stringify(sandbox.url())};
      const client = new Client({ clientKey: "k".repeat(32), baseUrl, fetch: nodeHttpFetch });
      const ask = () => client.getBalance().then(() => "read", (error) => error.code);
      await ask();
      const rss = process.memoryUsage.rss();
      const codes = [];
      for (let i = 0; i < 6; i += 1) codes.push(await ask());
      const stopping = new AbortController();
      const unread = await nodeHttpFetch(baseUrl + "/getBalance", { method: "POST", body: "{}", signal: stopping.signal });
      await new Promise((resolve) => setTimeout(resolve, 500));
      const rssMb = (process.memoryUsage.rss() - rss) / 1e6;
      stopping.abort();
      console.log(JSON.stringify({ codes, rssMb }));
    `);
    assert.deepEqual(codes, Array(6).fill("BAD_RESPONSE"));
    assert.ok(rssMb < 150, `the process has grown by ${rssMb} MB`);
    await eventually(
      async () => (await sandbox.requests()).every(({ aborted }) => aborted),
      "the client left each of them",
    );
  });
});

describe("a failure", { concurrency: true, timeout: 60_000 }, () => {
  /** The innermost error of a call's failure. */
  async function innermost(baseUrl, fetch) {
    let error = await failure(
      clientOf(baseUrl, { fetch }).createTask(TOKEN_TASK),
      TransportError,
      "NETWORK",
      { origin: "transport", mayHaveCreatedTask: true },
    );
    const { message } = error;
    while (error.cause) error = error.cause;
    assert.ok(message.includes(error.message), message);
    return { code: error.code, message: error.message };
  }

  const servers = {
    "a refused connection": () => deadUrl(),
    "an unknown host": async () => "https://nowhere.invalid",
    "an answer that is not TLS": async (t) => {
      const { url } = await rawServer(t, (socket) => socket.end(sized(BALANCE)));
      return url.replace("http:", "https:");
    },
    "an answer that is not HTTP": async (t) => {
      return (await rawServer(t, (socket) => socket.end("SSH-2.0-x\r\n"))).url;
    },
    "a reset": async (t) => (await rawServer(t, (socket) => socket.resetAndDestroy())).url,
    "a reset within the body": async (t) => {
      const head = responseOf([OK, "Content-Length: 99"], "{");
      const reset = (socket) =>
        socket.write(head, () => setTimeout(() => socket.resetAndDestroy(), 50));
      return (await rawServer(t, reset)).url;
    },
  };
  for (const [what, serve] of Object.entries(servers)) {
    it(`by ${what} has the reason that Node's own fetch gives`, async (t) => {
      const url = await serve(t);
      const [{ code, message }, own] = await Promise.all([
        innermost(url, nodeHttpFetch),
        innermost(url, undefined),
      ]);
      // Node names these two otherwise in each.
      const differing = { "not TLS": /wrong version number/, "not HTTP": /Parse Error/ };
      for (const [kind, pattern] of Object.entries(differing)) {
        if (what.includes(kind)) return assert.match(message, pattern);
      }
      assert.deepEqual({ code, message }, own);
    });
  }

  const cuts = {
    "before the headers": ["", /socket hang up/],
    "within the body": [responseOf([OK, "Content-Length: 99"], "{"), /closed within the response/],
    "within a chunk": [
      responseOf([OK, "Transfer-Encoding: chunked"], "9\r\n{"),
      /closed within the response/,
    ],
    "to switch protocols": [
      responseOf(["HTTP/1.1 101 Switching", "Upgrade: x", "Connection: upgrade"]),
      /closed before the response|socket hang up/,
    ],
  };
  for (const [where, [answer, message]] of Object.entries(cuts)) {
    it(`by a connection that closes ${where} says so`, async (t) => {
      const { url } = await rawServer(t, (socket) => socket.end(answer));
      assert.match((await innermost(url, nodeHttpFetch)).message, message);
      const { signal } = new AbortController();
      const text = nodeHttpFetch(url, { signal }).then((response) => response.text());
      const error = await rejection(text);
      assert.match(error.message, message);
      assert.equal(error.code, "ECONNRESET");
      assert.equal(listeners(signal), 0);
    });
  }
});

describe("an abort", { concurrency: true, timeout: 60_000 }, () => {
  const reason = { any: "value" };

  it("before the call opens no connection", async (t) => {
    const { url, sockets } = await rawServer(t, () => {});
    assert.equal(
      await rejection(nodeHttpFetch(url, { signal: AbortSignal.abort(reason) })),
      reason,
    );
    await sleep(50);
    assert.equal(sockets.length, 0);
  });

  const hangs = {
    "before the headers": "",
    "within the headers": "HTTP/1.1 200 O",
    "within the body": responseOf([OK, "Content-Length: 99"], "{"),
    "within a gzip body": responseOf([OK, "Content-Length: 99", "Content-Encoding: gzip"], "\x1f"),
  };
  for (const [where, answer] of Object.entries(hangs)) {
    it(`${where} rejects with its reason and closes the connection`, async (t) => {
      const { url, sockets } = await rawServer(t, (socket) => socket.write(answer));
      const controller = new AbortController();
      const { signal } = controller;
      const call = nodeHttpFetch(url, { signal }).then((response) => response.text());
      await eventually(() => sockets.length === 1, "it has connected");
      await sleep(50);
      assert.equal(listeners(signal), 1);
      controller.abort(reason);
      assert.equal(await rejection(call, 1_000), reason);
      assert.equal(listeners(signal), 0);
      await eventually(() => sockets[0].closed, "the connection is closed");
    });

    it(`${where} by requestTimeoutMs`, async (t) => {
      const { url, sockets } = await rawServer(t, (socket) => socket.write(answer));
      const call = clientOf(url, { requestTimeoutMs: 300, maxRetries: 0 }).getBalance();
      await failure(call, TransportError, "REQUEST_TIMEOUT", {}, 3_000);
      await eventually(() => sockets[0].closed, "the connection is closed");
    });
  }

  it("after the body does nothing, and there is no listener any more", async (t) => {
    const { url, sockets } = await rawServer(t, (socket) => socket.write(sized(BALANCE)));
    const controller = new AbortController();
    const response = await nodeHttpFetch(url, { signal: controller.signal });
    assert.deepEqual(await response.json(), JSON.parse(BALANCE));
    assert.equal(listeners(controller.signal), 0);
    controller.abort(reason);
    await sleep(50);
    assert.equal(sockets[0].closed, false);
  });
});
