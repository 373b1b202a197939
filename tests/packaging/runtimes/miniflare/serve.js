// Starts Miniflare, and prints what the worker reports.

import { Miniflare } from "miniflare";

const miniflare = new Miniflare({
  // #region readme
  modules: true,
  scriptPath: "built/worker.js",
  modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
  // #endregion
  compatibilityDate: "2026-04-01",
  // Miniflare would download it.
  cf: false,
});
try {
  const [body] = process.argv.slice(2);
  const response = await miniflare.dispatchFetch("http://worker/", { method: "POST", body });
  console.log(await response.text());
} finally {
  await miniflare.dispose();
}
