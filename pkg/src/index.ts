// What every entry exports. An entry adds where its kind of runtime gets the module from.

export * from "./client.js";
export * from "./errors.js";
export type {
  ErrorCodes,
  ErrorRecord,
  ImageLimits,
  Method,
  Origin,
  Progress,
  ReportKind,
  ServiceProfile,
  Solved,
  TaskResult,
} from "./types.js";
