// Starts the worker that the address asks for, and shows what it reports.

const config = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const show = ({ data }) => {
  globalThis.report = data;
};

const start = {
  module() {
    const worker = new Worker("module-worker.js", { type: "module" });
    worker.onmessage = show;
    worker.postMessage(config);
  },
  classic() {
    const worker = new Worker("classic-worker.js");
    worker.onmessage = show;
    worker.postMessage(config);
  },
  async service() {
    await navigator.serviceWorker.register("service-worker.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    navigator.serviceWorker.onmessage = show;
    active.postMessage(config);
  },
};
await start[new URLSearchParams(location.search).get("kind")]();
