// An option that cannot be used is refused by its name, before anything is sent.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, OptionsError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

const profile = {
  name: "x",
  baseUrl: "https://x.example",
  imageLimits: { minBytes: 1, maxBytes: 2 },
  reports: [],
};

/** The option that is named, and a value that is refused. */
const CLIENT_OPTIONS = [
  ["clientKey", undefined],
  ["clientKey", null],
  ["clientKey", ""],
  ["clientKey", 5],
  ["clientKey", {}],
  ["service", "capmonster.cloud"],
  ["service", "CapMonster"],
  ["service", ""],
  ["service", null],
  ["service", 5],
  ["service", []],
  ["service.name", { ...profile, name: undefined }, "service"],
  ["service.baseUrl", { ...profile, baseUrl: undefined }, "service"],
  ["service.baseUrl", { ...profile, baseUrl: "http://x.example" }, "service"],
  ["service.imageLimits", { ...profile, imageLimits: undefined }, "service"],
  ["service.reports", { ...profile, reports: ["all"] }, "service"],
  ["baseUrl", "http://api.example"],
  ["baseUrl", "http://127.0.0.1.example.com"],
  ["baseUrl", "http://localhost.example.com"],
  // Not every resolver keeps it on this machine.
  ["baseUrl", "http://api.localhost"],
  ["baseUrl", "ftp://127.0.0.1"],
  ["baseUrl", "//127.0.0.1"],
  ["baseUrl", "api.example"],
  ["baseUrl", ""],
  ["baseUrl", "https://"],
  ["baseUrl", "https://user@api.example"],
  ["baseUrl", "https://user:password@api.example"],
  ["baseUrl", "https://api.example/?a=b"],
  ["baseUrl", "https://api.example/#a"],
  ["baseUrl", "https://api.example/ x"],
  ["baseUrl", "https://api.example\\@evil.example"],
  ["baseUrl", "https://api.example:99999"],
  ["baseUrl", 5],
  ["baseUrl", null],
  ["imageLimits", 5],
  ["imageLimits", null],
  ["imageLimits", { minBytes: 200, maxBytes: 100 }],
  ["requestTimeoutMs", 0],
  ["requestTimeoutMs", -1],
  ["requestTimeoutMs", 1.5],
  ["requestTimeoutMs", Number.NaN],
  ["requestTimeoutMs", Number.POSITIVE_INFINITY],
  ["requestTimeoutMs", 2 ** 31],
  ["requestTimeoutMs", "1000"],
  ["maxRetries", -1],
  ["maxRetries", 11],
  ["maxRetries", 0.5],
  ["softId", "5"],
  ["softId", -1],
  ["keepAlive", null],
  ["keepAlive", 1],
  ["keepAlive", "true"],
  ["fetch", null],
  ["fetch", "fetch"],
  ["fetch", {}],
  ["clientkey", "x"],
  ["apiKey", "x"],
  ["timeoutMs", 5],
];

const CALL_OPTIONS = [
  ["signal", null],
  ["signal", {}],
  ["signal", "abort"],
  ["signal", new AbortController()],
  ["signal", { aborted: false }],
  ["onProgress", null],
  ["onProgress", "log"],
  ["onProgress", {}],
  ["timeoutMs", 0],
  ["timeoutMs", -5],
  ["timeoutMs", 2 ** 31],
  ["timeoutMs", "5000"],
  ["pollIntervalMs", 1_999],
  ["pollIntervalMs", 0],
  ["pollIntervalMs", 2_000.5],
  ["pollIntervalMs", "3000"],
  ["callbackUrl", "example.com"],
  ["callbackUrl", ""],
  ["callbackUrl", 5],
  ["timeout", 5],
  ["pollInterval", 5],
];

function shown(value) {
  if (value instanceof AbortController) return "an AbortController";
  return typeof value === "string" || typeof value === "object"
    ? JSON.stringify(value)
    : String(value);
}

describe("the options of a client", { timeout: 120_000 }, () => {
  for (const [option, value, member = option] of CLIENT_OPTIONS) {
    it(`${member}: ${shown(value)}`, async () => {
      const client = new Client({ clientKey: "x", [member]: value });
      const error = await failure(client.ready(), OptionsError, "INVALID_OPTIONS", {
        option,
        origin: "client",
        retryable: false,
      });
      assert.ok(error.message.includes(option), error.message);
      await failure(client.getBalance(), OptionsError, "INVALID_OPTIONS", { option });
    });
  }

  for (const baseUrl of [
    "https://api.example",
    "https://api.example:8443/a/path",
    "http://127.0.0.1:8080",
    "http://127.9.9.9",
    "http://localhost:1",
    "http://[::1]:8080/x",
    "HTTPS://API.EXAMPLE",
  ]) {
    it(`baseUrl: ${baseUrl} is taken as it is`, async () => {
      assert.equal((await new Client({ clientKey: "x", baseUrl }).ready()).baseUrl, baseUrl);
    });
  }

  it("are read once: what is changed afterwards changes nothing", async (t) => {
    const sandbox = await sandboxFor(t);
    const { text, bytes } = await sandbox.captcha();
    const options = { clientKey: "x", baseUrl: sandbox.url() };
    const client = new Client({ ...options, clientKey: "5a4db0c5a4db0c5a4db0c5a4db0c5a4d" });
    options.baseUrl = "http://127.0.0.1:1";
    assert.equal(await client.solveImage(bytes), text);
  });
});

describe("the options of a call", { timeout: 120_000 }, () => {
  for (const [option, value] of CALL_OPTIONS) {
    it(`${option}: ${shown(value)}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const client = sandbox.client();
      const options = { [option]: value };
      const fields = { option, origin: "client", retryable: false };
      for (const call of [
        client.solve(TOKEN_TASK, options),
        client.solveImage(new Uint8Array(200), options),
        client.createTask(TOKEN_TASK, options),
        client.waitForResult(5, options),
        client.getTaskResult(5, options),
        client.getBalance(options),
      ]) {
        const error = await failure(call, OptionsError, "INVALID_OPTIONS", fields);
        assert.ok(error.message.includes(option), error.message);
      }
      assert.deepEqual(await sandbox.requests(), []);
    });
  }

  for (const options of [null, 5, "x", [], () => {}]) {
    it(`are not ${shown(options)}`, async (t) => {
      const sandbox = await sandboxFor(t);
      await failure(sandbox.client().getBalance(options), OptionsError, "INVALID_OPTIONS");
      assert.deepEqual(await sandbox.requests(), []);
    });
  }
});
