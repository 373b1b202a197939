// Virtual time. It takes the place of the timers and the clocks before the package is loaded, so that hours pass in
// milliseconds and each seed has the same times.

const real = { setImmediate, clearTimeout };

/** The date on which every scenario begins. */
const EPOCH = Date.UTC(2026, 0, 1);

export class Clock {
  now = 1_000;
  #timers = [];
  #last = 0;
  /** How late a timer fires, in ms, for one that is due at a time. Negative is early. */
  lateness = () => 0;
  /** Called for each timer that the package sets. */
  onTimer = () => {};

  /** Replaces the timers and clocks of the process. */
  install() {
    const set = (callback, ms, ...args) => {
      this.onTimer();
      return this.#add(() => callback(...args), ms, true);
    };
    const clear = (timer) => this.#clear(timer);
    globalThis.setTimeout = set;
    globalThis.clearTimeout = clear;
    globalThis.setInterval = () => {
      throw new Error("the package uses setInterval");
    };
    Object.defineProperty(performance, "now", { value: () => this.now });
    Date.now = () => EPOCH + Math.floor(this.now);
  }

  /** Calls back after so many ms of virtual time, as part of the scenario and not of the package. */
  after(ms, callback) {
    return this.#add(callback, ms, false);
  }

  /** How many timers of the package have not fired. */
  get left() {
    return this.#timers.filter((it) => it.isOfPackage).length;
  }

  get isEmpty() {
    return this.#timers.length === 0;
  }

  clear() {
    this.#timers = [];
  }

  /** Fires the next timer. */
  step() {
    const timer = this.#timers.shift();
    this.now = Math.max(this.now, timer.due);
    timer.callback();
  }

  #add(callback, ms, isOfPackage) {
    // As the platforms do: whole milliseconds, at least one, and at once if it is too long.
    const whole = Math.trunc(Number(ms));
    const span = whole >= 1 && whole <= 2 ** 31 - 1 ? whole : 1;
    let due = this.now + (isOfPackage ? span : Math.max(Number(ms), 0));
    if (isOfPackage) due = Math.max(this.now, due + this.lateness(due));
    this.#last += 1;
    const timer = { id: this.#last, due, callback, isOfPackage };
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1].due > due) at -= 1;
    this.#timers.splice(at, 0, timer);
    return timer;
  }

  #clear(timer) {
    if (!this.#timers.includes(timer)) {
      if (timer !== null && typeof timer === "object" && !("due" in timer))
        real.clearTimeout(timer);
      return;
    }
    this.#timers.splice(this.#timers.indexOf(timer), 1);
  }
}

/** Lets everything happen that needs no time: the microtasks, and what the platform does beside them. */
export function turn() {
  return new Promise((resolve) => real.setImmediate(resolve));
}
