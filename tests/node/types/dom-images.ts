// Images in every form, some of which only a browser's types have.

import type { Client, Image } from "capwire";

declare const client: Client;
declare const blob: Blob;

// An image in any form.
declare const canvas: HTMLCanvasElement | OffscreenCanvas;
declare const stream: AsyncIterable<Uint8Array>;
const response = await fetch("https://shop.example/captcha");
for (const image of [
  response,
  response.body ?? "",
  response.blob(),
  response.arrayBuffer(),
  fetch("https://shop.example/captcha"),
  new Float32Array(1),
  stream,
  canvas,
  await createImageBitmap(blob),
  [137, 80] as const,
  JSON.parse("{}"),
] satisfies Image[]) {
  client.solveImage(image);
  client.solve({ type: "ImageToTextTask", body: image });
}
client.solve({
  type: "ComplexImageTask",
  class: "recaptcha",
  metadata: { Grid: "3x3", Task: "x" },
  imagesBase64: [response, canvas],
});
