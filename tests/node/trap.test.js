// An exception out of the wasm leaves its memory in an unknown state: every call that waits for it fails, nothing
// enters it again, and the next call starts a fresh module.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run, runForJson } from "./helpers/process.js";
import { KEY } from "./helpers/sandbox.js";

/** A task that is refused because the service is full, so that the client draws a random pause, and traps. */
const TRAP = `
  import { CaptchaError, Client, errorTable, InternalError } from "capwire";
  const busy = () => Response.json({ errorId: 1, errorCode: "ERROR_NO_SLOT_AVAILABLE" });
  const answer = (body) => () => Response.json({ errorId: 0, ...body });
  const client = (fetch) => new Client({ clientKey: "${KEY}", fetch });
  const task = { type: "ATaskOfAnotherKind" };
  const seen = (promise) => promise.then(
    (value) => ({ value: value ?? null }),
    (error) => ({
      isInternal: error instanceof InternalError,
      code: error.code,
      retryable: error.retryable,
      message: error.message,
      cause: error.cause?.message,
    }),
  );
  const { random } = Math;
  const trapping = () => {
    Math.random = () => { Math.random = random; throw new TypeError("no luck today"); };
    return busy();
  };
  const trap = () => client(trapping).createTask(task);
  const say = (value) => console.log(JSON.stringify(value));
`;

const INTERNAL = {
  isInternal: true,
  code: "INTERNAL",
  retryable: false,
  message: "The WebAssembly module has crashed: no luck today",
  cause: "no luck today",
};

const withoutWasm = typeof WebAssembly === "undefined" && "there is no instance to look at";

