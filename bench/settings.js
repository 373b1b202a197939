// What all clients are called with.

export const TEXT = "abcd";

/** As the services' own clients wait for an image: 350 ms before the first request. The pause after it is capwire's. */
export const SETTINGS = {
  key: "0".repeat(32),
  firstMs: 350,
  intervalMs: 2_000,
  timeoutMs: 300_000,
};

/** A PNG of so many bytes, of which only the beginning is one. */
export function image(bytes) {
  const image = new Uint8Array(bytes);
  let state = 1;
  for (let n = 0; n < bytes; n += 1) {
    state = (state * 48_271) % 2_147_483_647;
    image[n] = state;
  }
  image.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return image;
}
