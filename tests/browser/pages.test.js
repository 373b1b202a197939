// The package in Chromium: a page without a bundler, a worker, and two Content Security Policies.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "../node/helpers/assertions.js";
import { deadUrl, KEY, SERVICES, sandboxFor, WRONG_KEY } from "../node/helpers/sandbox.js";
import { startBrowser } from "./helpers/chromium.js";

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.stop());

/** A client's options for a sandbox. */
const optionsFor = (sandbox, options) => ({ clientKey: KEY, baseUrl: sandbox.url(), ...options });

const attempt = (page, order) => page.evaluate((order) => globalThis.attempt(order), order);

/** Fails unless a call failed with this class, code and fields. */
function assertFailed(outcome, name, code, fields = {}) {
  assert.ok(outcome.failure, JSON.stringify(outcome));
  assert.equal(outcome.isOfClass, true);
  const expected = { name, code, ...fields };
  const found = Object.fromEntries(
    Object.keys(expected).map((field) => [field, outcome.failure[field]]),
  );
  assert.deepEqual(found, expected, JSON.stringify(outcome.failure));
}

describe("a page", { timeout: 300_000 }, () => {
  for (const { service } of SERVICES) {
    it(`${service}: solves a captcha in every form`, async (t) => {
      const sandbox = await sandboxFor(t);
      const page = await browser.open(t, "plain.html");
      const { text, base64 } = await sandbox.captcha();
      const options = optionsFor(sandbox, { service, baseUrl: sandbox.url(service) });
      const forms = ["bytes", "ArrayBuffer", "Blob", "File", "base64", "a data: URL"];
      forms.push("a Response", "a promise of a Response", "a stream");
      const outcomes = await Promise.all(
        forms.map((form) =>
          attempt(page, { options, call: "solveImage", given: { form, base64 } }),
        ),
      );
      assert.deepEqual(
        outcomes,
        forms.map(() => ({ value: text })),
      );
      for (const { body, headers } of await sandbox.requests("createTask")) {
        assert.equal(body.task.body, base64);
        assert.ok(!("referer" in headers) && !("cookie" in headers));
        assert.ok(!JSON.stringify(headers).includes(KEY));
      }
    });
  }

  for (const form of ["an HTMLCanvasElement", "an OffscreenCanvas", "an ImageBitmap"]) {
    it(`sends ${form} as PNG`, async (t) => {
      const sandbox = await sandboxFor(t);
      const page = await browser.open(t, "plain.html");
      const { base64 } = await sandbox.captcha();
      const order = { options: optionsFor(sandbox), call: "solveImage", given: { form, base64 } };
      await attempt(page, order);
      const [{ body }] = await sandbox.requests("createTask");
      assert.match(body.task.body, /^iVBORw0KGgo/);
    });
  }

  for (const [form, code, words] of [
    ["an empty canvas", "ERROR_ZERO_CAPTCHA_FILESIZE", /an empty canvas or data: URL: 0 bytes/],
    ["a closed ImageBitmap", "ERROR_ZERO_CAPTCHA_FILESIZE", /an empty canvas/],
    ["a File of no bytes", "ERROR_ZERO_CAPTCHA_FILESIZE", /0 bytes/],
    ["a File of HTML", "INVALID_IMAGE", /HTML/],
    ["ImageData", "INVALID_IMAGE", /raw pixels/],
    ["an element", "INVALID_IMAGE", /a HTMLImageElement/],
    ["a Request", "INVALID_IMAGE", /a Request/],
  ]) {
    it(`does not send ${form}`, async (t) => {
      const sandbox = await sandboxFor(t);
      const page = await browser.open(t, "plain.html");
      const { base64 } = await sandbox.captcha();
      const order = { options: optionsFor(sandbox), call: "solveImage", given: { form, base64 } };
      const outcome = await attempt(page, order);
      assertFailed(outcome, "ImageError", code, { origin: "client" });
      assert.match(outcome.failure.message, words);
      assert.deepEqual(await sandbox.requests(), []);
    });
  }

  it("sends an image of its own, which the service may not know", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    const { base64 } = await sandbox.captcha();
    const given = { form: "a canvas's Blob", base64 };
    const outcome = await attempt(page, {
      options: optionsFor(sandbox),
      call: "solveImage",
      given,
    });
    assertFailed(outcome, "UnsolvableError", "ERROR_CAPTCHA_UNSOLVABLE", { origin: "service" });
    const [{ body }] = await sandbox.requests("createTask");
    assert.match(body.task.body, /^iVBORw0KGgo/);
  });

  it("gets a local error for an image that is too small", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    const outcome = await attempt(page, { options: optionsFor(sandbox), call: "solveEmpty" });
    assertFailed(outcome, "ImageError", "ERROR_ZERO_CAPTCHA_FILESIZE", { size: 99, limit: 100 });
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("gets a KeyError for a wrong key", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    const options = optionsFor(sandbox, { clientKey: WRONG_KEY });
    const outcome = await attempt(page, { options, call: "theUsersOwnFunction" });
    assertFailed(outcome, "KeyError", "ERROR_KEY_DOES_NOT_EXIST", {
      origin: "service",
      httpStatus: 200,
    });
    assert.match(outcome.stack, /^KeyError: /);
    assert.match(outcome.stack, /theUsersOwnFunction/);
    assert.ok(!JSON.stringify(outcome).includes(WRONG_KEY));
  });

  for (const [what, reason] of [
    ["the default reason", undefined],
    ["a reason of its own", "enough"],
  ]) {
    it(`aborts with ${what}, and the service sees it`, async (t) => {
      const sandbox = await sandboxFor(t);
      await sandbox.script({ reply: { kind: "hang", where: "in-body" } });
      const page = await browser.open(t, "plain.html");
      const options = optionsFor(sandbox);
      const outcome = await attempt(page, { options, call: "abort", given: reason });
      assert.deepEqual(outcome, { value: { isTheReason: true } });
      const left = async () => (await sandbox.requests())[0]?.aborted;
      await eventually(left, "the client left", 30_000);
    });
  }

  it("gets a TransportError from a dead port", async (t) => {
    const page = await browser.open(t, "plain.html");
    const options = { clientKey: KEY, baseUrl: await deadUrl() };
    const outcome = await attempt(page, { options, call: "createTask" });
    assertFailed(outcome, "TransportError", "NETWORK", {
      origin: "transport",
      mayHaveCreatedTask: true,
    });
    assert.equal(outcome.failure.cause.name, "TypeError");
  });

  for (const [what, reply, code] of [
    ["reset", { kind: "reset" }, "NETWORK"],
    ["cut", { kind: "cut" }, "NETWORK"],
    ["hanging", { kind: "hang", where: "after-headers" }, "REQUEST_TIMEOUT"],
  ]) {
    it(`gets a TransportError from a connection that is ${what}`, async (t) => {
      const sandbox = await sandboxFor(t);
      // Chromium itself repeats a request whose connection was reset before any answer.
      await sandbox.script({ times: 9, reply });
      const page = await browser.open(t, "plain.html");
      const options = optionsFor(sandbox, { requestTimeoutMs: 1_500 });
      const outcome = await attempt(page, { options, call: "createTask" });
      assertFailed(outcome, "TransportError", code, { mayHaveCreatedTask: true });
    });
  }

  it("gets a TransportError from an error of another realm, and no hang", async (t) => {
    const page = await browser.open(t, "plain.html");
    const outcome = await attempt(page, { options: { clientKey: "x" }, call: "alienRejection" });
    assertFailed(outcome, "TransportError", "NETWORK", { origin: "transport" });
    assert.match(outcome.failure.message, /from elsewhere/);
  });

  for (const status of [302, 307]) {
    it(`does not follow a redirect (${status})`, async (t) => {
      const [sandbox, elsewhere] = await Promise.all([sandboxFor(t), sandboxFor(t)]);
      const location = `${elsewhere.url()}/createTask`;
      await sandbox.script({ reply: { kind: "redirect", status, location } });
      const page = await browser.open(t, "plain.html");
      const outcome = await attempt(page, { options: optionsFor(sandbox), call: "createTask" });
      assertFailed(outcome, "TransportError", "HTTP_STATUS", {
        origin: "transport",
        mayHaveCreatedTask: false,
      });
      assert.equal((await sandbox.requests()).length, 1);
      assert.deepEqual(await elsewhere.requests(), []);
    });
  }

  it("loads the module once for two first calls", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    const loaded = [];
    page.on("request", (request) => {
      if (request.url().endsWith(".wasm")) loaded.push(request.url());
    });
    const outcome = await attempt(page, { options: optionsFor(sandbox), call: "twoFirstCalls" });
    assert.deepEqual(outcome, { value: [10, 10] });
    assert.equal(loaded.length, 1);
  });

  it("gets an InternalError when the module cannot be fetched, and can try again", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    await page.route("**/*.wasm", (route) => route.abort());
    const order = { options: optionsFor(sandbox), call: "getBalance" };
    assertFailed(await attempt(page, order), "InternalError", "INTERNAL", { origin: "client" });
    await page.unroute("**/*.wasm");
    assert.deepEqual(await attempt(page, order), { value: 10 });
  });

  it("gets an InternalError when something else comes in the module's place", async (t) => {
    const page = await browser.open(t, "plain.html");
    await page.route("**/*.wasm", (route) =>
      route.fulfill({ status: 404, contentType: "text/html", body: "<h1>not found</h1>" }),
    );
    const outcome = await attempt(page, { options: { clientKey: "x" }, call: "ready" });
    assertFailed(outcome, "InternalError", "INTERNAL", { origin: "client" });
  });

  it("takes the module under another content type", async (t) => {
    const page = await browser.open(t, "plain.html");
    await page.route("**/*.wasm", async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), "content-type": "application/octet-stream" };
      await route.fulfill({ response, headers });
    });
    const outcome = await attempt(page, { options: { clientKey: "x" }, call: "ready" });
    assert.equal(outcome.value?.name, "capmonster", JSON.stringify(outcome));
  });
});

