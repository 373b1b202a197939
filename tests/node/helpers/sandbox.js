// Starts the sandbox of both services and controls it over its paths under /sandbox.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { Client } from "capwire";

/** The sandbox's account that has money. */
export const KEY = "5a4db0c5a4db0c5a4db0c5a4db0c5a4d";
/** The sandbox's account that has none. */
export const EMPTY_KEY = "0e3917a0e3917a0e3917a0e3917a0e39";
/** A key that no account has. */
export const WRONG_KEY = "0badc0de0badc0de0badc0de0badc0de";

/** A complete task, whose solution is a token. */
export const TOKEN_TASK = {
  type: "TurnstileTask",
  websiteURL: "https://shop.example/",
  websiteKey: "0x4AAA",
};

/** Both services, and the largest image each takes, in bytes. */
export const SERVICES = [
  { service: "capmonster", maxBytes: 500_000 },
  { service: "brocapgpt", maxBytes: 50_000 },
];

/** A running sandbox. */
export class Sandbox {
  #child;

  constructor(child, origin) {
    this.#child = child;
    /** Its address, without a slash at its end. */
    this.origin = origin;
  }

  /**
   * @param {{ solveMs?: number, serve?: Record<string, string> }} [options] When tasks become ready,
   *   and folders to serve by the path under which they appear.
   */
  static async start({ solveMs = 0, serve = {} } = {}) {
    const mounts = Object.entries(serve).flatMap(([path, folder]) => [
      "--serve",
      `${path}=${folder}`,
    ]);
    const args = ["--until-stdin-closes", "--solve-ms", String(solveMs), ...mounts];
    const child = spawn(process.env.CAPWIRE_SANDBOX_BIN, args, {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const exited = once(child, "exit").then(([code]) => {
      throw new Error(`the sandbox ended with ${code}`);
    });
    exited.catch(() => {});
    const [line] = await Promise.race([once(createInterface(child.stdout), "line"), exited]);
    return new Sandbox(child, line.match(/http:\S+/)[0]);
  }

  async stop() {
    const exited = once(this.#child, "exit");
    this.#child.stdin.end();
    await exited;
  }

  /** The address of a service. */
  url(service = "capmonster") {
    return `${this.origin}/${service}`;
  }

  /** A client of a service here, with the account that has money. */
  client({ service = "capmonster", ...options } = {}) {
    return new Client({ clientKey: KEY, service, baseUrl: this.url(service), ...options });
  }

  async #control(path, method = "GET", body = undefined) {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${this.origin}/sandbox/${path}`, init);
    const answer = await response.text();
    if (!response.ok) throw new Error(`the sandbox refused ${path}: ${answer}`);
    return JSON.parse(answer);
  }

  /** Sets the replies to the next requests. */
  async script(...steps) {
    await this.#control("script", "POST", steps);
  }

  /** Changes when tasks become ready, and accounts. */
  async settings(settings) {
    await this.#control("settings", "POST", settings);
  }

  /** The requests that the services got, all or of one method, oldest first. */
  async requests(method = undefined) {
    const all = await this.#control("requests");
    return method === undefined ? all : all.filter((entry) => entry.method === method);
  }

  async forgetRequests() {
    await this.#control("requests", "DELETE");
  }

  /** Forgets all scripts, settings and requests. */
  async reset() {
    await this.#control("reset", "POST");
  }

  /** Draws a captcha that both services will recognise. */
  async captcha() {
    const { text, base64 } = await this.#control("captcha.json");
    return { text, base64, bytes: new Uint8Array(Buffer.from(base64, "base64")) };
  }
}

/**
 * A `fetch` of its own: clients with different ones share nothing that they learn about a key.
 */
export const ownFetch = () => (url, init) => fetch(url, init);

/** A sandbox for one test. */
export async function sandboxFor(t, options) {
  const sandbox = await Sandbox.start(options);
  t.after(() => sandbox.stop());
  return sandbox;
}

/** An address of this machine on which nothing listens. */
export async function deadUrl() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}
