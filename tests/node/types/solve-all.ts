// The results of many tasks.

import {
  type BatchProgress,
  type CaptchaError,
  Client,
  type ErrorName,
  type Image,
  type ImageToTextTask,
  isOfType,
  type KnownTask,
  type Progress,
  type Settled,
  type SolutionOf,
  type SolveAllOptions,
  type Solved,
  type TurnstileTask,
} from "capwire";
import { expectTypeOf } from "expect-type";

declare const key: string;
declare const bytes: Uint8Array;
declare const images: ImageToTextTask[];
declare const signal: AbortSignal;

const client = new Client({ clientKey: key });

// A record is a union to switch on, and its solution follows from the task's type.
for await (const settled of client.solveAll(images, { concurrency: 16, signal })) {
  expectTypeOf(settled).toEqualTypeOf<Settled<ImageToTextTask>>();
  expectTypeOf(settled.index).toEqualTypeOf<number>();
  expectTypeOf(settled.task).toEqualTypeOf<ImageToTextTask>();
  if (settled.status === "fulfilled") {
    expectTypeOf(settled.value).toEqualTypeOf<Solved<SolutionOf<ImageToTextTask>>>();
    expectTypeOf(settled.value.solution.text).toEqualTypeOf<string>();
    // @ts-expect-error what was solved has no reason
    settled.reason;
  } else {
    expectTypeOf(settled.status).toEqualTypeOf<"rejected">();
    expectTypeOf(settled.reason).toEqualTypeOf<CaptchaError>();
    // @ts-expect-error what failed has no value
    settled.value;
  }
}

// Tasks written in place, and of more than one type.
for await (const settled of client.solveAll([{ type: "ImageToTextTask", body: bytes }])) {
  if (settled.status === "fulfilled") {
    expectTypeOf(settled.value.solution.text).toEqualTypeOf<string>();
  }
}
declare const mixed: (ImageToTextTask | TurnstileTask)[];
for await (const settled of client.solveAll(mixed)) {
  if (settled.status === "fulfilled") {
    expectTypeOf(settled.value.solution).toEqualTypeOf<
      SolutionOf<ImageToTextTask> | SolutionOf<TurnstileTask>
    >();
  }
}
// A record is about a task of one type.
for await (const settled of client.solveAll([
  { type: "ImageToTextTask", body: bytes },
  { type: "TurnstileTask", websiteURL: "https://shop.example", websiteKey: "0x4AAA" },
])) {
  if (settled.status === "rejected") {
    expectTypeOf(settled.reason.name).toEqualTypeOf<ErrorName>();
  } else if (isOfType(settled, "ImageToTextTask")) {
    expectTypeOf(settled.task.body).toExtend<Image>();
    expectTypeOf(settled.value.solution).toEqualTypeOf<SolutionOf<ImageToTextTask>>();
  } else {
    expectTypeOf(settled.value.solution.token).toEqualTypeOf<string>();
  }
}
for await (const settled of client.solveAll(mixed)) {
  if (isOfType(settled, "TurnstileTask")) {
    expectTypeOf(settled).toEqualTypeOf<Settled<TurnstileTask>>();
    // @ts-expect-error it is not an image
    settled.task.body;
    if (settled.status === "fulfilled") settled.value.solution.token;
  }
  // @ts-expect-error there is no such task
  isOfType(settled, "GeeTestTask");
}
declare const known: KnownTask[];
for await (const settled of client.solveAll(known)) {
  if (settled.status === "fulfilled" && isOfType(settled, "NoCaptchaTask")) {
    expectTypeOf(settled.value.solution.gRecaptchaResponse).toEqualTypeOf<string>();
  }
}
for await (const settled of client.solveAll([{ type: "SomethingNewTask", field: 5 }])) {
  if (settled.status === "fulfilled") {
    expectTypeOf(settled.value.solution).toEqualTypeOf<unknown>();
  }
}

// Everything that can be iterated.
function* generator() {
  yield { type: "ImageToTextTask", body: bytes } as const;
}
async function* asyncGenerator() {
  yield* generator();
}
declare const stream: AsyncIterable<ImageToTextTask>;
for (const input of [new Set(images), generator(), asyncGenerator(), stream]) {
  expectTypeOf(client.solveAll(input)[Symbol.asyncIterator]).toBeFunction();
}

// An event tells which task it is about.
client.solveAll(images, {
  onProgress(event) {
    expectTypeOf(event).toEqualTypeOf<BatchProgress<ImageToTextTask>>();
    expectTypeOf(event.index).toEqualTypeOf<number>();
    expectTypeOf(event.task).toEqualTypeOf<ImageToTextTask>();
    if (event.type === "created") expectTypeOf(event.taskId).toEqualTypeOf<number | string>();
  },
});
declare const anyProgress: (event: Progress) => void;
client.solveAll(images, { onProgress: anyProgress });
// @ts-expect-error the event of a single call has no place
client.solve({ type: "ImageToTextTask", body: bytes }, { onProgress: (event) => event.index });

expectTypeOf<SolveAllOptions["concurrency"]>().toEqualTypeOf<number | undefined>();
client.solveAll(images, { timeoutMs: 5_000, pollIntervalMs: 3_000, onProgress() {} });

// @ts-expect-error a task can't be iterated
client.solveAll({ type: "ImageToTextTask", body: bytes });
// @ts-expect-error a task has a type
client.solveAll([{ body: bytes }]);
// @ts-expect-error a task is not a promise
client.solveAll([Promise.resolve({ type: "ImageToTextTask", body: bytes })]);
// @ts-expect-error a number of tasks is a number
client.solveAll(images, { concurrency: "8" });
// @ts-expect-error one task has no concurrency
client.solve({ type: "ImageToTextTask", body: bytes }, { concurrency: 8 });
// @ts-expect-error no tasks
client.solveAll();
