// The forms in which a program may have an image: each is opened, read no further than the limit, and let go when the
// call ends early.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { ImageError, TransportError } from "capwire";
import { eventually, failure, rejection } from "./helpers/assertions.js";
import {
  base64Of,
  bytesOf,
  fixture,
  generator,
  nodeStream,
  TOO_BIG,
  TOO_SMALL,
  webStream,
} from "./helpers/images.js";

const MAX = 500_000;

/** As node-fetch has it: its `size` is how much it may read. */
const nodeFetchResponse = (bytes, more) => ({
  size: 0,
  timeout: 0,
  ok: true,
  status: 200,
  bodyUsed: false,
  headers: new Headers({ "content-type": "image/png" }),
  arrayBuffer: async () => bytes.slice().buffer,
  ...more,
});

const FORMS = {
  "a Response": (bytes) => new Response(bytes),
  "a Response of a Blob": (bytes) => new Response(new Blob([bytes], { type: "image/png" })),
  "a Response of a stream": (bytes) => new Response(webStream(bytes)),
  "a Response of node-fetch": (bytes) => nodeFetchResponse(bytes),
  "a Response of node-fetch with its stream": (bytes) =>
    nodeFetchResponse(bytes, { body: nodeStream(bytes) }),
  "a web ReadableStream": (bytes) => webStream(bytes),
  "the stream of a Blob": (bytes) => new Blob([bytes]).stream(),
  "a Node stream": (bytes) => nodeStream(bytes),
  "an async generator": (bytes) => generator(bytes),
  "an async generator of other views": async function* (bytes) {
    for await (const chunk of generator(bytes)) yield new DataView(chunk.buffer);
  },
  "a stream that uses its memory again": async function* (bytes) {
    const memory = new Uint8Array(64);
    for (let at = 0; at < bytes.length; at += 64) {
      const chunk = bytes.subarray(at, at + 64);
      memory.set(chunk);
      yield memory.subarray(0, chunk.length);
    }
  },
  "a promise of bytes": async (bytes) => bytes,
  "a promise of base64": async (bytes) => base64Of(bytes),
  "a promise of a Blob": async (bytes) => new Blob([bytes]),
  "a promise of a Response": async (bytes) => new Response(bytes),
  "a promise of a stream": async (bytes) => nodeStream(bytes),
  // biome-ignore lint/suspicious/noThenProperty: this is what is tested
  "a thenable": (bytes) => ({ then: (done) => done(bytes) }),
  "a list of numbers": (bytes) => [...bytes],
  "a Uint8Array that became JSON": (bytes) => JSON.parse(JSON.stringify(bytes)),
  "a Buffer that became JSON": (bytes) => JSON.parse(JSON.stringify(Buffer.from(bytes))),
  "URL-safe base64": (bytes) => Buffer.from(bytes).toString("base64url"),
  "base64 after a byte order mark": (bytes) => `\ufeff${base64Of(bytes)}`,
  "a data: URL with escapes": (bytes) =>
    `data:image/png;base64,${encodeURIComponent(base64Of(bytes))}`,
  "a data: URL without base64": (bytes) =>
    `data:image/x-captcha,${Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`,
  "a data: URL out of JSON": (bytes) =>
    `data:image\\/png;base64,${base64Of(bytes).replaceAll("/", "\\/").replaceAll("+", "\\u002B")}`,
  "a canvas": (bytes) => ({
    width: 5,
    height: 10,
    toDataURL: () => `data:image/png;base64,${base64Of(bytes)}`,
  }),
  "an OffscreenCanvas": (bytes) => ({
    width: 5,
    height: 10,
    convertToBlob: async () => new Blob([bytes], { type: "image/png" }),
  }),
};

describe("a form of an image", { concurrency: true, timeout: 120_000 }, () => {
  for (const [what, made] of Object.entries(FORMS)) {
    it(`${what} is sent with each call and in each field`, async () => {
      const bytes = bytesOf(2_345);
      const { client, sent } = fixture();
      const complex = { type: "ComplexImageTask", class: "hcaptcha", metadata: { Task: "x" } };
      assert.equal(await client.solveImage(made(bytes)), "w7kq");
      await client.solve({ type: "ImageToTextTask", body: made(bytes) });
      await client.createTask({ type: "ImageToTextTask", body: made(bytes) });
      await client.createTask({
        ...complex,
        imagesBase64: [made(bytes), bytes, made(bytes)],
        exampleImagesBase64: [made(bytes)],
      });
      const base64 = base64Of(bytes);
      assert.deepEqual(
        sent.flatMap(({ body, imagesBase64, exampleImagesBase64 }) => [
          ...(body ? [body] : []),
          ...(imagesBase64 ?? []),
          ...(exampleImagesBase64 ?? []),
        ]),
        Array(7).fill(base64),
      );
    });

    it(`${what} has the same limits as bytes`, async () => {
      const { client, sent } = fixture({ imageLimits: { maxBytes: 3_000 } });
      for (const [size, code, limit] of [
        [0, TOO_SMALL, 100],
        [99, TOO_SMALL, 100],
        [3_001, TOO_BIG, 3_000],
      ]) {
        // Nothing tells that this was bytes.
        if (size === 0 && what === "a Uint8Array that became JSON") continue;
        await failure(client.solveImage(made(bytesOf(size))), ImageError, code, { size, limit });
      }
      assert.deepEqual(sent, []);
      for (const size of [100, 3_000]) await client.solveImage(made(bytesOf(size)));
      assert.equal(sent.length, 2);
    });
  }

  it("is read from solveAll too", async () => {
    const { client, sent } = fixture();
    const bytes = bytesOf(200);
    const tasks = Object.values(FORMS).map((made) => ({
      type: "ImageToTextTask",
      body: made(bytes),
    }));
    for await (const { status, reason } of client.solveAll(tasks)) {
      assert.equal(status, "fulfilled", inspect(reason));
    }
    assert.deepEqual(new Set(sent.map(({ body }) => body)), new Set([base64Of(bytes)]));
  });
});

