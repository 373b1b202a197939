#!/usr/bin/env node
// The command line. It reads arguments, calls the client and prints; what may be sent, and when, is the
// client's to decide. Standard output gets the answer and nothing else.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  CaptchaError,
  Client,
  type ErrorName,
  errorTable,
  type Progress,
  type ProgressOptions,
  type Solved,
  type Task,
  TransportError,
  UnsolvableError,
} from "./node.js";

/** The exit code of each error class. They are documented: a number keeps its meaning for good. */
const EXIT_CODES = {
  KeyError: 10,
  BalanceError: 11,
  ImageError: 12,
  TaskError: 13,
  DomainError: 14,
  ProxyError: 15,
  AccessError: 16,
  TaskNotFoundError: 17,
  UnsolvableError: 18,
  CapacityError: 19,
  RateLimitError: 20,
  UnknownServiceError: 21,
  TransportError: 22,
  SolveTimeoutError: 23,
  OptionsError: 24,
  InternalError: 1,
} satisfies Record<ErrorName, number>;

const INTERNAL = 1;
const USAGE = 2;
/** As shells count: 128 and the number of the signal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 };

const HELP = `\
Usage: capwire <command> [options]

  balance               print the account's balance
  solve [IMAGE]         solve a captcha: print the text in the image, or the solution as JSON
  result ID             wait for the result of a task that exists
  errors [CODE]         print what each error code means and what to do about it

IMAGE is a path, or - for standard input.

Options:
  --task JSON           solve: the task, or @FILE to read it; IMAGE, if given, becomes its body
  --type TYPE           result: the task's type, which sets how long to wait by default
  --service NAME        capmonster (default) or brocapgpt
  --base-url URL        another address of the service
  --timeout SECONDS     how long the whole call may take (balance: each request)
  --key-file FILE       read the key from the first line of a file, not from CAPWIRE_KEY
  --json                print the answer as one line of JSON, and an error likewise
  -h, --help            print this
  --version             print the version

The key of your account comes from the environment variable CAPWIRE_KEY or from --key-file.

Exit codes:
    0  done
    1  InternalError: something in capwire itself went wrong
    2  the command line, or a file it names, cannot be used
   10  KeyError: the service does not know the key
   11  BalanceError: the account is empty
   12  ImageError: the image cannot be sent
   13  TaskError: the task is wrong
   14  DomainError: the service refuses this site
   15  ProxyError: the proxy does not work
   16  AccessError: the service takes nothing from this address
   17  TaskNotFoundError: the service does not know the task, or no longer
   18  UnsolvableError: the captcha could not be solved
   19  CapacityError: the service is full
   20  RateLimitError: asked too often
   21  UnknownServiceError: an error of the service that is not known here
   22  TransportError: no usable answer
   23  SolveTimeoutError: not ready in time
   24  OptionsError: an option is wrong
  130  stopped by Ctrl-C (SIGINT)
  143  stopped by SIGTERM
`;

const OPTIONS = {
  task: { type: "string" },
  type: { type: "string" },
  service: { type: "string" },
  "base-url": { type: "string" },
  timeout: { type: "string" },
  "key-file": { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

type OptionName = keyof typeof OPTIONS;
type Given = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

interface Command {
  /** How many operands it takes, at least and at most. */
  operands: [number, number];
  options: OptionName[];
  /** Gives what is printed. */
  run(given: Given, operand: string | undefined): Promise<string>;
}

const ACCOUNT: OptionName[] = ["service", "base-url", "timeout", "key-file", "json"];

const COMMANDS: Record<string, Command> = {
  balance: { operands: [0, 0], options: ACCOUNT, run: balance },
  solve: { operands: [0, 1], options: [...ACCOUNT, "task"], run: solve },
  result: { operands: [1, 1], options: [...ACCOUNT, "type"], run: result },
  errors: { operands: [0, 1], options: ["json"], run: errors },
};

/** The command line, or a file it names, cannot be used. */
class UsageError extends Error {}

/** Why calls are aborted. */
class Stopped extends Error {
  constructor(readonly signal: keyof typeof SIGNALS) {
    super(`stopped by ${signal}`);
    this.name = "AbortError";
  }
}

/** What is known when a call fails. */
const state: { given: Given; creates: boolean; taskId?: number } = { given: {}, creates: false };

async function balance(given: Given): Promise<string> {
  const requestTimeoutMs = timeoutMs(given);
  const client = newClient(given, requestTimeoutMs === undefined ? {} : { requestTimeoutMs });
  const balance = await client.getBalance(abortable());
  return given.json ? JSON.stringify({ balance }) : String(balance);
}

