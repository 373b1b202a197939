// The rows of docs/reliability.md: one per fault, written by the test that tried it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of rows, written to the folder CAPWIRE_RELIABILITY, if it is set, when this process ends.
 *
 * The rows must be the same in every run: no times, nothing random.
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
     * @param {number} order Its place among the rows: tests end in any order.
     * @param {{ place: string, fault: string, outcome: string, runs: number }} row
     */
    add(order, row) {
      rows.push({ order, ...row });
    },
  };
}
