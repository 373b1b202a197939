// The forms in which a program may have an image: each is opened, read no further than the limit, and let go when the
// call ends early. What is no image is named. The rules for what is one are tested in Rust.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { Client, ImageError, TaskError, TransportError } from "capwire";
import { eventually, failure, rejection } from "./helpers/assertions.js";
import { runForJson } from "./helpers/process.js";
import { KEY } from "./helpers/sandbox.js";

const TOO_SMALL = "ERROR_ZERO_CAPTCHA_FILESIZE";
const TOO_BIG = "ERROR_TOO_BIG_CAPTCHA_FILESIZE";
const MAX = 500_000;

/** Bytes of no known format, some of which base64 writes as `+` and `/`. */
const bytesOf = (size) => Uint8Array.from({ length: size }, (_, at) => (at * 37 + 251) % 256);
const base64Of = (bytes) => Buffer.from(bytes).toString("base64");

/** A client with a service of its own. `sent` has the tasks that it got. */
function fixture(options) {
  const sent = [];
  const answers = {
    createTask: () => ({ errorId: 0, taskId: sent.length }),
    getTaskResult: () => ({ errorId: 0, status: "ready", solution: { text: "w7kq" } }),
  };
  const fetch = async (url, init) => {
    const { task } = JSON.parse(init.body);
    if (task) sent.push(task);
    return Response.json(answers[url.split("/").at(-1)]());
  };
  return { sent, client: new Client({ clientKey: KEY, fetch, ...options }) };
}

async function folderFor(t) {
  const folder = await mkdtemp(join(tmpdir(), "capwire-images-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

const webStream = (bytes, step = 1_000) => {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + step));
      at += step;
    },
  });
};
const nodeStream = (bytes, step = 1_000) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += step) yield Buffer.from(bytes.slice(at, at + step));
    })(),
    { objectMode: false },
  );
async function* generator(bytes, step = 1_000) {
  for (let at = 0; at < bytes.length; at += step) yield bytes.slice(at, at + step);
}
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

const page = (start) => `${start}${"Your session is over. ".repeat(20)}`;
const used = async (made) => {
  const response = made;
  await response.arrayBuffer();
  return response;
};
const read = async (stream) => {
  for await (const _ of stream);
  return stream;
};