async function solve(given: Given, image: string | undefined): Promise<string> {
  const task = readTask(given.task);
  if (task === undefined && image === undefined) {
    throw new UsageError("solve needs an IMAGE or a --task.");
  }
  if (image !== undefined && (task?.type ?? IMAGE_TASK) !== IMAGE_TASK) {
    throw new UsageError(
      `IMAGE is the body of an ${IMAGE_TASK}: put the images of another task into it, as base64.`,
    );
  }
  const body = image === undefined ? undefined : read(image, "the image");
  const whole = body === undefined ? (task as Task) : { type: IMAGE_TASK, ...task, body };
  const client = newClient(given);
  state.creates = true;
  return answer(given, await client.solve(whole, waiting(given)));
}

async function result(given: Given, id: string | undefined): Promise<string> {
  const { type } = given;
  const options = { ...waiting(given), ...(type !== undefined && { type }) };
  if (Number.isSafeInteger(Number(id))) state.taskId = Number(id);
  // As text: the core reads its digits exactly, or says what is wrong with it.
  return answer(given, await newClient(given).waitForResult(id as unknown as number, options));
}

async function errors(given: Given, code: string | undefined): Promise<string> {
  const table = await errorTable();
  const rows = code === undefined ? table : table.filter((row) => row.code === code);
  if (rows.length === 0) {
    throw new UsageError("There is no such error code here; capwire errors prints all of them.");
  }
  const shown = rows.map((row) => ({ ...row, exitCode: EXIT_CODES[row.name] }));
  if (given.json) return JSON.stringify(shown);
  const block = ({ code, name, exitCode, retryable, message, hint }: (typeof shown)[number]) =>
    `${code} (${name}, exit code ${exitCode})\n  ${message}.\n  ${hint}\n  ` +
    `The same call may succeed later without a change: ${retryable ? "yes" : "no"}.`;
  return shown.map(block).join("\n\n");
}

const IMAGE_TASK = "ImageToTextTask";

function readTask(given: string | undefined): Task | undefined {
  if (given === undefined) return undefined;
  const text = given.startsWith("@") ? read(given.slice(1), "the task").toString("utf8") : given;
  let task: unknown;
  try {
    task = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, in which there may be a proxy's password.
    throw new UsageError("--task is not JSON.");
  }
  if (typeof task === "object" && task !== null && !Array.isArray(task)) return task as Task;
  throw new UsageError("--task must be a JSON object.");
}

/** The text alone where there is one; else the whole solution. */
function answer(given: Given, solved: Solved<unknown>): string {
  if (given.json) return JSON.stringify(solved);
  const { solution } = solved;
  const text = (solution as { text?: unknown } | null)?.text;
  return typeof text === "string" ? text : JSON.stringify(solution);
}

function newClient(given: Given, more: { requestTimeoutMs?: number } = {}): Client {
  const { service, "base-url": baseUrl } = given;
  return new Client({
    clientKey: readKey(given["key-file"]),
    // Any text: the core knows which names there are.
    ...(service !== undefined && { service: service as "capmonster" }),
    ...(baseUrl !== undefined && { baseUrl }),
    ...more,
  });
}

function readKey(file: string | undefined): string {
  const text = file === undefined ? process.env.CAPWIRE_KEY : read(file, "the key file");
  // Decoded without the mark that some editors put before the text. Nothing else is taken off a key.
  const key = typeof text === "object" ? new TextDecoder().decode(text).split(/\r?\n/, 1)[0] : text;
  if (key) return key;
  throw new UsageError(
    file === undefined
      ? "There is no key: put it into the environment variable CAPWIRE_KEY, or into a file for --key-file."
      : "The first line of the key file is empty.",
  );
}

/** A file or standard input. Its name is not shown: what was meant for another place may stand there. */
function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    // "ENOENT: no such file or directory, open 'captcha.png'"
    const [reason] = (error as Error).message.split(",", 1);
    throw new UsageError(`Cannot read ${what} (${reason}).`);
  }
}

function timeoutMs({ timeout }: Given): number | undefined {
  if (timeout === undefined) return undefined;
  const seconds = Number(timeout);
  if (timeout.trim() === "" || !Number.isFinite(seconds)) {
    throw new UsageError("--timeout takes a number of seconds.");
  }
  return Math.round(seconds * 1_000);
}

function waiting(given: Given): ProgressOptions & { timeoutMs?: number } {
  const ms = timeoutMs(given);
  return {
    ...abortable(),
    ...(ms !== undefined && { timeoutMs: ms }),
    onProgress(event) {
      if (event.taskId !== undefined) state.taskId = event.taskId;
      if (process.stderr.isTTY) say(described(event));
    },
  };
}

/**
 * Lets signals of the system abort the call. Before the first call the platform's own way is right: it
 * also ends a read that waits for its input.
 */
