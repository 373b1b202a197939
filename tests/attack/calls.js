// The calls of a scenario: which method, with what, and what has become of it.

import { anyBatch } from "./batches.js";
import { callOptions } from "./settings.js";
import { anyTask } from "./tasks.js";
import { anyError, anyImage, anyValue, goodImage } from "./values.js";

const WAITS = ["timeoutMs", "firstDelayMs", "pollIntervalMs"];

/** How often each method is called, the options that it knows, and how it is called. */
const METHODS = [
  [4, { name: "solve", options: [...WAITS, "callbackUrl"], run: solve }],
  [3, { name: "solveImage", options: [...WAITS, "callbackUrl"], run: solveImage }],
  [2, { name: "createTask", options: ["timeoutMs", "callbackUrl"], run: createTask }],
  [2, { name: "waitForResult", options: [...WAITS, "type"], run: waitForResult }],
  [2, { name: "getTaskResult", options: [], run: getTaskResult }],
  [2, { name: "getBalance", options: [], run: (it) => it.client.getBalance(it.options()) }],
  [2, { name: "solveAll", options: [...WAITS, "concurrency"], run: anyBatch }],
  [1, { name: "reportIncorrect", options: [], run: reportIncorrect }],
  [0.5, { name: "getUserAgent", options: [], run: (it) => it.client.getUserAgent(it.options()) }],
  [0.5, { name: "ready", options: [], run: (it) => it.client.ready() }],
  [0.5, { name: "status", options: [], run: status }],
  [0.2, { name: "resetGuard", options: [], run: (it) => it.client.resetGuard() }],
  [0.5, { name: "parseCallback", options: [], run: parseCallback }],
  [0.5, { name: "fromJSON", options: [], run: fromJson }],
  [0.2, { name: "init", options: [], run: ({ world }) => world.api.init(anyValue(world)) }],
];

/** Starts a call of a client. It is in `world.calls` until its end and after. */
export function startCall(world, client, source) {
  const { name, options, run } = world.tape.weighted(METHODS);
  const call = {
    name,
    world,
    client,
    source,
    mark: world.mark(),
    signal: source?.signal,
    listener: anyListener(world, client),
    startedAt: world.clock.now,
    timeoutMs: undefined,
    taskId: undefined,
    state: "pending",
    /** What it may reject with, besides an error of the package and the reason of its signal. */
    mayThrow: [],
    endedAt: undefined,
    outcome: undefined,
  };
  call.options = () => callOptions(world, call, options);
  world.calls.push(call);
  follow(call, run);
  return call;
}

function follow(call, run) {
  let promise;
  try {
    promise = run(call);
  } catch (error) {
    call.world.violate("a call throws instead of rejecting", `${call.name}: ${String(error)}`);
  }
  const end = (state) => (outcome) => {
    if (call.state !== "pending") call.world.violate("a call ends twice", call.name);
    call.state = state;
    call.outcome = outcome;
    call.endedAt = call.world.clock.now;
  };
  // The promise is one of this realm, so nothing strange can happen here.
  Promise.prototype.then.call(promise ?? Promise.resolve(), end("fulfilled"), end("rejected"));
}

function solve(call) {
  return call.client.solve(anyTask(call), call.options());
}

function solveImage(call) {
  const { client, world } = call;
  const image = world.isHostile() ? anyImage(world) : goodImage(world);
  return client.solveImage(image, call.options());
}

function createTask(call) {
  return call.client.createTask(anyTask(call), call.options());
}

function waitForResult(call) {
  return call.client.waitForResult(anyTaskId(call), call.options());
}

function getTaskResult(call) {
  return call.client.getTaskResult(anyTaskId(call), call.options());
}

function reportIncorrect(call) {
  const { client, world } = call;
  const good = world.tape.pick(["image", "token"]);
  const kind = world.isHostile() ? anyValue(world) : good;
  return client.reportIncorrect(anyTaskId(call), kind, call.options());
}

