// Base64 by the fastest function that the platform has.

interface Base64Bytes extends Uint8Array {
  toBase64?(): string;
}

/** Bytes per call of `btoa`: a multiple of 3, so that the parts join without padding, and few arguments. */
const CHUNK = 0x2ffd;

export function toBase64(bytes: Base64Bytes): string {
  // Node 25, Chromium 140, Firefox 133, Safari 18.2 and later have it.
  if (typeof bytes.toBase64 === "function") return bytes.toBase64();
  const { Buffer } = globalThis;
  if (typeof Buffer === "function") {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + CHUNK)));
  }
  return text;
}
