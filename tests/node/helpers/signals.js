// What an abort signal costs a call: as many calls with one of their own each as without, in CPU time. The signals are
// there before the clock starts, and what earlier rounds left is collected. Run it where the package is installed:
// `node --expose-gc signals.js [calls] [rounds]`.

import { Client } from "capwire";

const CALLS = Number(process.argv[2] ?? 20_000);
const ROUNDS = Number(process.argv[3] ?? 9);
const AT_ONCE = 100;

const answer = {
  status: 200,
  headers: new Headers(),
  text: async () => '{"errorId":0,"balance":1}',
};
const client = new Client({ clientKey: "k".repeat(32), fetch: async () => answer });

async function cpuMs(options) {
  globalThis.gc?.();
  const begun = process.cpuUsage();
  for (let n = 0; n < CALLS; n += AT_ONCE) {
    await Promise.all(options.slice(n, n + AT_ONCE).map((each) => client.getBalance(each)));
  }
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000;
}

const without = () => Array.from({ length: CALLS }, () => ({}));
const withSignals = () =>
  Array.from({ length: CALLS }, () => ({ signal: new AbortController().signal }));
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

await cpuMs(without());
await cpuMs(withSignals());
const rounds = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const [plain, signals] = [without(), withSignals()];
  rounds.push([await cpuMs(plain), await cpuMs(signals)]);
}
const found = {
  calls: CALLS,
  withoutMs: median(rounds.map(([plain]) => plain)),
  withMs: median(rounds.map(([, signals]) => signals)),
  ratio: median(rounds.map(([plain, signals]) => signals / plain)),
};
console.log(JSON.stringify(found));
