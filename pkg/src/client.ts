// The client as a user sees it. It holds no rule: it starts the module, passes values in, and turns a
// failure into its class.

import { CaptchaError } from "./errors.js";
import type { Core } from "./glue.js";
import { glue } from "./module.js";
import { start } from "./start.js";
import type * as tasks from "./tasks.js";
import { enter, untilTrap } from "./trap.js";
import type * as types from "./types.js";

/**
 * The options of a {@link Client}. They are checked by its first call, which rejects with an
 * {@link OptionsError} that names the one that is wrong. One that is not known here is wrong, too.
 *
 * @example
 * ```ts
 * const client = new Client({ clientKey: key, service: "brocapgpt", requestTimeoutMs: 10_000 });
 * ```
 */
export interface ClientOptions extends types.ClientOptions {
  /**
   * Called instead of the global `fetch`, with `this` undefined, an address and a `RequestInit`. Default:
   * the global one, as it is when a request is sent.
   */
  fetch?: typeof fetch;
}

/** What every call takes. */
export interface RequestOptions {
  /**
   * Aborts the call, at whatever it is, which then rejects with the signal's reason. Default: none.
   *
   * @example AbortSignal.timeout(60_000)
   */
  signal?: AbortSignal;
}

/** What the calls take that may repeat a request. */
export interface ProgressOptions extends RequestOptions {
  /**
   * Told of each step. What it throws is written to the console, and the call goes on. Default: nobody is
   * told.
   */
  onProgress?: (event: types.Progress) => void;
}

/** The options of {@link Client.createTask}. */
export interface CreateOptions
  extends ProgressOptions,
    Pick<types.CallOptions, "timeoutMs" | "callbackUrl"> {}

/** The options of {@link Client.waitForResult}. */
export interface WaitOptions
  extends ProgressOptions,
    Pick<types.CallOptions, "timeoutMs" | "pollIntervalMs" | "type"> {}

/** The options of {@link Client.solve} and {@link Client.solveImage}. */
export interface SolveOptions
  extends ProgressOptions,
    Pick<types.CallOptions, "timeoutMs" | "pollIntervalMs" | "callbackUrl"> {}

/** The options of {@link Client.solveAll}: those of its calls, and how many there are at once. */
export interface SolveAllOptions extends SolveOptions, Pick<types.CallOptions, "concurrency"> {}

/**
 * What became of one task of {@link Client.solveAll}: a record to switch on by its `status`.
 *
 * `index` is the task's place in the input, from 0, and `task` the very object that was given.
 */
export type Settled<T extends tasks.Task = tasks.Task> =
  | {
      /** It was solved. */
      status: "fulfilled";
      /** The task's place in the input, from 0. */
      index: number;
      /** The task, as it was given. */
      task: T;
      /** What {@link Client.solve} would have resolved to. */
      value: types.Solved<tasks.SolutionOf<T>>;
    }
  | {
      /** It was not. */
      status: "rejected";
      /** The task's place in the input, from 0. */
      index: number;
      /** The task, as it was given. */
      task: T;
      /** What {@link Client.solve} would have rejected with. */
      reason: CaptchaError;
    };

/** What {@link Client.parseCallback} reads: what was posted, in whatever form a server hands it on. */
export type CallbackBody = string | ArrayBuffer | ArrayBufferView | Blob | Request | object;

/** The options of {@link Client.parseCallback}. */
export interface CallbackOptions {
  /** The words of errors in another language, as in {@link ClientOptions}. Default: English. */
  messages?: types.PartialMessages;
}

/** What a service says in what it posts to a `callbackUrl`. It does not say of which task. */
export type CallbackResult<S = unknown> = types.TaskState<S>;

