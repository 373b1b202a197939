// The tasks that are known: each type, and each variant of one, has its own fields and its own solution.

import {
  Client,
  type KnownTask,
  type RawTask,
  type SolutionOf,
  type Solved,
  type Task,
  type TaskType,
  type TurnstileTask,
  type WithExtraFields,
} from "capwire";
import { expectTypeOf } from "expect-type";

declare const bytes: Uint8Array;
declare const blob: Blob;
declare const text: string;
declare const anything: unknown;

const client = new Client({ clientKey: "x" });
const websiteURL = "https://shop.example/login";
const websiteKey = "0x4AAA";
const page = { websiteURL, websiteKey };
const clicks = { type: "ComplexImageTask", class: "recaptcha", imagesBase64: [bytes] } as const;
const proxy = { proxyType: "http", proxyAddress: "198.51.100.7", proxyPort: 8080 } as const;

/** The type that `solve` resolves to for a task, which must not be the `unknown` of a raw task. */
type Solution<T> = T extends Promise<Solved<infer S>> ? S : never;

// Each type, with only its required fields, gives its own solution.
{
  const solving = client.solve({ type: "ImageToTextTask", body: bytes });
  expectTypeOf<Solution<typeof solving>>().toEqualTypeOf<{ text: string }>();
}
{
  const solving = client.solve({ type: "RecaptchaV2Task", websiteURL, websiteKey });
  const { solution } = await solving;
  expectTypeOf(solution.gRecaptchaResponse).toEqualTypeOf<string>();
  expectTypeOf(solution.userAgent).toEqualTypeOf<string | undefined>();
  expectTypeOf(solution.cookies).toEqualTypeOf<Record<string, string> | undefined>();
  // @ts-expect-error a reCAPTCHA has no such token
  solution.token;
}
{
  const solving = client.solve({ type: "RecaptchaV2EnterpriseTask", websiteURL, websiteKey });
  expectTypeOf<Solution<typeof solving>>().toEqualTypeOf<{ gRecaptchaResponse: string }>();
}
{
  const { solution } = await client.solve({ type: "RecaptchaV3TaskProxyless", ...page });
  expectTypeOf(solution.gRecaptchaResponse).toEqualTypeOf<string>();
  expectTypeOf(solution.userAgent).toEqualTypeOf<string | undefined>();
  expectTypeOf(solution.cookies).toExtend<object | undefined>();
  // @ts-expect-error cookies are optional
  solution.cookies.nid;
}
{
  const { solution } = await client.solve({ type: "RecaptchaV3EnterpriseTask", ...page });
  expectTypeOf(solution.gRecaptchaResponse).toEqualTypeOf<string>();
  expectTypeOf(solution.userAgent).toEqualTypeOf<string | undefined>();
  // @ts-expect-error Enterprise has none
  solution.cookies;
}
{
  const { solution } = await client.solve({ type: "HCaptchaTask", ...page });
  expectTypeOf(solution.gRecaptchaResponse).toEqualTypeOf<string>();
  expectTypeOf(solution.respKey).toEqualTypeOf<string>();
  expectTypeOf(solution.userAgent).toEqualTypeOf<string>();
}
{
  const { solution } = await client.solve({
    type: "FunCaptchaTask",
    websiteURL,
    websitePublicKey: "69A21A01",
  });
  expectTypeOf(solution.token).toEqualTypeOf<string>();
  // BroCapGPT documents the token only.
  expectTypeOf(solution.userAgent).toEqualTypeOf<string | undefined>();
}
{
  const solving = client.solve({ type: "CaptchaFoxTask", ...page, userAgent: "Mozilla/5.0" });
  expectTypeOf<Solution<typeof solving>>().toEqualTypeOf<{ token: string }>();
}
{
  const solving = client.solve({
    type: "GeeTestTask",
    websiteURL,
    gt: "81dc",
    challenge: "d935",
    version: 3,
  });
  expectTypeOf<Solution<typeof solving>>().toEqualTypeOf<{
    challenge: string;
    validate: string;
    seccode: string;
  }>();
}
{
  const { solution } = await client.solve({
    type: "GeeTestTask",
    websiteURL,
    gt: "e392",
    version: 4,
  });
  expectTypeOf(solution.lot_number).toEqualTypeOf<string>();
  expectTypeOf(solution.pass_token).toEqualTypeOf<string>();
  expectTypeOf(solution.gen_time).toEqualTypeOf<string>();
  expectTypeOf(solution.captcha_output).toEqualTypeOf<string>();
  expectTypeOf(solution.captcha_id).toEqualTypeOf<string | undefined>();
  expectTypeOf(solution.encryptedData).toEqualTypeOf<string | undefined>();
  // @ts-expect-error that is of version 3
  solution.validate;
}
{
  // A version may be text.
  const v3 = { type: "GeeTestTask", websiteURL, gt: "81dc", challenge: "d935" } as const;
  const { solution } = await client.solve({ ...v3, version: "3" });
  expectTypeOf(solution.validate).toEqualTypeOf<string>();
  const four = await client.solve({ type: "GeeTestTask", websiteURL, gt: "e392", version: "4" });
  expectTypeOf(four.solution.lot_number).toEqualTypeOf<string>();
}
{
  const { solution } = await client.solve({ type: "TurnstileTask", ...page });
  expectTypeOf(solution.token).toEqualTypeOf<string>();
  expectTypeOf(solution.userAgent).toExtend<string | undefined>();
  expectTypeOf(solution.userAgent).not.toBeAny();
}
{
  const { solution } = await client.solve({
    type: "ComplexImageTask",
    class: "recaptcha",
    imagesBase64: [bytes],
    metadata: { Grid: "3x3", TaskDefinition: "/m/015qff" },
  });
  expectTypeOf(solution.answer).toEqualTypeOf<boolean[]>();
}
{
  const { solution } = await client.solve({
    type: "ComplexImageTask",
    class: "hcaptcha",
    imageUrls: ["https://cdn.example/1.jpg"],
    metadata: { Task: "Click each mountain" },
  });
  expectTypeOf(solution.answer).toEqualTypeOf<boolean[] | { X: number; Y: number }[]>();
}
{
  const { solution } = await client.solve({
    type: "ComplexImageTask",
    class: "funcaptcha",
    imagesBase64: [blob],
    metadata: { Task: "Pick the right way up" },
  });
  expectTypeOf(solution.answer).toEqualTypeOf<boolean[]>();
}
{
  const { solution } = await client.solve({
    type: "ComplexImageTask",
    class: "yandexsmartcaptcha",
    imagesBase64: ["iVBORw0K"],
  });
  expectTypeOf(solution.answer).toEqualTypeOf<{ X: number; Y: number }[]>();
}
{
  const { solution } = await client.solve({
    type: "ComplexImageTask",
    class: "recognition",
    imagesBase64: [bytes, bytes],
    metadata: { Task: "oocl_rotate_new" },
  });
  // The form depends on `metadata.Task`.
  expectTypeOf(solution.answer).toEqualTypeOf<
    string | number[] | boolean[] | { X: number; Y: number }[]
  >();
}
{
  const prosopo = await client.solve({ type: "ProsopoTask", ...page });
  const yidun = await client.solve({ type: "YidunTask", ...page });
  const mtcaptcha = await client.solve({ type: "MTCaptchaTask", ...page });
  for (const { solution } of [prosopo, yidun, mtcaptcha]) {
    expectTypeOf(solution.token).toEqualTypeOf<string>();
    expectTypeOf(solution.userAgent).toEqualTypeOf<string | undefined>();
  }
}
{
  // The open family: the caller has to inspect the solution.
  const { solution } = await client.solve({ type: "CustomTask", class: "Vendor", websiteURL });
  expectTypeOf(solution).not.toBeAny();
  expectTypeOf(solution).not.toBeNever();
  // @ts-expect-error its members are unknown
  solution.cookies.x;
}

