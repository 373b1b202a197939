import { request } from "node:http";
import * as capwire from "capwire/js";
import { scenario } from "./scenario.js";

// Node's own `fetch` is made of WebAssembly too: this one stands in for it.
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

const report = await scenario(capwire, JSON.parse(process.argv[2]));
const isOff = typeof WebAssembly === "undefined";
console.log(JSON.stringify({ ...report, "switched off": isOff ? "ok" : "it is there" }));
