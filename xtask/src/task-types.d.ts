/**
 * A task of an unknown type. Its fields are sent unchanged: `undefined` means absent, `null` and `""` are
 * values.
 */
export interface RawTask<K extends string = string> {
  /** The task's type, as the service names it. */
  type: K extends KnownTask["type"] ? never : K;
  [field: string]: unknown;
}

/** Any task. */
export type Task = KnownTask | RawTask;

/** The `type` of a task. Editors suggest the known ones. */
export type TaskType = KnownTask["type"] | (string & Record<never, never>);

/**
 * A known task with fields that this version does not know. They are sent unchanged. Without it, an unknown field of a
 * known task is a compile error, because its name may be misspelt.
 *
 * @example
 * ```ts
 * const task: WithExtraFields<TurnstileTask> = { type: "TurnstileTask", websiteURL, websiteKey, newField: 1 };
 * const { solution } = await client.solve(task);
 * ```
 */
export type WithExtraFields<T extends KnownTask> = T & { [field: string]: unknown };

/** A row of {@link TaskTable}. */
export interface TaskRow<Fields, By, Solution, TakesProxy extends boolean, IsChecked extends boolean> {
  /** Its fields, except for those of a proxy. */
  fields: Fields;
  /** What its tasks have in common and no others have. */
  by: By;
  /** Its solution. */
  solution: Solution;
  /** Whether it takes a proxy. */
  takesProxy: TakesProxy;
  /** Whether its fields are checked before anything is sent. */
  isChecked: IsChecked;
}

/** The solution of a task, by its type. */
export type SolutionOf<T> = OrUnknown<T extends unknown ? TaskTable[NameOf<T>]["solution"] : never>;

/** The solution of a task of which only the type is known. */
export type SolutionOfType<K> = K extends unknown
  ? OrUnknown<TaskTable[NameOfType<K>]["solution"]>
  : never;

/** The solution that the caller states, or else the one that belongs to the task. */
export type Stated<S, Inferred> = [S] extends [never] ? Inferred : S;

/** A task as the calls take it: one of a known type has the fields of that type and no others. */
export type Checked<T> = T extends { type: KnownTask["type"] }
  ? string extends keyof T
    ? TaskOfType<T["type"]>
    : [NameOf<T>] extends [never]
      ? TaskOfType<T["type"]>
      : Named<NameOf<T>, T> & NoOtherFields<T, NameOf<T>>
  : T extends { type: string }
    ? OpenTask
    : T;

/** A field that a task of this type does not have. Its name may be misspelt; see {@link WithExtraFields}. */
export interface UnknownField {
  /** Nothing can be assigned to it. */
  readonly [unknownField]: never;
}

declare const unknownField: unique symbol;

type Name = keyof TaskTable;
type OrUnknown<S> = [S] extends [never] ? unknown : S;

/** The rows of a task, and of all tasks of a type. */
type NameOf<T, N extends Name = Name> = N extends unknown
  ? T extends TaskTable[N]["by"]
    ? N
    : never
  : never;
type NameOfType<K, N extends Name = Name> = N extends unknown
  ? TaskTable[N] extends { isChecked: true; by: { type: infer Known } }
    ? K extends Known
      ? N
      : never
    : never
  : never;

/** The known tasks of a type, whichever variant they are. */
type TaskOfType<K, T extends KnownTask = KnownTask> = T extends { type: infer Known }
  ? K extends Known
    ? T
    : never
  : never;

/** The task of a row. It needs all fields of a proxy, or none. */
type Named<N extends Name, T> = N extends unknown
  ? TaskTable[N]["takesProxy"] extends true
    ? TaskTable[N]["fields"] & (T extends NoProxy & { type: unknown } ? OptionalProxy : ProxyFields)
    : TaskTable[N]["fields"]
  : never;
type OptionalProxy = { [N in keyof ProxyFields]?: ProxyFields[N] | undefined };

/** A task whose type is not known, with the known types as a hint for editors. */
interface OpenTask {
  type: TaskType;
  [field: string]: unknown;
}

type NoOtherFields<T, N extends Name> = {
  [Field in keyof T]: Field extends keyof Named<N, T>
    ? Field extends "metadata"
      ? NoOtherMetadata<T[Field], TaskTable[N]["fields"]>
      : unknown
    : UnknownField;
};
type NoOtherMetadata<T, Fields> = Fields extends { metadata: infer Known }
  ? { [Field in keyof T]: Field extends keyof Known ? unknown : UnknownField }
  : unknown;

export {};
