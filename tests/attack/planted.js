// Planted faults: one for each rule, to prove that the fuzzer notices when it is broken.

import { CaptchaError } from "capwire/errors";

/** The methods whose promise a fault may spoil. */
const METHODS = ["solve", "solveImage", "createTask", "waitForResult", "getBalance"];

/** Plants clients whose calls go through `change`, which gets the promise, the world, the arguments, the client. */
const inCalls =
  (change) =>
  ({ api, watch }) => {
    const { Client } = api;
    const Spoilt = class extends Client {};
    for (const name of METHODS) {
      Spoilt.prototype[name] = function call(...args) {
        return change(Client.prototype[name].apply(this, args), watch.world, args, this);
      };
    }
    return { api: { ...api, Client: Spoilt } };
  };

/** Plants clients whose errors are changed. */
const inErrors = (change) =>
  inCalls((promise) =>
    promise.catch((error) => {
      throw CaptchaError.is(error) ? change(error) : error;
    }),
  );

/** Plants a function between the client and the service. */
const inFetch = (wrapFetch) => () => ({ wrapFetch });

/** The same error with some of its fields changed. */
const changed = (error, fields) => CaptchaError.fromJSON({ ...error.toJSON(), ...fields });

/** What a leak would keep. */
const held = [];

/** The rules, each with a fault that breaks it. */
export const FAULTS = {
  "a promise is pending although nothing is left to happen": inCalls((promise) =>
    promise.catch(() => new Promise(() => {})),
  ),
  "a call rejects with a foreign error": inErrors((error) => new TypeError(error.message)),
  "the module traps": inErrors((error) => changed(error, { name: "InternalError" })),
  "an error lacks a text": inErrors((error) => changed(error, { hint: "" })),
  "an error has invisible characters": inErrors((error) =>
    Object.assign(error, { message: "a\u202e" }),
  ),
  "an error has an endless text": inErrors((error) =>
    changed(error, { message: "x".repeat(10_000) }),
  ),
  "the key is shown": inCalls((promise, world) =>
    promise.catch((error) => {
      if (CaptchaError.is(error)) error.message = `${error.message} ${world.key}`;
      throw error;
    }),
  ),
  "a rejection is unhandled": inCalls((promise) => {
    promise.finally(() => {});
    return promise;
  }),
  "an exception is uncaught": inCalls((promise) => {
    const fail = () => {
      throw new Error("planted");
    };
    promise.catch(() => queueMicrotask(fail));
    return promise;
  }),
  "a timer is left": inCalls((promise) => {
    promise.catch(() => setTimeout(() => {}, 3_600_000));
    return promise;
  }),
  "a listener is left on a signal": inCalls((promise, _, args) => {
    const signal = args.at(-1)?.signal;
    if (signal instanceof AbortSignal) signal.addEventListener("abort", () => {});
    return promise;
  }),
  "an aborted call goes on": inCalls((promise, { clock }) =>
    promise.catch((error) => new Promise((_, reject) => clock.after(10, () => reject(error)))),
  ),
  "a paid task is lost": inErrors((error) =>
    changed(error, { taskId: undefined, mayHaveCreatedTask: undefined }),
  ),
  "a solution is lost": inCalls((promise) =>
    promise.then((value) => (typeof value === "string" ? "another text" : value)),
  ),
  "a call has the wrong task": inCalls((promise) =>
    promise.then((value) => (typeof value === "number" ? value + 1 : value)),
  ),
  "a result is requested too soon": inFetch((fetch) => (url, init) => {
    if (url.endsWith("getTaskResult")) ignored(() => fetch(url, init));
    return fetch(url, init);
  }),
  "one call buys two tasks": inFetch((fetch) => (url, init) => {
    if (url.endsWith("createTask")) ignored(() => fetch(url, init));
    return fetch(url, init);
  }),
  "an aborted call sends a request": inFetch((fetch, { clock }) => (url, init) => {
    if (url.endsWith("createTask")) clock.after(3_000, () => ignored(() => fetch(url, init)));
    return fetch(url, init);
  }),
  "a request is sent after a refusal": inFetch((fetch, { clock }) => (url, init) => {
    if (url.endsWith("createTask")) clock.after(3_000, () => ignored(() => fetch(url, init)));
    return fetch(url, init);
  }),
  "the key is sent outside of the body": inFetch(
    (fetch, world) => (url, init) => fetch(`${url}?${world.key}`, init),
  ),
  "the module holds more and more values": inCalls((promise, _, __, client) => {
    held.push(client);
    return promise;
  }),
};

/** Does something whose outcome does not matter. */
function ignored(work) {
  try {
    Promise.resolve(work()).catch(() => {});
  } catch {
    // Nor does this.
  }
}