/**
 * A client of one account at one service.
 *
 * It keeps the service's rules by itself: image sizes are checked before anything is sent, a task's
 * result is asked for at most once in 2 s and 120 times, nothing is repeated that could buy a task twice
 * or lead to a ban. After a refusal that a repeat would make worse (a wrong key, an empty account, a
 * banned address) it answers locally, with the same error and `origin: "client"`. Clients of one process with
 * the same key, address and `fetch` know this together.
 *
 * @example
 * ```ts
 * const client = new Client({ clientKey: key });
 * const text = await client.solveImage(await readFile("captcha.png"));
 * ```
 */
export class Client {
  readonly #options: ClientOptions;
  #core: Core | undefined;

  /** Makes a client. It does nothing yet and never throws: the first call checks the options. */
  constructor(options: ClientOptions) {
    try {
      this.#options = { ...options };
    } catch {
      // A getter threw. As for anything else that is no options object, the first call says so.
      this.#options = undefined as never;
    }
  }

  /**
   * Loads the module and checks the options, which the first call would do otherwise.
   *
   * @returns The profile of the service in force: its name, address and image limits.
   * @throws {@link OptionsError}, {@link InternalError}
   */
  async ready(): Promise<types.ServiceProfile> {
    const core = await this.#open();
    return enter(() => core.service);
  }

  /**
   * Asks for the account's balance, in the account's currency.
   *
   * It is repeated, at most `maxRetries` times, where the service could not take it.
   *
   * @example
   * ```ts
   * if ((await client.getBalance()) < 1) console.warn("add funds soon");
   * ```
   * @throws {@link KeyError}, {@link AccessError}, {@link TransportError} and others
   */
  getBalance(options?: RequestOptions): Promise<number> {
    return this.#run(options, (core) => core.getBalance(options));
  }

  /**
   * Creates a task and returns its id, with which this or any other process can wait for its result.
   *
   * It is repeated only where the service certainly created nothing. After a lost answer it rejects with
   * a {@link TransportError} whose `mayHaveCreatedTask` is true.
   *
   * @example
   * ```ts
   * const taskId = await client.createTask(task, { callbackUrl: "https://me.example/captcha?job=4711" });
   * ```
   * @throws {@link ImageError}, {@link TaskError}, {@link BalanceError}, {@link CapacityError} and others
   */
  createTask<const K extends string>(
    task: tasks.KnownTask | tasks.RawTask<K>,
    options?: CreateOptions,
  ): Promise<number> {
    return this.#run(options, (core) => core.createTask(task, options));
  }

  /**
   * Sends one result request. It waits first where the last one for this task was less than 2 s ago. After
   * 120 for one task it sends none any more, and rejects with a {@link RateLimitError}.
   *
   * @example
   * ```ts
   * const result = await client.getTaskResult<{ text: string }>(taskId);
   * if (result.status === "ready") console.log(result.solution.text);
   * ```
   * @throws {@link TaskNotFoundError}, {@link UnsolvableError}, {@link RateLimitError} and others
   */
  getTaskResult<S = unknown>(
    taskId: number,
    options?: RequestOptions,
  ): Promise<types.TaskResult<S>> {
    return this.#run(options, (core) => core.getTaskResult(taskId, options)) as Promise<
      types.TaskResult<S>
    >;
  }

  /**
   * Waits for the result of a task that exists, whoever created it, with the same key. Results are kept for
   * 5 minutes from the creation.
   *
   * @example
   * ```ts
   * const { solution } = await client.waitForResult<ImageToTextSolution>(taskId, { type: "ImageToTextTask" });
   * ```
   * @throws {@link SolveTimeoutError}, {@link TaskNotFoundError}, {@link UnsolvableError} and others
   */
  waitForResult<S = unknown>(taskId: number, options?: WaitOptions): Promise<types.Solved<S>> {
    return this.#run(options, (core) => core.waitForResult(taskId, options)) as Promise<
      types.Solved<S>
    >;
  }

