// The service of a scenario, behind an injected fetch. It knows what it has created and what it has told, so that
// the rules can be checked against the truth and not against what a client believes.

import { readFileSync } from "node:fs";
import { goodResponse, later, oddResponse } from "./responses.js";
import { anyError, anyValue } from "./values.js";

const CODES = JSON.parse(
  readFileSync(new URL("../fixtures/error-codes.json", import.meta.url), "utf8"),
).map(({ code }) => code);

/** Answers after which nothing was created, for certain. */
const NOT_PROCESSED = [
  { text: '{"errorId":1,"errorCode":"ERROR_NO_SLOT_AVAILABLE"}', status: 200 },
  { text: "<html>too many requests</html>", status: 429, retryAfter: "3" },
  { text: "", status: 429 },
  { text: "busy", status: 503, retryAfter: "1" },
  { text: "busy", status: 503, retryAfter: "99999999999" },
];

const BROKEN_TEXTS = [
  "",
  "<html><body>Sign in</body></html>",
  "null",
  "[]",
  "5",
  '"text"',
  "{}",
  '{"errorId":0',
  '{"errorId":0}',
  '{"errorId":"0"}',
  '{"errorId":{}}',
  '{"errorId":1}',
  '{"errorId":1,"errorCode":5}',
  '{"errorId":1,"errorCode":null,"errorDescription":null}',
  '{"errorId":0,"taskId":0}',
  '{"errorId":0,"taskId":-1}',
  '{"errorId":0,"taskId":1.5}',
  '{"errorId":0,"taskId":9007199254740993}',
  '{"errorId":0,"taskId":"x"}',
  '{"errorId":0,"taskId":{"__proto__":1}}',
  '{"errorId":0,"status":"ready"}',
  '{"errorId":0,"status":"ready","solution":null}',
  '{"errorId":0,"status":"unheard-of"}',
  '{"errorId":0,"status":5}',
  '{"errorId":0,"balance":"1"}',
  '{"errorId":0,"balance":null}',
  '{"__proto__":{"errorId":0},"errorId":0,"constructor":{}}',
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  "\ufeff{}",
  '{"errorId":0,"status":"processing","errorId":1}',
];

/** A fetch for a scenario. Clients that are given the same one share what they have learnt. */
export function makeFetch(world, { faults }) {
  world.fetches += 1;
  const number = world.fetches;
  return function fetch(url, init) {
    const exchange = read(world, number, url, init);
    world.exchanges.push(exchange);
    world.moments.tell("fetch");
    return answer(world, exchange, faults);
  };
}

function read(world, number, url, init) {
  const body = init?.body === undefined ? undefined : JSON.parse(init.body);
  const visible = JSON.stringify([url, init?.method, [...new Headers(init?.headers)]]);
  if (visible.includes(world.key)) world.violate("the key is sent outside of the body", visible);
  const [, host, method] = /^(.*)\/([^/]*)$/.exec(url);
  return {
    // What the client takes for one account: it shares what it learns of it.
    account: `${number} ${host.toLowerCase()} ${String(body?.clientKey).split("__")[0]}`,
    method,
    taskId: body?.taskId,
    /** The key that the answer may echo. A client knows no other. */
    key: String(body?.clientKey).startsWith(world.key) ? world.key : "no-key",
    mark: markOf(body),
    at: world.clock.now,
    signal: init?.signal,
    /** When the client had read the whole answer. */
    readAt: undefined,
    /** What the answer says, if a client must understand it. */
    says: undefined,
    created: undefined,
  };
}

function markOf(body) {
  const url = /[?&]mark=(mark-\d+)/.exec(String(body?.callbackUrl));
  return url?.[1] ?? body?.task?.mark ?? body?.task?.capMonsterModule;
}

/** What the fetch returns, or throws. */
function answer(world, exchange, faults) {
  const { tape } = world;
  const hasFault = tape.chance(faults);
  const delay = tape.weighted([
    [6, 0],
    [3, tape.below(300)],
    [1, tape.below(30_000)],
  ]);
  if (!hasFault) return delivered(world, exchange, delay, normally(world, exchange));
  return tape.weighted([
    // It does its work, and the answer gets lost.
    [2, () => lost(world, exchange, delay)],
    [3, () => delivered(world, exchange, delay, refusal(world, exchange))],
    [3, () => delivered(world, exchange, delay, notProcessed(world, exchange))],
    [2, () => delivered(world, exchange, delay, broken(world, exchange))],
    [3, () => odd(world, exchange, delay)],
    [
      1,
      () => {
        perhapsCreate(world, exchange);
        throw anyError(world, exchange.key);
      },
    ],
    [
      0.5,
      () => {
        perhapsCreate(world, exchange);
        return anyValue(world);
      },
    ],
    [
      0.5,
      () => {
        const said = normally(world, exchange);
        return respond(world, exchange, said);
      },
    ],
  ])();
}