/** What is given, what the message says, and what was detected. */
const REFUSED = {
  "a page as bytes": [() => Buffer.from(page("<html>")), /HTML/, "html"],
  "a page as a Blob": [() => new Blob([page("<html>")]), /HTML/, "html"],
  "a Blob of HTML": [() => new Blob([bytesOf(200)], { type: "text/html" }), /HTML/, "html"],
  "a File of text": [() => new File([bytesOf(200)], "a", { type: "text/plain" }), /text/, "text"],
  "a Response of a page": [() => new Response(page("<!doctype html>")), /text|HTML/, undefined],
  "a Response that declares JSON": [() => Response.json({ error: 1 }), /JSON/, "json"],
  "a page in UTF-16": [() => Buffer.from(`\ufeff${page("<html>")}`, "utf16le"), /HTML/, "html"],
  "a stream of a page": [() => nodeStream(Buffer.from(page("<html>"))), /HTML/, "html"],
  "the text of a page": [() => page("<html>"), /HTML/, "html"],
  "JSON as bytes": [() => Buffer.from(JSON.stringify({ error: page("") })), /JSON/, "json"],
  "bytes of base64": [() => Buffer.from(base64Of(bytesOf(200))), /base64/, "base64"],
  "base64 of base64": [() => base64Of(Buffer.from(base64Of(bytesOf(200)))), /base64/, "base64"],
  "a data: URL as bytes": [
    () => Buffer.from(`data:image/png;base64,${base64Of(bytesOf(200))}`),
    /data: URL/,
    "data-url",
  ],
  "bytes that were text once": [
    () => Buffer.from(Buffer.from([0x89, 0x50, 0x4e, 0x47, ...bytesOf(200)]).toString()),
    /read as text/,
    "binary-as-text",
  ],
  "a binary string": [() => "\ufffd\ufffd\ufffd\ufffd\0\x10JFIF", /read as text/, "binary-as-text"],
  zeros: [() => new Uint8Array(5_000), /zeros/, "zeros"],
  "a Blob of zeros": [() => new Blob([new Uint8Array(5_000)]), /zeros/, "zeros"],
  "a Uint8ClampedArray": [() => new Uint8ClampedArray(400).fill(7), /pixels/, "pixels"],
  "a Float32Array": [() => new Float32Array(400).fill(7), /pixels/, "pixels"],
  ImageData: [
    () => ({ width: 10, height: 10, data: new Uint8ClampedArray(400) }),
    /pixels/,
    "pixels",
  ],
  "a data: URL of text": [() => `data:text/plain;base64,${base64Of(bytesOf(200))}`, /text/, "text"],
  "a PDF": [() => Buffer.from(page("%PDF-1.7\n")), /PDF/, "pdf"],
  "a ZIP": [() => Buffer.from(page("PK\x03\x04")), /ZIP/, "zip"],
  audio: [() => Buffer.from(page("RIFF\x01\x02\x03\x04WAVEfmt ")), /audio/, "audio"],
  "a path": [() => "./captchas/7.png", /path/, "path"],
  "a web address": [() => "https://shop.example/captcha?n=7", /address/, "url"],
  "a promise of nothing": [() => Promise.resolve(undefined), /null/, undefined],
  "a promise that rejects": [() => Promise.reject(new Error("no shot")), /no shot/, undefined],
  "an invisible character": [
    () => `${base64Of(bytesOf(200)).slice(0, 40)}\u200b${base64Of(bytesOf(200)).slice(40)}`,
    /U\+200B at position 40/,
    undefined,
  ],
  "a Response that was read": [() => used(new Response(bytesOf(200))), /a Response whose body/],
  "a Response whose body is locked": [
    () => {
      const response = new Response(bytesOf(200));
      response.body.getReader();
      return response;
    },
    /a Response whose body/,
  ],
  "a locked stream": [
    () => {
      const stream = webStream(bytesOf(200));
      stream.getReader();
      return stream;
    },
    /a ReadableStream stream that has ended or is locked/,
  ],
  "a Node stream that has ended": [
    () => read(nodeStream(bytesOf(200))),
    /a Readable stream that has ended/,
  ],
  "a Node stream that was destroyed": [
    () => new PassThrough().destroy(),
    /a PassThrough stream that has ended/,
  ],
  "a Request": [() => new Request("https://shop.example/7"), /a Request$/],
  "a URL": [() => new URL("https://shop.example/7"), /a URL$/],
  "a Date": [() => new Date(), /a Date$/],
  "a Map": [() => new Map(), /a Map$/],
  "an object": [() => ({ image: "x" }), /an object$/],
  "a list with a number that is no byte": [() => [1, 2, 256], /an array$/],
  "a list with a hole": [() => Array(300), /an array$/],
  "a list of texts": [() => Array(300).fill("7"), /an array$/],
  "an object of places with a gap": [() => ({ 0: 1, 2: 3 }), /an object$/],
  "an object whose places are not all": [() => ({ 0: 1, 1: 2, name: "x" }), /an object$/],
  "an element": [
    () =>
      new (class HTMLImageElement {
        width = 5;
        height = 5;
      })(),
    /a HTMLImageElement$/,
  ],
  "a canvas with an image of another site": [
    () => ({
      width: 5,
      height: 5,
      toDataURL() {
        throw new DOMException("The canvas has been tainted", "SecurityError");
      },
    }),
    /tainted/,
  ],
};

