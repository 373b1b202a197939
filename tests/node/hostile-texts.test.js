// Texts of strangers: what a service, a platform or a message from elsewhere wrote, as it reaches people.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as capwire from "capwire";
import { rejection } from "./helpers/assertions.js";
import { KEY } from "./helpers/sandbox.js";

const { CaptchaError, Client, KeyError, UnknownServiceError } = capwire;

/** What must be in no text for people. Not the expression of the package: each kind is listed. */
const INVISIBLE = new RegExp(
  `[${["Cc", "Cf", "Cs", "Zl", "Zp"].map((kind) => `\\p{${kind}}`).join("")}` +
    "\\u034f\\u115f\\u1160\\u180b-\\u180f\\u2065\\u3164\\ufe00-\\ufe0f\\uffa0\\u{e0000}-\\u{e0fff}]",
  "u",
);

/** One text for each kind of character that drives a terminal, turns text round, or is not seen. */
const HOSTILE = {
  "a terminal's escapes": "a\u001b]0;title\u0007\u001b[2Jb\u009b31mc\u0000\u007f",
  "line breaks": "a\r\nb\nc\u0085d\u2028e\u2029f\u000bg",
  "bidirectional marks": "a\u202eb\u202dc\u2066d\u2067e\u2068f\u2069g\u200fh\u061ci",
  "soft hyphens and zero widths": "a\u00adb\u200bc\u200cd\u200de\u2060f\ufeffg\u180eh",
  "variation selectors and fillers": "a\ufe0fb\u{e0100}c\u3164d\uffa0e\u115ff\u034fg",
  "tags, which spell words": "a\u{e0041}\u{e0042}\u{e007f}b\u{e0001}c",
  "lone surrogates": "a\ud800b\udfffc",
  "annotations and music": "a\ufff9b\ufffac\u{1d173}d",
};

const visible = (error) => {
  for (let each = error; each; each = each.cause) {
    for (const name of [
      "name",
      "message",
      "hint",
      "code",
      "origin",
      "field",
      "option",
      "service",
    ]) {
      const text = each[name];
      if (text === undefined) continue;
      assert.equal(typeof text, "string", name);
      assert.doesNotMatch(text, INVISIBLE, `${name}: ${JSON.stringify(text)}`);
      assert.ok(text.length <= 1_000, `${name} has ${text.length} characters`);
    }
    assert.doesNotMatch(each.stack.split("\n    at ")[0], INVISIBLE);
  }
};

const answering = (body, init) =>
  new Client({ clientKey: KEY, maxRetries: 0, fetch: async () => Response.json(body, init) });

describe("a service's text", { concurrency: true }, () => {
  for (const [what, text] of Object.entries(HOSTILE)) {
    it(`with ${what} is clean in message, hint and code, and verbatim in its own field`, async () => {
      for (const body of [
        { errorId: 1, errorCode: `ERROR_${text}`, errorDescription: text },
        { errorId: 1, errorDescription: text },
        { errorId: 1, errorCode: "ERROR_INVALID_TASK", errorDescription: text },
      ]) {
        const error = await rejection(answering(body).getBalance());
        assert.ok(CaptchaError.is(error));
        visible(error);
        assert.match(error.message, /a.*b/);
        // In the module texts are UTF-8, which has no lone surrogates.
        assert.equal(error.serverMessage, text.toWellFormed?.() ?? error.serverMessage);
        visible(CaptchaError.fromJSON(structuredClone(error.toJSON())));
      }
    });

    it(`with ${what} is clean where it is quoted`, async () => {
      // A task's id may be any text.
      const states = [{ status: text }, { status: "ready", solution: null, taskId: text }];
      for (const state of states) {
        visible(await rejection(answering({ errorId: 0, ...state }).getTaskResult(5)));
      }
      const page = new Client({ clientKey: KEY, fetch: async () => new Response(text) });
      visible(await rejection(page.getBalance()));
      visible(await rejection(page.getUserAgent()));
      visible(await rejection(Client.parseCallback(text)));
      visible(await rejection(Client.parseCallback({ errorId: 1, errorCode: text })));
    });

    it(`with ${what} is clean in an event`, async () => {
      const codes = [`ERROR_NO_SLOT_AVAILABLE`, "ERROR_ZERO_BALANCE"];
      const client = new Client({
        clientKey: KEY,
        maxRetries: 1,
        fetch: async () =>
          codes.length === 2
            ? new Response(text, { status: 503, headers: { "retry-after": codes.pop() && "0" } })
            : Response.json({ errorId: 1, errorCode: codes.pop() }),
      });
      const events = [];
      const onProgress = (event) => events.push(event);
      await rejection(client.createTask({ type: "MadeUpTask" }, { onProgress }));
      assert.equal(events.length, 1);
      assert.equal(events[0].type, "retry");
      assert.match(events[0].message, /a.*b/);
      assert.doesNotMatch(events[0].message, INVISIBLE);
    });

    it(`with ${what} is clean in the errors of an injected fetch`, async () => {
      const inner = Object.assign(new Error(text), { name: text, code: text });
      const fetch = async () => {
        throw Object.assign(new TypeError(text, { cause: inner }), { code: text });
      };
      const error = await rejection(new Client({ clientKey: KEY, fetch }).getBalance());
      assert.equal(error.code, "NETWORK");
      visible(error);
    });
  }

  it("of megabytes is kept in part", async () => {
    const huge = "A".repeat(1_500_000);
    const error = await rejection(
      answering({ errorId: 1, errorCode: `ERROR_${huge}`, errorDescription: huge }).getBalance(),
    );
    assert.ok(error instanceof UnknownServiceError);
    assert.equal(error.code.length, 200);
    assert.equal(error.serverCode, error.code);
    assert.equal(error.serverMessage, huge.slice(0, 4_096));
    assert.ok(error.message.length < 500);
    const again = await rejection(
      answering({ errorId: 0, status: huge, taskId: huge }).getTaskResult(5),
    );
    assert.ok(again.message.length < 500);
    const fetch = async () => {
      throw Object.assign(new TypeError(huge), { name: huge, code: huge });
    };
    const broken = await rejection(new Client({ clientKey: KEY, fetch }).getBalance());
    for (const text of [broken.message, broken.cause.message, broken.cause.name]) {
      assert.ok(text.length < 600, `${text.length} characters`);
    }
  });

  it("that is cut within the key shows no part of it", async () => {
    for (const [length, make] of [
      [200, (text) => ({ errorId: 1, errorCode: text })],
      [4_096, (text) => ({ errorId: 1, errorCode: "ERROR_X", errorDescription: text })],
      [1_000, (text) => ({ errorId: 0, status: text })],
    ]) {
      for (const shown of [9, 16, 31, 32]) {
        const before = " ".repeat(length - shown);
        const body = make(`${before}${KEY} and more`);
        const text = JSON.stringify(await rejection(answering(body).getTaskResult(5)));
        assert.ok(!text.includes(KEY.slice(0, 9)), `${shown} characters of ${length}`);
      }
    }
    for (const shown of [9, 31]) {
      const fetch = async () => {
        throw new TypeError(`${"x".repeat(300 - shown)}${KEY}`);
      };
      const error = await rejection(new Client({ clientKey: KEY, fetch }).getBalance());
      assert.ok(!JSON.stringify(error).includes(KEY.slice(0, 9)));
    }
  });
});

