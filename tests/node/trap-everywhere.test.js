// A trap at each point, and what must hold all the same: helpers/trap-everywhere.js.

import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { pathToFileURL } from "node:url";
import { runForJson } from "./helpers/process.js";

const script = pathToFileURL(join(import.meta.dirname, "helpers/trap-everywhere.js"));

it("a trap anywhere loses no call, no paid task and no rule of the service", async (t) => {
  const { points, starts, wrong } = await runForJson(`import "${script}";`, { isBare: true });
  t.diagnostic(JSON.stringify({ points, starts }));
  assert.deepEqual(wrong, []);
  // That it traps at all.
  for (const [name, last] of Object.entries(points)) assert.ok(last > 10, `${name}: ${last}`);
  assert.ok(starts > 300);
});
