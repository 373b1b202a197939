// The projects in which the package is tried: how they are installed, and how their commands are run.

import { execFile } from "node:child_process";
import { cp, readFile, rm } from "node:fs/promises";
import { basename, delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";

const sources = resolve(import.meta.dirname, "..");
const target = resolve(sources, "../../target/packaging");

/** Nothing may hang. The slowest command takes a fifth of this. */
const COMMAND_TIMEOUT_MS = 240_000;

/**
 * Copies a project to target/packaging, installs its packages and the tarball, and returns the folder.
 *
 * @param {string} name The project's folder under tests/packaging.
 * @param {{ tarball: string, fast?: boolean }} settings With `fast` the tarball alone is installed.
 */
export async function install(name, { tarball, fast = false }) {
  const project = join(target, name);
  await rm(project, { recursive: true, force: true });
  const filter = (path) => basename(path) !== "node_modules";
  await cp(join(sources, name), project, { recursive: true, filter });
  await cp(join(sources, "scenario"), join(project, "scenario"), { recursive: true });

  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  if (!fast) await exec(project, "npm", ["ci", ...quiet]);
  const omitted = fast ? ["--omit=dev", "--omit=optional"] : [];
  // In the presence of the lock file: without it npm would replace some packages by newer ones.
  await exec(project, "npm", ["install", "--no-save", ...omitted, ...quiet, resolve(tarball)]);
  return project;
}

/** Runs a command in a project's folder and returns what it prints. */
export async function exec(project, command, args, env = {}) {
  const path = [join(project, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd: project,
      // The options of this process are not meant for the commands.
      env: { ...process.env, NODE_OPTIONS: "", PATH: path, ...env },
      maxBuffer: 64 * 1024 * 1024,
      timeout: COMMAND_TIMEOUT_MS,
    });
    return stdout;
  } catch ({ code, signal, stdout, stderr }) {
    const output = `${stdout}\n${stderr}`.trim().slice(-4_000);
    throw new Error(`${command} ${args.join(" ")} ended with ${code ?? signal}\n${output}`);
  }
}

/** The version of a package that is installed in a project. */
export async function versionOf(project, name) {
  const manifest = join(project, "node_modules", name, "package.json");
  return JSON.parse(await readFile(manifest, "utf8")).version;
}
