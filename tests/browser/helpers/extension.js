// A Chromium with an extension whose background worker has no debugger: one would keep it alive, and Playwright
// attaches one to each worker. So this browser is controlled over its pipe, with a debugger on the page only.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../node/helpers/assertions.js";
import { installed } from "../../node/helpers/installed-package.js";
import { FLAGS } from "./chromium.js";

const MANIFEST = {
  manifest_version: 3,
  name: "A worker that is ended",
  version: "1.0",
  minimum_chrome_version: "110",
  background: { service_worker: "background.js", type: "module" },
  permissions: ["storage"],
  host_permissions: ["http://127.0.0.1/*"],
  content_security_policy: {
    extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'",
  },
};

const EXAMPLES = join(import.meta.dirname, "../../../docs/examples");

/** A script of the guides, adapted to an extension without a bundler. */
export async function example(name) {
  const source = await readFile(join(EXAMPLES, name), "utf8");
  return source
    .replace('from "capwire"', 'from "./dist/browser.js"')
    .replace('from "capwire/errors"', 'from "./dist/errors.js"');
}

/** The commands and events of a browser, over its pipe: JSON texts, each with a zero byte at its end. */
class Pipe {
  #child;
  #waiting = new Map();
  #last = 0;
  #onEvent;

  constructor(child, onEvent) {
    this.#child = child;
    this.#onEvent = onEvent;
    let rest = "";
    child.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop();
      for (const message of messages) this.#take(JSON.parse(message));
    });
    // The browser is gone: the test's own time limit ends the wait.
    child.stdio[3].on("error", () => {});
  }

  #take({ id, method, params, result, error }) {
    if (id === undefined) return this.#onEvent(method, params);
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#last;
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }
}

/**
 * An extension in a browser of its own, for one test.
 *
 * @param {import("node:test").TestContext} t
 * @param {{ background: string, page: string }} scripts The worker's, and that of a page of the extension.
 */
export async function startExtension(t, { background, page }) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "capwire-extension-")));
  const [extension, profile] = [join(folder, "extension"), join(folder, "profile")];
  await mkdir(extension);
  await cp(join(installed, "dist"), join(extension, "dist"), { recursive: true });
  const files = {
    "manifest.json": JSON.stringify(MANIFEST),
    "background.js": background,
    "ask.js": await example("extension-ask.js"),
    "page.js": page,
    "page.html": '<!doctype html><script type="module" src="page.js"></script>',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(extension, name), text);

  const args = [
    "--remote-debugging-pipe",
    `--user-data-dir=${profile}`,
    `--disable-extensions-except=${extension}`,
    `--load-extension=${extension}`,
    "about:blank",
  ];
  const child = spawn(process.env.CAPWIRE_CHROMIUM, [...FLAGS, ...args], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  /** The states of the worker that the browser reported, oldest first: starting, running, stopping, stopped. */
  const states = [];
  const pipe = new Pipe(child, (method, params) => {
    if (method !== "ServiceWorker.workerVersionUpdated") return;
    states.push(...params.versions.map(({ runningStatus }) => runningStatus));
  });
  t.after(async () => {
    await Promise.race([pipe.send("Browser.close"), ended]);
    await ended;
    await rm(folder, { recursive: true, maxRetries: 10 });
  });

  let id;
  await eventually(
    async () => {
      const { targetInfos } = await pipe.send("Target.getTargets");
      const worker = targetInfos.find(({ url }) => url.endsWith("/background.js"));
      id = worker && new URL(worker.url).host;
      return id;
    },
    "the extension is there",
    30_000,
  );
  const url = `chrome-extension://${id}/page.html`;
  const { targetId } = await pipe.send("Target.createTarget", { url });
  const { sessionId } = await pipe.send("Target.attachToTarget", { targetId, flatten: true });

  /** The awaited value of an expression in the page. */
  const inPage = async (expression) => {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await pipe.send("Runtime.evaluate", asked, sessionId);
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  };
  await eventually(() => inPage("globalThis.isReady"), "the page is ready", 30_000);
  await pipe.send("ServiceWorker.enable", {}, sessionId);
  return {
    states,
    inPage,
    /** Ends the worker as the browser does: at once, in the middle of anything, with no debugger attached. */
    endWorker: () => pipe.send("ServiceWorker.stopAllWorkers", {}, sessionId),
  };
}
