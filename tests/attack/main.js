// The fuzzer of the package's public API, in virtual time.
//
//   node main.js [--seconds N] [--from SEED]   plays scenarios for N seconds (default: 10)
//   node main.js --seed SEED                   plays one of them again
//   node main.js --self-test                   plants faults, each of which must be found
//
// With --all it goes on after a failure, and counts each kind.

import { parseArgs } from "node:util";
import { Leaks } from "./leaks.js";
import { load } from "./package.js";
import { replay, report } from "./report.js";
import { play } from "./scenario.js";
import { selfTest } from "./self-test.js";
import { Tape } from "./tape.js";

/** How much of the time goes to the search for leaks. */
const LEAKS_SHARE = 0.2;

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
  let leakSeconds = 0;
  let seed = first;
  for (; elapsed() < Number(flags.seconds); seed += 1) {
    const world = await playSeed(seed);
    counts.calls += world.calls.length;
    counts.requests += world.exchanges.length;
    counts.days += (tested.clock.now - world.started) / 86_400_000;
    const broken = world.violations;
    if (leakSeconds < elapsed() * LEAKS_SHARE) {
      const before = elapsed();
      broken.push(...(await leaks.play(seed)));
      leakSeconds += elapsed() - before;
    }
    if (broken.length > 0 && !flags.all) return await report(tested, seed, world);
    count(found, seed, broken);
  }
  say(
    `${seed - first} scenarios in ${elapsed().toFixed(1)} s (seeds ${first} to ${seed - 1}):`,
    `${counts.calls} calls, ${counts.requests} requests, ${counts.days.toFixed(1)} days`,
  );
  for (const [rule, { times, at, detail }] of found) {
    say(`  ${times} x ${rule}, first with seed ${at}: ${detail.slice(0, 300)}`);
  }
  return found.size > 0 ? 1 : 0;
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
