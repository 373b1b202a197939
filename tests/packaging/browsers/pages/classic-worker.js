addEventListener("message", async ({ data }) => {
  const capwire = await import("../node_modules/capwire/dist/browser.js");
  const { scenario } = await import("../scenario/scenario.js");
  postMessage(await scenario(capwire, data));
});
