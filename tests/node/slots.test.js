// No call, failed or not, leaves a value in the table of the glue for ever: a stranger could fill it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { pathToFileURL } from "node:url";
import { runForJson } from "./helpers/process.js";

const script = pathToFileURL(join(import.meta.dirname, "helpers/slots.js"));

it("failing calls of every kind leave nothing in the table", async (t) => {
  const calls = process.env.CAPWIRE_SLOT_CALLS ?? 2_000;
  const found = await runForJson(`process.argv[2] = "${calls}"; await import("${script}");`);
  t.diagnostic(JSON.stringify(found));
  assert.deepEqual(found.found, {});
  assert.ok(found.kinds > 15 && found.length < 10_000);
});
