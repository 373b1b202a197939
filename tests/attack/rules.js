// The rules that a scenario must not break, checked when nothing is left to happen.

import { inspect } from "node:util";

const MIN_PAUSE_MS = 2_000;
const MAX_REQUESTS = 120;
/** After so long without a request a task is forgotten, and so is the count of its requests. */
const TASK_LIFE_MS = 300_000;
/** The codes of a service that the client must not provoke again, and for how long. */
const BAN_MS = 600_000;
const LONGEST_TEXT = 600;
/** So many requests a ban may cost, beyond those that were under way. */
const MAX_PROBES = 5;
const UNKNOWN_TASK = ["ERROR_NO_SUCH_CAPCHA_ID", "WRONG_CAPTCHA_ID"];

/** Checks everything about a scenario. */
export function checkRules(world) {
  for (const call of world.calls) checkCall(world, call);
  for (const reason of world.reasons) checkError(world, reason, "the reason of a record");
  for (const text of world.written) checkSecret(world, text, "an event or the console");
  checkPace(world);
  checkPurchases(world);
  checkClosed(world);
}

function checkCall(world, call) {
  if (call.state === "pending") {
    if (call.mayPend) return;
    world.violate("a promise is pending although nothing is left to happen", call.name);
    return;
  }
  checkAbort(world, call);
  if (call.state === "fulfilled") return;
  const { outcome: error, source } = call;
  const isAborted = source?.abortedAt !== undefined || source?.isOrdinary === false;
  if (isAborted && source.reasons.some((reason) => Object.is(reason, error))) return;
  if (call.mayThrow.some((thrown) => Object.is(thrown, error))) return;
  // The errors of the input are thrown as they are, also those that come of its being none.
  const isOfInput = call.isInputBroken || isThrownHere(error);
  // A hostile input may also throw nothing at all.
  const isThrowable = error instanceof Error || (call.isInputBroken && error === undefined);
  if (call.name === "solveAll" && isOfInput && isThrowable) return;
  checkError(world, error, call.name, call.mayShowKey);
}

/** Whether an error comes from the code of the fuzzer and not from the package. */
function isThrownHere(error) {
  const first = String(error?.stack)
    .split("\n")
    .find((line) => line.includes("file:"));
  return first?.includes("/tests/attack/") ?? false;
}

function checkAbort(world, { name, source, startedAt, endedAt, mark }) {
  const { abortedAt, isOrdinary } = source ?? {};
  if (abortedAt === undefined || !isOrdinary) return;
  // A batch hears of it when its consumer asks for the next record.
  if (name !== "solveAll" && startedAt <= abortedAt && endedAt > abortedAt) {
    world.violate("an aborted call goes on", `${name}: ${endedAt - abortedAt} ms`);
  }
  const after = world.exchanges.find((it) => it.mark === mark && it.at > abortedAt);
  if (after) world.violate("an aborted call sends a request", `${name}: ${after.method}`);
}

/** Checks an error that a caller gets. */
function checkError(world, error, where, mayShowKey = false) {
  const { CaptchaError } = world.api;
  if (!CaptchaError.is(error)) {
    world.violate("a call rejects with a foreign error", `${where}: ${shown(error)}`);
    return;
  }
  const { name, code, message, hint } = error;
  if (name === "InternalError") world.violate("the module traps", `${where}: ${message}`);
  if (!(error instanceof CaptchaError)) world.violate("an error has no class", where);
  for (const [field, text] of Object.entries({ code, message, hint })) {
    if (typeof text !== "string" || text === "") {
      world.violate("an error lacks a text", `${where}: ${name} ${field}`);
    } else if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) {
      world.violate(
        "an error has invisible characters",
        `${where}: ${field} ${JSON.stringify(text)}`,
      );
    } else if (text.length > LONGEST_TEXT) {
      world.violate("an error has an endless text", `${where}: ${field}, ${text.length}`);
    }
  }
  if (!mayShowKey) {
    checkSecret(world, JSON.stringify(error), where);
    checkSecret(world, `${error.stack}`, where);
    checkSecret(world, inspect(error, { depth: 6 }), where);
  }
}

function checkSecret(world, text, where) {
  if (text?.includes(world.key))
    world.violate("the key is shown", `${where}: ${text.slice(0, 500)}`);
}

/** Two result requests of one task are 2 s apart, and there are at most 120 of them. */
function checkPace(world) {
  const tasks = new Map();
  for (const exchange of world.exchanges) {
    if (exchange.method !== "getTaskResult") continue;
    const { at } = exchange;
    // An id that is text is another one than the number that it spells.
    const task = `${exchange.account} ${JSON.stringify(exchange.taskId)}`;
    const before = tasks.get(task);
    const isForgotten = before !== undefined && at - before.at > TASK_LIFE_MS;
    const count = before === undefined || isForgotten ? 1 : before.count + 1;
    tasks.set(task, { at, count });
    if (before !== undefined && at - before.at < MIN_PAUSE_MS - 0.01) {
      world.violate("a result is requested too soon", `${at - before.at} ms after the last time`);
    }
    if (count > MAX_REQUESTS) world.violate("a result is requested too often");
  }
}

