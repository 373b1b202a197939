import * as capwire from "capwire";
import ru from "capwire/ru";
import { showReport } from "../scenario/page.js";

async function refusal() {
  const client = new capwire.Client({ clientKey: "", messages: ru });
  const error = await client.ready().catch((error) => error);
  return error.message;
}

refusal().then((refusalInRussian) => showReport(capwire, { refusalInRussian }));