const GOOD = {
  name: "ImageError",
  code: "INVALID_IMAGE",
  message: "The image cannot be sent",
  hint: "Use another one",
  origin: "client",
  retryable: false,
  method: "createTask",
  service: "capmonster",
  taskId: 5,
  serverCode: "ERROR_\u202eX",
  serverMessage: "in\nits\u001b own words",
  httpStatus: 200,
  size: 12.5,
  limit: 500_000,
  index: 0,
  field: "imagesBase64",
  option: "service",
  retryAfterMs: 0,
  mayHaveCreatedTask: true,
};

describe("CaptchaError.fromJSON()", () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const boom = () => {
    throw new Error("boom");
  };
  const throwing = Object.defineProperties(
    {},
    Object.fromEntries(Object.keys(GOOD).map((name) => [name, { get: boom, enumerable: true }])),
  );

  it("and back gives exactly the same for good data", () => {
    const cause = { name: "TypeError", message: "fetch failed", code: "ECONNRESET" };
    let data = { ...GOOD, cause };
    for (let depth = 0; depth < 8; depth += 1) data = { ...GOOD, cause: data };
    const error = CaptchaError.fromJSON(data);
    assert.ok(error instanceof capwire.ImageError);
    assert.deepEqual(error.toJSON(), data);
    assert.deepEqual(CaptchaError.fromJSON(JSON.parse(JSON.stringify(error))).toJSON(), data);
    assert.deepEqual(CaptchaError.fromJSON(error).toJSON(), data, "an error is data too");
  });

  for (const [what, data] of Object.entries({
    nothing: undefined,
    null: null,
    "a text": "KeyError",
    "a number": 5,
    "a symbol": Symbol("x"),
    "a function": () => {},
    "an empty object": {},
    "an array": [GOOD],
    "an object without a prototype": Object.create(null),
    "a revoked proxy": revoked(),
    "a proxy that throws": new Proxy({}, { get: boom, has: boom, getOwnPropertyDescriptor: boom }),
    "getters that throw": throwing,
    "values of other types": Object.fromEntries(Object.keys(GOOD).map((name) => [name, {}])),
    "texts for numbers": { ...GOOD, taskId: {}, retryAfterMs: Number.NaN, size: Infinity },
    "a message that cannot be a text": { ...GOOD, message: { toString: 5 } },
    "the name __proto__": { ...GOOD, name: "__proto__" },
    "the name constructor": { ...GOOD, name: "constructor" },
    "a name that is an object": { ...GOOD, name: { toString: () => "KeyError" } },
    "no cause": { ...GOOD, cause: null },
    "a cause that is a number": { ...GOOD, cause: 0 },
    "a cause that is a revoked proxy": { ...GOOD, cause: revoked() },
    "a cause whose getters throw": { ...GOOD, cause: throwing },
  })) {
    it(`of ${what} is an error`, () => {
      const error = CaptchaError.fromJSON(data);
      assert.ok(error instanceof CaptchaError && CaptchaError.is(error));
      for (const name of ["name", "message", "code", "hint", "origin"]) {
        assert.equal(typeof error[name], "string", name);
      }
      assert.equal(typeof error.retryable, "boolean");
      for (const name of ["taskId", "retryAfterMs", "size"]) {
        assert.ok(error[name] === undefined || Number.isFinite(error[name]), name);
      }
      assert.equal(String(error), error.message ? `${error.name}: ${error.message}` : error.name);
      assert.deepEqual(
        CaptchaError.fromJSON(JSON.parse(JSON.stringify(error))).toJSON(),
        error.toJSON(),
      );
      visible(error);
    });
  }

  it("copies known fields only", () => {
    const data = JSON.parse(
      '{"name":"KeyError","message":"m","origin":"client","__proto__":{"polluted":1},' +
        '"constructor":1,"stack":"fake\\u001b[2J","toJSON":1,"toString":1,"extra":{"a":1}}',
    );
    const error = CaptchaError.fromJSON(data);
    assert.ok(error instanceof KeyError);
    assert.equal(Object.getPrototypeOf(error), KeyError.prototype);
    assert.deepEqual([error.polluted, {}.polluted, error.extra], [undefined, undefined, undefined]);
    assert.equal(error.constructor, KeyError);
    assert.equal(String(error), "KeyError: m");
    assert.doesNotMatch(error.stack, /fake/);
    assert.deepEqual(Object.keys(error.toJSON()), [
      "name",
      "message",
      "code",
      "hint",
      "origin",
      "retryable",
    ]);
  });

  it("follows ten causes, of a chain of 20,000 or of a ring", () => {
    let deep = GOOD;
    for (let depth = 0; depth < 20_000; depth += 1) deep = { ...GOOD, cause: deep };
    const ring = { ...GOOD };
    ring.cause = { ...GOOD, cause: ring };
    const foreign = new Error("outer");
    foreign.cause = foreign;
    for (const data of [deep, ring, { ...GOOD, cause: foreign }]) {
      const error = CaptchaError.fromJSON(data);
      let causes = 0;
      for (let { cause } = error; cause; { cause } = cause) causes += 1;
      assert.equal(causes, 10);
      assert.deepEqual(CaptchaError.fromJSON(error.toJSON()).toJSON(), error.toJSON());
    }
  });

  for (const [what, text] of Object.entries(HOSTILE)) {
    it(`cleans ${what} out of every text but the service's own`, () => {
      const texts = Object.keys(GOOD).filter((name) => typeof GOOD[name] === "string");
      const data = Object.fromEntries(texts.map((name) => [name, text]));
      const error = CaptchaError.fromJSON({
        ...data,
        cause: { name: text, message: text, code: text },
      });
      visible(error);
      assert.equal(error.serverMessage, text);
      visible(new KeyError({ ...data, name: "KeyError" }));
    });
  }

  it("keeps texts up to a length", () => {
    const long = "x".repeat(5_000_000);
    const data = { ...GOOD, code: long, message: long, serverMessage: long, field: long };
    const { code, message, serverMessage, field } = CaptchaError.fromJSON(data);
    assert.deepEqual(
      [code.length, message.length, serverMessage.length, field.length],
      [1_000, 1_000, 4_096, 1_000],
    );
  });

  it("does not read what others put on every object", () => {
    for (const name of [...Object.keys(GOOD), "cause"]) {
      if (name === "name" || name === "message") continue;
      Object.prototype[name] = GOOD[name] ?? { name: "Error", message: "polluted" };
      try {
        const { name: _, ...rest } = CaptchaError.fromJSON({
          name: "KeyError",
          message: "m",
        }).toJSON();
        assert.deepEqual(Object.keys(rest), ["message", "code", "hint", "origin", "retryable"]);
        assert.equal(rest.code, "UNKNOWN");
      } finally {
        delete Object.prototype[name];
      }
    }
  });
});

describe("toJSON()", () => {
  it("never throws, whatever others put on the error", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const boom = () => {
      throw new Error("boom");
    };
    for (const cause of [
      proxy,
      5,
      "text",
      null,
      {},
      Object.create(null),
      new Proxy({}, { get: boom }),
    ]) {
      const error = CaptchaError.fromJSON(GOOD);
      error.cause = cause;
      assert.equal(error.toJSON().code, GOOD.code);
      JSON.stringify(error);
    }
    const ring = CaptchaError.fromJSON(GOOD);
    ring.cause = ring;
    assert.equal(JSON.parse(JSON.stringify(ring)).cause.cause.code, GOOD.code);
    for (const name of [...Object.keys(GOOD), "cause", "stack"]) {
      const error = CaptchaError.fromJSON(GOOD);
      Object.defineProperty(error, name, { get: boom, enumerable: true });
      assert.equal(typeof JSON.stringify(error), "string", name);
    }
    const error = CaptchaError.fromJSON(GOOD);
    error.taskId = 10n;
    assert.equal(error.toJSON().taskId, undefined);
  });
});
