// Messages and hints in Russian, with and without the sandbox, and the fallback where a translation is missing.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AccessError,
  BalanceError,
  CapacityError,
  CaptchaError,
  Client,
  DomainError,
  errorTable,
  ImageError,
  KeyError,
  OptionsError,
  ProxyError,
  RateLimitError,
  SolveTimeoutError,
  TaskError,
  TaskNotFoundError,
  TransportError,
  UnknownServiceError,
  UnsolvableError,
} from "capwire";
import ru from "capwire/ru";
import { everythingIn, failure } from "./helpers/assertions.js";
import { deadUrl, KEY, ownFetch, Sandbox, WRONG_KEY } from "./helpers/sandbox.js";

const TASK = { type: "TurnstileTask", websiteURL: "https://a.example", websiteKey: "k" };

/** The placeholders of a text, in any order. */
const places = (text) => [...new Set(text.match(/\{[^{}]*\}/g) ?? [])].sort();

/** Names of the protocol stay in Latin letters, but a sentence begins with a Russian word. */
const isRussian = (text) => /^[А-ЯЁ]/.test(text) && !/[{}]/.test(text);

/** @param {CaptchaError} error */
function assertRussian(error) {
  assert.ok(isRussian(error.message), error.message);
  assert.ok(isRussian(error.hint), error.hint);
  assert.ok(!everythingIn(error).includes(KEY), "the key is in the error");
}

describe("the Russian catalogue", () => {
  it("has every code, in Russian", async () => {
    const rows = await errorTable();
    assert.deepEqual(Object.keys(ru.codes).sort(), rows.map((row) => row.code).sort());
    for (const { code } of rows) {
      const { message, hint } = ru.codes[code];
      assert.ok(isRussian(message) && !message.endsWith("."), message);
      assert.ok(isRussian(hint) && hint.endsWith("."), hint);
    }
  });

  it("has the same places in each text as the English one", () => {
    for (const [english, russian] of Object.entries(ru.texts)) {
      assert.deepEqual(places(russian), places(english), english);
    }
  });
});

