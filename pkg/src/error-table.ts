import { start } from "./start.js";
import { callWasm } from "./trap.js";
import type { ErrorTableRow } from "./types.js";

/**
 * Returns every known code with its class and what to do about it, ordered by class: for a manual, a log viewer
 * or a search.
 *
 * Codes newer than this version are missing. An error with such a code is an {@link UnknownServiceError}, or
 * a {@link ProxyError} if the code begins with `ERROR_PROXY_`.
 *
 * @example
 * ```ts
 * const rows = await errorTable();
 * console.log(rows.find((row) => row.code === "ERROR_ZERO_BALANCE")?.hint);
 * ```
 * @throws {@link InternalError} if the module cannot be started
 */
export async function errorTable(): Promise<readonly ErrorTableRow[]> {
  const glue = await start();
  return callWasm(glue.errorTable);
}
