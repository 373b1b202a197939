// How a failure is told: the seed, the broken rules, and the shortest scenario that breaks the first of them.

import { play } from "./scenario.js";
import { shrink, Tape } from "./tape.js";

/** Plays a scenario again. Returns the exit code. */
export async function replay(tested, seed) {
  tested.alive(seed);
  const world = await play(new Tape({ seed }), tested);
  if (world.violations.length > 0) return await report(tested, seed, world);
  tell(tested.say, world);
  return 0;
}

/** Tells of a scenario that broke a rule. Returns the exit code. */
export async function report(tested, seed, world) {
  const { say } = tested;
  say(`FAILED with seed ${seed}`);
  for (const line of lines(world)) say(`  ${line}`);
  const [{ rule }] = world.violations;
  const again = async (drawn) => {
    tested.alive(Math.random());
    return await play(new Tape({ drawn }), tested);
  };
  const fails = async (drawn) => (await again(drawn)).violations.some((it) => it.rule === rule);
  const { drawn } = world.tape;
  if (rule !== "the module traps" && (await fails(drawn))) {
    const least = await shrink(drawn, fails);
    say(`The shortest scenario found, of ${least.length} choices instead of ${drawn.length}:`);
    tell(say, await again(least));
  } else tell(say, world);
  say(`To play it again: cargo xtask attack --seed ${seed}`);
  return 1;
}

/** The violations of a scenario. */
function lines({ violations }) {
  return [...new Set(violations.map(({ rule, detail }) => `${rule}: ${detail}`))];
}

/** What happened in a scenario. */
function tell(say, world) {
  const at = (time) => `${Math.round(time - world.started)} ms`.padStart(10);
  const events = [];
  for (const { startedAt, endedAt, name, mark, state } of world.calls) {
    events.push([startedAt, `${name}() begins, ${mark}`]);
    if (endedAt !== undefined) events.push([endedAt, `${name}() is ${state}, ${mark}`]);
  }
  for (const exchange of world.exchanges) {
    const { method, mark, taskId, created, readAt, says } = exchange;
    events.push([exchange.at, `  ${method} is sent, ${mark ?? taskId ?? ""}`]);
    if (created !== undefined) events.push([exchange.at, `  task ${created} is created`]);
    if (readAt !== undefined) events.push([readAt, `  ${says.status} ${says.text.slice(0, 100)}`]);
  }
  events.sort(([first], [second]) => first - second);
  for (const [time, text] of events) say(`${at(time)}  ${text}`);
  for (const line of lines(world)) say(`  ${line}`);
}
