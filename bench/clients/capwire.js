import { Client } from "capwire";

export function make({ url, key, timeoutMs, ...others }) {
  // It has the delays of the bare loop by itself, and encodes the image.
  const client = new Client({ clientKey: key, baseUrl: url, fetch: others.fetch });
  return (image) => client.solveImage(image, { timeoutMs });
}
