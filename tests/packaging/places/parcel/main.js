import * as capwire from "capwire";
import ru from "capwire/ru";
import { scenario } from "./scenario.js";

const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));

async function refusal() {
  const client = new capwire.Client({ clientKey: "", messages: ru });
  const error = await client.ready().catch((error) => error);
  return error.message;
}

scenario(capwire, config).then(async (report) => {
  globalThis.report = { ...report, refusalInRussian: await refusal() };
});