/** Streams that tell how much of them was read and whether they were let go. */
const WATCHED = {
  "a web stream": (chunk) => {
    const seen = { chunks: 0, isLetGo: false };
    const stream = new ReadableStream(
      {
        async pull(controller) {
          seen.chunks += 1;
          const next = await chunk(seen.chunks);
          if (next) controller.enqueue(next);
          else controller.close();
        },
        cancel() {
          seen.isLetGo = true;
        },
      },
      { highWaterMark: 0 },
    );
    return { seen, image: stream };
  },
  "a Response": (chunk) => {
    const { seen, image } = WATCHED["a web stream"](chunk);
    return { seen, image: new Response(image) };
  },
  "a Node stream": (chunk) => {
    const seen = { chunks: 0, isLetGo: false };
    const stream = new Readable({
      highWaterMark: 1,
      async read() {
        seen.chunks += 1;
        const next = await chunk(seen.chunks);
        if (!stream.destroyed) stream.push(next ?? null);
      },
      destroy(error, done) {
        seen.isLetGo = true;
        done(error);
      },
    });
    return { seen, image: stream };
  },
  "an async generator": (chunk) => {
    const seen = { chunks: 0, isLetGo: false };
    const image = (async function* () {
      try {
        for (;;) {
          seen.chunks += 1;
          const next = await chunk(seen.chunks);
          if (!next) break;
          yield next;
        }
      } finally {
        seen.isLetGo = true;
      }
    })();
    return { seen, image };
  },
};

describe("a stream", { concurrency: true, timeout: 120_000 }, () => {
  for (const [what, watched] of Object.entries(WATCHED)) {
    it(`${what} without an end is read no further than the limit, and let go`, async () => {
      const { client, sent } = fixture();
      const { seen, image } = watched(() => new Uint8Array(50_000).fill(7));
      await failure(client.solveImage(image), ImageError, TOO_BIG, { size: 550_000, limit: MAX });
      assert.ok(seen.chunks <= 13, `${seen.chunks} chunks were read`);
      await eventually(() => seen.isLetGo, "it is let go");
      assert.deepEqual(sent, []);
    });

    it(`${what} of one byte more than the limit is refused, and of the limit sent`, async () => {
      const { client, sent } = fixture();
      const parts = (last) => (n) =>
        n <= 10 ? new Uint8Array(50_000).fill(7) : n === 11 && last ? Uint8Array.of(7) : undefined;
      const size = MAX + 1;
      await failure(client.solveImage(watched(parts(true)).image), ImageError, TOO_BIG, { size });
      assert.deepEqual(sent, []);
      await client.solveImage(watched(parts(false)).image);
      assert.equal(Buffer.from(sent[0].body, "base64").length, MAX);
    });

    it(`${what} that stalls ends with the abort and with the time of the call`, async () => {
      const { client } = fixture();
      const stalls = (n) => (n === 1 ? bytesOf(200) : new Promise(() => {}));
      const controller = new AbortController();
      const first = watched(stalls);
      const call = client.solveImage(first.image, { signal: controller.signal });
      await eventually(() => first.seen.chunks >= 2, "it stalls");
      controller.abort(new Error("enough"));
      assert.equal((await rejection(call)).message, "enough");
      const second = watched(stalls);
      const late = client.solveImage(second.image, { timeoutMs: 60 });
      await failure(late, TransportError, "REQUEST_TIMEOUT", { origin: "client" });
      // A generator that waits cannot be left.
      if (what === "an async generator") return;
      await eventually(() => first.seen.isLetGo && second.seen.isLetGo, "both are let go");
    });

    it(`${what} of something else than bytes is refused, and let go`, async () => {
      const { client, sent } = fixture();
      const wrong = what === "a Node stream" ? undefined : "text";
      if (wrong) {
        const { seen, image } = watched(() => wrong);
        const error = await failure(client.solveImage(image), ImageError, "INVALID_IMAGE");
        assert.match(error.message, /not bytes/);
        await eventually(() => seen.isLetGo, "it is let go");
      }
      assert.deepEqual(sent, []);
    });

    it(`${what} of endless empty chunks is refused, and let go`, async () => {
      if (what === "a Node stream") return; // it has none
      const { client } = fixture();
      const { seen, image } = watched(() => new Uint8Array(0));
      const error = await failure(client.solveImage(image), ImageError, "INVALID_IMAGE");
      assert.match(error.message, /empty/);
      await eventually(() => seen.isLetGo, "it is let go");
    });

    it(`${what} that breaks is refused with its reason`, async () => {
      const { client, sent } = fixture();
      const breaks = (n) => {
        if (n === 1) return bytesOf(200);
        throw new Error("the wire was cut");
      };
      const image =
        what === "a Node stream"
          ? Readable.from(
              (async function* () {
                yield breaks(1);
                yield breaks(2);
              })(),
            )
          : watched(breaks).image;
      const error = await failure(client.solveImage(image), ImageError, "INVALID_IMAGE");
      assert.match(error.message, /the wire was cut/);
      assert.equal(error.cause.message, "the wire was cut");
      assert.deepEqual(sent, []);
    });
  }

  it("of text, as setEncoding makes it, is refused", async () => {
    const { client } = fixture();
    const image = Readable.from([Buffer.alloc(200, 7)]).setEncoding("utf8");
    const error = await failure(client.solveImage(image), ImageError, "INVALID_IMAGE");
    assert.match(error.message, /not bytes/);
  });
});
