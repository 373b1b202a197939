// Imported statically: a service worker has no import().
import * as capwire from "../node_modules/capwire/dist/browser.js";
import { scenario } from "../scenario/scenario.js";

addEventListener("message", (event) => {
  const answer = async () => event.source.postMessage(await scenario(capwire, event.data));
  event.waitUntil(answer());
});
