import { config, printReport } from "../scenario/process.js";

// Node's own `fetch` is made of WebAssembly too, which is compiled for its first request.
await fetch(config.baseUrl);
delete globalThis.WebAssembly;

const capwire = await import("capwire/js");
const isOff = typeof WebAssembly === "undefined";
await printReport(capwire, { "switched off": isOff ? "ok" : "WebAssembly is there" });
