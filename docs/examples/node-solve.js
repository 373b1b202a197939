// node node-solve.js captcha.png
import { readFile } from "node:fs/promises";
import { Client } from "capwire";

const client = new Client({
  clientKey: process.env.CAPWIRE_KEY,
  baseUrl: process.env.CAPWIRE_BASE_URL, // if unset, the service's own address
});

const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("stopped by Ctrl-C")));

console.error(`balance: ${await client.getBalance()}`);
const text = await client.solveImage(await readFile(process.argv[2]), {
  signal: stop.signal,
  timeoutMs: 30_000, // for creating and waiting together; the default for images is 10,000
  onProgress(event) {
    console.error(event.type, event.taskId, `after ${event.elapsedMs} ms`);
  },
});
console.log(text);
