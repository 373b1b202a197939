// The body of a response or a request as text, up to a limit.

/** So many chunks without a character are not a body: reading on would keep the event loop busy for ever. */
const MAX_EMPTY_CHUNKS = 1_000;

/** Returns `undefined` if the body has more than `maxBytes`. The rest is not read. */
export async function readBody(
  holder: Pick<Response, "body" | "text">,
  maxBytes: number,
): Promise<string | undefined> {
  const { body } = holder;
  if (typeof body?.getReader !== "function") {
    // No body, or one of an injected fetch with another kind of stream.
    const text: unknown = await holder.text();
    return typeof text === "string" && text.length <= maxBytes ? text : undefined;
  }
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  let emptyChunks = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done === true) return text + decoder.decode();
    // Of this realm or another.
    if (!ArrayBuffer.isView(value)) throw new TypeError("the body has chunks that are not bytes");
    size += value.byteLength;
    // A view may lie about its length, so what it decodes to is measured too.
    if (!(size <= maxBytes && text.length <= maxBytes)) return undefined;
    const piece = decoder.decode(value, { stream: true });
    // A character may come in several chunks.
    if (piece === "" && ++emptyChunks > MAX_EMPTY_CHUNKS + text.length) {
      throw new TypeError("the body has too many empty chunks");
    }
    text += piece;
  }
}
