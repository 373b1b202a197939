import * as capwire from "capwire";
import { config, showReport } from "../scenario/page.js";
import { switchedOff } from "./switched-off.js";

const { Client } = capwire;

// #region readme
const client = new Client({ clientKey: config.clientKey, baseUrl: config.baseUrl });
// The same client and the same error classes go on with it, once it is imported.
await client.ready().catch(() => import("capwire/js"));
// #endregion

const service = await client.ready().then(
  ({ name }) => name,
  (error) => error.message,
);
await showReport(capwire, {
  "switched off": service === "capmonster" ? switchedOff() : service,
});
