// solveAll: inputs that misbehave, and consumers that come late, leave early, or do not wait their turn.

import { later } from "./responses.js";
import { anyTask } from "./tasks.js";
import { anyError, anyValue } from "./values.js";

/** Runs a batch to its end, as a call. */
export async function anyBatch(call) {
  const { world, client } = call;
  const { tape } = world;
  // Each task of a batch is a purchase of its own.
  const item = () => {
    const mark = world.mark();
    const task = anyTask({ world, mark });
    try {
      // A batch has to wait for it, perhaps for ever, and it may reject with anything.
      if (typeof task?.then === "function") call.mayPend = call.isInputBroken = true;
    } catch {
      // Nor can it be awaited, which ends the input as in any loop.
      call.isInputBroken = true;
    }
    return task;
  };
  const input = anyInput(call, item);
  const records = client.solveAll(input, call.options());
  const consume = tape.weighted([
    [6, toTheEnd],
    [2, leaveEarly],
    [1, impatient],
    [1, untouched],
    [1, throwInto],
  ]);
  return await consume(call, records);
}

async function toTheEnd(call, records) {
  const { world } = call;
  let left = 8;
  for await (const record of records) {
    check(call, record);
    left -= 1;
    if (left === 0) break; // the input may have no end
    const pause = world.tape.pick([0, 0, 100, 5_000]);
    if (pause > 0) await later(world, pause, () => {});
  }
}

async function leaveEarly(call, records) {
  const { world } = call;
  let left = world.tape.below(3);
  const own = new Error("the consumer's own");
  call.mayThrow.push(own);
  const throws = world.tape.chance(50);
  for await (const record of records) {
    check(call, record);
    if (left === 0 && throws) throw own;
    if (left === 0) break;
    left -= 1;
  }
}

/** It asks for several records at once, and leaves while it waits. */
async function impatient(call, records) {
  const { world } = call;
  const asked = [records.next(), records.next(), records.next()];
  if (world.tape.chance(50)) asked.push(records.return());
  const steps = await Promise.allSettled(asked);
  for (const { status, value, reason } of steps) {
    if (status === "rejected") throw reason;
    if (value.value !== undefined) check(call, value.value);
  }
  await toTheEnd(call, records);
}

/** It never asks. */
async function untouched(_, records) {
  await records.return();
}

async function throwInto(call, records) {
  const own = new Error("the consumer's own");
  call.mayThrow.push(own);
  if (call.world.tape.chance(50)) await records.next();
  await records.throw(own);
}

function check({ world }, record) {
  if (record.status === "rejected") world.reasons.push(record.reason);
  else if (record.status !== "fulfilled") world.violate("a record has no status");
}

/** An input, of 0 to 4 tasks or without an end. */
function anyInput(call, item) {
  const { world } = call;
  const { tape } = world;
  const length = tape.below(5);
  const pause = () => later(world, tape.pick([0, 1, 700, 4_000]), () => {});
  const fail = () => {
    const error = anyError(world);
    call.mayThrow.push(error);
    throw error;
  };
  function* some() {
    for (let n = 0; n < length; n += 1) yield item();
  }
  return tape.weighted([
    [4, () => [...some()]],
    [2, some],
    [1, () => new Set(some())],
    [
      2,
      async function* slow() {
        for (const task of some()) {
          await pause();
          yield task;
        }
      },
    ],
    [
      2,
      async function* failing() {
        yield* some();
        await pause();
        fail();
      },
    ],
    [
      1,
      function* failingAtOnce() {
        yield item();
        fail();
      },
    ],
    [
      1,
      async function* endless() {
        try {
          for (;;) yield item();
        } finally {
          await pause();
          if (tape.chance(50)) fail();
        }
      },
    ],
    [2, () => strange(call, item, fail)],
    [1, () => anyBadInput(call)],
  ])();
}

function anyBadInput(call) {
  call.isInputBroken = true;
  const input = anyValue(call.world);
  // It gives nothing and never ends, which a batch has to wait for.
  return input instanceof ReadableStream ? undefined : input;
}

/** An iterator written by hand, badly. */
function strange(call, item, fail) {
  const { world } = call;
  const { tape } = world;
  call.isInputBroken = true;
  const steps = [
    () => ({ done: false, value: item() }),
    () => ({ value: item() }),
    () => ({ done: true }),
    () => Promise.resolve({ done: false, value: item() }),
    fail,
    () => {
      // It may never settle, and the batch has to wait for it.
      call.mayPend = true;
      return anyValue(world);
    },
    () => ({ done: false, value: anyValue(world) }),
    () => later(world, 500, fail),
    () => ({
      get done() {
        return fail();
      },
    }),
  ];
  let left = 6;
  const next = () => {
    left -= 1;
    return left < 0 ? { done: true } : tape.pick(steps)();
  };
  const end = tape.pick([
    () => ({ done: true }),
    undefined,
    fail,
    async () => fail(),
    () => anyValue(world),
    5,
  ]);
  const iterator = { next, return: end };
  return tape.pick([
    { [Symbol.asyncIterator]: () => iterator },
    { [Symbol.iterator]: () => iterator },
    { [Symbol.asyncIterator]: fail },
    { [Symbol.asyncIterator]: () => anyValue(world) },
    { [Symbol.asyncIterator]: 5, [Symbol.iterator]: () => iterator },
  ]);
}
