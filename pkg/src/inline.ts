// For places that cannot fetch a file next to the script: the module is part of the JavaScript.

import { setLoader } from "./module.js";
import gzipped from "./wasm-inline.js";
import { webassembly } from "./webassembly.js";

setLoader(webassembly, () => {
  const bytes = Uint8Array.from(atob(gzipped), (character) => character.charCodeAt(0));
  const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unzipped, { headers: { "content-type": "application/wasm" } });
});

export * from "./index.js";
