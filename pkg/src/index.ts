// The exports of every entry. An entry adds where its runtime loads the module from.

/**
 * A client for captcha-recognition services. Start with {@link Client}.
 *
 * @module capwire
 */

export * from "./client.js";
export * from "./error-table.js";
export * from "./errors.js";
export { init } from "./init.js";
export type * from "./options.js";
export type * from "./tasks.js";
export type {
  AccountStatus,
  ClosureStatus,
  ContentKind,
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
  ServiceName,
  ServiceProfile,
  Solved,
  TaskResult,
  TaskState,
  TaskStatus,
} from "./types.js";
export type { WasmSource } from "./wasm-source.js";
