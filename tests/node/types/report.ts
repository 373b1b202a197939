// Reports, the User-Agent, callbacks, and errors of another copy.

import {
  type CallbackBody,
  type CallbackResult,
  CaptchaError,
  Client,
  ImageError,
  type ReportKind,
  type ServiceProfile,
  SolveTimeoutError,
} from "capwire";
import { expectTypeOf } from "expect-type";

const client = new Client({ clientKey: "x" });

expectTypeOf<ReportKind>().toEqualTypeOf<"image" | "token">();
expectTypeOf(client.reportIncorrect).returns.toEqualTypeOf<Promise<void>>();
client.reportIncorrect(5, "image", { signal: AbortSignal.timeout(1) });
// @ts-expect-error no such kind
client.reportIncorrect(5, "audio");
// @ts-expect-error it is created already
client.reportIncorrect(5, "token", { callbackUrl: "https://shop.example" });
// @ts-expect-error the kind is required
client.reportIncorrect(5);

expectTypeOf(client.getUserAgent).returns.toEqualTypeOf<Promise<string>>();
client.getUserAgent({ signal: AbortSignal.timeout(1) });
expectTypeOf<ServiceProfile["userAgentUrl"]>().toEqualTypeOf<string | undefined>();

expectTypeOf(Client.parseCallback("")).resolves.toEqualTypeOf<CallbackResult>();
for (const body of [
  "",
  new Uint8Array(),
  new ArrayBuffer(1),
  new Blob([]),
  new Request("https://shop.example"),
  { errorId: 0 },
] satisfies CallbackBody[]) {
  Client.parseCallback(body);
}
// @ts-expect-error nothing was posted
Client.parseCallback(undefined);
// @ts-expect-error no body
Client.parseCallback(5);

export async function callback(): Promise<string> {
  const result = await Client.parseCallback<{ text: string }>("");
  // @ts-expect-error the body does not say which task it is about
  result.taskId;
  // @ts-expect-error it may not be there yet
  result.solution;
  if (result.status === "processing") return "";
  expectTypeOf(result.cost).toEqualTypeOf<number | undefined>();
  return result.solution.text;
}

declare const caught: unknown;
if (CaptchaError.is(caught)) expectTypeOf(caught).toEqualTypeOf<CaptchaError>();
else expectTypeOf(caught).toEqualTypeOf<unknown>();
if (SolveTimeoutError.is(caught)) expectTypeOf(caught.taskId).toEqualTypeOf<number | string>();
if (ImageError.is(caught)) expectTypeOf(caught.size).toEqualTypeOf<number | undefined>();
expectTypeOf([caught].filter(CaptchaError.is)).toEqualTypeOf<CaptchaError[]>();
