// What scenarios leave behind in the module. They use a few accounts only, because the module remembers each.

import { play } from "./scenario.js";
import { Tape } from "./tape.js";

const SCENARIOS_PER_BLOCK = 200;
/** Blocks that fill what is remembered on purpose. */
const WARM_UP_BLOCKS = 3;
const MAX_MORE_VALUES = 60;
/** It grows for the largest list so far, too. */
const MAX_MORE_BYTES = 3_000_000;
const ACCOUNTS = 4;
/** Longer than anything is remembered. */
const PAUSE_MS = 2 * 86_400_000;

/** Functions that stay the same, for clients that then share what they have learnt. */
function pool() {
  const routes = Array.from({ length: ACCOUNTS }, () => {
    const route = { target: undefined };
    route.fetch = (url, init) => route.target(url, init);
    return route;
  });
  let next = 0;
  return (target) => {
    next = (next + 1) % routes.length;
    routes[next].target = target;
    return routes[next].fetch;
  };
}

export class Leaks {
  #tested;
  #blocks = 0;
  #warm;
  #route = pool();

  constructor(tested) {
    this.#tested = tested;
  }

  /** Plays a block of scenarios. Returns what has grown too far, if anything has. */
  async play(seed) {
    for (let n = 0; n < SCENARIOS_PER_BLOCK; n += 1) {
      this.#tested.alive(seed + n);
      const tested = { ...this.#tested, route: this.#route };
      await play(new Tape({ seed: seed + n }), tested);
      this.#tested.clock.now += PAUSE_MS;
    }
    this.#blocks += 1;
    const now = await this.#tested.measure();
    if (this.#blocks <= WARM_UP_BLOCKS) this.#warm = now;
    const { values, memory } = this.#warm;
    const grown = [];
    if (now.values > values + MAX_MORE_VALUES) {
      grown.push(["the module holds more and more values", `${values}, then ${now.values}`]);
    }
    if (now.memory > memory + MAX_MORE_BYTES) {
      grown.push(["the module's memory grows", `${memory} bytes, then ${now.memory}`]);
    }
    return grown.map(([rule, detail]) => ({
      rule,
      detail: `${detail} after ${this.#blocks} blocks of ${SCENARIOS_PER_BLOCK} scenarios, the last from seed ${seed}`,
    }));
  }
}
