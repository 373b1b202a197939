// The options of clients and calls: good ones, those at a bound, and those that must be refused.

import { anyValue } from "./values.js";

/** Numbers, of which each option refuses some. */
const NUMBERS = [0, 1, -1, 1.5, "5", null, Number.NaN, 2 ** 31, 2 ** 31 - 1, 1e300, 5n];

/** One of the good values of an option; sometimes another one, or any value at all. */
function option(world, good, bad) {
  const { tape } = world;
  if (!world.isHostile()) return tape.pick(good);
  return tape.chance(30) ? anyValue(world) : tape.pick(bad);
}

const GOOD_URLS = [
  "https://a.example/",
  "HTTPS://API.capmonster.cloud",
  "http://127.0.0.1:8080/x//",
];
const BAD_URLS = [
  "http://a.example",
  "https://u:p@a.example",
  "https://a.example?x",
  "//a.example",
  "https://",
  "x".repeat(3_000),
];

/** The options of a client. */
export function clientOptions(world, { key, fetch }) {
  const { tape } = world;
  const options = { clientKey: key, fetch };
  const add = (percent, name, good, bad) => {
    if (tape.chance(percent)) options[name] = option(world, good, bad);
  };
  if (world.isHostile()) options.clientKey = anyValue(world);
  if (world.isHostile()) options.fetch = anyValue(world);
  if (tape.chance(10)) delete options.fetch;
  add(25, "maxRetries", [0, 1, 10, undefined], [11, ...NUMBERS]);
  add(20, "requestTimeoutMs", [1_000, 60_000, 50, 1, 2 ** 31 - 1], NUMBERS);
  add(10, "service", ["capmonster", "brocapgpt", profile(world)], ["other", "", 5]);
  add(10, "baseUrl", GOOD_URLS, BAD_URLS);
  add(
    10,
    "imageLimits",
    [{}, { minBytes: 0 }, { maxBytes: 1_000 }],
    [{ minBytes: 5, maxBytes: 1 }, { other: 1 }],
  );
  add(5, "softId", [1, 2 ** 31 - 1], NUMBERS);
  add(10, "keepAlive", [true, false], ["yes", 1]);
  add(10, "messages", catalogues(), ["ru", 5]);
  if (world.isHostile()) options.unknownOption = 1;
  // With a keep-alive a time-out of weeks would be a hundred thousand timers.
  if (options.keepAlive === true && typeof options.requestTimeoutMs === "number")
    options.requestTimeoutMs = 1_000;
  return world.isHostile() && tape.chance(20) ? anyValue(world) : dressed(world, options);
}

function profile(world) {
  return {
    name: "own",
    baseUrl: "https://own.example/api",
    imageLimits: { minBytes: 1, maxBytes: 1_000_000 },
    reports: option(world, [["image", "token"], []], [["other"], 5]),
    userAgentUrl: option(world, ["https://own.example/ua"], ["http://own.example/ua", 5]),
  };
}

/** Catalogues of messages: whatever they say, an error must be readable. */
function catalogues() {
  const boom = () => {
    throw new Error("boom");
  };
  return [
    {},
    { codes: { NETWORK: { message: "сеть", hint: "ждите" } } },
    { codes: { NETWORK: 5, HTTP_STATUS: { message: 5, hint: null } } },
    new Proxy({}, { get: boom }),
  ];
}

/** The same options in another dress: frozen, with getters, behind a proxy, without a prototype. */
function dressed(world, options) {
  return world.tape.weighted([
    [20, () => options],
    [1, () => Object.freeze(options)],
    [1, () => Object.assign(Object.create(null), options)],
    [1, () => new Proxy(options, {})],
    [
      1,
      () => {
        const dressed = {};
        for (const [name, value] of Object.entries(options)) {
          Object.defineProperty(dressed, name, { get: () => value, enumerable: true });
        }
        return dressed;
      },
    ],
  ])();
}

/** The options of a call: what `call` asks for, and a few more, of which some must be refused. */
export function callOptions(world, call, names) {
  const { tape } = world;
  const options = {};
  const add = (percent, name, good, bad) => {
    if (names.includes(name) ? tape.chance(percent) : tape.chance(world.hostility / 10)) {
      options[name] = option(world, good, bad);
    }
  };
  add(30, "timeoutMs", [5_000, 60_000, 1, 300_000, 2 ** 31 - 1], NUMBERS);
  add(20, "firstDelayMs", [0, 1_000, 30_000], NUMBERS);
  add(20, "pollIntervalMs", [2_000, 10_000], [1_999, ...NUMBERS]);
  add(15, "type", ["ImageToTextTask", "RecaptchaV2Task", "unknown"], ["", 5]);
  add(20, "concurrency", [1, 2, 16, 60], [1_000, 1_001, ...NUMBERS]);
  const callback = `https://me.example/done?mark=${call.mark}`;
  add(90, "callbackUrl", [callback], ["ftp://x", "/path", ""]);
  if (call.signal !== undefined) options.signal = call.signal;
  else if (world.isHostile()) options.signal = anyValue(world);
  if (call.listener !== undefined) options.onProgress = call.listener;
  const { timeoutMs } = options;
  call.timeoutMs = typeof timeoutMs === "number" ? timeoutMs : undefined;
  if (Object.keys(options).length === 0 && tape.chance(50)) return undefined;
  if (!world.isHostile() || !tape.chance(20)) return dressed(world, options);
  // Nobody can know of the signal any more.
  call.source = undefined;
  return anyValue(world);
}
