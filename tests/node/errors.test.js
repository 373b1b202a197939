// Errors as values: across messages, in logs, after a minifier.

import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { MessageChannel } from "node:worker_threads";
import {
  CaptchaError,
  Client,
  ImageError,
  KeyError,
  OptionsError,
  SolveTimeoutError,
  TaskNotFoundError,
  TransportError,
} from "capwire";
import { build } from "esbuild";
import { failure, rejection } from "./helpers/assertions.js";
import { installed } from "./helpers/installed-package.js";
import { run } from "./helpers/process.js";
import { deadUrl, sandboxFor, TOKEN_TASK, WRONG_KEY } from "./helpers/sandbox.js";

/** One real error of many classes. */
const ERRORS = {
  KeyError: (sandbox) => sandbox.client({ clientKey: WRONG_KEY }).getBalance(),
  ImageError: (sandbox) =>
    sandbox.client().createTask({
      type: "ComplexImageTask",
      class: "recaptcha",
      imagesBase64: [new Uint8Array(5)],
      metadata: { Task: "Click on traffic lights", Grid: "3x3" },
    }),
  TaskError: (sandbox) => sandbox.client().createTask({ type: "NoSuchTask" }),
  TaskNotFoundError: (sandbox) => sandbox.client().getTaskResult(4711),
  UnsolvableError: (sandbox) => sandbox.client().solveImage(new Uint8Array(200).fill(7)),
  TransportError: async (sandbox) => sandbox.client({ baseUrl: await deadUrl() }).getBalance(),
  SolveTimeoutError: async (sandbox) => {
    const reply = { kind: "hang", where: "before-headers" };
    await sandbox.script({ method: "getTaskResult", reply });
    return sandbox.client().waitForResult(4711, { timeoutMs: 300 });
  },
  OptionsError: () => new Client({ clientKey: "x", softId: -1 }).ready(),
};

/** Everything of an error that must survive being sent. */
function snapshot(error) {
  const { name, message, cause, stack: _, ...fields } = error;
  const own = Object.fromEntries(Object.entries(fields));
  return {
    class: error.constructor,
    name: error.name,
    message: error.message,
    own: { ...own, name, message },
    cause: cause instanceof Error ? snapshot(cause) : cause,
  };
}

const JOURNEYS = {
  JSON: (error) => JSON.parse(JSON.stringify(error)),
  structuredClone: (error) => structuredClone(error.toJSON()),
  postMessage: (error) =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port2.once("message", (data) => {
        port2.close();
        resolve(data);
      });
      port1.postMessage(error.toJSON());
    }),
};

describe("an error as data", { concurrency: true, timeout: 120_000 }, () => {
  for (const [name, made] of Object.entries(ERRORS)) {
    it(`${name} keeps its class, its fields and its cause`, async (t) => {
      const sandbox = await sandboxFor(t);
      const error = await rejection(made(sandbox));
      assert.equal(error.constructor.name, name, inspect(error));
      for (const [journey, travel] of Object.entries(JOURNEYS)) {
        const revived = CaptchaError.fromJSON(await travel(error));
        assert.ok(
          revived instanceof CaptchaError && revived.constructor === error.constructor,
          journey,
        );
        assert.deepEqual(snapshot(revived), snapshot(error), journey);
        assert.deepEqual(revived.toJSON(), error.toJSON(), journey);
      }
    });
  }

  it("has every field, and no stack", async (t) => {
    const sandbox = await sandboxFor(t);
    const error = await failure(
      sandbox.client().getTaskResult(4711),
      TaskNotFoundError,
      "ERROR_NO_SUCH_CAPCHA_ID",
    );
    const { message, hint, serverMessage } = error;
    assert.deepEqual(error.toJSON(), {
      name: "TaskNotFoundError",
      code: "ERROR_NO_SUCH_CAPCHA_ID",
      message,
      hint,
      origin: "service",
      retryable: false,
      method: "getTaskResult",
      service: "capmonster",
      taskId: 4711,
      serverCode: "ERROR_NO_SUCH_CAPCHA_ID",
      serverMessage,
      httpStatus: 200,
    });
  });

  it("a cause that is an error of ours keeps its own class", async (t) => {
    const sandbox = await sandboxFor(t);
    const error = await failure(
      ERRORS.SolveTimeoutError(sandbox),
      SolveTimeoutError,
      "SOLVE_TIMEOUT",
    );
    const { cause } = CaptchaError.fromJSON(JSON.parse(JSON.stringify(error)));
    assert.ok(cause instanceof TransportError);
    assert.equal(cause.code, "REQUEST_TIMEOUT");
  });

  it("a cause of the platform keeps its name, message and code", async (t) => {
    const sandbox = await sandboxFor(t);
    const error = await failure(ERRORS.TransportError(sandbox), TransportError, "NETWORK");
    const texts = [];
    for (let cause = error.cause; cause; cause = cause.cause) {
      assert.ok(cause instanceof Error && !(cause instanceof CaptchaError));
      texts.push(`${cause.name} ${cause.message} ${cause.code}`);
    }
    assert.match(texts.join("\n"), /TypeError fetch failed/);
    assert.match(texts.join("\n"), /Error connect ECONNREFUSED 127\.0\.0\.1:\d+ ECONNREFUSED/);
  });

  for (const [what, data] of [
    ["a class that is newer than this version", { name: "NewerError" }],
    ["a name of Object.prototype", { name: "toString" }],
  ]) {
    it(`fromJSON() of ${what} is a CaptchaError still`, () => {
      const error = CaptchaError.fromJSON({
        ...data,
        code: "NEW",
        message: "Something new",
        hint: "Update capwire",
        origin: "service",
        retryable: false,
      });
      assert.ok(error instanceof CaptchaError);
      assert.equal(error.code, "NEW");
      assert.equal(error.message, "Something new");
    });
  }
});

