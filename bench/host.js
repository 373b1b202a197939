// The side of process.js in the other process: `node host.js MODULE [ARGUMENT...]`

import { pathToFileURL } from "node:url";

const { commands, started } = await import(pathToFileURL(process.argv[2]).href);

async function answer(call, work) {
  try {
    process.send({ call, value: await work() });
  } catch (error) {
    process.send({ call, error: error.stack });
  }
}

process.on("message", ({ call, name, values }) => answer(call, () => commands[name](...values)));
// No process outlives its parent.
process.on("disconnect", () => process.exit());
await answer(0, () => started);