// Constant lists are taken too.
client.solve({ ...clicks, metadata: { Grid: "3x3", Task: "Click on traffic lights" } });
client.solve({ ...clicks, class: "yandexsmartcaptcha" });

// Every documented field is taken, with a proxy or without one.
client.solve({
  type: "ImageToTextTask",
  body: blob,
  capMonsterModule: "universal",
  recognizingThreshold: 70,
  case: true,
  numeric: 1,
  math: false,
  nocache: true,
});
client.solve({
  type: "RecaptchaV2Task",
  ...page,
  recaptchaDataSValue: "q9Zk",
  userAgent: "Mozilla/5.0",
  cookies: "a=1; b=2",
  isInvisible: true,
  nocache: false,
  proxyType: "socks5",
  proxyAddress: "198.51.100.7",
  proxyPort: 1080,
  proxyLogin: "guest",
  proxyPassword: "s3cret",
});
client.solve({
  type: "RecaptchaV2EnterpriseTask",
  ...page,
  ...proxy,
  pageAction: "login",
  enterprisePayload: { s: "2JvU" },
  apiDomain: "www.recaptcha.example",
});
client.solve({
  type: "RecaptchaV3TaskProxyless",
  ...page,
  minScore: 0.3,
  pageAction: "verify",
  isEnterprise: false,
});
client.solve({ type: "HCaptchaTask", ...page, ...proxy, data: "rq", fallbackToActualUA: null });
client.solve({ type: "HCaptchaTask", ...page, isInvisible: true, fallbackToActualUA: true });
client.solve({
  type: "GeeTestTask",
  websiteURL,
  gt: "e392",
  version: 4,
  initParameters: { riskType: "slide" },
  geetestApiServerSubdomain: "api.geetest.example",
  geetestGetLib: '{"path":"/lib.js"}',
  ...proxy,
});
client.solve({
  type: "ComplexImageTask",
  class: "recaptcha",
  imageUrls: [text],
  imagesBase64: [bytes],
  metadata: { Grid: "4x4", Task: text, TaskDefinition: text },
  userAgent: text,
  websiteURL,
});
client.solve({
  type: "ComplexImageTask",
  class: "hcaptcha",
  imagesBase64: [bytes, blob, text],
  exampleImageUrls: [text],
  exampleImagesBase64: [blob],
  metadata: { Task: text, Classes: [text] },
});
client.solve({
  type: "ComplexImageTask",
  class: "recognition",
  imagesBase64: [bytes],
  metadata: { Task: text, TaskArgument: text, PayloadType: text },
});
client.solve({ type: "YidunTask", ...page, challenge: "c5ba", hcg: "7ba0", hct: 1_785_000_000 });
client.solve({
  type: "CustomTask",
  class: text,
  ...page,
  ...proxy,
  metadata: { any: [1, { deep: null }] },
  domains: [text],
});

