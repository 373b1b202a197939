// The measurements. Each returns a row per client: `{ client, value, ratio }`, with medians and ends.

import { setTimeout as sleep } from "node:timers/promises";
import { BASE, interleaved, ratios, summary } from "./stats.js";

/** Rounds before the first that counts, in which code is compiled and connections are opened. */
const WARM_UP_ROUNDS = 3;

/** How often the memory is looked at while everything waits. The least counts: there were no requests then. */
const LOOKS = 8;

function rowsOf(clients, found) {
  const base = found.get(clients.find(({ name }) => name === BASE));
  return clients.map((client) => {
    const numbers = found.get(client);
    const row = { client: client.name, value: summary(numbers) };
    return base && client.name !== BASE ? { ...row, ratio: ratios(numbers, base) } : row;
  });
}

/** Opens all clients, calls `work`, and closes them. */
async function withOpen(place, clients, work) {
  const open = new Map();
  try {
    for (const client of clients) open.set(client, await place.open(client));
    return await work(open);
  } finally {
    for (const { stop } of open.values()) await stop();
  }
}

/** The processor time of a solve in µs: creating a task and asking for its result once. */
export async function processorTime(place, clients, { count, bytes, rounds }) {
  await place.service.call("setReady", 0);
  return withOpen(place, clients, async (open) => {
    const measure = (client) => open.get(client).call("cpu", count, bytes);
    await interleaved(WARM_UP_ROUNDS, clients, measure);
    const found = await interleaved(rounds, clients, measure);
    await place.service.call("forget");
    return rowsOf(clients, found);
  });
}

/** By how much the memory grows while so many tasks wait for their results, in bytes. */
async function growth(place, client, { count, bytes }) {
  const { service } = place;
  // A long text is in the heap in some clients, and outside in others.
  const used = async ({ call }) => {
    const { heap, external } = await call("memory");
    return heap + external;
  };
  return withOpen(place, [client], async (open) => {
    const opened = open.get(client);
    await service.call("setReady", 0);
    for (let n = 0; n < WARM_UP_ROUNDS; n += 1) await opened.call("cpu", 16, 8_000);
    await service.call("forget");
    await service.call("setReady", null);
    const before = await used(opened);

    await opened.call("begin", count, bytes);
    const askedForAll = async () => (await service.call("seen")).asked >= count;
    while (!(await askedForAll())) await sleep(50);
    let least = Number.POSITIVE_INFINITY;
    for (let n = 0; n < LOOKS; n += 1) {
      await sleep(230);
      least = Math.min(least, await used(opened));
    }
    await service.call("setReady", 0);
    await opened.call("end");
    return least - before;
  });
}

/** The memory of a solve that waits for its result, in kB. */
export async function memoryPerSolve(place, clients, size) {
  const measure = async (client) => (await growth(place, client, size)) / size.count / 1_000;
  return rowsOf(clients, await interleaved(size.rounds, clients, measure));
}

/** The memory that all of them hold together, in MB. */
export async function memoryOfAll(place, clients, size) {
  const measure = async (client) => (await growth(place, client, size)) / 1e6;
  return rowsOf(clients, await interleaved(size.rounds, clients, measure));
}

/** From the import of a client to its first solution, in ms. */
export async function firstSolve(place, clients, { rounds }) {
  await place.service.call("setReady", 0);
  return rowsOf(clients, await interleaved(rounds, clients, (client) => place.firstSolve(client)));
}

/** What `measure` finds of each client that has a package, such as its import in ms. */
export async function eachAlone(clients, { rounds }, measure) {
  const packages = clients.filter((client) => client.package);
  return rowsOf(packages, await interleaved(rounds, packages, measure));
}

/** The pages of wasm that many solves add. */
export async function pageGrowth(place, clients, size) {
  const capwire = clients.filter(({ name }) => name === "capwire");
  return withOpen(place, capwire, async (open) => {
    const grown = await open.get(capwire[0]).call("pageGrowth", size);
    return [{ client: "capwire", value: summary([grown]) }];
  });
}

/** How long after a task was ready its solution is there, in ms. */
export async function lateness(place, clients, { count, readyMs }) {
  await place.service.call("setReady", readyMs);
  return withOpen(place, clients, async (open) => {
    const rows = clients.map(async (client) => {
      const { call } = open.get(client);
      // The first ones are not counted: a client may learn from them.
      await call("lateness", count, readyMs);
      return { client: client.name, value: summary(await call("lateness", count, readyMs)) };
    });
    return Promise.all(rows);
  });
}
