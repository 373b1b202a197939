#!/usr/bin/env node
// The command line. It parses arguments, calls the client and prints; the client decides what may be sent,
// and when. Standard output gets the answer and nothing else.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Flags, read, readId, readKey, readTask, showId, timeoutMs } from "./cli/input.js";
import { answerText, describeThrown, logLine, toJson } from "./cli/output.js";
import {
  didYouMean,
  EXIT_INTERNAL,
  EXIT_OK,
  EXIT_USAGE,
  exitCodeOf,
  exitCodeOfSignal,
  forTerminal,
  help,
  OPTIONS,
  type OptionName,
  SIGNAL_NAMES,
  type Signal,
  UsageError,
} from "./cli/usage.js";
import {
  CaptchaError,
  Client,
  errorTable,
  type Progress,
  type ProgressOptions,
  type Solved,
  type Task,
  TransportError,
  UnsolvableError,
} from "./node.js";

interface Command {
  /** The least and the greatest number of operands. */
  operands: [number, number];
  options: OptionName[];
  /** Returns the text to print. */
  run(flags: Flags, operand: string | undefined): Promise<string>;
}

const ACCOUNT: OptionName[] = ["service", "base-url", "timeout", "key-file", "json"];

const COMMANDS: Record<string, Command> = {
  balance: { operands: [0, 0], options: ACCOUNT, run: balance },
  solve: { operands: [0, 1], options: [...ACCOUNT, "task"], run: solve },
  result: { operands: [1, 1], options: [...ACCOUNT, "type"], run: result },
  errors: { operands: [0, 1], options: ["json"], run: errors },
};

const IMAGE_TASK = "ImageToTextTask";

/** The reason of aborted calls. */
class Stopped extends Error {
  constructor(readonly signal: Signal) {
    super(`stopped by ${signal}`);
    this.name = "AbortError";
  }
}

/** What to report if the call fails. */
const state: { flags: Flags; key: string; creates: boolean; taskId?: number | string } = {
  flags: {},
  key: "",
  creates: false,
};

async function balance(flags: Flags): Promise<string> {
  const requestTimeoutMs = timeoutMs(flags);
  const client = newClient(flags, requestTimeoutMs === undefined ? {} : { requestTimeoutMs });
  const balance = await client.getBalance(abortable());
  return flags.json ? toJson({ balance }) : String(balance);
}

async function solve(flags: Flags, image: string | undefined): Promise<string> {
  const task = readTask(flags.task);
  if (task === undefined && image === undefined) {
    throw new UsageError("solve needs an IMAGE or a --task.");
  }
  if (image !== undefined && (task?.type ?? IMAGE_TASK) !== IMAGE_TASK) {
    throw new UsageError(
      `IMAGE is only for an ${IMAGE_TASK}: put the images of another task into --task, as base64.`,
    );
  }
  const body = image === undefined ? undefined : read(image, "the image");
  const whole = body === undefined ? (task as Task) : { type: IMAGE_TASK, ...task, body };
  const client = newClient(flags);
  state.creates = true;
  return answer(flags, await client.solve(whole, waiting(flags)));
}

async function result(flags: Flags, id: string | undefined): Promise<string> {
  const { type } = flags;
  const options = { ...waiting(flags), ...(type !== undefined && { type }) };
  const taskId = readId(id as string);
  const client = newClient(flags);
  // It is printed, and may be the key in the wrong place.
  if (!String(taskId).includes(state.key)) state.taskId = taskId;
  return answer(flags, await client.waitForResult(taskId, options));
}

async function errors(flags: Flags, code: string | undefined): Promise<string> {
  const table = await errorTable();
  const found = code === undefined ? table : table.filter((row) => row.code === code);
  if (code !== undefined && found.length === 0) {
    const known = table.map((row) => row.code);
    throw new UsageError(`Unknown error code${didYouMean(code, known)}`);
  }
  const rows = found.map((row) => ({ ...row, exitCode: exitCodeOf(row.name) }));
  if (flags.json) return toJson(rows);
  const block = ({ code, name, exitCode, retryable, message, hint }: (typeof rows)[number]) =>
    `${code} (${name}, exit code ${exitCode})\n  ${message}.\n  ${hint}\n  ` +
    `The same call may succeed later without changes: ${retryable ? "yes" : "no"}.`;
  return rows.map(block).join("\n\n");
}

/** The text of the solution if it has one, or else the whole solution. */
function answer(flags: Flags, solved: Solved<unknown>): string {
  if (flags.json) return toJson(solved);
  const { solution } = solved;
  const text = (solution as { text?: unknown } | null)?.text;
  return typeof text === "string" ? answerText(text) : toJson(solution);
}

function newClient(flags: Flags, more: { requestTimeoutMs?: number } = {}): Client {
  const { service, "base-url": baseUrl } = flags;
  state.key = readKey(flags["key-file"]);
  return new Client({
    clientKey: state.key,
    // Any string: the core knows the names of the services.
    ...(service !== undefined && { service: service as "capmonster" }),
    ...(baseUrl !== undefined && { baseUrl }),
    ...more,
  });
}

