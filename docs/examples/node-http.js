// node node-http.js captcha.png
import { readFile } from "node:fs/promises";
import { Client } from "capwire";
import { nodeHttpFetch } from "capwire/node-http";

const client = new Client({
  clientKey: process.env.CAPWIRE_KEY,
  baseUrl: process.env.CAPWIRE_BASE_URL, // if unset, the service's own address
  fetch: nodeHttpFetch,
});

console.log(await client.solveImage(await readFile(process.argv[2])));
