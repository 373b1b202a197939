// The clients in Chromium, each in a page of its own.

import { chromium } from "playwright-core";
import { writePages } from "./bundle.js";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A page that is not in front would have slow timers.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

export class ChromiumPlace {
  static async start(service, clients, executablePath) {
    await service.call("serve", await writePages(clients));
    return new ChromiumPlace(service, await chromium.launch({ executablePath, args: FLAGS }));
  }

  constructor(service, browser) {
    this.service = service;
    this.browser = browser;
    this.version = browser.version();
  }

  /** A page in a context of its own, so that its cache is empty. It is on another origin than the service. */
  async #page({ file }) {
    const context = await this.browser.newContext();
    const page = await context.newPage();
    const address = new URL("page.html", this.service.value);
    address.hostname = "localhost";
    address.search = new URLSearchParams({ service: this.service.value, client: file });
    await page.goto(address.href);
    await page.waitForFunction(() => globalThis.bench !== undefined);
    return { page, context };
  }

  async open(client) {
    const { page, context } = await this.#page(client);
    await page.evaluate(() => globalThis.bench.open());
    const devtools = await context.newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });

    const evaluate = (name, ...values) =>
      page.evaluate(([name, values]) => globalThis.bench[name](...values), [name, values]);
    /** The processor time of the page's process so far, in s. */
    const processTime = async () => {
      const { metrics } = await devtools.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "ProcessTime").value;
    };
    const commands = {
      async cpu(count, bytes) {
        const before = await processTime();
        await evaluate("solveAtOnce", count, bytes);
        return (((await processTime()) - before) * 1e6) / count;
      },
      async memory() {
        for (let n = 0; n < 2; n += 1) await devtools.send("HeapProfiler.collectGarbage");
        const { usedSize, backingStorageSize } = await devtools.send("Runtime.getHeapUsage");
        // The wasm's memory is not in it.
        const external = backingStorageSize + (await evaluate("wasmBytes"));
        return { heap: usedSize, external };
      },
    };
    return {
      call: (name, ...values) => (commands[name] ?? evaluate.bind(null, name))(...values),
      stop: () => context.close(),
    };
  }

  async firstSolve(client) {
    const { page, context } = await this.#page(client);
    try {
      return await page.evaluate(() => globalThis.bench.firstSolve());
    } finally {
      await context.close();
    }
  }

  close() {
    return this.browser.close();
  }
}
