// The arguments and results of the calls.

import {
  Client,
  type GeeTestV3Solution,
  type GeeTestV4Solution,
  type Image,
  type ImageToTextSolution,
  type ImageToTextTask,
  type Progress,
  type RecaptchaV2Solution,
  type ServiceProfile,
  type Solved,
  type TaskResult,
  type TurnstileSolution,
} from "capwire";
import { expectTypeOf } from "expect-type";

declare const bytes: Uint8Array;
declare const key: string;

interface TextSolution {
  text: string;
}

const client = new Client({ clientKey: key });

// The solution follows from the task's type.
const solved = await client.solve({ type: "ImageToTextTask", body: bytes });
expectTypeOf(solved).toEqualTypeOf<Solved<TextSolution>>();
expectTypeOf(solved.solution.text).toEqualTypeOf<string>();
expectTypeOf(solved.taskId).toEqualTypeOf<number | string>();
expectTypeOf(solved.cost).toEqualTypeOf<number | undefined>();
expectTypeOf(solved.polls).toEqualTypeOf<number>();
expectTypeOf(solved.elapsedMs).toEqualTypeOf<number>();

declare const imageTask: ImageToTextTask;
expectTypeOf(client.solve(imageTask)).resolves.toEqualTypeOf<Solved<TextSolution>>();

// Nothing is known about any other task, unless the caller states it.
const raw = await client.solve({ type: "SomethingNewTask", websiteURL: "https://site.example" });
expectTypeOf(raw).toEqualTypeOf<Solved<unknown>>();
const typed = await client.solve<{ token: string }>({ type: "SomethingNewTask" });
expectTypeOf(typed.solution.token).toEqualTypeOf<string>();
declare const someType: string;
expectTypeOf(client.solve({ type: someType })).resolves.toEqualTypeOf<Solved<unknown>>();

expectTypeOf(client.solveImage(bytes)).resolves.toEqualTypeOf<string>();
expectTypeOf(client.getBalance()).resolves.toEqualTypeOf<number>();
expectTypeOf(client.createTask({ type: "SomethingNewTask" })).resolves.toEqualTypeOf<
  number | string
>();
expectTypeOf(client.ready()).resolves.toEqualTypeOf<ServiceProfile>();
expectTypeOf(client.waitForResult(1)).resolves.toEqualTypeOf<Solved<unknown>>();
expectTypeOf(
  client.waitForResult<TextSolution>(1, { type: "ImageToTextTask" }),
).resolves.toEqualTypeOf<Solved<TextSolution>>();

// The solution follows from the type of a task that somebody else created, unless the caller states it.
expectTypeOf(client.waitForResult(1, { type: "ImageToTextTask" })).resolves.toEqualTypeOf<
  Solved<ImageToTextSolution>
>();
expectTypeOf(client.waitForResult(1, { type: "NoCaptchaTask" })).resolves.toEqualTypeOf<
  Solved<RecaptchaV2Solution>
>();
expectTypeOf(client.waitForResult(1, { type: "GeeTestTask" })).resolves.toEqualTypeOf<
  Solved<GeeTestV3Solution | GeeTestV4Solution>
>();
expectTypeOf(client.getTaskResult(1, { type: "TurnstileTask" })).resolves.toEqualTypeOf<
  TaskResult<TurnstileSolution>
>();
expectTypeOf(client.waitForResult<TextSolution>(1, { type: "x" })).resolves.toEqualTypeOf<
  Solved<TextSolution>
>();
declare const anyType: string;
for (const type of [anyType, "SomethingNewTask" as const]) {
  expectTypeOf(client.waitForResult(1, { type })).resolves.toEqualTypeOf<Solved<unknown>>();
  expectTypeOf(client.getTaskResult(1, { type })).resolves.toEqualTypeOf<TaskResult<unknown>>();
}
// @ts-expect-error a type is text
client.waitForResult(1, { type: 5 });

// The state of a task is a union to switch on.
const result = await client.getTaskResult<TextSolution>(1);
expectTypeOf(result).toEqualTypeOf<TaskResult<TextSolution>>();
expectTypeOf(result.status).toEqualTypeOf<"processing" | "ready">();
if (result.status === "ready") {
  expectTypeOf(result.solution).toEqualTypeOf<TextSolution>();
  expectTypeOf(result.cost).toEqualTypeOf<number | undefined>();
} else {
  // @ts-expect-error there is no solution yet
  result.solution;
}

// So is the event of a listener.
await client.solveImage(bytes, {
  onProgress(event) {
    expectTypeOf(event).toEqualTypeOf<Progress>();
    expectTypeOf(event.type).toEqualTypeOf<"created" | "poll" | "retry">();
    switch (event.type) {
      case "created":
        expectTypeOf(event.taskId).toEqualTypeOf<number | string>();
        expectTypeOf(event.imageBytes).toEqualTypeOf<number[]>();
        break;
      case "poll":
        expectTypeOf(event.taskId).toEqualTypeOf<number | string>();
        expectTypeOf(event.status).toEqualTypeOf<"processing" | "ready">();
        break;
      case "retry":
        expectTypeOf(event.taskId).toEqualTypeOf<number | string | undefined>();
        expectTypeOf(event.delayMs).toEqualTypeOf<number>();
        expectTypeOf(event.method).toEqualTypeOf<
          | "createTask"
          | "getTaskResult"
          | "getBalance"
          | "getUserAgent"
          | "reportIncorrectImageCaptcha"
          | "reportIncorrectTokenCaptcha"
        >();
        break;
      default:
        expectTypeOf(event).toEqualTypeOf<never>();
    }
  },
});

// An id may be text, where a service gives one.
expectTypeOf(client.waitForResult("5f0c", { type: "TurnstileTask" })).resolves.toEqualTypeOf<
  Solved<TurnstileSolution>
>();

// Every form of an image.
declare const blob: Blob;
for (const image of [bytes, bytes.buffer, new DataView(new ArrayBuffer(1)), blob, "iVBORw0K"]) {
  expectTypeOf(image).toExtend<Image>();
  await client.solveImage(image);
}
expectTypeOf<Image>().not.toBeAny();

// Refused.
// @ts-expect-error a number is not an image
client.solveImage(5);
// @ts-expect-error a list of texts is not an image
client.solveImage(["iVBORw0K"]);
// @ts-expect-error undefined is not an image
client.solveImage();
// @ts-expect-error a task has a type
client.solve({ body: bytes });
// @ts-expect-error a type is text
client.createTask({ type: 5 });
// @ts-expect-error a task is an object
client.createTask("ImageToTextTask");
// @ts-expect-error a task id is a number or text
client.getTaskResult(true);
// @ts-expect-error a solution without a type is unknown
raw.solution.token;
// @ts-expect-error there is no such image
({ type: "ImageToTextTask", body: 5 }) satisfies ImageToTextTask;
