import * as capwire from "capwire";
import { scenario } from "./scenario.js";
import { switchedOff } from "./switched-off.js";

const { Client } = capwire;
const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));

// #region readme
const client = new Client({ clientKey: config.clientKey, baseUrl: config.baseUrl });
// The same client and the same error classes go on with it, once it is imported.
await client.ready().catch(() => import("capwire/js"));
// #endregion

const service = await client.ready().then(
  ({ name }) => name,
  (error) => error.message,
);
const report = await scenario(capwire, config);
const isOff = service === "capmonster" ? switchedOff() : service;
globalThis.report = { ...report, "switched off": isOff };
