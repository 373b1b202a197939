// Proves that the fuzzer can fail: with each planted fault it must find the rule that the fault breaks.

import { Leaks } from "./leaks.js";
import { FAULTS } from "./planted.js";
import { play } from "./scenario.js";
import { Tape } from "./tape.js";

/** So many scenarios are enough for each fault. */
const MAX_SCENARIOS = 3_000;
const MAX_BLOCKS = 6;

/** Returns the exit code. */
export async function selfTest(tested) {
  const { say, realNow } = tested;
  const begin = realNow();
  const missed = [];
  for (const [rule, plant] of Object.entries(FAULTS)) {
    const found = await find(rule, { ...tested, ...plant(tested) });
    if (!found) missed.push(rule);
  }
  const seconds = ((realNow() - begin) / 1_000).toFixed(1);
  say(`${Object.keys(FAULTS).length} planted faults in ${seconds} s`);
  for (const rule of missed) say(`NOT FOUND: ${rule}`);
  return missed.length > 0 ? 1 : 0;
}

async function find(rule, tested) {
  const isBroken = ({ violations }) => violations.some((it) => it.rule === rule);
  if (/^the module('s memory| holds)/.test(rule)) {
    const leaks = new Leaks(tested);
    for (let block = 0; block < MAX_BLOCKS; block += 1) {
      if (isBroken({ violations: await leaks.play(block * 1_000) })) return true;
    }
    return false;
  }
  for (let seed = 1; seed <= MAX_SCENARIOS; seed += 1) {
    tested.alive(seed);
    if (isBroken(await play(new Tape({ seed }), tested))) return true;
  }
  return false;
}
