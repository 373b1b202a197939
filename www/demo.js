// The demo that `npm start` runs: the built package in Node, over real HTTP, against the sandbox of the
// services. Everything it prints is also checked, and a difference ends in an error.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { styleText } from "node:util";
import { CaptchaError, Client, ImageError, KeyError } from "capwire";

const KEY = "5a4db0c5a4db0c5a4db0c5a4db0c5a4d";

const color = (style, text) => (process.stdout.isTTY ? styleText(style, text) : text);
const title = (text) => console.log(`\n${color("bold", text)}`);
const line = (name, text) => console.log(`  ${color("dim", name.padEnd(9))} ${text}`);
const bytes = (count) => `${count.toLocaleString("en")} bytes`;
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

const sandbox = await startSandbox();
try {
  title("The account");
  const capmonster = new Client({ clientKey: KEY, baseUrl: `${sandbox.url}/capmonster` });
  const balance = await capmonster.getBalance();
  assert.equal(balance, 10);
  line("balance", `$${balance}`);

  await solve("CapMonster Cloud", capmonster);
  assert.equal(await capmonster.getBalance(), 9.9997);
  line("balance", "$9.9997: the solved captcha was charged");

  title("An image of 99 bytes");
  await refused(() => capmonster.solveImage(new Uint8Array(99)), ImageError, {
    code: "ERROR_ZERO_CAPTCHA_FILESIZE",
    origin: "client",
    size: 99,
    limit: 100,
  });

  title("An image of 500,001 bytes");
  await refused(() => capmonster.solveImage(new Uint8Array(500_001)), ImageError, {
    code: "ERROR_TOO_BIG_CAPTCHA_FILESIZE",
    origin: "client",
    size: 500_001,
    limit: 500_000,
  });

  title("A wrong key");
  const stranger = new Client({ clientKey: "not-a-key", baseUrl: `${sandbox.url}/capmonster` });
  const wrongKey = { code: "ERROR_KEY_DOES_NOT_EXIST" };
  await refused(() => stranger.getBalance(), KeyError, { ...wrongKey, origin: "service" }, 1);
  console.log("  and again with the same client:");
  await refused(() => stranger.getBalance(), KeyError, { ...wrongKey, origin: "client" });

  const brocapgpt = { clientKey: KEY, service: "brocapgpt", baseUrl: `${sandbox.url}/brocapgpt` };
  await solve("BroCapGPT", new Client(brocapgpt));

  console.log(`\n${color("green", "Everything works as expected.")}`);
} finally {
  sandbox.stop();
}

/** Solves a captcha drawn by the sandbox, and compares the text with what was drawn. */
async function solve(name, client) {
  title(`A captcha, read by ${name}`);
  const drawn = await fetch(`${sandbox.url}/sandbox/captcha`);
  const image = new Uint8Array(await drawn.arrayBuffer());
  const { imageLimits } = await client.ready();
  const { minBytes, maxBytes } = imageLimits;
  line("image", `${bytes(image.length)}; the service takes ${minBytes} to ${bytes(maxBytes)}`);
  const steps = [];
  const text = await client.solveImage(image, {
    onProgress(event) {
      steps.push(event.type);
      const at = `after ${seconds(event.elapsedMs)}`;
      if (event.type === "created") line("created", `task ${event.taskId} ${at}`);
      if (event.type === "poll") line(`poll ${event.poll}`, `${event.status} ${at}`);
      if (event.type === "retry") line("retry", `${event.message} ${at}`);
    },
  });
  const { length: polls } = steps.filter((step) => step === "poll");
  assert.equal(text, drawn.headers.get("x-captcha-text"));
  assert.equal(steps[0], "created");
  assert.ok(polls >= 1 && polls <= 3, `${polls} result requests`);
  line("text", `${color("green", text)}: exactly what was drawn`);
}

/** Expects a refusal that takes this number of requests. */
async function refused(call, ErrorClass, expected, requests = 0) {
  const before = await sandbox.requests();
  const error = await call().then(
    (value) => assert.fail(`expected a refusal, got ${value}`),
    (error) => error,
  );
  assert.ok(error instanceof ErrorClass && error instanceof CaptchaError, error);
  for (const [field, value] of Object.entries(expected)) assert.equal(error[field], value, field);
  const sent = (await sandbox.requests()) - before;
  assert.equal(sent, requests);
  line("refused", `${color("red", error.name)} ${error.code}`);
  line("", error.message);
  line("hint", error.hint);
  line("requests", sent === 0 ? "none: nothing was sent" : `${sent}`);
}

/** Starts the sandbox on a free port. It exits when this process does, however that happens. */
async function startSandbox() {
  const binary = process.env.CAPWIRE_SANDBOX_BIN;
  assert.ok(binary, "run this with `npm start`, which builds the sandbox first");
  const child = spawn(binary, ["--until-stdin-closes"], { stdio: ["pipe", "pipe", "inherit"] });
  const [started] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(() => assert.fail("the sandbox of the services did not start")),
  ]);
  const url = started.match(/http:\S+$/)?.[0];
  assert.ok(url, started);
  return {
    url,
    stop: () => child.stdin.end(),
    requests: async () => (await (await fetch(`${url}/sandbox/requests`)).json()).length,
  };
}