function waiting(flags: Flags): ProgressOptions & { timeoutMs?: number } {
  const ms = timeoutMs(flags);
  return {
    ...abortable(),
    ...(ms !== undefined && { timeoutMs: ms }),
    onProgress(event) {
      if (event.taskId !== undefined) state.taskId = event.taskId;
      if (process.stderr.isTTY) log(describe(event));
    },
  };
}

/**
 * Lets signals abort the call. Before the first call the system's own handling is right: it also ends a
 * blocking read of standard input.
 */
function abortable(): { signal: AbortSignal } {
  const controller = new AbortController();
  for (const signal of SIGNAL_NAMES) {
    // Not `once`: npx passes on the signal that the terminal has already sent.
    process.on(signal, () => controller.abort(new Stopped(signal)));
  }
  return { signal: controller.signal };
}

function describe(event: Progress): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  switch (event.type) {
    case "created":
      return `task ${showId(event.taskId)} created after ${seconds(event.elapsedMs)}`;
    case "poll":
      return `result request ${event.poll} after ${seconds(event.elapsedMs)}: ${event.status}`;
    case "retry":
      return `retrying ${event.method} in ${seconds(event.delayMs)}: ${event.message}`;
  }
}

function log(line: string): void {
  logLine(`capwire: ${line}`);
}

/** Reports an error, and returns the exit code for it. */
function report(error: unknown): number {
  if (error instanceof UsageError) {
    log(`${error.message} See capwire --help.`);
    return EXIT_USAGE;
  }
  if (!(error instanceof CaptchaError || error instanceof Stopped)) {
    log(`internal error, please report it: ${describeThrown(error)}`);
    return EXIT_INTERNAL;
  }
  const isStopped = error instanceof Stopped;
  const taskId = isStopped ? state.taskId : error.taskId;
  if (state.flags.json) {
    const { name, message } = error;
    const stopped = { name, message, ...(taskId !== undefined && { taskId }) };
    process.stderr.write(`${toJson(isStopped ? stopped : error.toJSON())}\n`);
  } else {
    log(forTerminal(error.message));
    if (!isStopped) logLine(forTerminal(error.hint));
    if (taskId !== undefined) {
      if (isStopped || isResumable(error)) printResumeHint(taskId);
    } else if (isStopped && state.creates) {
      log("no task id was received, but the task may exist and be charged");
    }
  }
  return isStopped ? exitCodeOfSignal(error.signal) : exitCodeOf(error.name);
}

/** Whether the task may still get a result. If the task itself failed, only a new one helps. */
function isResumable(error: CaptchaError): boolean {
  return (
    (error.retryable || error instanceof TransportError) && !(error instanceof UnsolvableError)
  );
}

function printResumeHint(taskId: number | string): void {
  // Only the names of the options: a URL may have a secret in its path.
  const names = ["service", "base-url", "key-file"] as const;
  const same = names.filter((name) => state.flags[name] !== undefined).map((name) => `--${name}`);
  const withSame = same.length === 0 ? "" : ` (with the same ${same.join(", ")})`;
  const id = showId(taskId);
  log(`task ${id} is not lost. To keep waiting, run: capwire result ${id}${withSame}`);
}

async function run(args: string[]): Promise<string> {
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  if (options.some((arg) => /^--?(client-?|api-?)?key(?!-file(=|$))/i.test(arg))) {
    throw new UsageError(
      "The key cannot be an argument, because every user of this machine can read arguments. Use CAPWIRE_KEY or --key-file.",
    );
  }
  const { values: flags, positionals } = parse(args);
  state.flags = flags;
  if (flags.help) return help();
  if (flags.version) return version();

  const [name, ...operands] = positionals;
  // Messages do not repeat arguments: one of them may be a key in the wrong place.
  if (name === undefined) throw new UsageError("A command is missing.");
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(`Unknown command${didYouMean(name, Object.keys(COMMANDS))}`);
  }
  const [least, most] = command.operands;
  if (operands.length < least) throw new UsageError(`${name} needs an ID.`);
  if (operands.length > most) throw new UsageError(`Too many arguments for ${name}.`);
  const stray = (Object.keys(flags) as OptionName[]).find((key) => !command.options.includes(key));
  if (stray !== undefined) throw new UsageError(`${name} does not take --${stray}.`);
  return command.run(flags, operands[0]);
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // The first sentence names the option; the others are long advice.
    const [sentence] = (error as Error).message.split(/\.?\s*\n|\.\s|\.$/, 1);
    const [, unknown] = sentence?.match(/^Unknown option '(--.+)'$/) ?? [];
    const known = Object.keys(OPTIONS).map((name) => `--${name}`);
    throw new UsageError(`${sentence}${unknown === undefined ? "." : didYouMean(unknown, known)}`);
  }
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

// A reader that closes the pipe early, as `head` does, is not a failure. Anything else loses the answer.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  log(`the answer could not be written: ${error.message}`);
  if (state.taskId !== undefined) printResumeHint(state.taskId);
  process.exitCode = EXIT_INTERNAL;
});
// Closing the terminal must not end a task that is paid for.
process.stderr.on("error", () => {});

// Assume failure until done: if a call never settles, Node would exit with 0.
process.exitCode = EXIT_INTERNAL;
run(process.argv.slice(2)).then(
  (text) => {
    process.exitCode = EXIT_OK;
    process.stdout.write(`${text}\n`);
  },
  (error) => {
    process.exitCode = report(error);
  },
);