describe("a module worker", { timeout: 300_000 }, () => {
  it("solves a captcha", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    const { text, base64 } = await sandbox.captcha();
    const outcome = await page.evaluate((order) => globalThis.attemptInWorker(order), {
      options: optionsFor(sandbox),
      call: "solveImage",
      given: { form: "Blob", base64 },
    });
    assert.deepEqual(outcome, { value: text });
  });

  it("gets errors of their classes", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    const outcome = await page.evaluate((order) => globalThis.attemptInWorker(order), {
      options: optionsFor(sandbox),
      call: "getTaskResult",
    });
    assertFailed(outcome, "TaskNotFoundError", "ERROR_NO_SUCH_CAPCHA_ID", { taskId: 4711 });
  });
});

describe("a Content Security Policy", { timeout: 300_000 }, () => {
  it("with 'wasm-unsafe-eval' is enough", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "csp-allowed.html");
    const { text, base64 } = await sandbox.captcha();
    const given = { form: "bytes", base64 };
    const outcome = await attempt(page, {
      options: optionsFor(sandbox),
      call: "solveImage",
      given,
    });
    assert.deepEqual(outcome, { value: text });
  });

  it("without it gives an InternalError that names it", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "csp-refused.html");
    const outcome = await attempt(page, { options: optionsFor(sandbox), call: "getBalance" });
    assertFailed(outcome, "InternalError", "INTERNAL", { origin: "client" });
    assert.match(outcome.failure.hint, /'wasm-unsafe-eval'/);
    assert.deepEqual(await sandbox.requests(), []);
  });
});