  /**
   * Solves a task: creates it and waits for its result. Every error after its creation has `taskId`.
   *
   * @example
   * ```ts
   * const { solution } = await client.solve({ type: "ImageToTextTask", body: png, numeric: 1 });
   * console.log(solution.text);
   * ```
   * @throws What {@link Client.createTask} and {@link Client.waitForResult} throw
   */
  solve<const T extends tasks.KnownTask>(
    task: T,
    options?: SolveOptions,
  ): Promise<types.Solved<tasks.SolutionOf<T>>>;
  solve<S = unknown, const K extends string = string>(
    task: tasks.RawTask<K>,
    options?: SolveOptions,
  ): Promise<types.Solved<S>>;
  solve(task: tasks.Task, options?: SolveOptions): Promise<types.Solved<unknown>> {
    return this.#run(options, (core) => core.solve(task, options));
  }

  /**
   * Solves many tasks, `concurrency` of them at once (1 to 1,000; default 8), and gives a record of each as
   * soon as it settles. A task that fails is a record too, and stops no other.
   *
   * It never runs ahead of its consumer: records that wait to be consumed count among the `concurrency`,
   * and the next task is taken from the input when there is room and the next record is asked for. The
   * first task goes alone until the service has answered it. After a {@link KeyError}, a
   * {@link BalanceError} or an {@link AccessError}, which every other task would meet too, no more are
   * taken: those in flight settle, and the iteration ends with the rest of the input untouched.
   *
   * To leave the loop early (`break`, `return`, `throw`) aborts what is in flight and closes the input.
   * So does the signal, after which the iteration throws its reason, at once and even while a record is
   * being waited for; and an input that throws, whose error comes after the records that wait. What was
   * created and is aborted can still be waited for: `onProgress` has told its `taskId`.
   *
   * @param tasks Any iterable or async iterable: an array, a generator, a stream of tasks.
   * @example
   * ```ts
   * for await (const settled of client.solveAll(tasks, { concurrency: 16 })) {
   *   if (settled.status === "fulfilled") save(settled.index, settled.value.solution);
   *   else console.error(settled.task, settled.reason.message);
   * }
   * ```
   * @throws {@link OptionsError}; {@link TaskError} whose `field` is `"tasks"` where they cannot be
   *   iterated; what the input throws. Never what a task fails with: that is its record's `reason`
   */
  async *solveAll<const T extends tasks.Task>(
    tasks: Iterable<T> | AsyncIterable<T>,
    options?: SolveAllOptions,
  ): AsyncIterableIterator<Settled<T>> {
    const core = await this.#open(options?.signal);
    const given = tasks as Partial<AsyncIterable<T> & Iterable<T>> | undefined;
    const input = given?.[Symbol.asyncIterator]?.() ?? given?.[Symbol.iterator]?.();
    const batch = enter(() => core.solveAll(input, options));
    try {
      for (;;) {
        const record = await this.#run(undefined, () => batch.next());
        if (record === undefined) break;
        const index = record.index;
        const task = record.task as T;
        if ("failure" in record) {
          const reason = CaptchaError.fromJSON(record.failure);
          yield { status: "rejected", index, task, reason };
        } else {
          const value = record.value as types.Solved<tasks.SolutionOf<T>>;
          yield { status: "fulfilled", index, task, value };
        }
      }
      // Throws what ended it before its time.
      await this.#run(undefined, () => batch.end());
    } finally {
      await enter(() => batch.cancel());
    }
  }

  /**
   * Reads the text in an image: its bytes, a `Blob` or `File`, its base64 text or a base64 `data:` URL, of
   * 100 bytes up to the service's limit (500,000 on CapMonster Cloud, 50,000 on BroCapGPT).
   *
   * @example
   * ```ts
   * const text = await client.solveImage(input.files[0], { timeoutMs: 30_000 });
   * ```
   * @throws {@link ImageError} before anything is sent; else what {@link Client.solve} throws
   */
  solveImage(image: tasks.Image, options?: SolveOptions): Promise<string> {
    return this.#run(options, (core) => core.solveImage(image, options));
  }