// Older names are the same tasks.
for (const { solution } of [
  await client.solve({ type: "NoCaptchaTask", ...page }),
  await client.solve({ type: "NoCaptchaTaskProxyless", ...page }),
  await client.solve({ type: "RecaptchaV2TaskProxyless", ...page }),
  await client.solve({ type: "RecaptchaV2EnterpriseTaskProxyless", ...page }),
  await client.solve({ type: "HCaptchaTaskProxyless", ...page }),
]) {
  expectTypeOf(solution.gRecaptchaResponse).toEqualTypeOf<string>();
}
{
  const { solution } = await client.solve({ type: "TurnstileTaskProxyless", ...page });
  expectTypeOf(solution.token).toEqualTypeOf<string>();
}
{
  const type = "FunCaptchaTaskProxyless";
  const { solution } = await client.solve({ type, websiteURL, websitePublicKey: "69A2" });
  expectTypeOf(solution.token).toEqualTypeOf<string>();
}
{
  const type = "GeeTestTaskProxyless";
  const { solution } = await client.solve({ type, websiteURL, gt: "e392", version: 4 });
  expectTypeOf(solution.lot_number).toEqualTypeOf<string>();
}

// The variants of Turnstile answer otherwise.
{
  const challenge = { type: "TurnstileTask", ...page, userAgent: text } as const;
  const cookie = { ...challenge, ...proxy, htmlPageBase64: text };
  const { solution } = await client.solve({ ...cookie, cloudflareTaskType: "cf_clearance" });
  expectTypeOf(solution).toEqualTypeOf<{ cf_clearance: string }>();
  const room = await client.solve({ ...cookie, cloudflareTaskType: "wait_room" });
  expectTypeOf(room.solution.cf_clearance).toEqualTypeOf<string>();
  // @ts-expect-error it answers with a cookie
  solution.token;
  const token = await client.solve({ ...challenge, cloudflareTaskType: "token", pageData: text });
  expectTypeOf(token.solution.token).toEqualTypeOf<string>();
}

