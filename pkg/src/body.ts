// The body of a response or a request as text, up to a limit.

/** So many chunks, most of them empty or of a few bytes, are not a body: they may keep the event loop busy for ever. */
const MAX_CHUNKS = 65_536;

/** The last byte of an object in JSON. No JSON is an object twice. */
const END_OF_OBJECT = 0x7d;

/** For bodies of one piece, as most are: a decoder for each would take 2 % of a solve's time. It keeps no state. */
const whole = new TextDecoder();

/**
 * Returns `undefined` if the body has more than `maxBytes`, or too many chunks. The rest is not read. `opened` is passed
 * what stops the source of the body.
 */
export async function readBody(
  holder: Pick<Response, "body" | "text">,
  maxBytes: number,
  opened: (stop: () => void) => void,
): Promise<string | undefined> {
  const { body } = holder;
  if (typeof body?.getReader !== "function") {
    // No body, or one of an injected fetch with another kind of stream.
    const text: unknown = await holder.text();
    return typeof text === "string" && text.length <= maxBytes ? text : undefined;
  }
  const reader = body.getReader();
  let decoder: TextDecoder | undefined;
  let text = "";
  let size = 0;
  let isStopped = false;
  opened(() => {
    if (isStopped) return;
    isStopped = true;
    (async () => reader.cancel())().catch(() => {});
  });
  for (let chunks = 0; ; chunks += 1) {
    const { done, value } = await reader.read();
    if (done === true) return decoder ? text + decoder.decode() : text;
    // A stream of the caller's may go on all the same.
    if (isStopped) return undefined;
    // Of this realm or another.
    if (!ArrayBuffer.isView(value)) throw new TypeError("the body has chunks that are not bytes");
    size += value.byteLength;
    // A view may lie about its length, so what it decodes to is measured too.
    if (!(size <= maxBytes && text.length <= maxBytes && chunks < MAX_CHUNKS)) return undefined;
    const last = (value as Uint8Array)[value.byteLength - 1] ?? -1;
    // While a test fakes queueMicrotask(), a Response that Node makes of a text gives it again and again.
    if (chunks === 1 && last === END_OF_OBJECT && whole.decode(value) === text) return text;
    if (chunks === 0 && last >= 0 && last < 0x80) {
      // It ends with a whole character.
      text = whole.decode(value);
    } else {
      decoder ??= new TextDecoder("utf-8", { ignoreBOM: chunks > 0 });
      text += decoder.decode(value, { stream: true });
    }
  }
}
