// The client as users see it. The rules are in Rust: this file starts the module, passes values in, and
// turns a failure into an error of its class.

import { iterate } from "./batches.js";
import { type OpenCore, startCall, unwrap } from "./calls.js";
import { CaptchaError } from "./errors.js";
import type { CallName } from "./glue.js";
import { expectFailure } from "./image.js";
import type {
  CallbackBody,
  CallbackOptions,
  CallbackResult,
  ClientOptions,
  CreateOptions,
  OfType,
  RequestOptions,
  ResultOptions,
  Settled,
  SolveAllOptions,
  SolveImageOptions,
  SolveOptions,
  WaitOptions,
} from "./options.js";
import { getOwn, ownOptions } from "./platform.js";
import { start } from "./start.js";
import type * as tasks from "./tasks.js";
import { callWasm, onTrap } from "./trap.js";
import type * as types from "./types.js";

/** What the module has of each client. A trap takes all of it. */
let cores = new WeakMap<Client, OpenCore>();
onTrap(() => {
  cores = new WeakMap();
});

/**
 * A client for one account at one service.
 *
 * It follows the service's rules for you: it checks image sizes before upload, requests a task's result at
 * most once in 2 s and 120 times, and never repeats a request that could buy a task twice or lead to a ban.
 * After an error that a repeat would make worse (a wrong key, an empty account, a banned IP address), further
 * calls fail locally with the same error and `origin: "client"`. Clients in one process with the same key,
 * base URL and `fetch` share this knowledge.
 *
 * @example
 * ```ts
 * const client = new Client({ clientKey: key });
 * const text = await client.solveImage(await readFile("captcha.png"));
 * ```
 */
export class Client {
  readonly #options: ClientOptions;

  /** Creates a client. It never throws: the first call checks the options. */
  constructor(options: ClientOptions) {
    this.#options = ownOptions(options ?? {});
  }

  /**
   * Loads the module and checks the options now, instead of waiting for the first call.
   *
   * @returns The profile of the service in use: its name, URL and image limits.
   * @example
   * ```ts
   * const { imageLimits } = await client.ready();
   * ```
   * @throws {@link OptionsError}, {@link InternalError}
   */
  async ready(): Promise<types.ServiceProfile> {
    const core = await this.#open();
    return callWasm(() => core.service);
  }

  /**
   * Tells what the client knows of its account: what it does not send now and why, whether the service has
   * accepted the key, and how often the result of each task was requested. It sends nothing.
   *
   * @example
   * ```ts
   * for (const { scope, code, retryAfterMs } of (await client.status()).closures) {
   *   console.warn(`${scope} refused with ${code}: nothing is sent for ${retryAfterMs} ms`);
   * }
   * ```
   * @throws {@link OptionsError}, {@link InternalError}
   */
  async status(): Promise<types.AccountStatus> {
    const core = await this.#open();
    return callWasm(() => core.status());
  }

  /**
   * Forgets what the service has refused, for all clients that share the account: call it once you have fixed the
   * cause, for example added your IP address to the account's list. The next request is sent again. The counts of
   * result requests stay, because the services go on counting.
   *
   * @returns What was closed until now. Empty if nothing was.
   * @example
   * ```ts
   * const opened = await client.resetGuard();
   * console.log(opened.map(({ code }) => code));
   * ```
   * @throws {@link OptionsError}, {@link InternalError}
   */
  async resetGuard(): Promise<types.ClosureStatus[]> {
    const core = await this.#open();
    return callWasm(() => core.resetGuard()).closures;
  }

  /**
   * Returns the account's balance, in the account's currency.
   *
   * If the request fails on its way (a broken connection, a time-out, an HTTP 5xx), it is sent again, at most
   * `maxRetries` times.
   *
   * @example
   * ```ts
   * if ((await client.getBalance()) < 1) console.warn("add funds soon");
   * ```
   * @throws {@link KeyError}, {@link AccessError}, {@link TransportError} and others
   */
  getBalance(options?: RequestOptions): Promise<number> {
    return this.#call("getBalance", undefined, options);
  }

