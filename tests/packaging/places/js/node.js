import { scenario } from "./scenario.js";

const config = JSON.parse(process.argv[2]);
// Node's own `fetch` is made of WebAssembly too, which is compiled for its first request.
await fetch(config.baseUrl);
delete globalThis.WebAssembly;

const capwire = await import("capwire/js");
const report = await scenario(capwire, config);
const isOff = typeof WebAssembly === "undefined";
console.log(JSON.stringify({ ...report, "switched off": isOff ? "ok" : "it is there" }));
