// The options as far as JavaScript matters: its own kinds of values, signals, functions, and that every method reads
// them. The rules for each option are tested in Rust.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Client, OptionsError } from "capwire";
import { failure } from "./helpers/assertions.js";
import { sandboxFor, TOKEN_TASK } from "./helpers/sandbox.js";

/** The option that is named, and a value that is refused. */
const CLIENT_OPTIONS = [
  ["clientKey", undefined],
  ["clientKey", Symbol("key")],
  ["clientKey", new String("key")],
  ["service", () => "capmonster"],
  ["baseUrl", new URL("https://api.example")],
  // Not every resolver maps it to this machine.
  ["baseUrl", "http://api.localhost"],
  ["imageLimits", () => {}],
  ["requestTimeoutMs", 2 ** 31],
  ["requestTimeoutMs", 1_000n],
  ["requestTimeoutMs", new Number(1_000)],
  ["requestTimeoutMs", new Date()],
  ["maxRetries", -1],
  ["softId", "5"],
  ["keepAlive", new Boolean(true)],
  ["fetch", null],
  ["fetch", "fetch"],
  ["fetch", {}],
  ["apiKey", "x"],
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
  ["timeoutMs", 5_000n],
  ["firstDelayMs", -1],
  ["pollIntervalMs", 1_999],
  ["callbackUrl", new URL("https://me.example")],
  ["timeout", 5],
];

const shown = (value) => (value instanceof URL ? "a URL" : inspect(value));

describe("the options of a client", { timeout: 120_000 }, () => {
  for (const [option, value] of CLIENT_OPTIONS) {
    it(`${option}: ${shown(value)}`, async () => {
      const client = new Client({ clientKey: "x", [option]: value });
      const error = await failure(client.ready(), OptionsError, "INVALID_OPTIONS", {
        option,
        origin: "client",
        retryable: false,
      });
      assert.ok(error.message.includes(option), error.message);
      await failure(client.getBalance(), OptionsError, "INVALID_OPTIONS", { option });
    });
  }

  it("baseUrl is taken as it is", async () => {
    const baseUrl = "HTTPS://API.EXAMPLE:8443/a/Path";
    assert.equal((await new Client({ clientKey: "x", baseUrl }).ready()).baseUrl, baseUrl);
  });

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
        client.solveImage(new Uint8Array(200).fill(7), options),
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

  for (const options of [null, [], () => {}, Symbol("options")]) {
    it(`are not ${shown(options)}`, async (t) => {
      const sandbox = await sandboxFor(t);
      await failure(sandbox.client().getBalance(options), OptionsError, "INVALID_OPTIONS");
      assert.deepEqual(await sandbox.requests(), []);
    });
  }
});
