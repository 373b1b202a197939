// What is not an image is named and not sent, in whatever form it comes. The rules for what is one are tested in Rust.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ImageError, TaskError } from "capwire";
import { failure } from "./helpers/assertions.js";
import {
  base64Of,
  bytesOf,
  fixture,
  folderFor,
  nodeStream,
  TOO_SMALL,
  webStream,
} from "./helpers/images.js";
import { runForJson } from "./helpers/process.js";

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

describe("what is not an image", { concurrency: true, timeout: 120_000 }, () => {
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
