// Text that strangers may have written, as far as people see it.

/** Control characters, marks that change the direction of text, and what cannot be seen. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{DI}]+/gu;

/** The first 1,000 characters of a text, with a space instead of what would drive a terminal or mislead a reader. */
export function printable(text: string): string {
  return text.slice(0, 1_000).replace(INVISIBLE, " ");
}