describe("a trap", { concurrency: true, timeout: 120_000 }, () => {
  it("fails the call that it happens in", async () => {
    assert.deepEqual(await runForJson(`${TRAP} say(await seen(trap()));`), INTERNAL);
  });

  it("fails every call that is under way", async () => {
    const outcomes = await runForJson(`${TRAP}
      const hanging = client(() => new Promise(() => {}));
      const waiting = [
        hanging.getBalance(),
        hanging.waitForResult(5),
        hanging.solveAll([task]).next(),
      ];
      await client(answer({ balance: 1 })).getBalance();
      say(await Promise.all([...waiting, trap()].map(seen)));
    `);
    assert.deepEqual(outcomes, [INTERNAL, INTERNAL, INTERNAL, INTERNAL]);
  });

  it("leaves every later call to a fresh module", async () => {
    const found = await runForJson(`${TRAP}
      const fetch = (url) => answer(
        url.endsWith("getBalance") ? { balance: 1 } : { taskId: 5, status: "ready", solution: { text: "abcd" } },
      )();
      const old = client(fetch);
      await old.getBalance();
      const outcomes = [];
      for (let n = 0; n < 3; n += 1) {
        await seen(trap());
        const fresh = client(fetch);
        outcomes.push(...await Promise.all([
          old.getBalance(),
          old.solveImage(new Uint8Array(200).fill(7)),
          old.solveAll([task]).next().then(({ value }) => value.status),
          fresh.ready().then(({ name }) => name),
          fresh.getBalance(),
          Client.parseCallback('{"errorId":0,"status":"processing"}').then(({ status }) => status),
          errorTable().then((rows) => rows.length > 30),
        ].map(seen)));
      }
      say(outcomes.map(({ value, message }) => value ?? message));
    `);
    const each = [1, "abcd", "fulfilled", "capmonster", 1, "processing", true];
    assert.deepEqual(found, [...each, ...each, ...each]);
  });

  it("costs one attempt per call, however often it happens", async () => {
    const found = await runForJson(`${TRAP}
      globalThis.WebAssembly ??= {};
      const { instantiate } = WebAssembly;
      let started = 0;
      WebAssembly.instantiate = (source, imports) => {
        if (imports.a || imports["./glue_bg.js"]) started += 1;
        return instantiate(source, imports);
      };
      let requests = 0;
      const counting = () => { requests += 1; return trapping(); };
      const one = client(counting);
      const codes = [];
      for (let n = 0; n < 5; n += 1) codes.push((await seen(one.createTask(task))).code);
      say({ codes, requests, started });
    `);
    const started = withoutWasm ? 0 : 5;
    assert.deepEqual(found, { codes: Array(5).fill("INTERNAL"), requests: 5, started });
  });

  it("keeps nothing of the old module alive", { skip: withoutWasm }, async () => {
    const { stdout } = await run(
      `${TRAP}
      const old = client(answer({ balance: 1 }));
      await old.getBalance();
      const kept = [];
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = async (...args) => {
        const made = await instantiate(...args);
        kept.push(new WeakRef(made.instance ?? made));
        return made;
      };
      await seen(trap());
      await old.getBalance();
      await seen(trap());
      await client(answer({ balance: 1 })).getBalance();
      for (let n = 0; n < 5; n += 1) { await new Promise((resolve) => setTimeout(resolve, 10)); gc(); }
      say(kept.map((it) => it.deref() === undefined));
    `,
      { flags: ["--expose-gc"] },
    );
    assert.equal(stdout, "[true,false]\n");
  });

  it("ends an iteration", async () => {
    const records = await runForJson(`${TRAP}
      const records = [];
      const batch = client(answer({ taskId: 1, status: "ready", solution: {} })).solveAll([task, task]);
      try {
        for await (const record of batch) {
          records.push(record.status);
          await seen(trap());
        }
      } catch (error) {
        records.push(error.code);
      }
      say(records);
    `);
    assert.deepEqual(records, ["fulfilled", "INTERNAL"]);
  });

  it("ends no process, and keeps none from ending", async () => {
    const script = `${TRAP}
      process.on("uncaughtException", (error) => say({ uncaught: error.message }));
      process.on("unhandledRejection", (error) => say({ unhandled: error.message }));
      client(() => new Promise(() => {})).getBalance().catch(() => {});
      await seen(trap());
      setTimeout(() => say("the end"), 100);
    `;
    const { stdout, stderr, code } = await run(script);
    assert.equal(stdout, '"the end"\n');
    assert.equal(stderr, "");
    assert.equal(code, 0);
  });

  it("within what the glue takes for an exception stops the module, too", async () => {
    // As in the glue: an export called within an import, whose exceptions the glue catches.
    const trapping = new URL("client.js", import.meta.resolve("capwire")).href;
    const found = await runForJson(`
      import { callWasm, guarded, onTrap } from "${trapping}";
      let entered = 0;
      const { outer, inner } = guarded({
        inner() { entered += 1; throw new RangeError("deep"); },
        outer() { try { inner(); } catch {} try { inner(); } catch {} return 7; },
      });
      const codes = [];
      const keep = (error) => codes.push(error.code + " " + error.cause.message);
      onTrap((error) => keep(error()));
      for (const call of [outer, outer, () => 1]) {
        try { codes.push(callWasm(call)); } catch (error) { keep(error); }
      }
      console.log(JSON.stringify({ codes, entered, outside: outer() }));
    `);
    const codes = [...Array(3).fill("INTERNAL deep"), 1];
    assert.deepEqual(found, { codes, entered: 1, outside: [] });
  });

  const itsMemory = withoutWasm && "JavaScript's memory grows differently";
  it("is what happens when Rust gives up, as without memory", { skip: itsMemory }, async () => {
    const outcomes = await runForJson(`${TRAP}
      const { instantiate } = WebAssembly;
      let memory;
      WebAssembly.instantiate = async (...args) => {
        const started = await instantiate(...args);
        // Node's own modules are compiled beforehand, so their result is another.
        const exported = Object.values(started.instance?.exports ?? {});
        memory ??= exported.find((it) => it instanceof WebAssembly.Memory);
        return started;
      };
      const waiting = seen(client(() => new Promise(() => {})).getBalance());
      await client(answer({ balance: 1 })).getBalance();
      // All that there can be, so that Rust gets no more.
      for (let pages = 32_768; pages >= 1; pages /= 2) {
        try { memory.grow(pages); } catch {}
      }
      // Each keeps its address.
      const baseUrl = "https://a.example/" + "b".repeat(60_000);
      let big;
      for (let n = 0; n < 1_000 && big?.code === undefined; n += 1) {
        big = await seen(new Client({ clientKey: "${KEY}", baseUrl: baseUrl + n }).ready());
      }
      const late = await client(answer({ balance: 1 })).getBalance();
      say([await waiting, big, { value: late }]);
    `);
    const cause = "unreachable";
    const message = `The WebAssembly module has crashed: ${cause}`;
    const expected = { ...INTERNAL, message, cause };
    assert.deepEqual(outcomes, [expected, expected, { value: 1 }]);
  });

  it("shows no key", async () => {
    const { stdout } = await run(`${TRAP}
      import { inspect } from "node:util";
      trap().catch((error) => console.log(inspect(error, { depth: 9 }), JSON.stringify(error)));
    `);
    assert.match(stdout, /INTERNAL/);
    assert.ok(!stdout.includes(KEY));
  });
});
