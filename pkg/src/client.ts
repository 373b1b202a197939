// The client as a user sees it. It holds no rule: it starts the module, passes values in, and turns a
// failure into its class.

import { CaptchaError } from "./errors.js";
import { Core } from "./glue.js";
import { start } from "./start.js";
import type * as types from "./types.js";

/** An image: its bytes in any form, their base64 text, or a base64 `data:` URL. */
export type Image = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | Blob;

/** The options of a {@link Client}. */
export interface ClientOptions extends types.ClientOptions {
  /** Called instead of the global `fetch`, with `this` undefined, an address and a `RequestInit`. */
  fetch?: typeof fetch;
}

/** What every call takes. */
export interface RequestOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What the calls take that may repeat a request. */
export interface ProgressOptions extends RequestOptions {
  /** Told of each step. What it throws is written to the console, and the call goes on. */
  onProgress?: (event: types.Progress) => void;
}

/** The options of {@link Client.createTask}. */
export type CreateOptions = ProgressOptions & Pick<types.CallOptions, "timeoutMs" | "callbackUrl">;

/** The options of {@link Client.waitForResult}. */
export type WaitOptions = ProgressOptions &
  Pick<types.CallOptions, "timeoutMs" | "pollIntervalMs" | "type">;

/** The options of {@link Client.solve} and {@link Client.solveImage}. */
export type SolveOptions = ProgressOptions &
  Pick<types.CallOptions, "timeoutMs" | "pollIntervalMs" | "callbackUrl">;

/** Any task: its fields are sent as they are given. `undefined` is absent; `null` and `""` are values. */
export interface Task {
  /** The task's type, as the service names it. */
  type: string;
  [field: string]: unknown;
}

/** Reads the text in an image. */
export interface ImageToTextTask extends Task {
  type: "ImageToTextTask";
  /** The image. */
  body: Image;
}

/** Answers a question about one or more images. */
export interface ComplexImageTask extends Task {
  type: "ComplexImageTask";
  /** The kind of captcha. */
  class: string;
  /** The images; each is checked and sent as base64. */
  imagesBase64?: Image[];
  /** Samples of what to look for; each is checked and sent as base64. */
  exampleImagesBase64?: Image[];
}

/** The solution of an {@link ImageToTextTask}. */
export interface TextSolution {
  /** The text in the image. */
  text: string;
}

/**
 * A client of one account at one service.
 *
 * It keeps the service's rules by itself: image sizes are checked before anything is sent, a task's
 * result is asked for at most once in 2 s and 120 times, nothing is repeated that could buy a task twice
 * or lead to a ban. After a refusal that a repeat would make worse (a wrong key, an empty account, a
 * banned address) it answers locally, with the same error and `origin: "client"`.
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
    return (await this.#open()).service;
  }

  /**
   * Asks for the account's balance, in the account's currency.
   *
   * @throws {@link KeyError}, {@link AccessError}, {@link TransportError}
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
   * @throws {@link ImageError}, {@link TaskError}, {@link BalanceError}, {@link CapacityError} and others
   */
  createTask(task: Task, options?: CreateOptions): Promise<number> {
    return this.#run(options, (core) => core.createTask(task, options));
  }

  /**
   * Sends one result request. It waits first where the last one for this task was less than 2 s ago.
   *
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
   * Waits for the result of a task that exists, whoever created it.
   *
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
  solve(task: ImageToTextTask, options?: SolveOptions): Promise<types.Solved<TextSolution>>;
  solve<S = unknown>(task: Task, options?: SolveOptions): Promise<types.Solved<S>>;
  solve(task: Task, options?: SolveOptions): Promise<types.Solved<unknown>> {
    return this.#run(options, (core) => core.solve(task, options));
  }

  /**
   * Reads the text in an image.
   *
   * @throws {@link ImageError} before anything is sent; else what {@link Client.solve} throws
   */
  solveImage(image: Image, options?: SolveOptions): Promise<string> {
    return this.#run(options, (core) => core.solveImage(image, options));
  }

  async #run<T>(
    options: RequestOptions | undefined,
    call: (core: Core) => Promise<types.Outcome<T>>,
  ): Promise<T> {
    const outcome = await call(await this.#open(options?.signal));
    // Made here and not in Rust, so that its stack shows the caller's own code.
    if ("failure" in outcome) throw CaptchaError.fromJSON(outcome.failure);
    return outcome.value;
  }

  async #open(signal?: AbortSignal): Promise<Core> {
    await start(signal);
    try {
      this.#core ??= new Core(this.#options);
    } catch (failure) {
      throw CaptchaError.fromJSON(failure as types.Failure);
    }
    return this.#core;
  }
}
