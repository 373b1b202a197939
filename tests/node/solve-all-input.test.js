// Inputs of solveAll that throw, lie, hang or are used by others: no error is lost or goes unhandled, nothing pends.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, TaskError } from "capwire";
import { eventually, failure, rejection, timed } from "./helpers/assertions.js";
import { all } from "./helpers/many-tasks.js";
import { rowsOf } from "./helpers/reliability-rows.js";
import { KEY } from "./helpers/sandbox.js";

const rows = rowsOf("solve-all-input");
let order = 0;

const TASK = { type: "ImageToTextTask", body: "BwcH".repeat(100) };
const OPTIONS = { firstDelayMs: 0 };
const NEVER = new Promise(() => {});
const boom = (message = "boom") => {
  throw new Error(message);
};

/** A client whose service solves everything at once, and how many tasks it was sent. */
function clientWith() {
  const seen = { created: 0 };
  const fetch = async (url) =>
    Response.json(
      url.endsWith("createTask")
        ? { errorId: 0, taskId: ++seen.created }
        : { errorId: 0, status: "ready", solution: { text: "w7kq" } },
    );
  return { client: new Client({ clientKey: KEY, fetch }), seen };
}

const unhandled = [];
const listener = (reason) => unhandled.push(reason);
before(() => process.on("unhandledRejection", listener));
after(async () => {
  await sleep(50);
  process.off("unhandledRejection", listener);
  assert.deepEqual(unhandled, []);
});

const thenable = (then) => ({ then });

