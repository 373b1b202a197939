// Reads the input of the command line: files, the key, the task, and values of options.

import { readFileSync } from "node:fs";
import type { parseArgs } from "node:util";
import type { Task } from "../node.js";
import { type OPTIONS, UsageError } from "./usage.js";

export type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

/** Reads a file or standard input. Messages do not show the path: it may be a key in the wrong place. */
export function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    // "ENOENT: no such file or directory, open 'captcha.png'"
    const [reason] = (error as Error).message.split(",", 1);
    throw new UsageError(`Cannot read ${what} (${reason}).`);
  }
}

export function readTask(text: string | undefined): Task | undefined {
  if (text === undefined) return undefined;
  const json = text.startsWith("@") ? read(text.slice(1), "the task").toString("utf8") : text;
  let task: unknown;
  try {
    task = JSON.parse(json);
  } catch {
    // The parser's message would quote the text, which may contain a proxy's password.
    throw new UsageError("--task is not valid JSON.");
  }
  if (typeof task === "object" && task !== null && !Array.isArray(task)) return task as Task;
  throw new UsageError("--task must be a JSON object.");
}

export function readKey(file: string | undefined): string {
  const text = file === undefined ? process.env.CAPWIRE_KEY : read(file, "the key file");
  // Decoding drops the byte order mark that some editors add. Nothing else is removed from the key.
  const key = typeof text === "object" ? new TextDecoder().decode(text).split(/\r?\n/, 1)[0] : text;
  if (key) return key;
  throw new UsageError(
    file === undefined
      ? "There is no key: set the environment variable CAPWIRE_KEY, or use --key-file."
      : "The first line of the key file is empty.",
  );
}

/** The id of a task: digits are a number, unless they are quoted as in JSON. Any other text is one. */
export function readId(text: string): number | string {
  const quoted = text.match(/^"(.*)"$/)?.[1];
  if (quoted !== undefined) return quoted;
  return /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

/** An id as an argument, which {@link readId} reads as the same id, and a POSIX shell as one word. */
export function showId(id: number | string): string {
  if (typeof id === "number") return String(id);
  const text = id === readId(id) ? id : `"${id}"`;
  const word = /^[\w./:+=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  return word.startsWith("-") ? `-- ${word}` : word;
}

export function timeoutMs({ timeout }: Flags): number | undefined {
  if (timeout === undefined) return undefined;
  const seconds = Number(timeout);
  if (timeout.trim() === "" || !Number.isFinite(seconds) || seconds <= 0) {
    throw new UsageError("--timeout must be a number of seconds above 0.");
  }
  return Math.max(1, Math.round(seconds * 1_000));
}
