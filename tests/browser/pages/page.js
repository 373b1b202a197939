// A page's own module: it imports the package by name, through the import map.

import * as capwire from "capwire";
import { attempt } from "./attempt.js";

globalThis.attempt = (order) => attempt(capwire, order);

/** The same in a worker of its own. */
globalThis.attemptInWorker = (order) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(order);
  });
