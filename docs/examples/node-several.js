// node node-several.js a.png b.png c.png
import { readFile } from "node:fs/promises";
import { Client } from "capwire";

const client = new Client({
  clientKey: process.env.CAPWIRE_KEY,
  baseUrl: process.env.CAPWIRE_BASE_URL, // not set: the service's own
});
const files = process.argv.slice(2);

/** Read when there is room for them: a folder of thousands is never in memory as a whole. */
async function* tasks() {
  for (const file of files) yield { type: "ImageToTextTask", body: await readFile(file) };
}

for await (const result of client.solveAll(tasks(), { concurrency: 4 })) {
  const file = files[result.index];
  if (result.status === "fulfilled") console.log(file, result.value.solution.text);
  else console.error(file, result.reason.message);
}
