import { writeFile } from "node:fs/promises";
import * as capwire from "capwire";
import { scenario } from "./scenario/scenario.js";

test("the scenario", async () => {
  const report = await scenario(capwire, JSON.parse(process.env.CONFIG));
  await writeFile("report.json", JSON.stringify(report));
}, 120_000);
