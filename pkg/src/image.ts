// The forms in which programs have an image, opened: each becomes a text, bytes or a Blob, or is named as none.
// What throws here, such as a getter or a canvas with an image of another site, is reported as the reason.

/** How opening ends. */
const OPENED = 0;
// 1 is a failure.
const TOO_LARGE = 2;
const PIXELS = 3;
const ENDED = 4;
const USED = 5;
const UNKNOWN = 6;

/** Its end, a number, what there is now, and the type that it declares. */
export type Opened = [kind: number, number: number, value?: unknown, mediaType?: unknown];

/** So many chunks without a byte are not an image. */
const MAX_EMPTY_CHUNKS = 1_000;

/** A longer list is no list of images. */
const MAX_LISTED = 100;

/** What a canvas of no size gives. */
const EMPTY = "data:,";

/** The members of all forms, each of which may be missing. */
interface Form {
  then?: unknown;
  status?: unknown;
  headers?: { get?(name: string): unknown };
  body?: unknown;
  bodyUsed?: unknown;
  arrayBuffer?(): Promise<ArrayBuffer>;
  width?: number;
  height?: number;
  data?: unknown;
  type?: unknown;
  toDataURL?(): string;
  convertToBlob?(): Promise<Blob>;
}

interface ByteStream {
  getReader?(): { read(): Promise<Chunk>; cancel(): unknown };
  [Symbol.asyncIterator]?(): unknown;
  destroy?(): unknown;
  locked?: unknown;
  readableEnded?: unknown;
  destroyed?: unknown;
  errored?: unknown;
}

type Chunk = { done?: boolean; value?: unknown };

/**
 * Opens a form. A promise gives what it resolves to, which may be another form. `onStop` gets what stops reading.
 */
export async function openForm(
  given: object,
  maxBytes: number,
  onStop: (stop: () => void) => void,
): Promise<Opened> {
  const form = given as Form;
  if (typeof form.then === "function") return [OPENED, 0, await given];
  const list = numbersOf(given);
  if (list) return fromNumbers(given, list, maxBytes);
  if (isStream(given)) return readStream(given, given, maxBytes, onStop);
  const { body, width, height } = form;
  if (typeof form.status === "number" && (isStream(body) || form.arrayBuffer)) {
    if (form.bodyUsed === true || (body as ByteStream | null)?.locked === true) {
      return [USED, 0, given];
    }
    const mediaType = form.headers?.get?.("content-type");
    if (isStream(body)) {
      const [kind, size, value] = await readStream(given, body, maxBytes, onStop);
      return [kind, size, value, mediaType];
    }
    return [OPENED, 0, await form.arrayBuffer?.(), mediaType];
  }
  if (typeof width === "number" && typeof height === "number") {
    if (typeof form.data === "object") return [PIXELS, 0, given];
    const bitmap = Object.prototype.toString.call(given) === "[object ImageBitmap]";
    if (form.toDataURL || form.convertToBlob || bitmap) {
      if (!(width > 0 && height > 0)) return [OPENED, 0, EMPTY];
      if (form.toDataURL) return [OPENED, 0, form.toDataURL()];
      if (form.convertToBlob) return [OPENED, 0, await form.convertToBlob()];
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d")?.drawImage(given as ImageBitmap, 0, 0);
      return [OPENED, 0, await canvas.convertToBlob()];
    }
  }
  return [UNKNOWN, 0, given];
}

/**
 * Promises and streams among images may fail before anyone listens to them. The call reports it; without this, the
 * process would end as well.
 */
export function expectFailure(given: unknown, depth = 2): void {
  try {
    if (given instanceof Promise) {
      given.catch(() => {});
    } else if (typeof given === "object" && given !== null && !ArrayBuffer.isView(given)) {
      const { on, length } = given as { on?: unknown; length?: unknown };
      if (typeof on === "function") on.call(given, "error", () => {});
      else if (depth > 0 && !(Number(length) > MAX_LISTED)) {
        for (const each of Object.values(given)) expectFailure(each, depth - 1);
      }
    }
  } catch {
    // It is read again, and what it throws is reported then.
  }
}

function isStream(value: unknown): value is ByteStream {
  const stream = value as ByteStream | null | undefined;
  return (
    typeof stream?.getReader === "function" || typeof stream?.[Symbol.asyncIterator] === "function"
  );
}

/** The numbers in a list, in a Buffer that became JSON, or in bytes that became an object with their places. */
function numbersOf(given: object): unknown[] | undefined {
  if (Array.isArray(given)) return given;
  const { type, data } = given as Form;
  if (type === "Buffer" && Array.isArray(data)) return data;
  if (!Object.hasOwn(given, "0")) return undefined;
  const places = Object.keys(given);
  // Places come first and in order, so the last one tells about all.
  return places.at(-1) === String(places.length - 1) ? Object.values(given) : undefined;
}

function fromNumbers(given: object, list: unknown[], maxBytes: number): Opened {
  if (list.length > maxBytes) return [TOO_LARGE, list.length];
  const bytes = Uint8Array.from(list as number[]);
  return bytes.every((byte, at) => list[at] === byte) ? [OPENED, 0, bytes] : [UNKNOWN, 0, given];
}

async function readStream(
  given: object,
  stream: ByteStream,
  maxBytes: number,
  onStop: (stop: () => void) => void,
): Promise<Opened> {
  const hasEnded = (stream.readableEnded || stream.destroyed) && !stream.errored;
  if (hasEnded || stream.locked === true) return [ENDED, 0, given];
  const reader = stream.getReader?.();
  const chunks = reader
    ? { next: () => reader.read(), return: () => reader.cancel() }
    : (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const stop = () => {
    // Not awaited: it may take as long as the next chunk.
    (async () => {
      stream.destroy?.();
      await chunks.return?.();
    })().catch(() => {});
  };
  onStop(stop);
  const copies: Uint8Array[] = [];
  let size = 0;
  let isRead = false;
  try {
    for (;;) {
      const { done, value }: Chunk = await chunks.next();
      if (done) break;
      if (!ArrayBuffer.isView(value)) throw new TypeError("its chunks are not bytes");
      // A copy, because a stream may use the memory again.
      const chunk = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
      size += chunk.length;
      if (size > maxBytes) return [TOO_LARGE, size];
      if (copies.push(chunk) > size + MAX_EMPTY_CHUNKS) throw new TypeError("its chunks are empty");
    }
    isRead = true;
  } finally {
    if (!isRead) stop();
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of copies) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return [OPENED, 0, bytes];
}