describe("a client that speaks Russian", () => {
  /** @type {Sandbox} */
  let sandbox;
  before(async () => {
    sandbox = await Sandbox.start();
  });
  after(() => sandbox.stop());

  const russian = (options) =>
    sandbox.client({ messages: ru, maxRetries: 0, fetch: ownFetch(), ...options });

  for (const [code, ErrorClass] of [
    ["ERROR_KEY_DOES_NOT_EXIST", KeyError],
    ["ERROR_ZERO_BALANCE", BalanceError],
    ["ERROR_TOO_BIG_CAPTCHA_FILESIZE", ImageError],
    ["ERROR_INVALID_TASK", TaskError],
    ["ERROR_DOMAIN_NOT_ALLOWED", DomainError],
    ["ERROR_PROXY_BANNED", ProxyError],
    ["ERROR_PROXY_OF_NEXT_YEAR", ProxyError],
    ["ERROR_IP_BLOCKED", AccessError],
    ["ERROR_NO_SUCH_CAPCHA_ID", TaskNotFoundError],
    ["ERROR_CAPTCHA_UNSOLVABLE", UnsolvableError],
    ["ERROR_NO_SLOT_AVAILABLE", CapacityError],
    ["ERROR_TOO_MUCH_REQUESTS", RateLimitError],
    ["ERROR_OF_NEXT_YEAR", UnknownServiceError],
  ]) {
    it(`says ${code} in Russian, with the same class and code`, async () => {
      await sandbox.script({ reply: { kind: "error", code } });
      const error = await failure(russian().createTask(TASK), ErrorClass, code, {
        origin: "service",
        serverCode: code,
      });
      assertRussian(error);
      const known = ru.codes[code];
      if (known !== undefined) {
        assert.ok(error.message.startsWith(known.message), error.message);
        assert.equal(error.hint, known.hint);
      }
    });
  }

  it("repeats a refusal in Russian", async () => {
    const client = sandbox.client({ clientKey: WRONG_KEY, messages: ru });
    await failure(client.getBalance(), KeyError, "ERROR_KEY_DOES_NOT_EXIST");
    const again = await failure(client.getBalance(), KeyError, "ERROR_KEY_DOES_NOT_EXIST", {
      origin: "client",
    });
    assertRussian(again);
    assert.match(again.message, /не отправлен/);
  });

  it("says in Russian that nobody answers, and that a task may exist", async () => {
    const client = new Client({ clientKey: KEY, baseUrl: await deadUrl(), messages: ru });
    const error = await failure(client.createTask(TASK), TransportError, "NETWORK", {
      mayHaveCreatedTask: true,
    });
    assertRussian(error);
    assert.match(error.hint, /могла быть создана/);
  });

  it("says in Russian that a task is not ready in time, and why it asked again", async () => {
    const reply = { kind: "text", status: 502, body: "<html>" };
    await sandbox.script({ method: "getTaskResult", reply });
    const heard = [];
    const options = { timeoutMs: 1_800, onProgress: (event) => heard.push(event) };
    const { bytes } = await sandbox.captcha();
    const solving = russian().solve({ type: "ImageToTextTask", body: bytes }, options);
    const error = await failure(solving, SolveTimeoutError, "SOLVE_TIMEOUT");
    assertRussian(error);
    assert.ok(error.cause instanceof TransportError);
    assertRussian(error.cause);
    const retries = heard.filter((event) => event.type === "retry");
    assert.equal(retries.length, 1);
    assert.ok(isRussian(retries[0].message), retries[0].message);
  });

  it("says local refusals in Russian, those of JavaScript's own values too", async () => {
    const client = russian();
    const bad = /** @type {never} */ (5);
    for (const [call, ErrorClass, code] of [
      [client.solveImage(new Uint8Array(9)), ImageError, "ERROR_ZERO_CAPTCHA_FILESIZE"],
      [client.solveImage("?"), ImageError, "INVALID_IMAGE"],
      [client.createTask(bad), TaskError, "INVALID_TASK"],
      [client.createTask({ ...TASK, websiteURL: "a" }), TaskError, "INVALID_TASK"],
      [client.getTaskResult(-1), TaskError, "INVALID_TASK"],
      [client.getBalance({ signal: bad }), OptionsError, "INVALID_OPTIONS"],
      [client.solve(TASK, { onProgress: bad }), OptionsError, "INVALID_OPTIONS"],
      [client.solve(TASK, { timeoutMs: 0 }), OptionsError, "INVALID_OPTIONS"],
      [client.solveAll(bad).next(), TaskError, "INVALID_TASK"],
      [russian({ maxRetries: 1.5 }).ready(), OptionsError, "INVALID_OPTIONS"],
      [russian({ fetch: bad }).ready(), OptionsError, "INVALID_OPTIONS"],
      [Client.parseCallback(bad, { messages: ru }), OptionsError, "INVALID_OPTIONS"],
      [Client.parseCallback("<html>", { messages: ru }), TransportError, "BAD_RESPONSE"],
    ]) {
      assertRussian(await failure(call, ErrorClass, code, {}));
    }
  });

  it("keeps the values of a message", async () => {
    const error = await failure(
      russian().solveImage(new Uint8Array(9)),
      ImageError,
      "ERROR_ZERO_CAPTCHA_FILESIZE",
      { size: 9, limit: 100 },
    );
    assert.equal(
      error.message,
      "Изображение меньше, чем принимает сервис: размер 9 байт (допустимо от 100 до 500000)",
    );
  });

  it("keeps its language through JSON", async () => {
    const error = await failure(russian().solveImage("?"), ImageError, "INVALID_IMAGE");
    const copy = CaptchaError.fromJSON(JSON.parse(JSON.stringify(error)));
    assert.deepEqual([copy.message, copy.hint], [error.message, error.hint]);
    assert.equal(copy.constructor, ImageError);
  });
});

describe("a catalogue of one's own", () => {
  const refused = async (messages) => {
    const client = new Client({ clientKey: KEY, messages });
    return failure(client.solveImage("?"), ImageError, "INVALID_IMAGE");
  };

  it("may be a part: the rest is English", async () => {
    const english = await refused(undefined);
    const hint = "Bitte ein anderes Bild.";
    const error = await refused({ codes: { INVALID_IMAGE: { hint } } });
    assert.deepEqual([error.message, error.hint], [english.message, hint]);
    const texts = { "'{character}' is not a base64 character": "{character}{character}!" };
    const other = await refused({ texts });
    assert.match(other.message, /: \?\?!$/);
    assert.equal(other.hint, english.hint);
  });

  it("may have any shape: where a text is missing, throws or is not a string, it is English", async () => {
    const english = await refused(undefined);
    const throwing = () => {
      throw new Error("no");
    };
    for (const messages of [
      {},
      { codes: null, texts: 5 },
      { codes: { INVALID_IMAGE: { message: 5, hint: "" } } },
      { codes: { INVALID_IMAGE: "x" } },
      Object.defineProperty({}, "codes", { get: throwing, enumerable: true }),
      new Proxy({}, { get: throwing }),
      { ...(await import("capwire/ru")) },
    ]) {
      const error = await refused(messages);
      assert.deepEqual([error.message, error.hint], [english.message, english.hint]);
    }
  });

  it("must be an object", async () => {
    for (const messages of ["ru", null, 5, true, [], () => ru, new Uint8Array(5)]) {
      const client = new Client({ clientKey: KEY, messages });
      await failure(client.ready(), OptionsError, "INVALID_OPTIONS", { option: "messages" });
      const parsing = Client.parseCallback("{}", { messages });
      await failure(parsing, OptionsError, "INVALID_OPTIONS", { option: "messages" });
    }
  });
});
