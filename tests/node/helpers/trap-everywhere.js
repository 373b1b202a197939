// Lets the module trap at each point of several scenarios, in virtual time, and prints what went wrong as JSON. A point
// is a call of the module to its platform: nothing else can be seen of it. Whatever happens there, each call must end,
// each paid task must be known, the next call must work, and no rule of the service may be broken.

import { Clock, turn } from "../../attack/clock.js";
import { hasTrapped, module, trapAt, trapNever } from "./trapping.js";

const clock = new Clock();
clock.install();
const { CaptchaError, Client, errorTable, InternalError } = await import("capwire");

const IMAGE = new Uint8Array(200).fill(7);
const wrong = [];
let where = "";
const complain = (what) => wrong.push(`${where}: ${what}`);
process.on("uncaughtException", (error) => complain(`uncaught ${error?.stack}`));
process.on("unhandledRejection", (error) => complain(`unhandled ${error?.stack}`));

/** The service. Each run has accounts of its own. */
function service() {
  let lastId = 0;
  /** Tasks by id: the label of the call that bought it, and its result requests. */
  const tasks = new Map();
  const refused = new Map();
  const answer = (method, { clientKey, task, taskId }) => {
    if (clientKey.startsWith("bad")) return { errorId: 1, errorCode: "ERROR_KEY_DOES_NOT_EXIST" };
    if (clientKey.startsWith("ban")) return { errorId: 1, errorCode: "ERROR_IP_BANNED" };
    if (method === "getBalance") return { errorId: 0, balance: 1 };
    if (method === "createTask") {
      lastId += 1;
      tasks.set(lastId, { label: task.label ?? task.type, polls: 0, end: -Infinity });
      return { errorId: 0, taskId: lastId };
    }
    const known = tasks.get(taskId);
    if (!known) return { errorId: 1, errorCode: "ERROR_NO_SUCH_CAPCHA_ID" };
    if (known.polls < 2) return { errorId: 0, status: "processing" };
    return { errorId: 0, status: "ready", solution: { text: "abcd" } };
  };
  const fetch = (url, { body, signal }) => {
    const method = url.slice(url.lastIndexOf("/") + 1);
    const sent = JSON.parse(body);
    const known = tasks.get(sent.taskId);
    if (method === "getTaskResult" && known) {
      if (clock.now - known.end < 2_000)
        complain(`task ${sent.taskId} asked after ${clock.now - known.end}`);
      known.polls += 1;
      known.end = Number.POSITIVE_INFINITY;
    }
    const { clientKey } = sent;
    if (/^(bad|ban)/.test(clientKey)) refused.set(clientKey, (refused.get(clientKey) ?? 0) + 1);
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (then) => {
        if (known && !isOver) known.end = clock.now;
        isOver = true;
        then();
      };
      const made = answer(method, sent);
      clock.after(20, () => end(() => resolve(Response.json(made))));
      signal.addEventListener("abort", () => end(() => reject(signal.reason)));
    });
  };
  return { fetch, tasks, refused };
}

let run = 0;

/** Scenarios: each starts some calls, by the label of the task that each may buy. */
const SCENARIOS = {
  solve: ({ client }) => ({
    one: client.solve({ type: "X", label: "one" }),
    two: client.solve({ type: "X", label: "two" }),
    balance: client.getBalance(),
  }),
  image: ({ client }) => ({ ImageToTextTask: client.solveImage(IMAGE) }),
  create: ({ client }) => ({ one: client.createTask({ type: "X", label: "one" }) }),
  ready: ({ client }) => ({ ready: client.ready(), status: client.status() }),
  table: () => ({ table: errorTable().then((rows) => rows.length) }),
  callback: () => ({ parsed: Client.parseCallback('{"errorId":0,"status":"processing"}') }),
  batch: ({ client }) => ({
    batch: (async () => {
      const input = ["a", "b", "c"].map((label) => ({ type: "X", label }));
      const seen = [];
      for await (const record of client.solveAll(input, { concurrency: 2 })) seen.push(record);
      return seen;
    })(),
  }),
  abort: ({ client }) => {
    const controller = new AbortController();
    const { signal } = controller;
    clock.after(1_500, () => controller.abort("enough"));
    return {
      one: client.solve({ type: "X", label: "one" }, { signal }),
      two: client.solve({ type: "X", label: "two" }),
    };
  },
  refused: ({ bad, banned }) => ({ bad: bad.getBalance(), ban: banned.getBalance() }),
};