function abortable(): { signal: AbortSignal } {
  const controller = new AbortController();
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    // Not once: npx passes on the signal that the terminal has sent already.
    process.on(signal, () => controller.abort(new Stopped(signal)));
  }
  return { signal: controller.signal };
}

function described(event: Progress): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  switch (event.type) {
    case "created":
      return `task ${event.taskId} created after ${seconds(event.elapsedMs)}`;
    case "poll":
      return `result request ${event.poll} after ${seconds(event.elapsedMs)}: ${event.status}`;
    case "retry":
      return `${event.method} again in ${seconds(event.delayMs)}: ${event.message}`;
  }
}

/** One line on standard error. What a service wrote must not drive the terminal. */
function say(line: string): void {
  process.stderr.write(`capwire: ${line.replace(/\p{Cc}+/gu, " ")}\n`);
}

/** Says what went wrong, and gives the exit code for it. */
function report(error: unknown): number {
  if (error instanceof UsageError) {
    say(`${error.message} See capwire --help.`);
    return USAGE;
  }
  if (!(error instanceof CaptchaError || error instanceof Stopped)) {
    say(`a fault in capwire, please report it: ${error}`);
    return INTERNAL;
  }
  const isStopped = error instanceof Stopped;
  const taskId = isStopped ? state.taskId : error.taskId;
  if (state.given.json) {
    const { name, message } = error;
    const data = isStopped ? { name, message, ...(taskId !== undefined && { taskId }) } : error;
    process.stderr.write(`${JSON.stringify(data)}\n`);
  } else {
    say(error.message);
    if (!isStopped) process.stderr.write(`${error.hint.replace(/\p{Cc}+/gu, " ")}\n`);
    if (taskId !== undefined) {
      if (isStopped || goesOn(error)) sayHowToGoOn(taskId);
    } else if (isStopped && state.creates) {
      say("no task id has come back yet, but the task may exist and be charged");
    }
  }
  if (isStopped) return SIGNALS[error.signal];
  // A class that is newer than this file has no number yet.
  return EXIT_CODES[error.name] ?? INTERNAL;
}

/** Whether the task may still come to a result: where it failed itself, only a new one helps. */
function goesOn(error: CaptchaError): boolean {
  return (
    (error.retryable || error instanceof TransportError) && !(error instanceof UnsolvableError)
  );
}

function sayHowToGoOn(taskId: number): void {
  // Their names alone: an address may have a secret in its path.
  const names = ["service", "base-url", "key-file"] as const;
  const same = names.filter((name) => state.given[name] !== undefined).map((name) => `--${name}`);
  const and = same.length === 0 ? "" : ` (with the same ${same.join(", ")})`;
  say(`task ${taskId} is not lost, go on with: capwire result ${taskId}${and}`);
}

async function run(args: string[]): Promise<string> {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  if (flags.some((arg) => /^--?(client-?|api-?)?key(?!-file(=|$))/i.test(arg))) {
    throw new UsageError(
      "The key is not taken from the arguments, which every user of this machine can read: use CAPWIRE_KEY or --key-file.",
    );
  }
  const { values: given, positionals } = parsed(args);
  state.given = given;
  if (given.help) return HELP.trimEnd();
  if (given.version) return version();

  const [name, ...operands] = positionals;
  // Arguments are not repeated in messages: one of them may be a key in the wrong place.
  if (name === undefined) throw new UsageError("A command is missing.");
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(
      `There is no such command: the commands are ${Object.keys(COMMANDS).join(", ")}.`,
    );
  }
  const [least, most] = command.operands;
  if (operands.length < least) throw new UsageError(`${name} needs an ID.`);
  if (operands.length > most) throw new UsageError(`There are too many arguments for ${name}.`);
  const stray = (Object.keys(given) as OptionName[]).find((key) => !command.options.includes(key));
  if (stray !== undefined) throw new UsageError(`--${stray} does not go with ${name}.`);
  return command.run(given, operands[0]);
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // The first sentence names the option; the others advise, at length.
    const [sentence] = (error as Error).message.split(/\.?\s*\n|\.\s|\.$/, 1);
    throw new UsageError(`${sentence}.`);
  }
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

// A reader that has gone away, as `head` does, is no failure; anything else loses the answer.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  say(`the answer could not be written: ${error.message}`);
  if (state.taskId !== undefined) sayHowToGoOn(state.taskId);
  process.exitCode = INTERNAL;
});
// A terminal that was closed must not end a task that is paid for.
process.stderr.on("error", () => {});

// Until it is known better: should a call never settle, Node would end with 0.
process.exitCode = INTERNAL;
run(process.argv.slice(2)).then(
  (text) => {
    process.exitCode = 0;
    process.stdout.write(`${text}\n`);
  },
  (error) => {
    process.exitCode = report(error);
  },
);
