// Makes many failing calls of each kind, and prints how long the table of JavaScript values was before and after them.

const CALLS = Number(process.argv[2] ?? 100_000);
const AT_ONCE = 200;

// The glue keeps the values in an array, which it fills with these four first.
const { push } = Array.prototype;
let table;
Array.prototype.push = function (...values) {
  if (!table && values.length === 4 && this.length === 1_024) table = this;
  return push.apply(this, values);
};

const { Client } = await import("capwire");
const clientKey = "k".repeat(32);
const answer = (more) => ({ status: 200, text: async () => '{"errorId":0,"balance":1}', ...more });
const using = (fetch) => {
  const client = new Client({ clientKey, fetch, maxRetries: 0 });
  return () => client.getBalance();
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const boom = () => {
  throw new TypeError("boom");
};
const good = new Client({ clientKey, fetch: async () => answer({ headers: new Headers() }) });
const cycle = { type: "X" };
cycle.self = cycle;

const KINDS = {
  "a callback that is no JSON": () => Client.parseCallback("<"),
  "an answer that is no JSON": using(async () => answer({ text: async () => "<html>" })),
  "a fetch that throws": using(boom),
  "a fetch that rejects": using(async () => boom()),
  "a fetch that gives nothing": using(async () => undefined),
  "an answer without headers": using(async () => answer()),
  "an answer whose members throw": using(async () => ({
    get status() {
      return boom();
    },
  })),
  "revoked options": () => new Client(revoked()).getBalance(),
  "a revoked task": () => good.createTask(revoked()),
  "a revoked image": () => good.solveImage(revoked()),
  "a task whose member throws": () =>
    good.createTask({
      type: "X",
      get a() {
        return boom();
      },
    }),
  "a task that is a ring": () => good.createTask(cycle),
  "a task with a bigint": () => good.createTask({ type: "X", n: 1n }),
  "wrong options": () => new Client({ clientKey: 5 }).getBalance(),
  "a signal that throws": () =>
    good.getBalance({
      signal: {
        get aborted() {
          return boom();
        },
        addEventListener: boom,
      },
    }),
  "a signal that is aborted": () => good.getBalance({ signal: AbortSignal.abort() }),
  "an input that throws": () => good.solveAll({ [Symbol.iterator]: () => ({ next: boom }) }).next(),
};

const found = {};
for (const [name, call] of Object.entries(KINDS)) {
  const many = async (count) => {
    for (let n = 0; n < count; n += AT_ONCE) {
      await Promise.allSettled(Array.from({ length: AT_ONCE }, async () => call()));
    }
  };
  // The busiest moment so far.
  await many(2_000);
  const before = table.length;
  await many(CALLS);
  if (table.length !== before) found[name] = table.length - before;
}
console.log(JSON.stringify({ kinds: Object.keys(KINDS).length, length: table.length, found }));
