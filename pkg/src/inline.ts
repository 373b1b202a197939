// For places where no file can be fetched beside the script: the module stands in the JavaScript itself.

import { loadFrom } from "./module.js";
import gzipped from "./wasm-inline.js";
import { webassembly } from "./webassembly.js";

loadFrom(webassembly, () => {
  const bytes = Uint8Array.from(atob(gzipped), (character) => character.charCodeAt(0));
  const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unzipped, { headers: { "content-type": "application/wasm" } });
});

export * from "./index.js";
