// Reports of wrong answers, and the User-Agent that tasks should carry.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Client,
  KeyError,
  OptionsError,
  TaskError,
  TaskNotFoundError,
  TransportError,
} from "capwire";
import { failure, rejection } from "./helpers/assertions.js";
import { KEY, sandboxFor, WRONG_KEY } from "./helpers/sandbox.js";

const TOKEN_TASK = {
  type: "TurnstileTask",
  websiteURL: "https://shop.example/login",
  websiteKey: "0x4AAA",
};

/** The sandbox as a custom service, whose User-Agent is at this path. */
function ownService(sandbox, path = "capmonster/api/useragent/actual") {
  return sandbox.client({
    service: {
      name: "own",
      baseUrl: sandbox.url(),
      imageLimits: { minBytes: 100, maxBytes: 500_000 },
      reports: ["image", "token"],
      userAgentUrl: `${sandbox.origin}/${path}`,
    },
    baseUrl: undefined,
  });
}

describe("reportIncorrect()", { concurrency: true, timeout: 120_000 }, () => {
  it("reports the text of an image, and a token, each to its own method", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    const { bytes } = await sandbox.captcha();
    const image = await client.createTask({ type: "ImageToTextTask", body: bytes });
    const token = await client.createTask(TOKEN_TASK);
    assert.equal(await client.reportIncorrect(image, "image"), undefined);
    assert.equal(await client.reportIncorrect(token, "token"), undefined);
    for (const [method, taskId] of [
      ["reportIncorrectImageCaptcha", image],
      ["reportIncorrectTokenCaptcha", token],
    ]) {
      const [request, ...more] = await sandbox.requests(method);
      assert.deepEqual(request.body, { clientKey: KEY, taskId });
      assert.equal(more.length, 0);
    }
  });

  it("of the wrong kind is refused by the service, and the right one still goes", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    const taskId = await client.createTask(TOKEN_TASK);
    const code = "ERROR_NO_SUCH_CAPCHA_ID";
    const method = "reportIncorrectImageCaptcha";
    const fields = { taskId, method, service: "capmonster", origin: "service" };
    await failure(client.reportIncorrect(taskId, "image"), TaskNotFoundError, code, fields);
    await client.reportIncorrect(taskId, "token");
  });

  it("is not sent to a service without it", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client({ service: "brocapgpt" });
    for (const kind of ["image", "token"]) {
      const fields = { option: "service", origin: "client", service: "brocapgpt", taskId: 5 };
      const refused = client.reportIncorrect(5, kind);
      const error = await failure(refused, OptionsError, "INVALID_OPTIONS", fields);
      assert.match(error.message, /brocapgpt, which does not support reportIncorrect/);
    }
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("is not sent with a wrong argument", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client();
    for (const kind of [undefined, null, "", "Image", "audio", 1, {}, Symbol("x")]) {
      const fields = { option: "kind", origin: "client" };
      await failure(client.reportIncorrect(5, kind), OptionsError, "INVALID_OPTIONS", fields);
    }
    for (const taskId of [undefined, 0, -1, 1.5, "", "0", "\n", {}]) {
      const fields = { field: "taskId", origin: "client" };
      const refused = client.reportIncorrect(taskId, "image");
      await failure(refused, TaskError, "INVALID_TASK", fields);
    }
    const fields = { option: "signal", origin: "client" };
    const refused = client.reportIncorrect(5, "image", { signal: 5 });
    await failure(refused, OptionsError, "INVALID_OPTIONS", fields);
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("is not sent after a wrong key, and can be aborted", async (t) => {
    const sandbox = await sandboxFor(t);
    const stranger = sandbox.client({ clientKey: WRONG_KEY });
    await rejection(stranger.getBalance());
    const code = "ERROR_KEY_DOES_NOT_EXIST";
    const refused = stranger.reportIncorrect(5, "image");
    await failure(refused, KeyError, code, { origin: "client", taskId: 5 });
    assert.equal((await sandbox.requests()).length, 1);

    await sandbox.script({ reply: { kind: "hang", where: "in-body" } });
    const signal = AbortSignal.timeout(200);
    const aborted = await rejection(sandbox.client().reportIncorrect(5, "image", { signal }));
    assert.equal(aborted, signal.reason);
  });
});

