// The forms in which an injected fetch may answer: those that a client must read, and those that it must survive.

import { anyError, anyValue } from "./values.js";

const encoder = new TextEncoder();
const never = () => new Promise(() => {});
const boom = () => {
  throw new RangeError("boom");
};

const headersOf = (retryAfter) => ({
  get: (name) => (name.toLowerCase() === "retry-after" ? (retryAfter ?? null) : null),
});

/** A body that comes in pieces. `next` gives the next one, or a promise of it. */
const streamOf = (next) => ({ getReader: () => ({ read: next, cancel() {}, releaseLock() {} }) });

function inPieces(world, text, read) {
  const bytes = encoder.encode(text);
  const width = 1 + world.tape.below(bytes.length + 1);
  let at = 0;
  return streamOf(async () => {
    world.moments.tell("read");
    if (at >= bytes.length) {
      read();
      return { done: true, value: undefined };
    }
    at += width;
    return { done: false, value: bytes.slice(at - width, at) };
  });
}

/** A response that a client must read whole. `read` is called when it has. */
export function goodResponse(world, { status, text, retryAfter }, read) {
  const { tape } = world;
  const textOf = async () => {
    world.moments.tell("read");
    read();
    return text;
  };
  const plain = { status, headers: headersOf(retryAfter), body: null, text: textOf };
  const make = tape.weighted([
    [8, () => plain],
    [3, () => ({ ...plain, body: inPieces(world, text, read), text: boom })],
    [1, () => ({ status, headers: headersOf(retryAfter), text: textOf })],
    [
      1,
      () => ({
        status,
        headers: new Headers(retryAfter && { "retry-after": retryAfter }),
        text: textOf,
      }),
    ],
    [1, () => new Proxy(plain, {})],
    [1, () => Object.freeze({ ...plain })],
    [1, () => Object.create(plain)],
    // Its body comes after a while.
    [1, () => ({ ...plain, text: () => later(world, tape.pick([1, 500, 3_000]), textOf) })],
    [
      world.isPolluted || status < 200 || status > 599 || status === 204 || status === 304
        ? 0
        : 0.5,
      () => real(world, status, text, read),
    ],
  ]);
  return make();
}

function real(world, status, text, read) {
  world.isSlow = true;
  const response = new Response(text, { status });
  const reader = response.body.getReader();
  const body = streamOf(async () => {
    const step = await reader.read();
    if (step.done) read();
    return step;
  });
  return { status, headers: response.headers, body };
}

/** The value of a function, after so many ms. */
export function later(world, ms, value) {
  return new Promise((resolve, reject) => {
    world.clock.after(ms, () => {
      try {
        resolve(value());
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** A response that is broken in itself, whatever it wants to say. */
export function oddResponse(world, { status, text }, key) {
  const { tape } = world;
  const headers = headersOf();
  const plain = { status, headers, body: null, text: async () => text };
  const bytes = encoder.encode(text);
  const chunk = (value) => async () => ({ done: false, value });
  return tape.weighted([
    [1, () => undefined],
    [1, () => null],
    [3, () => anyValue(world)],
    [
      1,
      () => ({
        ...plain,
        status: tape.pick([Number.NaN, "200", 200n, -1, 0, 99, 600, 1e9, 200.5, undefined, null]),
      }),
    ],
    [1, () => Object.defineProperty({ ...plain }, "status", { get: boom })],
    [1, () => Object.defineProperty({ ...plain }, "body", { get: boom })],
    [1, () => Object.defineProperty({ ...plain }, "headers", { get: boom })],
    [1, () => Object.defineProperty({ ...plain }, "text", { get: boom })],
    [1, () => ({ ...plain, headers: { get: boom } })],
    [1, () => ({ ...plain, headers: { get: () => anyValue(world) } })],
    [1, () => ({ ...plain, text: boom })],
    [1, () => ({ ...plain, text: never })],
    [1, () => ({ ...plain, text: async () => boom() })],
    [1, () => ({ ...plain, text: async () => anyValue(world) })],
    [
      1,
      () => ({
        ...plain,
        text: async () => {
          throw anyError(world, key);
        },
      }),
    ],
    [1, () => ({ ...plain, body: anyValue(world) })],
    [1, () => ({ ...plain, body: { getReader: boom } })],
    [1, () => ({ ...plain, body: { getReader: () => anyValue(world) } })],
    [1, () => ({ ...plain, body: streamOf(never) })],
    [1, () => ({ ...plain, body: streamOf(boom) })],
    [1, () => ({ ...plain, body: streamOf(async () => boom()) })],
    [1, () => ({ ...plain, body: streamOf(async () => anyValue(world)) })],
    [1, () => ({ ...plain, body: streamOf(chunk(anyValue(world))) })],
    [
      1,
      () => ({
        ...plain,
        body: streamOf(async () => ({
          get done() {
            return boom();
          },
        })),
      }),
    ],
    // A piece, and then nothing more: neither an end nor an error.
    [1, () => ({ ...plain, body: streamOf(afterwards(chunk(bytes.slice(0, 5)), never)) })],
    [1, () => ({ ...plain, body: streamOf(afterwards(chunk(bytes), boom)) })],
    // Endless: without a byte, and with many.
    [0.3, () => ({ ...plain, body: streamOf(chunk(new Uint8Array(0))) })],
    [0.3, () => ({ ...plain, body: streamOf(chunk(new Uint8Array(65_536))) })],
    [0.1, () => ({ ...plain, body: streamOf(slowly(world)) })],
    [0.1, () => ({ ...plain, text: async () => " ".repeat(4 * 1024 * 1024 + 1) })],
    [
      0.3,
      () => ({
        ...plain,
        body: streamOf(
          chunk(Object.defineProperty(new Uint8Array(8), "byteLength", { value: -8 })),
        ),
      }),
    ],
  ])();
}

function afterwards(first, then) {
  let isFirst = true;
  return () => {
    if (!isFirst) return then();
    isFirst = false;
    return first();
  };
}

/** A byte a second, for ever. */
function slowly(world) {
  return () => later(world, 1_000, () => ({ done: false, value: new Uint8Array(1) }));
}