describe("an error in a log", { concurrency: true, timeout: 120_000 }, () => {
  const CALLS = {
    getBalance: (client) => client.getBalance(),
    createTask: (client) => client.createTask(TOKEN_TASK),
    getTaskResult: (client) => client.getTaskResult(5),
    waitForResult: (client) => client.waitForResult(5),
    solve: (client) => client.solve(TOKEN_TASK),
    solveImage: (client) => client.solveImage(new Uint8Array(200).fill(7)),
  };
  for (const [method, call] of Object.entries(CALLS)) {
    it(`${method}(): the stack shows who called`, async (t) => {
      const sandbox = await sandboxFor(t);
      async function theUsersOwnFunction(client) {
        return await call(client);
      }
      const error = await failure(
        theUsersOwnFunction(sandbox.client({ clientKey: WRONG_KEY })),
        KeyError,
        "ERROR_KEY_DOES_NOT_EXIST",
      );
      const [first] = error.stack.split("\n");
      assert.equal(first, `KeyError: ${error.message}`);
      assert.match(error.stack, /theUsersOwnFunction/);
      assert.doesNotMatch(error.stack, /wasm/);
    });
  }

  it("a local refusal's stack shows who called, too", async (t) => {
    const sandbox = await sandboxFor(t);
    async function theUsersOwnFunction() {
      return await sandbox.client().solveImage("");
    }
    const error = await failure(theUsersOwnFunction(), ImageError, "ERROR_ZERO_CAPTCHA_FILESIZE");
    assert.match(error.stack, /theUsersOwnFunction/);
  });

  it("an option's refusal shows who called, too", async () => {
    async function theUsersOwnFunction() {
      return await new Client({}).ready();
    }
    const error = await failure(theUsersOwnFunction(), OptionsError, "INVALID_OPTIONS");
    assert.match(error.stack, /theUsersOwnFunction/);
  });

  it("prints its class, its sentence and its fields, once each", async (t) => {
    const sandbox = await sandboxFor(t);
    const error = await rejection(ERRORS.TaskNotFoundError(sandbox));
    const text = inspect(error);
    assert.ok(text.startsWith(`TaskNotFoundError: ${error.message}\n`), text);
    assert.match(text, /taskId: 4711/);
    assert.equal(text.split(error.message).length, 2, text);
    assert.equal(text.split("TaskNotFoundError:").length, 2, text);
    assert.equal(String(error), `TaskNotFoundError: ${error.message}`);
    assert.equal(Object.prototype.toString.call(error), "[object Error]");
  });
});

describe("after a minifier", { timeout: 300_000 }, () => {
  it("error.name is right where the class has another name", async (t) => {
    const sandbox = await sandboxFor(t);
    const folder = await mkdtemp(join(import.meta.dirname, "bundle-"));
    t.after(() => rm(folder, { recursive: true }));
    const script = join(folder, "script.js");
    const entry = fileURLToPath(import.meta.resolve("capwire"));
    await writeFile(
      script,
      `import { CaptchaError, Client, KeyError } from ${JSON.stringify(entry)};
       const client = new Client({ clientKey: "${WRONG_KEY}", baseUrl: "${sandbox.url()}" });
       const error = await client.getBalance().catch((error) => error);
       const revived = CaptchaError.fromJSON(JSON.parse(JSON.stringify(error)));
       console.log(JSON.stringify([error, revived].map((it) => ({
         isOfClass: it instanceof KeyError,
         name: it.name,
         ofClass: it.constructor.name,
         stack: it.stack.split(":")[0],
       }))));`,
    );
    const outfile = join(folder, "bundle.mjs");
    await build({
      entryPoints: [script],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      format: "esm",
      logLevel: "silent",
    });
    await copyFile(join(installed, "dist/capwire.wasm"), join(folder, "capwire.wasm"));
    const { stdout, stderr } = await run(`await import(${JSON.stringify(outfile)})`);
    assert.equal(stderr, "");
    const [error, revived] = JSON.parse(stdout);
    assert.notEqual(error.ofClass, "KeyError", "the minifier did its work");
    const expected = {
      isOfClass: true,
      name: "KeyError",
      ofClass: error.ofClass,
      stack: "KeyError",
    };
    assert.deepEqual(error, expected);
    assert.deepEqual(revived, expected);
  });
});
