// Images as text: base64 of either alphabet and `data:` URLs, in the ways in which other programs write them.

import { toBase64 } from "./base64.js";

/** How writing an image as base64 ends. */
const BASE64 = 0;
// 1 is a failure.
const ZEROS = 2;
const NO_COMMA = 3;
const CUT = 4;
const INVISIBLE = 5;
const CHARACTER = 6;

/** Its end; the number of bytes or a position; the base64 text or a character; its first bytes, and its declared type. */
type Encoded = [
  kind: number,
  number: number,
  value: string,
  { start: string; type?: string | undefined },
];

/** How many of the first bytes are looked at, a multiple of 3. */
const START = 510;
/** How many characters of a text that is not base64. */
const START_OF_TEXT = 1_100;

const DATA_URL = /^data:/i;
const NOT_BASE64 = /[^A-Za-z0-9+/]/;
/** Characters that nobody sees in a message. */
const UNSEEN = /[\p{C}\p{Z}\p{DI}]/u;

/** Bytes as base64. If there are more than `maxBytes`, only their number. */
export function encodeBytes(bytes: Uint8Array, maxBytes: number): Encoded {
  const extra = { start: startOf(String.fromCharCode(...bytes.subarray(0, START))) };
  if (bytes.length > maxBytes) return [BASE64, bytes.length, "", extra];
  const kind = bytes.some((byte) => byte) ? BASE64 : ZEROS;
  return [kind, bytes.length, toBase64(bytes), extra];
}

/**
 * Reads base64 text or a `data:` URL. White space and a byte order mark are removed, the escapes of URLs and JSON undone,
 * the URL-safe alphabet replaced, and missing padding is added. Unused bits of the last character may be set.
 */
export function encodeText(given: string): Encoded {
  let text = given.trim();
  const isQuoted = text.startsWith('"');
  if (isQuoted || text.includes("\\")) text = unescapeJson(isQuoted ? text : `"${text}"`) ?? text;
  // A whole URL may be encoded, too.
  if (!DATA_URL.test(text)) text = percentDecode(text).trim();
  let type: string | undefined;
  if (DATA_URL.test(text)) {
    const comma = text.indexOf(",");
    if (comma < 0) return refused(NO_COMMA, given);
    type = text.slice("data:".length, comma);
    const isBase64 = /(^|;)\s*base64\s*$/i.test(type);
    const data = text.slice(comma + 1);
    text = percentDecode(isBase64 ? data : utf8(data));
    if (!isBase64) text = btoa(text);
  }
  let end = text.search(NOT_BASE64);
  if (end >= 0) {
    text = text
      .replace(/[\t\n\f\r ]+/g, "")
      .replace(/-/g, "+")
      .replace(/_/g, "/");
    end = text.search(NOT_BASE64);
  }
  const length = end < 0 ? text.length : end;
  let padding = text.slice(length);
  if (!/^=*$/.test(padding)) {
    const found = String.fromCodePoint(padding.codePointAt(0) ?? 0);
    const code = padding.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return UNSEEN.test(found)
      ? refused(INVISIBLE, given, code, given.indexOf(found, given.search(/\S/)))
      : refused(CHARACTER, given, found);
  }
  if (!padding) padding = "=".repeat(-length & 3);
  if (length % 4 === 1 || padding.length > 2 || (length + padding.length) % 4) {
    return refused(CUT, given);
  }
  const base64 = text.slice(0, length) + padding;
  const start = startOf(atob(base64.slice(0, (START / 3) * 4)));
  return [BASE64, Math.floor((length * 3) / 4), base64, { start, type }];
}

function refused(kind: number, given: string, found = "", position = 0): Encoded {
  return [
    kind,
    position,
    found,
    { start: startOf(percentDecode(utf8(given.slice(0, START_OF_TEXT)))) },
  ];
}

function unescapeJson(json: string): string | undefined {
  try {
    const text: unknown = JSON.parse(json);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

/** A text with each character outside ASCII as the escapes of its bytes. */
function utf8(text: string): string {
  return text.replace(/\p{Cs}/gu, "\ufffd").replace(/[^\p{ASCII}]+/gu, encodeURIComponent);
}

function percentDecode(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The beginning of bytes, each a character, as text may have them. UTF-16 becomes ASCII, as far as it is. */
function startOf(bytes: string): string {
  const isUtf16 = /^(\xff\xfe|\xfe\xff|\0[^\0]|[^\0]\0)/.test(bytes);
  const text = isUtf16 ? bytes.replace(/[\0\xfe\xff]/g, "") : bytes;
  return text.replace(/^(\xef\xbb\xbf)?[\t\n\f\r "]*/, "");
}

/** Which group of a pattern a text begins with, its ASCII letters in lower case: 0 for the first; -1 for none. */
export function firstGroup(text: unknown, pattern: string): number {
  if (typeof text !== "string") return -1;
  const lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const [, ...groups] = new RegExp(`^(?:${pattern})`).exec(lower) ?? [];
  return groups.findIndex((group) => group !== undefined);
}
