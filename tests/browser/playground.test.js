// The playground, used as a person would.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { KEY, WRONG_KEY } from "../node/helpers/sandbox.js";
import { startBrowser } from "./helpers/chromium.js";

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.stop());

describe("the playground", { timeout: 300_000 }, () => {
  it("reads the text in a captcha that it has drawn, step by step", async (t) => {
    const page = await browser.openPlayground(t);
    const faults = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    const drawn = page.waitForResponse((response) => response.url().endsWith("/sandbox/captcha"));
    await page.getByRole("button", { name: "Draw a captcha" }).click();
    const text = (await drawn).headers()["x-captcha-text"];
    await page.getByText("the service takes 100 to 500,000 bytes").waitFor();
    await page.getByRole("button", { name: "Read the text" }).click();
    await page.getByText(`The text is ${text}`).waitFor();
    assert.match(await page.locator("#steps").innerText(), /task \d+ created.*ready after/s);
    assert.deepEqual(faults, []);
  });

  it("shows an error with its hint, and not the key", async (t) => {
    const page = await browser.openPlayground(t);
    await page.getByRole("button", { name: "Draw a captcha" }).click();
    await page.getByLabel("Key").fill(WRONG_KEY);
    await page.getByRole("button", { name: "Read the text" }).click();
    const shown = page.getByText(/^KeyError: .*Copy the key again/);
    await shown.waitFor();
    const text = await page.locator("main").innerText();
    assert.ok(!text.includes(WRONG_KEY) && !text.includes(KEY));
  });

  it("says before sending that an image is too large for the other service", async (t) => {
    const page = await browser.openPlayground(t);
    const buffer = Buffer.alloc(50_001);
    await page
      .getByLabel("or choose a file")
      .setInputFiles({ name: "big.png", mimeType: "image/png", buffer });
    await page.getByText("50,001 bytes").waitFor();
    await page.getByLabel("Service").selectOption("brocapgpt");
    await page.getByText("the service takes 100 to 50,000 bytes").waitFor();
    await page.getByRole("button", { name: "Read the text" }).click();
    await page.getByText(/^ImageError: .*50001 bytes/).waitFor();
    assert.equal(await page.locator("#steps").innerText(), "");
  });
});
