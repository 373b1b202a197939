// Installs the packed package in a project for each place where it must work, runs the scenario there, and
// prints a table: `node run.js --tarball FILE [--fast] [PLACE...]`
//
// A place is a folder of `places`, a project as a user of the package has it: its manifest, its lock file, its
// sources. Beside these `place.js` says in which variants it is run, which of them are fast, what each must
// report, where that is not the scenario, and its platform, where it has one. The project is copied to
// target/everywhere; its packages are installed from its lock file, and then the tarball.
//
// What a machine lacks is skipped, but on CI that is a failure.

import { execFile } from "node:child_process";
import { cp, readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { deadUrl, KEY, Sandbox } from "../node/helpers/sandbox.js";
import { closeBrowsers, MissingBrowser, reportOf, withBrowser } from "./browsers.js";

const here = import.meta.dirname;
const target = resolve(here, "../../target/everywhere");
const isCi = process.env.CI !== undefined && process.env.CI !== "" && process.env.CI !== "false";

/** Some places have programs from npm, which are for one platform. */
const THIS_PLATFORM = `${process.platform}-${process.arch}`;

/** What `scenario.js` reports. */
const CHECKS = ["solve", "refusal", "error", "abort", "dead port"];

const { values: options, positionals } = parseArgs({
  options: { tarball: { type: "string" }, fast: { type: "boolean" } },
  allowPositionals: true,
});
const tarball = resolve(options.tarball);

/** Runs a command of a project, and gives its output. It has a time limit, for nothing may hang. */
async function run(project, command, args, env = {}) {
  const path = `${join(project, "node_modules", ".bin")}:${process.env.PATH}`;
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd: project,
      // What this process is run with is not for the places.
      env: { ...process.env, NODE_OPTIONS: "", PATH: path, ...env },
      maxBuffer: 64 * 1024 * 1024,
      timeout: 240_000,
    });
    return stdout;
  } catch ({ code, signal, stdout, stderr }) {
    const said = `${stdout}\n${stderr}`.trim().slice(-4_000);
    throw new Error(`${command} ${args.join(" ")} ended with ${code ?? signal}\n${said}`);
  }
}

async function install(name) {
  const project = join(target, name);
  await rm(project, { recursive: true, force: true });
  await cp(join(here, "places", name), project, { recursive: true });
  await cp(join(here, "scenario.js"), join(project, "scenario.js"));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const hasPackages = await stat(join(project, "package-lock.json")).catch(() => undefined);
  if (hasPackages) await run(project, "npm", ["ci", ...quiet]);
  // With the lock file: without it npm would replace some packages by newer ones.
  await run(project, "npm", ["install", "--no-save", ...quiet, tarball]);
  return project;
}

/**
 * Serves a folder of a project, or takes the `address` of who does, opens a page of it in a browser, and
 * gives what it reports, what it requested of that server, and the browser's version.
 *
 * The page's origin is not that of the services: every request crosses origins, as in real life.
 */
async function openPage({
  project,
  config,
  browser: name,
  folder,
  address,
  path = "index.html",
  extension,
}) {
  const site = address ? undefined : await Sandbox.start({ serve: { "/": join(project, folder) } });
  try {
    return await withBrowser(name, extension, async (browser) => ({
      version: await browser.version(),
      ...(await reportOf(browser, `${address ?? site.origin}/${path}`, config)),
    }));
  } finally {
    await site?.stop();
  }
}

/** Fails unless every check is reported, and each as passed. */
function assertPassed(report, checks = CHECKS) {
  const wrong = checks.filter((check) => report[check] !== "ok");
  if (wrong.length === 0) return;
  throw new Error(wrong.map((check) => `${check}: ${report[check] ?? "not reported"}`).join("\n"));
}

/** Runs one variant of a place against a stand-in of its own. */
async function attempt(project, variant, checks) {
  const sandbox = await Sandbox.start();
  try {
    const { base64, text } = await sandbox.captcha();
    const services = { clientKey: KEY, baseUrl: sandbox.url(), deadUrl: await deadUrl() };
    const config = { ...services, image: base64, text };
    const tools = {
      project,
      config,
      run: (...args) => run(project, ...args),
      openPage: (page) => openPage({ project, config, ...page }),
    };
    const { version, report } = await variant(tools);
    assertPassed(report, checks);
    return { result: "ok", version: version.trim() };
  } finally {
    await sandbox.stop();
  }
}

/** Does work, and tells what came of it and how long it took, in seconds. */
async function timed(work) {
  const began = performance.now();
  const outcome = await work().then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  return { ...outcome, seconds: ((performance.now() - began) / 1000).toFixed(1) };
}

/** The rows of some variants of a place. */
async function visit(name, variants, { checks, platform = THIS_PLATFORM }) {
  if (platform !== THIS_PLATFORM) return [{ place: name, result: `skipped: for ${platform}` }];
  const installed = await timed(() => install(name));
  if (installed.error) {
    return [{ place: name, result: "FAILED", install: installed.seconds, error: installed.error }];
  }
  const rows = [];
  for (const [variant, how] of variants) {
    const { value, error, seconds } = await timed(() => attempt(installed.value, how, checks));
    const install = rows.length === 0 ? installed.seconds : "";
    const isSkipped = error instanceof MissingBrowser;
    const result = isSkipped ? `skipped: ${error.message}` : "FAILED";
    rows.push({ place: variant, result, ...value, install, run: seconds, error });
  }
  return rows;
}

function printTable(rows) {
  const columns = ["place", "result", "version", "install", "run"];
  const widths = columns.map((column) =>
    Math.max(...[column, ...rows.map((row) => row[column] ?? "")].map((text) => text.length)),
  );
  const line = (row) =>
    columns.map((column, n) => (row[column] ?? "").padEnd(widths[n])).join("  ");
  console.log(`\n${line(Object.fromEntries(columns.map((column) => [column, column])))}`);
  for (const row of rows) console.log(line(row).trimEnd());
  console.log(
    "\ninstall and run in seconds; the install is that of the project, once for all its rows",
  );
}

const known = (await readdir(join(here, "places"))).sort();
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`no such place: ${unknown.join(", ")}`);

const rows = [];
for (const name of positionals.length > 0 ? positionals : known) {
  const file = pathToFileURL(join(here, "places", name, "place.js"));
  const { default: place } = await import(file.href);
  const variants = Object.entries(place.variants).filter(
    ([variant]) => !options.fast || place.fast?.includes(variant),
  );
  if (variants.length === 0) continue;
  for (const row of await visit(name, variants, place)) {
    console.log(`${row.place}: ${row.result}`);
    if (row.result === "FAILED") console.error(row.error.stack);
    rows.push(row);
  }
}
await closeBrowsers();
printTable(rows);
const hasFailed = ({ result }) => result === "FAILED" || (isCi && result !== "ok");
process.exitCode = rows.some(hasFailed) ? 1 : 0;
