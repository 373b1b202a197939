// How small files get when they are compressed: `node xtask/size.js FILE...` prints a JSON list of the bytes of each,
// as it is, with gzip, and with brotli.

import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import pako from "pako";

const sizes = process.argv.slice(2).map((file) => {
  const bytes = readFileSync(file);
  return {
    raw: bytes.length,
    // As GNU gzip -9 does it, to the byte. Node has a faster variant of zlib, whose output depends on the processor.
    gzip: pako.gzip(bytes, { level: 9, memLevel: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
});
console.log(JSON.stringify(sizes));