describe("what is no image", { concurrency: true, timeout: 120_000 }, () => {
  for (const [what, [made, words, detected]] of Object.entries(REFUSED)) {
    it(`${what} is named, and not sent`, async () => {
      const { client, sent } = fixture();
      for (const call of [
        async (image) => client.solveImage(image),
        async (image) => client.solve({ type: "ImageToTextTask", body: image }),
        async (image) =>
          client.createTask({
            type: "ComplexImageTask",
            class: "hcaptcha",
            metadata: { Task: "x" },
            imagesBase64: [image],
          }),
      ]) {
        const given = made();
        // A promise made here is what is tested, or what the form needs.
        const isForm = what.startsWith("a promise");
        const image = isForm ? given : await given;
        const fields = { origin: "client", method: "createTask", retryable: false };
        const error = await failure(call(image), ImageError, "INVALID_IMAGE", fields);
        assert.match(error.message, words);
        if (what !== "a Response of a page") assert.equal(error.detected, detected);
        assert.equal(error.toJSON().detected, error.detected);
      }
      assert.deepEqual(sent, []);
    });
  }

  it("an empty canvas has 0 bytes", async () => {
    const { client, sent } = fixture();
    const empty = { width: 0, height: 150 };
    for (const canvas of [
      "data:,",
      { ...empty, toDataURL: () => "data:," },
      { ...empty, convertToBlob: () => Promise.reject(new Error("no pixels")) },
    ]) {
      const fields = { size: 0, limit: 100 };
      const error = await failure(client.solveImage(canvas), ImageError, TOO_SMALL, fields);
      assert.match(error.message, /an empty canvas or data: URL: 0 bytes/);
    }
    assert.deepEqual(sent, []);
  });

  it("a list of images is a list, and not a promise or a stream of one", async () => {
    const { client, sent } = fixture();
    for (const [images, words] of [
      [Promise.resolve([bytesOf(200)]), /a Promise/],
      [nodeStream(bytesOf(200)), /a Readable/],
    ]) {
      const task = { type: "ComplexImageTask", class: "x", imagesBase64: images };
      const error = await failure(client.createTask(task), TaskError, "INVALID_TASK");
      assert.match(error.message, words);
    }
    assert.deepEqual(sent, []);
  });

  it("audio is sent where a task takes audio, and unknown bytes everywhere", async () => {
    const { client, sent } = fixture();
    const task = (payload) => ({
      type: "ComplexImageTask",
      class: "recognition",
      metadata: { Task: "bills_audio", PayloadType: "Audio" },
      imagesBase64: [payload],
    });
    await client.createTask(task(Buffer.from(page("ID3\x04"))));
    await client.createTask(task(new Blob([bytesOf(200)], { type: "audio/mpeg" })));
    await client.createTask(task(bytesOf(200)));
    assert.equal(sent.length, 3);
  });
});

describe("a failure that nobody listens to yet", { timeout: 60_000 }, () => {
  it("does not end the process", async (t) => {
    const missing = JSON.stringify(join(await folderFor(t), "missing.png"));
    const codes = await runForJson(`
      import { createReadStream } from "node:fs";
      import { Client } from "capwire";
      const fetch = async () => Response.json({ errorId: 0, taskId: 7 });
      const client = new Client({ clientKey: "x", fetch });
      const image = new Uint8Array(200).fill(7);
      const fails = () => Promise.reject(new Error("no shot"));
      const task = (...images) => ({ type: "ComplexImageTask", class: "x", imagesBase64: images });
      const slow = async () => new Promise((resolve) => setTimeout(resolve, 50, image));
      const codes = [];
      const add = (error) => codes.push(error.code);
      // The module is not loaded yet.
      const calls = [
        client.solveImage(fails()),
        client.solveImage(createReadStream(${missing})),
        client.createTask({ type: "ImageToTextTask", body: fails() }),
        client.createTask(task(slow(), fails(), createReadStream(${missing}))),
        // It is refused before the image is looked at.
        new Client({ clientKey: "x", softId: -1, fetch }).solveImage(fails()),
      ];
      await Promise.all(calls.map((call) => call.catch(add)));
      await client.createTask(task(slow(), fails())).catch(add);
      for await (const { reason } of client.solveAll([task(slow(), fails())])) add(reason);
      console.log(JSON.stringify(codes.sort()));
    `);
    assert.deepEqual(codes, [...Array(6).fill("INVALID_IMAGE"), "INVALID_OPTIONS"]);
  });

  it("of a file's stream is told", async (t) => {
    const folder = await folderFor(t);
    const { client, sent } = fixture();
    const file = join(folder, "captcha.bin");
    await writeFile(file, bytesOf(70_000));
    await client.solveImage(createReadStream(file));
    assert.equal(sent[0].body, base64Of(bytesOf(70_000)));
    const missing = createReadStream(`${file}.no`).on("error", () => {});
    await sleep(50);
    const error = await failure(client.solveImage(missing), ImageError, "INVALID_IMAGE");
    assert.match(error.message, /ENOENT/);
  });
});