/** The id of a task that exists, or did not, or never can. */
function anyTaskId(call) {
  const { world } = call;
  const { tape } = world;
  const ids = [...world.tasks.keys()];
  const bad = [0, -1, 1.5, "1000", 2 ** 53, Number.NaN, null];
  const id = tape.weighted([
    [ids.length > 0 ? 10 : 0, () => tape.pick(ids)],
    [1, () => tape.pick([77, 88])],
    [world.hostility / 10, () => tape.pick([...bad, anyValue(world)])],
  ])();
  call.taskId = id;
  return id;
}

function anyListener(world, client) {
  const { tape, moments, written } = world;
  const heard = (event) => {
    moments.tell("progress");
    written.push(JSON.stringify(event));
  };
  const throwing = () => {
    throw anyError(world);
  };
  /** It calls back into the package, from within the package. */
  const calling = (event) => {
    heard(event);
    if (world.calls.length < 12) startCall(world, client);
  };
  const listener = tape.weighted([
    [6, undefined],
    [4, heard],
    [1, throwing],
    [1, async () => throwing()],
    [1, () => anyValue(world)],
    [1, calling],
  ]);
  return world.isHostile() ? anyValue(world) : listener;
}

function parseCallback(call) {
  const { world } = call;
  const { tape, key } = world;
  const body = tape.weighted([
    [4, () => '{"errorId":0,"status":"ready","solution":{"text":"x"},"cost":0.1}'],
    [2, () => '{"errorId":1,"errorCode":"ERROR_CAPTCHA_UNSOLVABLE"}'],
    [2, () => `{"errorId":1,"errorCode":"X","errorDescription":"\\u001b${key}"}`],
    [2, () => "<"],
    [1, () => ({ errorId: 0, status: "processing" })],
    [4, () => anyValue(world)],
    [world.isPolluted ? 0 : 0.2, () => request(world)],
  ])();
  call.mayShowKey = true; // without a client it knows no key
  const listens = call.signal !== undefined && tape.chance(50);
  if (!listens) call.source = undefined;
  const others = [undefined, {}, { messages: anyValue(world) }, anyValue(world)];
  const options = listens ? { signal: call.signal } : tape.pick(others);
  return world.api.Client.parseCallback(body, options);
}

function request(world) {
  world.isSlow = true;
  const body = world.tape.pick(["{}", '{"errorId":0,"status":"processing"}', "<"]);
  return new Request("http://127.0.0.1/", { method: "POST", body });
}

const FIELDS = [
  "name",
  "code",
  "message",
  "hint",
  "origin",
  "retryable",
  "taskId",
  "cause",
  "stack",
  "toJSON",
  "__proto__",
  "constructor",
  "serverMessage",
];

/** It sends nothing, and shows no key. */
async function status({ client, world }) {
  world.written.push(JSON.stringify(await client.status()));
}

/** Errors as plain data may come from anywhere: from a message, from a log. */
async function fromJson(call) {
  const { tape } = call.world;
  const { CaptchaError } = call.world.api;
  call.mayShowKey = true;
  const plain = {
    name: "KeyError",
    code: "X",
    message: "m",
    hint: "h",
    origin: "service",
    retryable: false,
  };
  for (let n = tape.below(4); n > 0; n -= 1) {
    Object.defineProperty(plain, tape.pick(FIELDS), {
      value: anyValue(call.world),
      enumerable: true,
      configurable: true,
    });
  }
  const data = tape.chance(30) ? anyValue(call.world) : plain;
  let made;
  try {
    made = CaptchaError.fromJSON(data);
    CaptchaError.is(data);
  } catch (error) {
    call.world.violate("fromJSON throws", String(error?.message));
    return;
  }
  if (!CaptchaError.is(made)) call.world.violate("fromJSON makes no CaptchaError");
  try {
    JSON.stringify(made.toJSON());
    String(made);
  } catch (error) {
    call.world.violate("an error cannot be written", String(error?.message));
  }
}
