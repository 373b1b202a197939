// The options of a client and of its calls.

import {
  Client,
  type ClientOptions,
  type ImageLimits,
  type ImageToTextTask,
  type ServiceProfile,
  type SolveImageOptions,
  type SolveOptions,
} from "capwire";
import { expectTypeOf } from "expect-type";

declare const signal: AbortSignal;
declare const bytes: Uint8Array;

new Client({ clientKey: "x" });
new Client({ clientKey: "x", service: "brocapgpt", baseUrl: "https://api.example", softId: 5 });
new Client({ clientKey: "x", keepAlive: true });
// @ts-expect-error
new Client({ clientKey: "x", keepAlive: "yes" });
new Client({ clientKey: "x", imageLimits: { maxBytes: 50_000 }, maxRetries: 0 });
new Client({ clientKey: "x", requestTimeoutMs: 5_000, fetch });
new Client({ clientKey: "x", fetch: (input, init) => fetch(input, { ...init }) });
const profile: ServiceProfile = {
  name: "x",
  baseUrl: "https://api.example",
  imageLimits: { minBytes: 1, maxBytes: 2 },
  reports: ["image"],
};
new Client({ clientKey: "x", service: profile });

expectTypeOf<ClientOptions["clientKey"]>().toEqualTypeOf<string>();
expectTypeOf<NonNullable<ClientOptions["service"]>>().toEqualTypeOf<
  "capmonster" | "brocapgpt" | ServiceProfile
>();
expectTypeOf<NonNullable<ClientOptions["imageLimits"]>>().toEqualTypeOf<Partial<ImageLimits>>();
expectTypeOf<ServiceProfile["reports"]>().toEqualTypeOf<("image" | "token")[]>();
// Only the key is required.
expectTypeOf<{ clientKey: string }>().toExtend<ClientOptions>();

// @ts-expect-error the options are missing
new Client();
// @ts-expect-error the key is missing
new Client({});
// @ts-expect-error the key is text
new Client({ clientKey: 5 });
// @ts-expect-error there is no such service
new Client({ clientKey: "x", service: "capmonster.cloud" });
// @ts-expect-error a profile has all of its parts
new Client({ clientKey: "x", service: { name: "x" } });
// @ts-expect-error there is no such option
new Client({ clientKey: "x", timeoutMs: 5 });
// @ts-expect-error a number
new Client({ clientKey: "x", requestTimeoutMs: "5000" });
// @ts-expect-error a function
new Client({ clientKey: "x", fetch: "fetch" });

const client = new Client({ clientKey: "x" });
const task = { type: "TurnstileTask" };
const onProgress = () => {};

client.getBalance({ signal });
client.getTaskResult(1, { signal });
client.createTask(task, { signal, onProgress, timeoutMs: 5, callbackUrl: "https://me.example" });
client.waitForResult(1, {
  signal,
  onProgress,
  timeoutMs: 5,
  firstDelayMs: 0,
  pollIntervalMs: 2_000,
  type: "x",
});
client.solve(task, {
  signal,
  onProgress,
  timeoutMs: 5,
  firstDelayMs: 3_000,
  pollIntervalMs: 2_000,
  callbackUrl: "https://me.example",
});
client.solveImage(bytes, { signal, onProgress, timeoutMs: 5, pollIntervalMs: 2_000 });
client.solveImage(bytes, { firstDelayMs: 300 });
client.solveImage(bytes, {
  numeric: 1,
  case: true,
  math: false,
  nocache: null,
  recognizingThreshold: 70,
  capMonsterModule: "amazon",
  signal,
  timeoutMs: 5,
});
expectTypeOf<keyof SolveImageOptions>().toEqualTypeOf<
  keyof SolveOptions | Exclude<keyof ImageToTextTask, "type" | "body">
>();
// @ts-expect-error 0 or 1
client.solveImage(bytes, { numeric: 2 });
// @ts-expect-error there is no such option
client.solveImage(bytes, { numerik: 1 });
// @ts-expect-error the image is the first argument
client.solveImage(bytes, { body: bytes });
// @ts-expect-error a task has its own fields
client.solve(task, { numeric: 1 });

// @ts-expect-error there is no such option
client.solve(task, { timeout: 5 });
// @ts-expect-error a controller is not a signal
client.solve(task, { signal: new AbortController() });
// @ts-expect-error a number
client.solve(task, { pollIntervalMs: "2000" });
// @ts-expect-error a function
client.solve(task, { onProgress: "log" });
// @ts-expect-error the balance takes one request
client.getBalance({ pollIntervalMs: 2_000 });
// @ts-expect-error a number
client.solve(task, { firstDelayMs: "300" });
// @ts-expect-error it only creates the task
client.createTask(task, { firstDelayMs: 300 });
// @ts-expect-error it only creates the task
client.createTask(task, { pollIntervalMs: 2_000 });
