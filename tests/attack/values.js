// Values that no caller should pass, and that some caller will.

import { createContext, runInContext } from "node:vm";

const realm = createContext();
/** The value of an expression in another realm, whose classes are not those of this one. */
const foreign = (source) => runInContext(`(${source})`, realm);

/** A length that nothing may be copied up to. */
const HUGE = 2 ** 31;

const boom = () => {
  throw new RangeError("boom");
};

/** An object with a `then`, which every await calls. */
// biome-ignore lint/suspicious/noThenProperty: this is what is tried
const thenable = (then) => Object.defineProperty({}, "then", { value: then });

function revoked(target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function ring() {
  const object = { type: "FuzzTask", list: [] };
  object.self = object;
  object.list.push(object.list);
  return object;
}

function nested(depth, wrap) {
  let value = 1;
  for (let n = 0; n < depth; n += 1) value = wrap(value);
  return value;
}

/** A rejected promise that nobody has to handle. */
function rejected(reason) {
  const promise = Promise.reject(reason);
  promise.catch(() => {});
  return promise;
}

const throwingTraps = () =>
  new Proxy({}, Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((it) => [it, boom])));

/** Looks the same at each look, except for the kinds of values that it shows. */
function fickle() {
  const shown = [1, "1", null, [], {}, () => {}, undefined];
  let looks = 0;
  return new Proxy({}, { get: () => shown[looks++ % shown.length] });
}

const PLAIN = [
  () => undefined,
  () => null,
  () => true,
  () => false,
  () => 0,
  () => 1,
  () => -1,
  () => 1.5,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 2 ** 31,
  () => 2 ** 53,
  () => 1e308,
  () => "",
  () => " ",
  () => "text",
  () => "x".repeat(5_000),
  () => "__proto__",
  () => "\ud800",
  () => "\u0000\u001b[2J\u202e\u2028\u200b",
  () => [],
  () => ({}),
];

const ODD = [
  () => 10n,
  () => Symbol("s"),
  () => () => {},
  () => class {},
  () => async () => {},
  () => Object.create(null),
  () => Object.freeze({ type: "FuzzTask" }),
  () => new Date(0),
  () => new Date(Number.NaN),
  () => /x/,
  () => new Map([[1, 2]]),
  () => new Set([1]),
  () => new WeakMap(),
  () => new Error("an error"),
  () => new String("boxed"),
  () => new Number(5),
  () => Object(5n),
  () => new URL("https://a.example/"),
  () => new Array(5),
  () => [undefined, null],
  () => Object.assign([1, 2], { length: 2, extra: 1 }),
  () => globalThis,
  () => new AbortController().signal,
  () =>
    new (class Private {
      #x = 1;
      get x() {
        return this.#x;
      }
    })(),
  // Bytes
  () => new Uint8Array(0),
  () => new Uint8Array(5),
  () => new Float64Array(30),
  () => new BigInt64Array(30),
  () => new DataView(new ArrayBuffer(200)),
  () => new ArrayBuffer(200, { maxByteLength: 4_000 }),
  () => new Uint8Array(new SharedArrayBuffer(200)),
  () => {
    const detached = new Uint8Array(200);
    structuredClone(detached, { transfer: [detached.buffer] });
    return detached;
  },
  () => Buffer.alloc(200),
  // Promises and the like
  () => Promise.resolve(new Uint8Array(200)),
  () => rejected(new Error("a promise")),
  () => rejected(undefined),
  () => new Promise(() => {}),
  () => thenable((resolve) => resolve(1)),
  () => thenable(boom),
  () => thenable(() => {}),
  () => thenable((resolve) => resolve(thenable((again) => again(2)))),
  // biome-ignore lint/suspicious/noThenProperty: this is what is tried
  () => Object.defineProperty({}, "then", { get: boom }),
];

