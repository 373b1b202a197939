// The entries of the package: how a program imports them, and that it can end afterwards.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import * as capwire from "capwire";
import { failure } from "./helpers/assertions.js";
import { run, runForJson } from "./helpers/process.js";
import { KEY, sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

const { Client, OptionsError } = capwire;

/** The error classes of the package, by the name each error has. */
const CLASSES = [
  "CaptchaError",
  "KeyError",
  "BalanceError",
  "ImageError",
  "TaskError",
  "DomainError",
  "ProxyError",
  "AccessError",
  "TaskNotFoundError",
  "UnsolvableError",
  "CapacityError",
  "RateLimitError",
  "UnknownServiceError",
  "TransportError",
  "SolveTimeoutError",
  "OptionsError",
  "InternalError",
];

describe("loading", { concurrency: true, timeout: 120_000 }, () => {
  it("exports the client and its helpers, the error classes and their table, and nothing else", () => {
    const others = ["Client", "errorTable", "init", "isOfType"];
    assert.deepEqual(Object.keys(capwire).sort(), [...others, ...CLASSES].sort());
    for (const [name, exported] of Object.entries(capwire)) {
      if (!CLASSES.includes(name)) continue;
      const base = name === "CaptchaError" ? Error : capwire.CaptchaError;
      assert.ok(exported.prototype instanceof base, name);
    }
  });

  it("require() gives the same module as import", () => {
    const required = createRequire(import.meta.url)("capwire");
    assert.equal(required.Client, Client);
  });

  it("a CommonJS script can require it and call it", async (t) => {
    const sandbox = await sandboxFor(t);
    const balance = await runForJson(
      `const { Client } = require("capwire");
       new Client({ clientKey: "${KEY}", baseUrl: "${sandbox.url()}" }).getBalance().then(console.log);`,
      { type: "commonjs" },
    );
    assert.equal(balance, 10);
  });

  it("compiles nothing before the first call", async () => {
    const counts = await runForJson(`
      let compiled = 0;
      for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
        const original = WebAssembly[name];
        WebAssembly[name] = (...args) => { compiled += 1; return original(...args); };
      }
      for (const name of ["Module", "Instance"]) {
        WebAssembly[name] = new Proxy(WebAssembly[name], {
          construct(target, args) { compiled += 1; return Reflect.construct(target, args); },
        });
      }
      const { Client } = await import("capwire");
      const imported = compiled;
      const client = new Client({ clientKey: "x" });
      await new Promise((resolve) => setTimeout(resolve, 50));
      const constructed = compiled;
      await client.ready();
      console.log(JSON.stringify({ imported, constructed, isCompiledNow: compiled > 0 }));
    `);
    assert.deepEqual(counts, { imported: 0, constructed: 0, isCompiledNow: true });
  });

  for (const [condition, entry] of [
    ["workerd", "dist/workerd.js"],
    ["node", "dist/node.js"],
  ]) {
    it(`resolves to ${entry} under the condition ${condition}`, async () => {
      const url = await runForJson(`console.log(JSON.stringify(import.meta.resolve("capwire")))`, {
        flags: [`--conditions=${condition}`],
      });
      assert.ok(url.endsWith(`/capwire/${entry}`), url);
    });
  }

  it("has the error classes alone, which are the same, without the module", async () => {
    const errors = await import("capwire/errors");
    const classes = Object.entries(capwire).filter(([name]) => CLASSES.includes(name));
    assert.deepEqual({ ...errors }, Object.fromEntries(classes));
    const source = await readFile(new URL(import.meta.resolve("capwire/errors")), "utf8");
    assert.ok(!/^import /m.test(source), "a content script gets these classes and nothing else");
  });

  it("has the wasm file as an export", async () => {
    const url = import.meta.resolve("capwire/capwire.wasm");
    assert.ok(await WebAssembly.compile(await readFile(new URL(url))));
  });
});

describe("new Client()", { concurrency: true, timeout: 120_000 }, () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const garbage = {
    nothing: undefined,
    null: null,
    "a number": 7,
    "the key alone": KEY,
    "a list": [KEY],
    "a symbol": Symbol("x"),
    "a function": () => {},
    "a bigint": 1n,
    "an empty object": {},
    "an empty key": { clientKey: "" },
    "a key that is a number": { clientKey: 5 },
    "a getter that throws": {
      get clientKey() {
        throw new Error("no");
      },
    },
    "a revoked proxy": proxy,
  };
  for (const [what, options] of Object.entries(garbage)) {
    it(`does not throw for ${what}, and ready() refuses it`, async () => {
      const client = new Client(options);
      await failure(client.ready(), OptionsError, "INVALID_OPTIONS", { origin: "client" });
      await failure(client.getBalance(), OptionsError, "INVALID_OPTIONS", { origin: "client" });
    });
  }

  it("ready() gives the profile in force", async () => {
    assert.deepEqual(await new Client({ clientKey: "x" }).ready(), {
      name: "capmonster",
      baseUrl: "https://api.capmonster.cloud",
      imageLimits: { minBytes: 100, maxBytes: 500_000 },
      reports: ["image", "token"],
      userAgentUrl: "https://capmonster.cloud/api/useragent/actual",
    });
    const changed = new Client({
      clientKey: "x",
      service: "brocapgpt",
      baseUrl: "http://127.0.0.1:1/a/path/",
      imageLimits: { maxBytes: 40_000 },
    });
    assert.deepEqual(await changed.ready(), {
      name: "brocapgpt",
      baseUrl: "http://127.0.0.1:1/a/path",
      imageLimits: { minBytes: 100, maxBytes: 40_000 },
      reports: [],
    });
  });

  it("takes a profile of the same shape as the built-in two", async () => {
    const service = {
      name: "another",
      baseUrl: "https://captcha.example/api",
      imageLimits: { minBytes: 1, maxBytes: 2 },
      reports: ["token"],
    };
    assert.deepEqual(await new Client({ clientKey: "x", service }).ready(), service);
  });
});