  /**
   * Creates a task and returns its id, exactly as the service gave it: a number at CapMonster Cloud and BroCapGPT,
   * a text such as a UUID at some other services. Any process can wait for the result by this id. If the service
   * answers at once, the client keeps its latest 100 such answers for `waitForResult()`. One that has no id is
   * the `solution` of a {@link TransportError}: `solve()` can use it.
   *
   * The request is sent again only if the service certainly created nothing. If the response is lost, the call
   * rejects with a {@link TransportError} whose `mayHaveCreatedTask` is true.
   *
   * @example
   * ```ts
   * const taskId = await client.createTask(task, { callbackUrl: "https://me.example/captcha?job=4711" });
   * ```
   * @throws {@link ImageError}, {@link TaskError}, {@link BalanceError}, {@link CapacityError} and others
   */
  createTask<const T extends tasks.Task>(
    task: tasks.Checked<T>,
    options?: CreateOptions,
  ): Promise<number | string> {
    return this.#call("createTask", task, options);
  }

  /**
   * Sends one result request. If the last one for this task was less than 2 s ago, it waits first. After
   * 120 requests for one task it sends no more and rejects with a {@link RateLimitError}.
   *
   * @example
   * ```ts
   * const result = await client.getTaskResult(taskId, { type: "ImageToTextTask" });
   * if (result.status === "ready") console.log(result.solution.text);
   * ```
   * @throws {@link TaskNotFoundError}, {@link UnsolvableError}, {@link RateLimitError} and others
   */
  getTaskResult<S = never, const K extends tasks.TaskType = tasks.TaskType>(
    taskId: number | string,
    options?: ResultOptions<K>,
  ): Promise<types.TaskResult<tasks.Stated<S, tasks.SolutionOfType<K>>>> {
    return this.#call("getTaskResult", taskId, options);
  }

  /**
   * Waits for the result of an existing task, which any process may have created with the same key. Services
   * keep results for 5 minutes after the task's creation.
   *
   * @example
   * ```ts
   * const { solution } = await client.waitForResult(taskId, { type: "ImageToTextTask" });
   * ```
   * @throws {@link SolveTimeoutError}, {@link TaskNotFoundError}, {@link UnsolvableError} and others
   */
  waitForResult<S = never, const K extends tasks.TaskType = tasks.TaskType>(
    taskId: number | string,
    options?: WaitOptions<K>,
  ): Promise<types.Solved<tasks.Stated<S, tasks.SolutionOfType<K>>>> {
    return this.#call("waitForResult", taskId, options);
  }

  /**
   * Solves a task: creates it and waits for its result. Every error after the creation has `taskId`. An answer
   * that comes with the creation is used at once.
   *
   * @example
   * ```ts
   * const { solution } = await client.solve({ type: "ImageToTextTask", body: png, numeric: 1 });
   * console.log(solution.text);
   * ```
   * @throws The errors of {@link Client.createTask} and {@link Client.waitForResult}
   */
  solve<S = never, const T extends tasks.Task = tasks.Task>(
    task: tasks.Checked<T>,
    options?: SolveOptions,
  ): Promise<types.Solved<tasks.Stated<S, tasks.SolutionOf<T>>>> {
    return this.#call("solve", task, options);
  }