const HOSTILE = [
  () => revoked(),
  () => revoked([]),
  () => revoked(() => {}),
  throwingTraps,
  fickle,
  ring,
  () => nested(10_000, (it) => [it]),
  () => nested(10_000, (it) => ({ type: "FuzzTask", it })),
  () => ({
    type: "FuzzTask",
    get value() {
      return boom();
    },
  }),
  () => ({
    get type() {
      return boom();
    },
  }),
  () => ({ type: "FuzzTask", toJSON: boom }),
  () => ({ type: "FuzzTask", toJSON: ring }),
  () => ({ type: "FuzzTask", toJSON: () => undefined }),
  () => ({ type: "FuzzTask", value: 10n }),
  () => ({ type: "FuzzTask", value: Symbol("s") }),
  () => ({ type: { toString: boom } }),
  () => ({ [Symbol.toPrimitive]: boom }),
  () => ({ toString: boom, valueOf: boom }),
  () => ({ toString: 5, valueOf: 5 }),
  () => JSON.parse('{"__proto__":{"type":"FuzzTask"},"constructor":1}'),
  () => Object.create({ type: "FuzzTask", clientKey: "x", signal: 1, fetch: boom }),
  () => Object.defineProperty({}, "type", { value: "FuzzTask" }),
  () => ({
    get [Symbol.toStringTag]() {
      return boom();
    },
  }),
  () => new Proxy([], { get: (target, key) => (key === "length" ? HUGE : target[key]) }),
  () => Object.defineProperty([1], 0, { get: boom, enumerable: true }),
  // Blobs that lie
  () => ({ size: 200, arrayBuffer: boom }),
  () => ({ size: 200, arrayBuffer: async () => boom() }),
  () => ({ size: 200, arrayBuffer: () => new Promise(() => {}) }),
  () => ({ size: 200, arrayBuffer: async () => new ArrayBuffer(9_000) }),
  () => ({ size: 200, arrayBuffer: async () => ({ byteLength: 200, length: HUGE }) }),
  () => ({ size: Number.NaN, arrayBuffer: async () => new ArrayBuffer(200) }),
  () => ({ size: -5, arrayBuffer: async () => new ArrayBuffer(200) }),
  () => ({
    get size() {
      return boom();
    },
    arrayBuffer: async () => new ArrayBuffer(200),
  }),
  () => Object.defineProperty(new Uint8Array(200), "byteLength", { value: 5e9 }),
  () => Object.defineProperty(new Uint8Array(200), "byteLength", { get: boom }),
  () => Object.defineProperty(new Uint8Array(200), "buffer", { value: { length: HUGE } }),
  () => Object.defineProperty(new Uint8Array(200), "byteOffset", { value: -1 }),
  () => Object.setPrototypeOf(new Uint8Array(200), null),
];

const FOREIGN = [
  "new Uint8Array(200)",
  "new ArrayBuffer(200)",
  "[1, 2]",
  '({ type: "FuzzTask" })',
  'new Error("foreign")',
  "Promise.resolve(1)",
  "new Promise(() => {})",
  "(() => {})",
  "new Map()",
  "Object.create(null)",
  '({ get type() { throw new Error("foreign") } })',
].map((source) => () => foreign(source));

/** Values that take the platform real time, which makes a scenario slow. */
const SLOW = [
  () => new Blob([new Uint8Array(200)]),
  () => new File([new Uint8Array(200)], "it.png", { type: "image/png" }),
  () => new Response("{}"),
  () => new Request("http://127.0.0.1/", { method: "POST", body: "{}" }),
  () => new ReadableStream({}),
];

/** Any value, hostile or not. */
export function anyValue(world) {
  const { tape } = world;
  const kinds = tape.weighted([
    [5, PLAIN],
    [4, ODD],
    [6, HOSTILE],
    [2, FOREIGN],
    [world.isPolluted ? 0 : 0.3, SLOW],
  ]);
  if (kinds === SLOW) world.isSlow = true;
  return tape.pick(kinds)();
}

/** Something to throw, or to reject with. `key` is what a careless text in it shows. */
export function anyError(world, key = "no-key") {
  const { tape } = world;
  return tape.pick([
    () => new TypeError("fetch failed"),
    () => new Error(`the proxy says: ${key} is wrong`),
    () => Object.assign(new Error("with a code"), { code: "ECONNRESET", cause: new Error(key) }),
    () => new AggregateError([new Error("first")], ""),
    () => new DOMException("This operation was aborted", "AbortError"),
    () => `text with ${key}`,
    () => "",
    () => undefined,
    () => null,
    () => 0,
    () => {
      const error = new Error("ring");
      error.cause = error;
      return error;
    },
    () => ({ name: { toString: boom }, message: Symbol("s"), code: 5 }),
    () => foreign('new TypeError("foreign")'),
    () => anyValue(world),
  ])();
}

const BYTES = Uint8Array.from({ length: 300 }, (_, n) =>
  n < 8 ? [137, 80, 78, 71, 13, 10, 26, 10][n] : (n * 97 + (n >> 3)) & 255,
);
const BASE64 = Buffer.from(BYTES).toString("base64");

/** An image that the service takes, in one of the documented forms. */
export function goodImage(world) {
  const make = world.tape.pick([
    () => BYTES.slice(),
    () => BASE64,
    () => `data:image/png;base64,${BASE64}`,
    () => BYTES.slice().buffer,
    () => Buffer.from(BYTES),
    () => new DataView(BYTES.slice().buffer),
    () => ({ size: BYTES.length, arrayBuffer: async () => BYTES.slice().buffer }),
    () => foreign("(bytes) => Uint8Array.from(bytes)")(BYTES),
  ]);
  return make();
}

/** An image that is no image, is too large, or is given in an odd form. */
export function anyImage(world) {
  const { tape } = world;
  return tape.weighted([
    [6, () => goodImage(world)],
    [4, () => anyValue(world)],
    [0.2, () => new Uint8Array(500_001)],
    [0.2, () => new Uint8Array(50_000)],
    [1, () => new Uint8Array(99)],
    [1, () => BASE64.slice(0, -3)],
    [1, () => `${BASE64.slice(0, 200)}\r\n ${BASE64.slice(200)}`],
    [1, () => `data:image/svg+xml,${"x".repeat(200)}`],
    [1, () => `data:;base64,${BASE64}`],
    [1, () => "!".repeat(400)],
    [1, () => "https://a.example/captcha.png"],
  ])();
}
