// The surface of the command line: options, exit codes, the help text, and messages about wrong usage.

import type { ErrorName } from "../errors.js";

/** The exit code of each error class. They are documented: a number never changes its meaning. */
const ERRORS: Record<ErrorName, [exitCode: number, meaning: string]> = {
  InternalError: [1, "something went wrong in capwire itself"],
  KeyError: [10, "the service does not know the key"],
  BalanceError: [11, "the account is empty"],
  ImageError: [12, "the image cannot be sent"],
  TaskError: [13, "the task is wrong"],
  DomainError: [14, "the service refuses this site"],
  ProxyError: [15, "the proxy does not work"],
  AccessError: [16, "the service refuses your IP address"],
  TaskNotFoundError: [17, "the service does not know the task, or no longer keeps it"],
  UnsolvableError: [18, "the captcha could not be solved"],
  CapacityError: [19, "the service is busy"],
  RateLimitError: [20, "too many requests"],
  UnknownServiceError: [21, "a service error that this version does not know"],
  TransportError: [22, "no usable response"],
  SolveTimeoutError: [23, "not ready in time"],
  OptionsError: [24, "an option is wrong"],
};

/** By the convention of shells, 128 plus the signal's number. */
const SIGNALS = {
  SIGINT: [130, "stopped by Ctrl-C (SIGINT)"],
  SIGTERM: [143, "stopped by SIGTERM"],
} as const;

export type Signal = keyof typeof SIGNALS;
export const SIGNAL_NAMES = Object.keys(SIGNALS) as Signal[];

export const EXIT_OK = 0;
export const EXIT_USAGE = 2;
export const EXIT_INTERNAL = ERRORS.InternalError[0];

/** A class that is newer than this file has no code yet. */
export function exitCodeOf(name: ErrorName): number {
  return ERRORS[name]?.[0] ?? EXIT_INTERNAL;
}

export function exitCodeOfSignal(signal: Signal): number {
  return SIGNALS[signal][0];
}

/** For `parseArgs`. */
export const OPTIONS = {
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

export type OptionName = keyof typeof OPTIONS;

export function help(): string {
  const exits: (readonly [number, string])[] = [
    [EXIT_OK, "done"],
    [EXIT_USAGE, "the command line, or a file it names, cannot be used"],
    ...Object.entries(ERRORS).map(([name, [code, text]]) => [code, `${name}: ${text}`] as const),
    ...Object.values(SIGNALS),
  ];
  const lines = exits
    .sort(([a], [b]) => a - b)
    .map(([code, text]) => `${String(code).padStart(5)}  ${text}`);
  return `\
Usage: capwire <command> [options]

  balance               print the account's balance
  solve [IMAGE]         solve a captcha: print the text in the image, or the solution as JSON
  result ID             wait for the result of an existing task
  errors [CODE]         explain all error codes, or one

IMAGE is a path, or - for standard input.

Options:
  --task JSON           solve: the task, or @FILE to read it from a file; IMAGE becomes its body
  --type TYPE           result: the task's type, which sets the default timeout
  --service NAME        capmonster (default) or brocapgpt
  --base-url URL        send requests to this URL instead of the service's own
  --timeout SECONDS     the time limit of the whole call (balance: of each request)
  --key-file FILE       read the key from the first line of FILE instead of CAPWIRE_KEY
  --json                print the answer, or the error, as one line of JSON
  -h, --help            print this help
  --version             print the version

Set the environment variable CAPWIRE_KEY to your account's API key, or use --key-file.

Exit codes:
${lines.join("\n")}`;
}

/** The command line, or a file it names, cannot be used. */
export class UsageError extends Error {}

/** The end of a message about an unknown name: a full stop, or the known name that is at most two edits away. */
export function didYouMean(given: string, known: readonly string[]): string {
  const distances = known.map((name) => [editDistance(given, name), name] as const);
  const [nearest] = distances.filter(([edits]) => edits <= 2).sort(([a], [b]) => a - b);
  return nearest === undefined ? "." : `. Did you mean ${nearest[1]}?`;
}

/** The Levenshtein distance, which ignores case. */
function editDistance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, character] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (character === to[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Parts of messages that name the JavaScript API, and what to say instead in a terminal. */
const TERMINAL_NAMES = [
  ["waitForResult(taskId)", "`capwire result ID`"],
  ["waitForResult()", "`capwire result`"],
  ["call getBalance()", "run `capwire balance`"],
  // Each command is a process of its own.
  [", then call resetGuard() or wait 10 minutes", ""],
  ["requestTimeoutMs", "--timeout"],
  ["timeoutMs", "--timeout"],
  ["baseUrl", "--base-url"],
  ["`service`", "`--service`"],
  ['"capmonster", "brocapgpt" or a service profile, not a string', "capmonster or brocapgpt"],
  ["`taskId`", "ID"],
] as const;

/** A message or hint of the client, in the words of the command line. */
export function forTerminal(text: string): string {
  return TERMINAL_NAMES.reduce((text, [name, word]) => text.replaceAll(name, word), text);
}
