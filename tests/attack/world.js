// What one scenario is made of, and what it has seen.

import { randomOf, Tape } from "./tape.js";

/** A hostile moment: an action of the scenario that happens when something else does, for the nth time. */
class Moments {
  #waiting = [];

  on(kind, count, action) {
    this.#waiting.push({ kind, left: count, action });
  }

  /** Says that something has happened. */
  tell(kind) {
    for (const moment of [...this.#waiting]) {
      if (moment.kind !== kind) continue;
      if (moment.left > 0) moment.left -= 1;
      else {
        this.#waiting.splice(this.#waiting.indexOf(moment), 1);
        moment.action();
      }
    }
  }
}

export class World {
  /** Whether it uses the platform's own streams and files, which take real time. */
  isSlow = false;
  /** Whether the prototypes are polluted, so that only the hardest rules hold. */
  isPolluted = false;
  /** Whether timers fire late or early. */
  isPunctual = true;
  calls = [];
  exchanges = [];
  tasks = new Map();
  moments = new Moments();
  violations = [];
  /** The errors of the tasks of batches. */
  reasons = [];
  /** Everything written to the console. */
  written = [];
  /** Texts that the package let out: their place, and the text. */
  marks = 0;
  fetches = 0;

  /**
   * @param {Tape} tape
   * @param {import("./clock.js").Clock} clock
   * @param {{ Client: Function, CaptchaError: Function, [name: string]: unknown }} api
   */
  constructor(tape, clock, api) {
    this.tape = tape;
    this.clock = clock;
    this.api = api;
    this.started = clock.now;
    /** How many of 100 values are not what they should be. Many scenarios are well behaved, to get far. */
    this.hostility = tape.pick([0, 0, 4, 4, 30]);
    const random = randomOf(tape.below(2 ** 31));
    Math.random = random;
    this.key = `key${Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0")}${"0123456789abcdef".repeat(2)}`;
  }

  /** Notes that a rule was broken. */
  violate(rule, detail = "") {
    this.violations.push({ rule, detail: String(detail) });
  }

  /** Whether the next value is one that no caller should pass. */
  isHostile() {
    return this.tape.chance(this.hostility);
  }

  /** A name that no other call of the scenario has. */
  mark() {
    this.marks += 1;
    return `mark-${this.marks}`;
  }
}
