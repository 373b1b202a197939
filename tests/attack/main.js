// The fuzzer of the package's public API, in virtual time.
//
//   node main.js [--seconds N] [--from SEED]   plays scenarios for N seconds (default: 10)
//   node main.js --seed SEED                   plays one of them again
//   node main.js --self-test                   plants faults, each of which must be found
//
// With --all it goes on after a failure, and counts each kind.

import { parseArgs } from "node:util";
import { rowsOf } from "../node/helpers/reliability-rows.js";
import { Leaks } from "./leaks.js";
import { load } from "./package.js";
import { replay, report } from "./report.js";
import { play } from "./scenario.js";
import { selfTest } from "./self-test.js";
import { Tape } from "./tape.js";

/** How much of the time goes to the search for leaks. */
const LEAKS_SHARE = 0.2;
const MIN_BLOCKS = 6;

/** What holds if the search finds nothing: see rules.js. */
const OUTCOMES = [
  [
    "arguments and options of any form: proxies, getters that throw, thenables, rings, values of other realms",
    "every call settles; it rejects with a CaptchaError or its signal's reason, nothing goes unhandled, nothing traps",
  ],
  [
    "a fetch that throws, never settles, answers late, or gives a Response of any form with any body",
    "one call buys at most one task; its error has the task's id or `mayHaveCreatedTask`; no solution is lost",
  ],
  [
    "timers that fire early, late, once a minute, or after the machine has slept",
    "result requests of one task are 2 s apart, at most 120, and none follows a refusal except for the probes",
  ],
  [
    "a signal of any form that aborts at any moment",
    "the call ends at once, sends nothing more, and leaves neither a listener nor a timer",
  ],
  [
    "inputs of `solveAll()` that throw, stall or have no end; consumers that leave early or ask for many records",
    "the error of the input is thrown, and nothing goes unhandled",
  ],
  [
    "servers, proxies and errors that show the key or send control characters",
    "no error, event or log has either",
  ],
  [
    "thousands of such scenarios in one process",
    "the module holds no more values and no more memory",
  ],
];

const { values: flags } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    from: { type: "string" },
    seed: { type: "string" },
    "self-test": { type: "boolean" },
    all: { type: "boolean" },
  },
});

const tested = await load();
const { say, realNow } = tested;
try {
  process.exit(await run());
} catch (error) {
  // A fault of the fuzzer itself: it must not count as a scenario's.
  say(error.stack);
  process.exit(2);
}

/** Returns the exit code. */
async function run() {
  if (flags["self-test"]) return await selfTest(tested);
  if (flags.seed !== undefined) return await replay(tested, Number(flags.seed));
  return await search();
}

async function search() {
  const begin = realNow();
  const elapsed = () => (realNow() - begin) / 1_000;
  const first =
    flags.from === undefined ? (Date.now() + process.pid) % 2 ** 31 : Number(flags.from);
  const leaks = new Leaks(tested);
  const counts = { calls: 0, requests: 0, days: 0 };
  const found = new Map();
  const seconds = Number(flags.seconds);
  let seed = first;
  for (; elapsed() < seconds * (1 - LEAKS_SHARE); seed += 1) {
    const world = await playSeed(seed);
    counts.calls += world.calls.length;
    counts.requests += world.exchanges.length;
    counts.days += (tested.clock.now - world.started) / 86_400_000;
    if (world.violations.length > 0 && !flags.all) return await report(tested, seed, world);
    count(found, seed, world.violations);
  }
  // At the end, when what is remembered on purpose has been filled.
  for (let block = 0; block < MIN_BLOCKS || elapsed() < seconds; block += 1) {
    const grown = await leaks.play(first + block * 1_000);
    count(found, first, grown);
    if (grown.length > 0 && !flags.all) break;
  }
  say(
    `${seed - first} scenarios in ${elapsed().toFixed(1)} s (seeds ${first} to ${seed - 1}):`,
    `${counts.calls} calls, ${counts.requests} requests, ${counts.days.toFixed(1)} days`,
  );
  for (const [rule, { times, at, detail }] of found) {
    say(`  ${times} x ${rule}, first with seed ${at}: ${detail.slice(0, 300)}`);
  }
  if (found.size > 0) return 1;
  record();
  return 0;
}

/** Writes the rows of docs/reliability.md. */
function record() {
  const rows = rowsOf("attack");
  for (const [order, [fault, outcome]] of OUTCOMES.entries()) {
    rows.add(order, { place: "Random calls of the whole API", fault, outcome, runs: 1 });
  }
}

async function playSeed(seed) {
  tested.alive(seed);
  return await play(new Tape({ seed }), tested);
}

function count(found, seed, broken) {
  for (const { rule, detail } of broken) {
    const known = found.get(rule) ?? { times: 0, at: seed, detail };
    known.times += 1;
    found.set(rule, known);
  }
}
