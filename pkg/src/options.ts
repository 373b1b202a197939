// The options of the client's calls, and the types of their results that TypeScript adds to those of Rust.

import type { CaptchaError } from "./errors.js";
import type * as tasks from "./tasks.js";
import type * as types from "./types.js";

/**
 * The options of a {@link Client}. Its first call checks them and rejects with an {@link OptionsError} that
 * names the wrong one. An unknown option is an error too.
 *
 * @example
 * ```ts
 * const client = new Client({ clientKey: key, service: "brocapgpt", requestTimeoutMs: 10_000 });
 * ```
 */
export interface ClientOptions extends types.ClientOptions {
  /**
   * Called instead of the global `fetch`, with a URL and a `RequestInit`; `this` is undefined. Default: the
   * global `fetch` at the time of the request.
   *
   * In Node, `nodeHttpFetch` of `capwire/node-http` takes less processor time.
   */
  fetch?: (url: string, init: RequestInit) => Promise<FetchResponse>;
}

/** The members of a `Response` that a client reads. */
export interface FetchResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The headers, of which a client reads `Retry-After`. */
  readonly headers: FetchHeaders;
  /** The body. If it is there, it is read up to 4 MiB. Otherwise `text()` is called. */
  readonly body?: FetchBody | null;
  /** Reads the body to its end as text. */
  text(): Promise<string>;
}

/** The member of `Headers` that a client needs. */
export interface FetchHeaders {
  /** Returns a header's value, or `null` if it is missing. */
  get(name: string): string | null;
}

/** The member of a `ReadableStream` that a client needs. */
export interface FetchBody {
  /** Starts reading. */
  getReader(): FetchReader;
}

/** The member of a stream's reader that a client needs. */
export interface FetchReader {
  /** Resolves to the next bytes, or to `done` at the end. */
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

/** The options of every call. */
export interface RequestOptions {
  /**
   * Aborts the call at any point. It then rejects with the signal's reason. Default: none.
   *
   * @example AbortSignal.timeout(60_000)
   */
  signal?: AbortSignal;
}

/** The options of calls that may send a request more than once. */
export interface ProgressOptions extends RequestOptions {
  /**
   * Called on every step. If it throws, the error is written to the console and the call continues.
   * Default: none.
   *
   * @example (event) => console.log(event.type, event.elapsedMs)
   */
  onProgress?: (event: types.Progress) => void;
}

/** The options of {@link Client.createTask}. */
export interface CreateOptions
  extends ProgressOptions,
    Pick<types.CallOptions, "timeoutMs" | "callbackUrl"> {}

/** The options of {@link Client.getTaskResult}. */
export interface ResultOptions<K extends tasks.TaskType = tasks.TaskType> extends RequestOptions {
  /**
   * The task's type, from which TypeScript infers the type of the solution. Default: unknown.
   *
   * @example "ImageToTextTask"
   */
  type?: K;
}

/** The options of {@link Client.waitForResult}. */
export interface WaitOptions<K extends tasks.TaskType = tasks.TaskType>
  extends ProgressOptions,
    Pick<types.CallOptions, "timeoutMs" | "firstDelayMs" | "pollIntervalMs"> {
  /**
   * The task's type. It sets the default of `timeoutMs`, and TypeScript infers the type of the solution from it.
   * Default: unknown, with the longest `timeoutMs`, 180,000.
   *
   * @example "ImageToTextTask"
   */
  type?: K;
}

/** The options of {@link Client.solve}. */
export interface SolveOptions
  extends ProgressOptions,
    Pick<types.CallOptions, "timeoutMs" | "firstDelayMs" | "pollIntervalMs" | "callbackUrl"> {}

/**
 * The options of {@link Client.solveImage}: those of each call, and how to read the image. The latter are the fields of an
 * {@link ImageToTextTask}.
 *
 * @example
 * ```ts
 * const digits = await client.solveImage(png, { numeric: 1, capMonsterModule: "amazon" });
 * ```
 */
export interface SolveImageOptions
  extends SolveOptions,
    Omit<tasks.ImageToTextTask, "type" | "body"> {}

/**
 * An event of `onProgress` in {@link Client.solveAll}. `index` is the position of its task in the input, from 0, and
 * `task` is the object that you passed.
 */
export type BatchProgress<T extends tasks.Task = tasks.Task> = types.Progress & {
  /** The task's position in the input, from 0. */
  index: number;
  /** The task that you passed. */
  task: T;
};

/** The options of {@link Client.solveAll}: those of each call, and how many run at once. */
export interface SolveAllOptions<T extends tasks.Task = tasks.Task>
  extends Omit<SolveOptions, "onProgress">,
    Pick<types.CallOptions, "concurrency"> {
  /**
   * Called on every step of each task. If it throws, the error is written to the console and the batch continues.
   * Default: none.
   *
   * @example (event) => console.log(event.index, event.type)
   */
  onProgress?: (event: BatchProgress<T>) => void;
}

/**
 * The outcome of one task of {@link Client.solveAll}: switch on its `status`.
 *
 * `index` is the task's position in the input, from 0, and `task` is the object that you passed. It is a union
 * over the types of the tasks, which {@link isOfType} narrows.
 */
export type Settled<T extends tasks.Task = tasks.Task> = T extends unknown ? SettledOne<T> : never;

/** The outcome of a task of one type. */
export type SettledOne<T extends tasks.Task> =
  | {
      /** The task was solved. */
      status: "fulfilled";
      /** The task's position in the input, from 0. */
      index: number;
      /** The task that you passed. */
      task: T;
      /** The result, as from {@link Client.solve}. */
      value: types.Solved<tasks.SolutionOf<T>>;
    }
  | {
      /** The task was not solved. */
      status: "rejected";
      /** The task's position in the input, from 0. */
      index: number;
      /** The task that you passed. */
      task: T;
      /** The error, as from {@link Client.solve}. */
      reason: CaptchaError;
    };

/** The records about tasks of a type, as {@link isOfType} finds them. */
export type OfType<R extends Pick<Settled, "task">, K> = R extends unknown
  ? K extends R["task"]["type"]
    ? R
    : never
  : never;

/** The body of a callback, in the form in which your server provides it. */
export type CallbackBody = string | ArrayBuffer | ArrayBufferView | Blob | Request | object;

/** The options of {@link Client.parseCallback}. */
export interface CallbackOptions extends RequestOptions {
  /**
   * How long the body of a `Request` may take, in ms: 1 to 2,147,483,647. Default: 5,000. After that it fails with the
   * code `REQUEST_TIMEOUT`.
   *
   * @example 2_000
   */
  timeoutMs?: number;
  /** Messages in another language, as in {@link ClientOptions}. Default: English. */
  messages?: types.PartialMessages;
}

/** The result that a service posts to a `callbackUrl`. It does not name the task. */
export type CallbackResult<S = unknown> = types.TaskState<S>;
