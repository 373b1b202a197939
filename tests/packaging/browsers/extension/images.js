// The images that the extension reads.

import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

/** A GIF of one point, padded with a comment so that it is not too small for a service. */
const POINT = Buffer.concat([
  Buffer.from("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff", "latin1"),
  Buffer.from(`!\xfe\xc8${"-".repeat(200)}\0`, "latin1"),
  Buffer.from(",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;", "latin1"),
]);

const DRAWING =
  '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40"><text y="30">w7kq</text></svg>';
const PAGE = `<!doctype html><title>Sign in</title>${"Your session is over. ".repeat(40)}`;

/**
 * How the images are sent. Each is given the response, and a captcha.
 *
 * @type {Record<string, (response: import("node:http").ServerResponse, bytes: Buffer, number: number) => void>}
 */
const IMAGES = {
  png: (response, bytes) => send(response, "image/png", bytes),
  /** A PNG, whatever is said of it. */
  mislabelled: (response, bytes) => send(response, "text/html", bytes),
  /** The session ends once the image is displayed. */
  expired: (response, bytes, number) =>
    number === 1 ? send(response, "image/png", bytes) : send(response, "image/png", PAGE),
  svg: (response) => send(response, "image/svg+xml", DRAWING),
  point: (response) => send(response, "image/gif", POINT),
  huge: (response, bytes) =>
    send(response, "image/png", Buffer.concat([bytes, Buffer.alloc(20_000_000)])),
  /** It begins, and never ends. */
  endless(response, bytes) {
    response.writeHead(200, { ...response.common, "content-type": "image/png" });
    response.write(bytes);
    const timer = setInterval(() => response.write("."), 200);
    response.on("close", () => clearInterval(timer));
  },
  /** It has fewer bytes than it says, and the rest never comes. */
  unfinished(response, bytes) {
    const length = { "content-length": bytes.length + 1_000 };
    response.writeHead(200, { ...response.common, "content-type": "image/png", ...length });
    response.write(bytes);
  },
};

function send(response, type, body) {
  response.writeHead(200, { ...response.common, "content-type": type });
  response.end(body);
}

/**
 * Serves pages with one image each, and counts the requests of images. Each of them gets another captcha.
 *
 * The path of a page is a kind of image, `/` for a PNG. The images of `/other/` belong to another site, and those of
 * `/allowed/` to one that allows every site to read them.
 */
export async function serveImages(sandbox, cacheControl) {
  const site = { requests: 0, texts: [] };
  const captchas = [];
  for (let n = 0; n < 4; n++) captchas.push(await sandbox.captcha());
  const server = createServer((request, response) => {
    const [, whose, kind] = /^\/image\/(\w*)\/(\w+)/.exec(request.url) ?? [];
    if (kind) {
      const { bytes, text } = captchas[site.requests % captchas.length];
      site.requests++;
      site.texts.push(text);
      const allow = whose === "allowed" && { "access-control-allow-origin": "*" };
      response.common = { "cache-control": cacheControl, ...allow };
      IMAGES[kind](response, bytes, site.requests);
      return;
    }
    const [, of = "own", name = "png"] = /^\/(other|allowed)?\/?(\w+)?$/.exec(request.url) ?? [];
    const { host } = new URL(`http://${request.headers.host}`);
    // A page of 127.0.0.1 cannot read an image of `localhost`.
    const origin = of === "own" ? "" : `http://${host.replace("127.0.0.1", "localhost")}`;
    const data = `data:image/png;base64,${Buffer.from(captchas[0].bytes).toString("base64")}`;
    const source = name === "data" ? data : `${origin}/image/${of}/${name}`;
    response.writeHead(200, { "content-type": "text/html" });
    response.end(
      `<!doctype html><title>A page</title><img alt="" width="90" height="40" src="${source}">`,
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  site.origin = `http://127.0.0.1:${server.address().port}`;
  site.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return site;
}

/** Writes a PNG of that many bytes, with nothing to see in it. */
export async function blank(folder, size) {
  const file = join(folder, `${size}.png`);
  await writeFile(file, Buffer.from("\x89PNG\r\n\x1a\n".padEnd(size, "\0"), "latin1"));
  return file;
}
