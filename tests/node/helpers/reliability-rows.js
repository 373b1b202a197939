// What docs/reliability.md is made of: a row per fault that was tried, from the tests that tried it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of rows, written where CAPWIRE_RELIABILITY says, if it says so, when this process ends.
 *
 * The rows must be the same in every run: no times, no chance.
 *
 * @param {string} name The file's name, without its ending.
 */
export function rowsOf(name) {
  const rows = [];
  const folder = process.env.CAPWIRE_RELIABILITY;
  if (folder) {
    process.once("exit", () => {
      mkdirSync(folder, { recursive: true });
      rows.sort((a, b) => a.order - b.order);
      const plain = rows.map(({ order, ...row }) => row);
      writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(plain, null, 1)}\n`);
    });
  }
  return {
    /**
     * @param {number} order Where it stands among the rows: tests end in any order.
     * @param {{ place: string, fault: string, outcome: string, runs: number }} row
     */
    add(order, row) {
      rows.push({ order, ...row });
    },
  };
}