describe("getUserAgent()", { concurrency: true, timeout: 120_000 }, () => {
  it("is what the service says, without the end of its line", async (t) => {
    const sandbox = await sandboxFor(t);
    const agent = await ownService(sandbox).getUserAgent();
    assert.match(agent, /^Mozilla\/5\.0 \(Windows NT 10\.0; .* Chrome\/[\d.]+ Safari\/[\d.]+$/);
    const [request, ...more] = await sandbox.requests();
    assert.equal(more.length, 0);
    assert.equal(request.body, "");
    assert.ok(!JSON.stringify(request).includes(KEY), "the key was sent");
    assert.equal(request.headers["content-type"], undefined);
    assert.equal(request.headers.cookie, undefined);
  });

  it("is asked of the service's own address, with the injected fetch", async () => {
    const asked = [];
    const fetch = async (url, init) => {
      asked.push([url, init.method ?? "GET", init.body ?? null, init.redirect, init.credentials]);
      return new Response("Mozilla/5.0 (Windows NT 10.0)\r\n");
    };
    const client = new Client({ clientKey: KEY, fetch });
    assert.equal(await client.getUserAgent(), "Mozilla/5.0 (Windows NT 10.0)");
    const url = "https://capmonster.cloud/api/useragent/actual";
    assert.deepEqual(asked, [[url, "GET", null, "manual", "omit"]]);
  });

  it("is not asked of a service without it", async (t) => {
    const sandbox = await sandboxFor(t);
    const client = sandbox.client({ service: "brocapgpt" });
    const fields = { option: "service", origin: "client", method: "getUserAgent" };
    await failure(client.getUserAgent(), OptionsError, "INVALID_OPTIONS", fields);
    assert.deepEqual(await sandbox.requests(), []);
  });

  const answers = {
    "an empty text": { kind: "text" },
    "two lines": { kind: "text", body: "Mozilla/5.0\nMozilla/4.0" },
    "a page": { kind: "text", contentType: "text/html", body: "<!doctype html><p>Sign in</p>" },
    "an object": { kind: "json", body: { UserAgent: "Mozilla/5.0" } },
    "a JSON text": { kind: "json", body: "Mozilla/5.0" },
    "513 characters": { kind: "text", body: "M".repeat(513) },
    "a body of 6 MB": { kind: "big", bytes: 6_000_000 },
  };
  for (const [what, reply] of Object.entries(answers)) {
    it(`${what} is not a User-Agent`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ reply });
      const fields = { origin: "transport", method: "getUserAgent", service: "own" };
      const refused = ownService(sandbox).getUserAgent();
      await failure(refused, TransportError, "BAD_RESPONSE", fields);
    });
  }

  it("a redirect is refused, and another status is an error", async (t) => {
    const sandbox = await sandboxFor(t);
    const location = `${sandbox.origin}/sandbox`;
    await sandbox.script(
      { reply: { kind: "redirect", status: 302, location } },
      { reply: { kind: "text", status: 404, body: "Mozilla/5.0" } },
    );
    const client = ownService(sandbox);
    await failure(client.getUserAgent(), TransportError, "HTTP_STATUS", { httpStatus: 302 });
    await failure(client.getUserAgent(), TransportError, "HTTP_STATUS", { httpStatus: 404 });
    assert.equal((await sandbox.requests()).length, 2);
  });

  it("can be aborted, and its address is checked", async (t) => {
    const sandbox = await sandboxFor(t);
    await sandbox.script({ reply: { kind: "hang", where: "in-body" } });
    const signal = AbortSignal.timeout(200);
    assert.equal(await rejection(ownService(sandbox).getUserAgent({ signal })), signal.reason);

    const service = { ...(await ownService(sandbox).ready()), userAgentUrl: "http://x.example/" };
    const fields = { option: "service.userAgentUrl", origin: "client" };
    const wrong = new Client({ clientKey: KEY, service });
    await failure(wrong.getUserAgent(), OptionsError, "INVALID_OPTIONS", fields);
  });
});
