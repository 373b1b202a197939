// Servers for one test each, where the sandbox can't answer as the test needs it.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";

const urlOf = (server) => `http://127.0.0.1:${server.address().port}`;

/** A server of raw bytes. `answer` is called with the socket for every chunk that it gets. */
export async function rawServer(t, answer) {
  const sockets = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", () => answer(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: urlOf(server), sockets };
}

/** A server of node:http, or of node:https without the `s` in its address. */
export async function httpServer(t, handler, create = createHttpServer, options = {}) {
  const server = create(options, handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close().closeAllConnections());
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  return { url: urlOf(server), connections: () => connections };
}

/** The bytes of a response from the lines of its head and its body. */
export const responseOf = (head, body = "") => [...head, "", body].join("\r\n");