/** After the delay, unless the client stops it. A fetch may obey its signal or not. */
function delivered(world, exchange, delay, said) {
  const obeys = world.tape.chance(80);
  return new Promise((resolve, reject) => {
    if (obeys) {
      const stop = () => reject(new DOMException("This operation was aborted", "AbortError"));
      exchange.signal?.addEventListener("abort", stop, { once: true });
    }
    const give = () => {
      world.moments.tell("answer");
      resolve(respond(world, exchange, said));
    };
    if (delay === 0) give();
    else world.clock.after(delay, give);
  });
}

function respond(world, exchange, said) {
  return goodResponse(world, said, () => {
    // An answer to a request that was given up is not heard.
    if (exchange.signal?.aborted || exchange.readAt !== undefined) return;
    exchange.readAt = world.clock.now;
    exchange.says = said;
    if (said.solution !== undefined) world.tasks.get(exchange.taskId).toldAt = exchange.readAt;
  });
}

function lost(world, exchange, delay) {
  perhapsCreate(world, exchange);
  if (world.tape.chance(30)) return new Promise(() => {});
  const error = anyError(world, exchange.key);
  return later(world, delay, () => {
    throw error;
  });
}

function odd(world, exchange, delay) {
  perhapsCreate(world, exchange);
  const said = { status: world.tape.pick([200, 200, 200, 500]), text: '{"errorId":0,"taskId":77}' };
  const response = oddResponse(world, said, exchange.key);
  return delay === 0 ? Promise.resolve(response) : later(world, delay, () => response);
}

const json = JSON.stringify;

/** What the service should answer. */
function normally(world, exchange) {
  const { tape } = world;
  const ok = (fields) => ({ status: 200, text: json({ errorId: 0, ...fields }), isOk: true });
  switch (exchange.method) {
    case "getBalance":
      return { ...ok({ balance: tape.pick([10, 0, 0.001]) }), balance: true };
    case "createTask":
      return { ...ok({ taskId: create(world, exchange) }), taskId: exchange.created };
    case "getTaskResult": {
      const task = world.tasks.get(exchange.taskId);
      if (!task) return error("ERROR_NO_SUCH_CAPCHA_ID");
      if (world.clock.now >= task.readyAt) {
        return { ...ok({ status: "ready", solution: { text: task.text } }), solution: task.text };
      }
      return tape.chance(20) ? error("CAPTCHA_NOT_READY") : ok({ status: "processing" });
    }
    case "reportIncorrectImageCaptcha":
    case "reportIncorrectTokenCaptcha":
      return ok({ status: "success" });
    default:
      return { status: 200, text: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" };
  }
}

const error = (code, description) => ({
  status: 200,
  text: json({ errorId: 1, errorCode: code, errorDescription: description }),
  code,
});

function refusal(world, { key }) {
  const { tape } = world;
  const code = tape.weighted([
    [8, tape.pick(CODES)],
    [1, "ERROR_PROXY_NEWER"],
    [1, `ERROR_${"X".repeat(3_000)}`],
    [1, `ERROR \u001b[2J\u202e\u2028${key}`],
  ]);
  const description = tape.pick([
    undefined,
    "",
    `the key ${key} is wrong`,
    "\u001b]0;x\u0007\u202etext\u2028\n\n<b>",
    "d".repeat(5_000),
    5,
  ]);
  const said = error(code, description);
  return tape.chance(20) ? { ...said, status: tape.pick([400, 401, 403, 429, 500, 503]) } : said;
}

function notProcessed(world) {
  return world.tape.pick(NOT_PROCESSED);
}

/** Answers that do not come from the service, or not whole. */
function broken(world, exchange) {
  const { tape } = world;
  const status = tape.pick([200, 201, 204, 302, 400, 403, 404, 500, 502, 504, 0, 999]);
  const retryAfter = tape.pick([undefined, "2", "-1", "x", "Thu, 01 Jan 2026 00:00:30 GMT"]);
  const text = tape.pick(BROKEN_TEXTS);
  // A redirect leads away from the service, and a status from 400 to 499 comes from what stands before it.
  const isOfService = (status >= 200 && status < 300) || status >= 500;
  if (isOfService && !/"errorId":1/.test(text)) perhapsCreate(world, exchange);
  return { status, text, retryAfter };
}

function perhapsCreate(world, exchange) {
  if (exchange.method === "createTask" && world.tape.chance(50)) create(world, exchange);
}

function create(world, exchange) {
  const { tape, tasks, clock } = world;
  const id = tape.chance(2) ? 2 ** 53 - 1 - tasks.size : 1_000 + tasks.size;
  const readyAt = clock.now + tape.pick([0, 300, 1_500, 5_000, 9_000, 100_000, Infinity]);
  tasks.set(id, {
    id,
    mark: exchange.mark,
    readyAt,
    text: `text-${tasks.size}`,
    toldAt: undefined,
  });
  exchange.created = id;
  return id;
}
