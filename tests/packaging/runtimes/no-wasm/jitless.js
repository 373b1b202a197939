import { request } from "node:http";
import * as capwire from "capwire/js";
import { printReport } from "../scenario/process.js";

// Node's own `fetch` is made of WebAssembly too, so it is replaced.
globalThis.fetch = (url, { method, headers, body, signal }) =>
  new Promise((resolve, reject) => {
    const onAnswer = async (answer) => {
      const init = { status: answer.statusCode, headers: answer.headers };
      resolve(new Response(Buffer.concat(await answer.toArray()), init));
    };
    request(url, { method, headers: Object.fromEntries(headers), signal }, (answer) =>
      onAnswer(answer).catch(reject),
    )
      .on("error", reject)
      .end(body);
  });

const isOff = typeof WebAssembly === "undefined";
await printReport(capwire, { "switched off": isOff ? "ok" : "WebAssembly is there" });
