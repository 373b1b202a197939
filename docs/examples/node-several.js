// node node-several.js a.png b.png c.png
import { readFile } from "node:fs/promises";
import { Client } from "capwire";

const client = new Client({
  clientKey: process.env.CAPWIRE_KEY,
  baseUrl: process.env.CAPWIRE_BASE_URL, // if unset, the service's own address
});
const files = process.argv.slice(2);

/** Reads a file only when a slot is free, so thousands of images are never in memory at once. */
async function* tasks() {
  for (const file of files) yield { type: "ImageToTextTask", body: await readFile(file) };
}

for await (const result of client.solveAll(tasks(), { concurrency: 4 })) {
  const file = files[result.index];
  if (result.status === "fulfilled") console.log(file, result.value.solution.text);
  else console.error(file, result.reason.message);
}