  /**
   * Solves many tasks, `concurrency` of them at once (1 to 1,000; default 8). Results arrive as they complete;
   * `index` tells which task each belongs to. A failed task is a result too, and does not stop the others.
   *
   * It never runs ahead of the consumer: results that wait to be consumed count towards `concurrency`, and
   * the next task is taken from the input only when there is room and you request the next result. The first
   * task runs alone until the service has responded. Once a {@link KeyError}, a {@link BalanceError} or an
   * {@link AccessError} has closed the account to new tasks ({@link Client.status}), no more tasks are taken:
   * running ones finish, and the iteration ends without reading the rest of the input.
   *
   * Leaving the loop early (`break`, `return`, `throw`) aborts the running tasks and closes the input. It waits for
   * that at most 2 s, and not at all while the input makes a task. The signal ends the batch too, immediately, and you
   * still get what is paid for: first the results that wait, then a record for each task that was created and has no
   * result yet, `"rejected"` with a {@link SolveTimeoutError} whose `taskId` you can wait for. Then the iteration throws
   * the signal's reason. It is the same if the input throws. `onProgress` reports each `taskId` as soon as there is one,
   * with the `index` of its task.
   *
   * @param tasks Any iterable or async iterable: an array, a generator or a stream of tasks.
   * @example
   * ```ts
   * for await (const settled of client.solveAll(tasks, { concurrency: 16 })) {
   *   if (settled.status === "fulfilled") save(settled.index, settled.value.solution);
   *   else console.error(settled.task, settled.reason.message);
   * }
   * ```
   * @throws {@link OptionsError}; {@link TaskError} with the `field` `"tasks"` if they cannot be iterated; the
   *   errors of the input. The error of a task is never thrown: it is the `reason` of its result
   */
  solveAll<const T extends tasks.Task>(
    tasks: Iterable<tasks.Checked<T>> | AsyncIterable<tasks.Checked<T>>,
    options?: SolveAllOptions<T>,
  ): AsyncIterableIterator<Settled<T>> {
    return iterate<T>((signal) => this.#open(signal), tasks, options);
  }

  /**
   * Reads the text in an image. Pass its bytes, a `Blob` or `File`, its base64 text, a `data:` URL, a `Response`, a
   * stream or a canvas, from 100 bytes up to the service's limit (500,000 on CapMonster Cloud, 50,000 on BroCapGPT).
   * What is certainly no image, such as a page of HTML, is refused; the error's `detected` names it.
   *
   * The options include those of the recognition, which are checked and sent as fields of the task.
   *
   * @example
   * ```ts
   * const text = await client.solveImage(input.files[0], { numeric: 1, timeoutMs: 30_000 });
   * ```
   * @throws {@link ImageError} before anything is sent, and the errors of {@link Client.solve}
   */
  solveImage(image: tasks.Image, options?: SolveImageOptions): Promise<string> {
    return this.#call("solveImage", image, options);
  }

  /**
   * Reports a wrong answer to the service. CapMonster Cloud only.
   *
   * If the request fails on its way (a broken connection, a time-out, an HTTP 5xx), it is sent again, at most
   * `maxRetries` times. If the service then says that it knows the report already, the first one has arrived, and
   * the call resolves.
   *
   * @param kind `"image"` for the text read from an image, `"token"` for a token.
   * @example
   * ```ts
   * const { taskId, solution } = await client.solve(task);
   * if (!(await accepts(solution.text))) await client.reportIncorrect(taskId, "image");
   * ```
   * @throws {@link OptionsError} before anything is sent, if the service accepts no such reports (`option` is
   *   `"service"`) or the kind is unknown (`option` is `"kind"`); {@link TaskNotFoundError} if the service does
   *   not know the task as one of this kind; {@link TaskError}, {@link KeyError}, {@link AccessError},
   *   {@link TransportError} and others
   */
  reportIncorrect(
    taskId: number | string,
    kind: types.ReportKind,
    options?: RequestOptions,
  ): Promise<void> {
    return this.#call("reportIncorrect", taskId, options, kind);
  }

  /**
   * Returns the User-Agent that the service expects in the `userAgent` field of tasks: that of a current
   * browser on Windows, 1 to 512 characters on one line. CapMonster Cloud only.
   *
   * The request goes to the profile's `userAgentUrl`, without the key. If it fails on its way, it is sent again, at
   * most `maxRetries` times.
   *
   * @example
   * ```ts
   * const userAgent = await client.getUserAgent();
   * ```
   * @throws {@link OptionsError} if the service has no such URL (`option` is `"service"`);
   *   {@link TransportError}, with the code `BAD_RESPONSE` if the response is not a User-Agent
   */
  getUserAgent(options?: RequestOptions): Promise<string> {
    return this.#call("getUserAgent", undefined, options);
  }

  /**
   * Reads the body that the service posted to a `callbackUrl`. It needs no key and sends nothing.
   *
   * The post is not signed: anyone who finds the URL can post a solution to it. Nor does the body say which
   * task it is for. So put an unguessable id of your own into the URL and, if it matters, confirm the result
   * with {@link Client.getTaskResult}. The service closes the connection after 2 s: respond first, then parse.
   *
   * @param body The posted body: its text, its bytes, the object parsed from it, or a Fetch `Request` whose
   *   body has not been read. Text, bytes and a `Request` may have at most 4 MiB.
   * @example
   * ```ts
   * const result = await Client.parseCallback<ImageToTextSolution>(await request.text());
   * if (result.status === "ready") console.log(result.solution.text, result.cost);
   * ```
   * @throws The error that the service reports, of the same class as from {@link Client.waitForResult} but
   *   without a `taskId`; {@link TransportError} with the code `BAD_RESPONSE` if the body is not a callback, `NETWORK` if a
   *   `Request` broke off, or `REQUEST_TIMEOUT` if its body did not end within `timeoutMs`; {@link OptionsError} if the
   *   argument cannot be read (`option` is `"body"`)
   */
  static async parseCallback<S = unknown>(
    body: CallbackBody,
    options?: CallbackOptions,
  ): Promise<CallbackResult<S>> {
    options = ownOptions(options);
    const signal = getOwn(options, "signal");
    const glue = await start(signal);
    const parse = (id: number) => glue.parseCallback(id, body, options);
    return (await unwrap(startCall(parse, signal))) as CallbackResult<S>;
  }

  #call<T>(
    name: CallName,
    argument: unknown,
    options: RequestOptions | undefined,
    second?: unknown,
  ): Promise<T> {
    // Not an async function: while it waited, it would keep the argument, which may be a large image.
    expectFailure(argument);
    options = ownOptions(options);
    const signal = getOwn(options, "signal");
    const start = (core: OpenCore) =>
      startCall<T>((id) => core.call(id, name, argument, second, options), signal, core);
    const core = cores.get(this);
    return unwrap(core ? start(core) : this.#open(signal).then(start));
  }

  async #open(signal?: unknown): Promise<OpenCore> {
    const glue = await start(signal);
    let core = cores.get(this);
    try {
      core ??= callWasm(() => new glue.Core(this.#options));
    } catch (failure) {
      // Plain data from the core, or the error of a crashed module.
      throw CaptchaError.is(failure) ? failure : CaptchaError.fromJSON(failure as types.Failure);
    }
    core.fetch = this.#options.fetch as typeof fetch;
    cores.set(this, core);
    return core;
  }
}

/**
 * Tells whether a record of {@link Client.solveAll} is about a task of this type. Then TypeScript knows its task and its
 * solution, which it does not from a comparison of `settled.task.type`.
 *
 * @example
 * ```ts
 * for await (const settled of client.solveAll([imageTask, turnstileTask])) {
 *   if (settled.status === "rejected") console.error(settled.reason.message);
 *   else if (isOfType(settled, "ImageToTextTask")) console.log(settled.value.solution.text);
 *   else console.log(settled.value.solution.token);
 * }
 * ```
 */
export function isOfType<R extends Pick<Settled, "task">, const K extends R["task"]["type"]>(
  settled: R,
  type: K,
): settled is OfType<R, K> {
  return getOwn(settled.task, "type") === type;
}