/** One call buys one task, and says so whatever happens. */
function checkPurchases(world) {
  const bought = new Map();
  for (const { mark, created } of world.exchanges) {
    if (mark !== undefined && created !== undefined) {
      bought.set(mark, [...(bought.get(mark) ?? []), created]);
    }
  }
  for (const [mark, ids] of bought) {
    const call = world.calls.find((it) => it.mark === mark);
    // Each task of a batch has a mark of its own, and a record that tells of it.
    if (call?.name === "solveAll") continue;
    if (ids.length > 1) world.violate("one call buys two tasks", `${mark}: ${ids}`);
    if (call !== undefined && call.state !== "pending") checkPurchase(world, call, ids[0]);
  }
}

function checkPurchase(world, call, id) {
  const { name, state, outcome, source } = call;
  if (source !== undefined && (source.abortedAt !== undefined || !source.isOrdinary)) return;
  const creation = world.exchanges.find((it) => it.created === id);
  const isTold = creation.readAt !== undefined && creation.says.taskId === id;
  if (state === "rejected") {
    const { taskId, mayHaveCreatedTask } = outcome ?? {};
    const isSaid = isTold ? taskId === id : taskId !== undefined || mayHaveCreatedTask === true;
    if (!isSaid) world.violate("a paid task is lost", `${name}: ${shown(outcome)}, task ${id}`);
  }
  if (state === "fulfilled" && isTold && name === "createTask" && outcome !== id) {
    world.violate("a call has the wrong task", `${outcome} instead of ${id}`);
  }
  const { toldAt, text } = world.tasks.get(id);
  const others = world.calls.some((it) => it !== call && it.taskId === id);
  if (!isTold || others || !(toldAt <= call.endedAt)) return;
  if (name === "solve" && outcome?.solution?.text !== text) {
    world.violate("a solution is lost", shown(outcome));
  }
  if (name === "solveImage" && outcome !== text) {
    world.violate("a solution is lost", shown(outcome));
  }
}

/** After an answer that forbids more of the kind, nothing of the kind is sent, except for a few probes. */
function checkClosed(world) {
  // Someone has opened everything again.
  if (world.calls.some(({ name }) => name === "resetGuard")) return;
  for (const refusal of world.exchanges) {
    const { readAt, says, account } = refusal;
    if (readAt === undefined || says.code === undefined) continue;
    // Its call was aborted at the moment at which the answer was read.
    if (refusal.signal?.aborted) continue;
    const rule = closes(world, refusal);
    if (rule === undefined) continue;
    const others = world.exchanges.filter((it) => it !== refusal && it.account === account);
    const opened = others.filter((it) => it.readAt >= readAt && rule.opens(it));
    const until = Math.min(readAt + rule.forMs, ...opened.map((it) => it.readAt));
    const after = others.filter((it) => it.at > readAt && it.at < until && rule.forbids(it));
    if (after.length > rule.probes) {
      const methods = after.map(({ method }) => method);
      world.violate("a request is sent after a refusal", `${says.code}, then ${methods}`);
    }
  }
}

const ACCOUNT_CODES = [
  "ERROR_KEY_DOES_NOT_EXIST",
  "ERROR_IP_NOT_ALLOWED",
  "ERROR_IP_BANNED",
  "ERROR_IP_BLOCKED",
];

/** Whether an answer shows that the service accepts the account. */
const accepts = ({ says }) =>
  says?.isOk === true || (says?.code !== undefined && !ACCOUNT_CODES.includes(says.code));

/** What an answer forbids: for how long, with how many exceptions, and what ends it sooner. */
function closes(world, { says, method, taskId, account, readAt }) {
  if (ACCOUNT_CODES.includes(says.code)) {
    const wasAccepted = world.exchanges.some(
      (it) => it.account === account && it.readAt <= readAt && accepts(it),
    );
    // A request that is answered by nobody costs nothing.
    const forbids = (it) => ACCOUNT_CODES.includes(it.says?.code);
    const probes = wasAccepted ? MAX_PROBES : 0;
    return { forMs: BAN_MS, forbids, opens: accepts, probes };
  }
  if (says.code === "ERROR_ZERO_BALANCE") {
    const forbids = (it) => it.method === "createTask";
    return { forMs: BAN_MS, forbids, opens: (it) => it.says?.balance === true, probes: 0 };
  }
  if (UNKNOWN_TASK.includes(says.code) && method === "getTaskResult") {
    const forbids = (it) => it.method === method && it.taskId === taskId;
    return { forMs: BAN_MS, forbids, opens: () => false, probes: 0 };
  }
  return undefined;
}

function shown(value) {
  try {
    return inspect(value, { depth: 1 }).slice(0, 400);
  } catch {
    return "a value that cannot be shown";
  }
}
