// Every figure: how it is measured, what its goal is, and when it is so bad that the tests fail.

import { downloads } from "./download.js";
import * as measure from "./measure.js";
import { importTime } from "./node.js";

const KB = 1_000;
const SMALL = 8 * KB;
const LARGE = 400 * KB;

/**
 * What holds for capwire. The goal is what the project wants. The limit is so far from it, or from what was reached so
 * far, that noise does not reach it: beyond it `npm test` fails. `of` names the number: that of a row's `ratio` to bare
 * fetch, of its `value`, or of its bytes with gzip. Lower a limit when a figure has become better.
 */
export const BOUNDS = [
  { figure: "cpu-small", client: "capwire", of: "ratio", goal: 1.2, limit: 1.9 },
  { figure: "cpu-large", client: "capwire", of: "ratio", goal: 1.1, limit: 1.9 },
  { figure: "cpu-small", client: "capwire, node-http", of: "ratio", goal: 0.6, limit: 1.1 },
  { figure: "memory", client: "capwire", of: "value", goal: 14, limit: 30 },
  { figure: "images", client: "capwire", of: "value", goal: 8, limit: 150 },
  { figure: "pages", client: "capwire", of: "value", goal: 0, limit: 16 },
  { figure: "first", client: "capwire", of: "ratio", goal: 1.25, limit: 2.6 },
  { figure: "download", client: "capwire", of: "gzip", goal: 54_000, limit: 67_300 },
  { figure: "download", client: "capwire/inline", of: "gzip", limit: 69_800 },
  { figure: "download", client: "capwire/js", of: "gzip", limit: 86_300 },
];

/**
 * `where` lists the places: "node", "chromium". `run(place, clients, size)` measures; `full` and `short` are the sizes
 * of the two forms, of which the second is run by the tests. `main` is the number that is drawn.
 * With `isOwn` the bounds need no comparison, so that the short form measures capwire alone.
 */
export const FIGURES = [
  {
    id: "cpu-small",
    title: "Processor time of a solve, image of 8 kB",
    unit: "µs",
    main: "ratio",
    text: "Creating a task and asking for its result once, 64 solves at a time (in Chromium 192), all threads of the client's process.",
    where: ["node", "chromium"],
    run: measure.processorTime,
    full: {
      node: { count: 64, bytes: SMALL, rounds: 21 },
      chromium: { count: 192, bytes: SMALL, rounds: 11 },
    },
    short: { node: { count: 64, bytes: SMALL, rounds: 7 } },
  },
  {
    id: "cpu-large",
    title: "Processor time of a solve, image of 400 kB",
    unit: "µs",
    main: "ratio",
    text: "The same, 32 solves at a time.",
    where: ["node", "chromium"],
    run: measure.processorTime,
    full: {
      node: { count: 32, bytes: LARGE, rounds: 15 },
      chromium: { count: 32, bytes: LARGE, rounds: 9 },
    },
    short: { node: { count: 32, bytes: LARGE, rounds: 5 } },
  },
  {
    id: "memory",
    title: "Memory of a solve that waits",
    unit: "kB",
    main: "value",
    isOwn: true,
    text: "Heap and external memory after a collection, with 1,000 images of 8 kB waiting at once, each created and asked for once. Connections that stay open are included.",
    where: ["node", "chromium"],
    run: measure.memoryPerSolve,
    full: {
      node: { count: 1_000, bytes: SMALL, rounds: 3 },
      chromium: { count: 1_000, bytes: SMALL, rounds: 1 },
    },
    short: { node: { count: 1_000, bytes: SMALL, rounds: 1 } },
  },
  {
    id: "images",
    title: "Memory that 200 waiting images of 400 kB hold",
    unit: "MB",
    main: "value",
    isOwn: true,
    text: "Heap and external memory (buffers, texts, wasm) while all 200 wait for their results, over what it was before.",
    where: ["node", "chromium"],
    run: measure.memoryOfAll,
    full: {
      node: { count: 200, bytes: LARGE, rounds: 1 },
      chromium: { count: 200, bytes: LARGE, rounds: 1 },
    },
    short: { node: { count: 200, bytes: LARGE, rounds: 1 } },
  },
  {
    id: "pages",
    title: "Growth of the wasm over 10,000 solves",
    unit: "pages of 64 KiB",
    main: "value",
    text: "1,000 at once, after 4,000 that fill the lists of what was asked lately.",
    where: ["node"],
    run: measure.pageGrowth,
    full: { node: { first: 4_000, count: 10_000, atOnce: 1_000 } },
  },
  {
    id: "import",
    title: "Import of the package",
    unit: "ms",
    main: "value",
    text: "`import` in a new process. capwire loads its wasm at the first call.",
    where: ["node"],
    run: (_, clients, size) => measure.eachAlone(clients, size, importTime),
    full: { node: { rounds: 11 } },
  },
  {
    id: "first",
    title: "From the import to the first solution",
    unit: "ms",
    main: "ratio",
    text: "In a new process or page, with an empty cache. The pause before the first request for the result, which all have, is left out.",
    where: ["node", "chromium"],
    run: measure.firstSolve,
    full: { node: { rounds: 15 }, chromium: { rounds: 7 } },
    short: { node: { rounds: 9 } },
  },
  ...[600, 1_200, 6_000].map((readyMs) => ({
    id: `late-${readyMs}`,
    title: `Lateness with tasks of ${readyMs / 1_000} s`,
    unit: "ms",
    main: "value",
    text: "Time from when a task is ready to when its solution is returned, 20 solves at once, after 20 that are not counted. Each client has its own pauses between two requests: capmonstercloud-client 200 ms, captcha-solver 5 s, the others 2 s. The services ask for at least 2 s.",
    where: ["node"],
    run: measure.lateness,
    full: { node: { count: 20, readyMs } },
  })),
  {
    id: "download",
    title: "Download of a page",
    unit: "bytes",
    main: "gzip",
    text: "Minified JavaScript, and the wasm where there is one.",
    where: ["bundle"],
    run: (_, clients) => downloads(clients),
    full: { bundle: {} },
    short: { bundle: {} },
  },
];

/** The number of a row that a bound is about. */
export function numberOf(row, of) {
  const number = row[of];
  return typeof number === "object" ? number?.median : number;
}

/**
 * Compares what was found in Node with the bounds.
 *
 * @param {Record<string, object[]>} found The rows of the figures, by id.
 * @returns A line for each bound whose row was measured: `{ bound, number, isOver, isReached }`.
 */
export function compare(found, bounds = BOUNDS) {
  return bounds.flatMap((bound) => {
    const row = found[bound.figure]?.find(({ client }) => client === bound.client);
    const number = row && numberOf(row, bound.of);
    // An entry that this build lacks is not measured.
    if (number === undefined) return [];
    const isReached = bound.goal === undefined ? undefined : number <= bound.goal;
    // Not `number > limit`: a number that is none fails.
    return [{ bound, number, isOver: !(number <= bound.limit), isReached }];
  });
}
