import { glue } from "./module.js";
import { start } from "./start.js";
import { enter } from "./trap.js";
import type { ErrorTableRow } from "./types.js";

/**
 * Every code that is known here, with its class and what to do about it: for a manual, a log viewer or a
 * search. The order is that of the classes.
 *
 * A code of a service that is newer than this version is in no row; an error with it is of the class
 * {@link UnknownServiceError}, or {@link ProxyError} where it begins with `ERROR_PROXY_`.
 *
 * @example
 * ```ts
 * const rows = await errorTable();
 * console.log(rows.find((row) => row.code === "ERROR_ZERO_BALANCE")?.hint);
 * ```
 * @throws {@link InternalError} where the module cannot be started
 */
export async function errorTable(): Promise<readonly ErrorTableRow[]> {
  await start();
  return enter(glue.errorTable);
}