// Fields beyond those that are known pass if the caller says so, and do not lose the type of the solution.
{
  const task: WithExtraFields<TurnstileTask> = {
    type: "TurnstileTask",
    ...page,
    somethingNew: [1, null],
    anything,
  };
  expectTypeOf((await client.solve(task)).solution.token).toEqualTypeOf<string>();
  client.createTask(task);
  client.solveAll([task]);
  const inPlace = { type: "TurnstileTask", ...page, more: 1 } as WithExtraFields<TurnstileTask>;
  expectTypeOf((await client.solve(inPlace)).solution.token).toEqualTypeOf<string>();
  // @ts-expect-error the known fields keep their types
  const wrong: WithExtraFields<TurnstileTask> = { type: "TurnstileTask", ...page, data: 5 };
  expectTypeOf(wrong).not.toBeAny();
}
// Null is a value, and undefined is absent: both are taken where a field may be left out.
client.solve({ type: "TurnstileTask", ...page, pageAction: null, data: undefined });
client.solve({ type: "ImageToTextTask", body: bytes, numeric: null, math: undefined });
client.solve({ type: "TurnstileTask", ...page, proxyType: undefined, proxyPort: undefined });

// Nothing is known about any other task.
const raw = client.solve({ type: "SomethingNewTask", anything: 1 });
expectTypeOf(raw).resolves.toEqualTypeOf<Solved<unknown>>();
expectTypeOf(client.solve({ type: text, ...page })).resolves.toEqualTypeOf<Solved<unknown>>();
expectTypeOf<SolutionOf<{ type: "SomethingNewTask" }>>().toEqualTypeOf<unknown>();
declare const rawTask: RawTask;
expectTypeOf(client.solve(rawTask)).resolves.toEqualTypeOf<Solved<unknown>>();
expectTypeOf(client.createTask(rawTask)).resolves.toEqualTypeOf<number | string>();
expectTypeOf<{ type: "SomethingNewTask"; anything: number }>().toExtend<Task>();
expectTypeOf<{ type: string }>().toExtend<Task>();

// A list of tasks, and a function that takes any.
const tasks: Task[] = [
  { type: "ImageToTextTask", body: bytes },
  { type: "TurnstileTask", ...page, ...proxy },
  { type: "SomethingNewTask", anything: 1 },
];
for (const task of tasks) {
  expectTypeOf(client.createTask(task)).resolves.toEqualTypeOf<number | string>();
  expectTypeOf((await client.solve(task)).taskId).toEqualTypeOf<number | string>();
}
expectTypeOf<KnownTask>().toExtend<Task>();
expectTypeOf<RawTask>().toExtend<Task>();
// The types that are known, and no other.
expectTypeOf<KnownTask["type"]>().toEqualTypeOf<
  | "ImageToTextTask"
  | "RecaptchaV2Task"
  | "RecaptchaV2TaskProxyless"
  | "NoCaptchaTask"
  | "NoCaptchaTaskProxyless"
  | "RecaptchaV2EnterpriseTask"
  | "RecaptchaV2EnterpriseTaskProxyless"
  | "RecaptchaV3TaskProxyless"
  | "RecaptchaV3EnterpriseTask"
  | "HCaptchaTask"
  | "HCaptchaTaskProxyless"
  | "FunCaptchaTask"
  | "FunCaptchaTaskProxyless"
  | "CaptchaFoxTask"
  | "GeeTestTask"
  | "GeeTestTaskProxyless"
  | "TurnstileTask"
  | "TurnstileTaskProxyless"
  | "ComplexImageTask"
  | "ProsopoTask"
  | "YidunTask"
  | "MTCaptchaTask"
  | "CustomTask"
>();
expectTypeOf<KnownTask["type"]>().toExtend<TaskType>();
expectTypeOf<"SomethingNewTask">().toExtend<TaskType>();
declare const known: KnownTask;
expectTypeOf(client.solve(known)).resolves.toEqualTypeOf<Solved<SolutionOf<KnownTask>>>();
if (known.type === "ComplexImageTask") {
  expectTypeOf(known.class).toExtend<string>();
}
expectTypeOf<SolutionOf<KnownTask & { type: "CaptchaFoxTask" }>>().toEqualTypeOf<{
  token: string;
}>();