  /**
   * Tells the service that a task was answered wrongly. CapMonster Cloud only.
   *
   * It is repeated only where the service could not take it: at most `maxRetries` times.
   *
   * @param kind `"image"` for the text read from an image, `"token"` for a token.
   * @example
   * ```ts
   * const { taskId, solution } = await client.solve(task);
   * if (!(await accepts(solution.text))) await client.reportIncorrect(taskId, "image");
   * ```
   * @throws {@link OptionsError} where the service takes no such reports (`option` is `"service"`) or the
   *   kind is none (`"kind"`), before anything is sent; {@link TaskNotFoundError} where it does not know
   *   the task as one of this kind; {@link TaskError}, {@link KeyError}, {@link AccessError},
   *   {@link TransportError} and others
   */
  reportIncorrect(taskId: number, kind: types.ReportKind, options?: RequestOptions): Promise<void> {
    return this.#run(options, (core) => core.reportIncorrect(taskId, kind, options));
  }

  /**
   * Asks for the User-Agent that the service wants in the `userAgent` of tasks: that of a current browser
   * on Windows, 1 to 512 characters on one line. CapMonster Cloud only.
   *
   * It is one request to the profile's `userAgentUrl`, without the key, and is not repeated.
   *
   * @example
   * ```ts
   * const userAgent = await client.getUserAgent();
   * ```
   * @throws {@link OptionsError} where the service has no such address (`option` is `"service"`);
   *   {@link TransportError}, with the code `BAD_RESPONSE` where what comes is no User-Agent
   */
  getUserAgent(options?: RequestOptions): Promise<string> {
    return this.#run(options, (core) => core.getUserAgent(options));
  }

  /**
   * Reads what the service has posted to a `callbackUrl`. It needs no key and sends nothing.
   *
   * The service signs nothing: anyone who finds the address can post a solution to it. Nor does the body
   * say which task it is about. So put an identifier of your own that cannot be guessed into the URL, and
   * where it matters ask the service itself, with {@link Client.getTaskResult}. It closes the connection
   * after 2 s: answer first, and parse then.
   *
   * @param body What was posted: its text, its bytes, the object parsed from it, or a `Request` of the
   *   Fetch standard whose body was not read yet. At most 4 MiB of bytes, text or a `Request`.
   * @example
   * ```ts
   * const result = await Client.parseCallback<ImageToTextSolution>(await request.text());
   * if (result.status === "ready") console.log(result.solution.text, result.cost);
   * ```
   * @throws The error that the service reports, of the same class as from {@link Client.waitForResult},
   *   but without a `taskId`; {@link TransportError} with the code `BAD_RESPONSE` where it is no such body,
   *   or `NETWORK` where a `Request` broke off; {@link OptionsError} where nothing can be read from the
   *   argument (`option` is `"body"`)
   */
  static async parseCallback<S = unknown>(
    body: CallbackBody,
    options?: CallbackOptions,
  ): Promise<CallbackResult<S>> {
    await start();
    const outcome = await untilTrap(() => glue.parseCallback(body, options));
    return settled(outcome) as CallbackResult<S>;
  }

  async #run<T>(
    options: RequestOptions | undefined,
    call: (core: Core) => Promise<types.Outcome<T>>,
  ): Promise<T> {
    const core = await this.#open(options?.signal);
    return settled(await untilTrap(() => call(core)));
  }

  async #open(signal?: AbortSignal): Promise<Core> {
    await start(signal);
    try {
      this.#core ??= enter(() => new glue.Core(this.#options));
    } catch (failure) {
      // A record of the core's, or the error of a module that has failed.
      throw CaptchaError.is(failure) ? failure : CaptchaError.fromJSON(failure as types.Failure);
    }
    return this.#core;
  }
}

function settled<T>(outcome: types.Outcome<T>): T {
  // Made here and not in Rust, so that its stack shows the caller's own code.
  if ("failure" in outcome) throw CaptchaError.fromJSON(outcome.failure);
  return outcome.value;
}
