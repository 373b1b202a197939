// Only where a test file has a realm of its own: its `Error` and `Object` are not those of Node.

import { readFile } from "node:fs/promises";
import { Client, InternalError, init } from "capwire";

const { clientKey, baseUrl, image, text } = JSON.parse(process.env.CONFIG);

test("names the reason why the module could not be started", async () => {
  const wasm = readFile("missing.wasm");
  await expect(wasm).rejects.not.toBeInstanceOf(Error);
  const error = await init(wasm).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(InternalError);
  expect(error).toMatchObject({ code: "INTERNAL", cause: { name: "Error" } });
  expect(error.cause.message).toMatch(/^ENOENT: /);
});

test("takes options and a task of another realm", async () => {
  const task = structuredClone({ type: "ImageToTextTask", body: image });
  expect(task).not.toBeInstanceOf(Object);
  const client = new Client(structuredClone({ clientKey, baseUrl }));
  expect((await client.solve(task)).solution).toEqual({ text });
}, 60_000);
