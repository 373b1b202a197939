// The facts about error codes, from the fixtures that the tests in Rust read too. They are kept by hand, apart
// from the package's own table.

import { readFile } from "node:fs/promises";

const fixture = async (name) =>
  JSON.parse(await readFile(new URL(`../../fixtures/${name}`, import.meta.url), "utf8"));

/**
 * @typedef CodeRow
 * @property {string} code
 * @property {string} class The name of its error class.
 * @property {number} exitCode Of the command line.
 */

/** The codes that services send, but not `CAPTCHA_NOT_READY`, which is a state. @type {CodeRow[]} */
export const SERVICE_CODES = (await fixture("error-codes.json")).filter((row) => row.class);

/** All codes: those of services, and those that the client makes itself. @type {CodeRow[]} */
export const CODES = [...SERVICE_CODES, ...(await fixture("client-error-codes.json"))];

/** The codes of each class. @type {Record<string, string[]>} */
export const CODES_OF_CLASS = {};
for (const row of CODES) {
  CODES_OF_CLASS[row.class] ??= [];
  CODES_OF_CLASS[row.class].push(row.code);
}

/** The exit code of each class. @type {Record<string, number>} */
export const EXIT_CODES = Object.fromEntries(CODES.map((row) => [row.class, row.exitCode]));