/** Lets time pass until all is settled. */
async function settled(calls) {
  let isOver = false;
  const all = Promise.allSettled(Object.values(calls)).then((outcomes) => {
    isOver = true;
    return outcomes;
  });
  for (let steps = 0; ; steps += 1) {
    await turn();
    await turn();
    // A start takes real time.
    for (let turns = 0; clock.isEmpty && !isOver && turns < 2_000; turns += 1) await turn();
    if (isOver) return all;
    if (clock.isEmpty || steps > 5_000) {
      complain("a call is pending");
      return [];
    }
    clock.step();
  }
}

async function check(start, n, isBroken) {
  run += 1;
  const { fetch, tasks, refused } = service();
  const made = (clientKey) => new Client({ clientKey: clientKey.padEnd(32, "x"), fetch });
  const clients = { client: made(`k${run}y`), bad: made(`bad${run}y`), banned: made(`ban${run}y`) };
  trapAt(n, isBroken);
  const calls = start(clients);
  const outcomes = await settled(calls);
  const isTrapped = hasTrapped();
  trapNever();
  const known = new Set();
  for (const [at, label] of Object.keys(calls).entries()) {
    const { reason, value } = outcomes[at] ?? {};
    const labels = label === "batch" ? ["a", "b", "c"] : [label];
    const bought = [...tasks].filter(([, task]) => labels.includes(task.label)).map(([id]) => id);
    for (const id of [reason?.taskId, value?.taskId].filter(Boolean)) known.add(id);
    if (reason === undefined || reason === "enough") continue;
    if (!(reason instanceof CaptchaError)) complain(`${label} rejects with ${reason?.stack}`);
    if (!(reason instanceof InternalError)) continue;
    const isTold = bought.includes(reason.taskId) || reason.mayHaveCreatedTask;
    if (bought.length > 0 && !isTold) complain(`${label} lost task ${bought}: ${reason.message}`);
    if (bought.length === 0 && reason.taskId) complain(`${label} has a task that is not its own`);
  }
  // The next calls work, and nothing is asked for too soon, nor what was refused.
  const waits = [...tasks.keys()].map((id) => clients.client.waitForResult(id));
  const again = [
    clients.client.getBalance(),
    clients.bad.getBalance(),
    clients.banned.getBalance(),
  ];
  const after = await settled([...again, ...waits]);
  if (after[0]?.value !== 1) complain(`the next call rejects with ${after[0]?.reason?.stack}`);
  for (const { value, reason } of after.slice(3)) {
    if (value?.solution.text !== "abcd") complain(`a paid task is lost: ${reason?.message}`);
  }
  for (const [key, count] of refused) {
    // Its answer may be what the module crashed over, and a broken one cannot be read any more.
    const call = outcomes[Object.keys(calls).indexOf(key.slice(0, 3))];
    const isKnown = !isBroken && !(call?.reason instanceof InternalError);
    if (count > (isKnown ? 1 : 2))
      complain(`${count} requests with the refused ${key.slice(0, 3)}`);
  }
  if (clock.left > 0) complain(`${clock.left} timers are left`);
  clock.clear();
  // Nothing is closed any longer.
  clock.now += 100_000_000;
  return isTrapped;
}

/** What was refused is known, although nothing can be read from the module after the trap. */
async function checkKept() {
  where = "kept";
  const { fetch, refused } = service();
  const bad = new Client({ clientKey: "bad".padEnd(32, "x"), fetch });
  const client = new Client({ clientKey: "k".repeat(32), fetch });
  const first = await settled({ bad: bad.getBalance() });
  trapAt(1, true);
  const crashed = await settled({ balance: client.getBalance() });
  trapNever();
  const second = await settled({ bad: bad.getBalance(), balance: client.getBalance() });
  const found = [...first, ...crashed, ...second].map(({ reason, value }) => reason?.code ?? value);
  const code = "ERROR_KEY_DOES_NOT_EXIST";
  if (String(found) !== String([code, "INTERNAL", code, 1])) complain(found);
  if (refused.get("bad".padEnd(32, "x")) !== 1) complain("the refused key was sent again");
}

const points = {};
/** All points, or fewer of the later ones. */
const stride = process.env.CAPWIRE_EVERY_POINT ? Number.POSITIVE_INFINITY : 12;
for (const isBroken of [false, true]) {
  for (const [name, start] of Object.entries(SCENARIOS)) {
    let n = 0;
    do {
      n += 1 + Math.floor(n / stride);
      where = `${name}${isBroken ? ", broken" : ""}, ${n}`;
    } while (await check(start, n, isBroken));
    points[name] = n;
  }
}
await checkKept();
console.log(JSON.stringify({ points, starts: module.starts, wrong }));
