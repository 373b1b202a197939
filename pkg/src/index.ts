// What every entry exports. An entry adds where its kind of runtime gets the module from.

/**
 * A client of captcha-recognition services: begin with {@link Client}.
 *
 * @module capwire
 */

export * from "./client.js";
export * from "./error-table.js";
export * from "./errors.js";
export { init, type WasmSource } from "./start.js";
export type * from "./tasks.js";
export type {
  ErrorCodes,
  ErrorRecord,
  ErrorTableRow,
  ImageLimits,
  Messages,
  Method,
  Millis,
  Origin,
  PartialMessages,
  Progress,
  ReportKind,
  ServiceProfile,
  Solved,
  TaskResult,
  TaskState,
} from "./types.js";
