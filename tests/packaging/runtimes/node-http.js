import * as capwire from "capwire";
import { nodeHttpFetch } from "capwire/node-http";
import { printReport } from "./scenario/process.js";

class Client extends capwire.Client {
  constructor(options) {
    super({ ...options, fetch: nodeHttpFetch });
  }
}

// Nothing may use it.
globalThis.fetch = undefined;
await printReport({ ...capwire, Client });
