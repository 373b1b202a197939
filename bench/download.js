// What a page downloads for each client: the minified JavaScript, and the wasm.

import { readFile } from "node:fs/promises";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { minified, WASM } from "./bundle.js";

const OTHER_ENTRIES = [
  { name: "capwire/inline", bundle: 'export { Client } from "capwire/inline";' },
  { name: "capwire/js", bundle: 'export { Client } from "capwire/js";' },
];

const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;

function brotli(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params }).length;
}

const size = (bytes) => ({ raw: bytes.length, gzip: gzip(bytes), brotli: brotli(bytes) });

/** A row per client and entry: `{ client, raw, gzip, brotli }` in bytes. */
export async function downloads(clients) {
  const rows = [];
  for (const { name, bundle } of [...clients, ...OTHER_ENTRIES]) {
    if (bundle === undefined) continue;
    const files = [size(await minified(bundle))];
    if (name === "capwire") files.push(size(await readFile(WASM)));
    const sum = (part) => files.reduce((total, file) => total + file[part], 0);
    rows.push({ client: name, raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") });
  }
  return rows;
}
