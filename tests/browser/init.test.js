// `init` in Chromium, in a page that can't load the file from the package's own location.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { KEY, sandboxFor } from "../node/helpers/sandbox.js";
import { startBrowser } from "./helpers/chromium.js";

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.stop());

/** In the page: starts the package from a source of this kind, if any, and makes a call. */
async function startAndCall({ kind, options }) {
  const { Client, CaptchaError, init } = await import("capwire");
  const address = new URL("../capwire/dist/capwire.wasm?given", location.href);
  const sources = {
    "a URL": () => address,
    text: () => "../capwire/dist/capwire.wasm?given",
    "a Response": () => fetch(address),
    "a promise of a Response": () => ({ promise: fetch(address) }),
    bytes: async () => new Uint8Array(await (await fetch(address)).arrayBuffer()),
    "a compiled Module": () => WebAssembly.compileStreaming(fetch(address)),
  };
  try {
    if (kind) {
      const source = await sources[kind]();
      await init(source.promise ?? source);
    }
    return { balance: await new Client(options).getBalance() };
  } catch (error) {
    if (!(error instanceof CaptchaError)) throw error;
    return { name: error.name, code: error.code };
  }
}

describe("init() in a page", { timeout: 120_000 }, () => {
  async function open(t) {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    await page.route(
      ({ pathname, search }) => pathname.endsWith(".wasm") && search === "",
      (route) => route.abort(),
    );
    const options = { clientKey: KEY, baseUrl: sandbox.url() };
    return (kind) => page.evaluate(startAndCall, { kind, options });
  }

  for (const kind of [
    "a URL",
    "text",
    "a Response",
    "a promise of a Response",
    "bytes",
    "a compiled Module",
  ]) {
    it(`starts the module from ${kind}`, async (t) => {
      const call = await open(t);
      assert.deepEqual(await call(kind), { balance: 10 });
    });
  }

  it("has the wasm compiled while it still arrives", async (t) => {
    const sandbox = await sandboxFor(t);
    const page = await browser.open(t, "plain.html");
    const options = { clientKey: KEY, baseUrl: sandbox.url() };
    const used = await page.evaluate(async (options) => {
      const used = [];
      for (const name of ["compile", "compileStreaming", "instantiate", "instantiateStreaming"]) {
        const original = WebAssembly[name];
        WebAssembly[name] = (...args) => {
          used.push(name);
          return original(...args);
        };
      }
      const { Client } = await import("capwire");
      await new Client(options).ready();
      return used;
    }, options);
    assert.deepEqual(used, ["instantiateStreaming"]);
  });

  it("is what such a page needs", async (t) => {
    const call = await open(t);
    assert.deepEqual(await call(), { name: "InternalError", code: "INTERNAL" });
    assert.deepEqual(await call("a URL"), { balance: 10 });
  });
});
