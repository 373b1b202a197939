// What the command line writes: text of a service must neither drive the terminal nor hide in it.

import { inspect } from "node:util";
import { printable } from "../text.js";

/** Control characters, marks that change the direction of text, and what cannot be seen. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{DI}]/gu;

/** Writes one line to standard error. */
export function logLine(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** A text that is the answer: as it is for a program, with escapes on a terminal. */
export function answerText(text: string): string {
  return process.stdout.isTTY ? escapeInvisible(text) : text;
}

/** A thrown value, whatever it is. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : inspect(thrown);
}

/**
 * A value of JSON as one line of JSON, in which every character can be seen. It may be of any depth: `JSON.stringify`
 * calls itself for each level, and fails at some thousands.
 */
export function toJson(value: unknown): string {
  const written: string[] = [];
  // What is left to write, the next one last.
  const left: (string | { value: unknown })[] = [{ value }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === "string") {
      written.push(next);
    } else if (typeof next.value !== "object" || next.value === null) {
      written.push(escapeInvisible(JSON.stringify(next.value)));
    } else {
      const isList = Array.isArray(next.value);
      const members = Object.entries(next.value).filter(([, member]) => member !== undefined);
      left.push(isList ? "]" : "}");
      for (const [at, [name, member]] of [...members.entries()].reverse()) {
        left.push({ value: member });
        if (!isList) left.push(`${escapeInvisible(JSON.stringify(name))}:`);
        if (at > 0) left.push(",");
      }
      left.push(isList ? "[" : "{");
    }
  }
  return written.join("");
}

/** The escapes are those of JSON, so that text within JSON stays the same. */
function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      const unit = character.charCodeAt(at).toString(16);
      return `\\u${unit.padStart(4, "0")}`;
    }).join(""),
  );
}