describe("a program ends by itself after the last call", {
  concurrency: 2,
  timeout: 60_000,
}, () => {
  const ends = {
    "a balance": "console.log(await client.getBalance())",
    "a solve": "console.log(await client.solveImage(image))",
    "a refusal": "await client.getTaskResult(5).catch((error) => console.log(error.code))",
    "an abort while sleeping": `
      const controller = new AbortController();
      const onProgress = () => setTimeout(() => controller.abort(), 20);
      await client.solve(${JSON.stringify(TOKEN_TASK)}, { signal: controller.signal, onProgress })
        .catch((error) => console.log(error.name))`,
    "an abort during a request": `
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 300);
      await hanging.getBalance({ signal: controller.signal }).catch((error) => console.log(error.name))`,
    "a request's timeout": "await hanging.getBalance().catch((error) => console.log(error.code))",
    "a solve's timeout": `
      await client.solve(${JSON.stringify(TOKEN_TASK)}, { timeoutMs: 300 })
        .catch((error) => console.log(error.code))`,
    "a fetch that never settles": `
      const stuck = new Client({ clientKey: "x", requestTimeoutMs: 300, fetch: () => new Promise(() => {}) });
      await stuck.getBalance().catch((error) => console.log(error.code))`,
    "an unused signal": `
      const signal = new AbortController().signal;
      console.log(await client.getBalance({ signal }))`,
  };
  const printed = {
    "a balance": "10",
    "a refusal": "ERROR_NO_SUCH_CAPCHA_ID",
    "an abort while sleeping": "AbortError",
    "an abort during a request": "AbortError",
    "a request's timeout": "REQUEST_TIMEOUT",
    "a solve's timeout": "SOLVE_TIMEOUT",
    "a fetch that never settles": "REQUEST_TIMEOUT",
    "an unused signal": "10",
  };
  for (const [what, lines] of Object.entries(ends)) {
    it(what, async (t) => {
      // No token is ready in time.
      const sandbox = await sandboxFor(t, { solveMs: what === "a solve's timeout" ? 60_000 : 0 });
      await sandbox.script({
        service: "brocapgpt",
        times: 5,
        reply: { kind: "hang", where: "before-headers" },
      });
      const { text, base64 } = await sandbox.captcha();
      const { stdout, stderr, code } = await run(`
        import { Client } from "capwire";
        const clientKey = "${KEY}", image = "${base64}";
        const client = new Client({ clientKey, baseUrl: "${sandbox.url()}" });
        const hanging = new Client({ clientKey, baseUrl: "${sandbox.url("brocapgpt")}", requestTimeoutMs: 1_500 });
        ${lines};
        const settled = performance.now();
        process.on("exit", () => console.log(performance.now() - settled));
      `);
      assert.equal(stderr, "");
      assert.equal(code, 0);
      const [said, lingeredMs] = stdout.trim().split("\n");
      assert.equal(said, printed[what] ?? text);
      assert.ok(Number(lingeredMs) < 1_000, `it lived on for ${lingeredMs} ms`);
    });
  }
});
