// The images that the extension reads.

import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

/** Serves a page with one image, and counts the requests of it. Each of them gets another image. */
export async function serveImages(sandbox, cacheControl) {
  const site = { requests: 0, texts: [] };
  const server = createServer(async (request, response) => {
    if (request.url.endsWith(".png")) {
      const { bytes, text } = await sandbox.captcha();
      site.requests++;
      site.texts.push(text);
      response.writeHead(200, { "content-type": "image/png", "cache-control": cacheControl });
      response.end(bytes);
    } else {
      // The image of /other belongs to another site: a page of 127.0.0.1 cannot read an image of `localhost`.
      const { host } = new URL(`http://${request.headers.host}`);
      const other = host.replace("127.0.0.1", "localhost");
      const source = request.url === "/other" ? `http://${other}/it.png` : "/it.png";
      response.writeHead(200, { "content-type": "text/html" });
      response.end(`<!doctype html><title>A page</title><img alt="" src="${source}">`);
    }
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