/** An async iterator that gives some tasks, and then does what it is told. */
function thenDoing(count, next, rest = {}) {
  let given = 0;
  const iterator = {
    async next() {
      given += 1;
      return given <= count ? { done: false, value: TASK } : next();
    },
    ...rest,
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

describe("an input that throws", { concurrency: true, timeout: 60_000 }, () => {
  const later = async (work) => {
    await sleep(100);
    return work();
  };
  const throwing = {
    "an async generator": async function* () {
      yield TASK;
      await sleep(100);
      boom("the input's own");
    },
    "an iterator whose next() rejects": () =>
      thenDoing(1, () => later(() => boom("the input's own"))),
    "an iterator with a getter that throws": () =>
      thenDoing(1, () =>
        later(() => ({
          done: false,
          get value() {
            return boom("the input's own");
          },
        })),
      ),
    "an iterator that gives a thenable which throws": () =>
      thenDoing(1, () =>
        later(() => ({ done: false, value: thenable(() => boom("the input's own")) })),
      ),
    "a generator that gives a promise": function* () {
      yield TASK;
      yield later(() => boom("the input's own"));
    },
  };
  for (const [what, make] of Object.entries(throwing)) {
    for (const leaves of [false, true]) {
      const place = order++;
      it(`while its consumer is busy, ${leaves ? "which leaves then" : "which goes on"}: ${what}`, async () => {
        const { client } = clientWith();
        const loop = async () => {
          for await (const record of client.solveAll(make(), OPTIONS)) {
            assert.equal(record.status, "fulfilled");
            await sleep(300);
            if (leaves) break;
          }
          return "left";
        };
        if (leaves) assert.equal(await loop(), "left");
        else assert.equal((await rejection(loop())).message, "the input's own");
        rows.add(place, {
          place: "Inputs of solveAll",
          fault: `it throws while its consumer is busy${leaves ? ", which then leaves" : ""}: ${what}`,
          outcome: leaves ? "no unhandled rejection" : "the loop throws the input's error",
          runs: 1,
        });
      });
    }

    it(`after its consumer has left: ${what}`, async () => {
      const { client } = clientWith();
      for await (const _ of client.solveAll(make(), OPTIONS)) break;
      await sleep(300);
    });

    it(`after its consumer has forgotten it: ${what}`, async () => {
      const { client } = clientWith();
      const records = client.solveAll(make(), OPTIONS);
      assert.equal((await records.next()).value.status, "fulfilled");
      await sleep(300);
    });
  }

  it("where its iterator is asked for throws that to the loop", async () => {
    const { client } = clientWith();
    for (const name of ["asyncIterator", "iterator"]) {
      const getter = Object.defineProperty({}, Symbol[name], { get: () => boom("getter") });
      assert.equal((await rejection(all(client.solveAll(getter)))).message, "getter");
      const method = { [Symbol[name]]: () => boom("method") };
      assert.equal((await rejection(all(client.solveAll(method)))).message, "method");
    }
    for (const given of [5, "x", null, undefined, true, Symbol("x")]) {
      const none = { [Symbol.asyncIterator]: () => given };
      await failure(all(client.solveAll(none)), TaskError, "INVALID_TASK", { field: "tasks" });
    }
    assert.equal(
      (await rejection(all(client.solveAll({ [Symbol.iterator]: () => ({}) })))).name,
      "TypeError",
    );
  });

  for (const step of [undefined, null, 5, "x", true, Symbol("x"), 1n]) {
    it(`by a next() that gives ${String(step)} ends the loop with a TypeError`, async () => {
      const { client, seen } = clientWith();
      const error = await rejection(
        all(
          client.solveAll(
            thenDoing(1, () => step),
            OPTIONS,
          ),
        ),
      );
      assert.equal(error.name, "TypeError");
      assert.equal(seen.created, 1);
    });
  }
});

describe("an input that hangs", { concurrency: true, timeout: 60_000 }, () => {
  const hanging = {
    "a next() that never settles": () => thenDoing(1, () => NEVER),
    "a thenable that never settles": () =>
      thenDoing(1, () => ({ done: false, value: thenable(() => {}) })),
    "a promise in a list": () => [TASK, NEVER],
    "an async generator": async function* () {
      yield TASK;
      await NEVER;
    },
    "a next() and a return() that never settle": () =>
      thenDoing(1, () => NEVER, { return: () => NEVER }),
    "a next() that never settles, and a return() that throws": () =>
      thenDoing(1, () => NEVER, { return: () => boom() }),
  };
  for (const [what, make] of Object.entries(hanging)) {
    const place = order++;
    it(`is left when the loop is left: ${what}`, async () => {
      const { client } = clientWith();
      const { ms } = await timed(async () => {
        for await (const record of client.solveAll(make(), OPTIONS)) {
          assert.equal(record.status, "fulfilled");
          break;
        }
      });
      assert.ok(ms < 1_500, `${ms} ms`);
      const fault = `it never goes on: ${what}`;
      rows.add(place, {
        place: "Inputs of solveAll",
        fault,
        outcome: "the loop can be left at once",
        runs: 1,
      });
    });

    for (const how of ["return", "throw"]) {
      it(`is left by ${how}() while a result is awaited: ${what}`, async () => {
        const { client } = clientWith();
        const records = client.solveAll(make(), OPTIONS);
        await records.next();
        const waiting = [records.next(), records.next()];
        await sleep(50);
        const { value, ms } = await timed(() =>
          records[how](new Error("enough")).catch((error) => error.message),
        );
        assert.ok(ms < 1_500, `${ms} ms`);
        if (how === "throw") assert.equal(value, "enough");
        else assert.equal(value.done, true);
        for (const step of await Promise.all(waiting)) {
          assert.deepEqual(step, { done: true, value: undefined });
        }
        assert.deepEqual(await records.next(), { done: true, value: undefined });
      });
    }

    it(`is left when the signal aborts: ${what}`, async () => {
      const { client } = clientWith();
      const controller = new AbortController();
      const reason = { enough: true };
      const records = client.solveAll(make(), { ...OPTIONS, signal: controller.signal });
      await records.next();
      const waiting = records.next();
      setTimeout(() => controller.abort(reason), 50);
      const { value, ms } = await timed(() => rejection(waiting));
      assert.equal(value, reason);
      assert.ok(ms < 1_500, `${ms} ms`);
    });
  }

  it("in its return() is waited for 2 s", async () => {
    for (const value of [NEVER, thenable(() => {})]) {
      const { client } = clientWith();
      const endless = thenDoing(Number.POSITIVE_INFINITY, boom, { return: () => value });
      const { ms } = await timed(async () => {
        for await (const _ of client.solveAll(endless, { ...OPTIONS, concurrency: 1 })) break;
      });
      assert.ok(ms > 1_900 && ms < 4_000, `${ms} ms`);
    }
  });

  it("in its return() does not hide why the loop ended", async () => {
    const { client } = clientWith();
    const rest = { return: () => boom("return()") };
    const endless = () => thenDoing(Number.POSITIVE_INFINITY, boom, rest);
    const records = client.solveAll(endless(), { ...OPTIONS, concurrency: 1 });
    await records.next();
    const thrown = new Error("thrown");
    assert.equal(await rejection(records.throw(thrown)), thrown);
    const controller = new AbortController();
    const options = { ...OPTIONS, concurrency: 1, signal: controller.signal };
    const aborted = client.solveAll(endless(), options);
    await aborted.next();
    controller.abort(thrown);
    assert.equal(await rejection(aborted.next()), thrown);
    const left = async () => {
      for await (const _ of client.solveAll(endless(), { ...OPTIONS, concurrency: 1 })) break;
    };
    assert.equal((await rejection(left())).message, "return()");
  });
});

describe("an input that is shared", { concurrency: true, timeout: 60_000 }, () => {
  it("gives each of two loops some of its tasks", async () => {
    const { client } = clientWith();
    let closed = 0;
    async function* tasks() {
      try {
        for (let i = 0; i < 10; i += 1) yield { ...TASK, i };
      } finally {
        closed += 1;
      }
    }
    const input = tasks();
    const loops = [1, 2].map(() => all(client.solveAll(input, OPTIONS)));
    const records = (await Promise.all(loops)).flat();
    const places = records.map(({ task }) => task.i).sort((a, b) => a - b);
    assert.deepEqual(places, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(closed, 1);
  });

  it("ends for one loop when the other leaves", async () => {
    const { client } = clientWith();
    let given = 0;
    async function* endless() {
      for (;;) {
        given += 1;
        await sleep(5);
        yield TASK;
      }
    }
    const input = endless();
    const other = all(client.solveAll(input, OPTIONS));
    for await (const _ of client.solveAll(input, { ...OPTIONS, concurrency: 1 })) break;
    await other;
    const before = given;
    await sleep(100);
    assert.equal(given, before);
  });

  it("is iterated twice where it can be", async () => {
    const { client } = clientWith();
    const list = [TASK, TASK, TASK];
    const [one, two] = await Promise.all([1, 2].map(() => all(client.solveAll(list, OPTIONS))));
    assert.deepEqual([one.length, two.length], [3, 3]);
  });
});

describe("the iterator of solveAll", { concurrency: true, timeout: 60_000 }, () => {
  for (const how of ["return", "throw"]) {
    it(`is over after ${how}() before the first next()`, async () => {
      const { client, seen } = clientWith();
      let opened = 0;
      const input = {
        [Symbol.iterator]: () => {
          opened += 1;
          return [TASK][Symbol.iterator]();
        },
      };
      const records = client.solveAll(input, OPTIONS);
      const end = await records[how](new Error("enough")).catch((error) => error.message);
      if (how === "throw") assert.equal(end, "enough");
      assert.deepEqual(await records.next(), { done: true, value: undefined });
      assert.deepEqual([opened, seen.created], [0, 0]);
    });

    it(`is over after ${how}() while the client is being opened`, async () => {
      const { client, seen } = clientWith();
      const records = client.solveAll([TASK, TASK], OPTIONS);
      const first = records.next();
      const end = records[how](new Error("enough")).catch((error) => error.message);
      assert.deepEqual(await first, { done: true, value: undefined });
      await end;
      assert.deepEqual(await records.next(), { done: true, value: undefined });
      assert.equal(seen.created, 0);
    });
  }

  it("takes promises of tasks from a list, as a loop does", async () => {
    const { client } = clientWith();
    const tasks = [Promise.resolve(TASK), TASK, sleep(20).then(() => TASK)];
    const records = await all(client.solveAll(tasks, OPTIONS));
    assert.deepEqual(
      records.map(({ status, task }) => [status, task]),
      Array(3).fill(["fulfilled", TASK]),
    );
  });

  it("closes an input whose promise rejects", async () => {
    const { client } = clientWith();
    let returned = 0;
    const values = [TASK, Promise.reject(new Error("no task"))];
    const iterator = {
      next: () => ({ done: values.length === 0, value: values.shift() }),
      return: () => {
        returned += 1;
        return boom("nobody hears this");
      },
    };
    const input = { [Symbol.iterator]: () => iterator };
    assert.equal((await rejection(all(client.solveAll(input, OPTIONS)))).message, "no task");
    assert.equal(returned, 1);
  });

  it("leaves nothing running when it is left in many ways at once", async () => {
    const { client } = clientWith();
    const records = client.solveAll(
      thenDoing(3, () => NEVER),
      OPTIONS,
    );
    await records.next();
    const steps = [
      records.next(),
      records.return(),
      records.next(),
      records.return(),
      records.return(),
    ];
    const { ms } = await timed(() => Promise.all(steps));
    assert.ok(ms < 1_500, `${ms} ms`);
    const counts = await all(client.solveAll([TASK], OPTIONS));
    assert.equal(counts.length, 1);
    await eventually(() => unhandled.length === 0, "nothing is unhandled");
  });
});
