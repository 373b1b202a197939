// Values of callers, as the module looks at them. A getter, a proxy or a class of theirs may throw or lie.

/** The type of a value as a number. From 8 on it is that of bytes, and their number. */
export function classify(value: unknown): number {
  switch (typeof value) {
    case "undefined":
      return 0;
    case "boolean":
      return value ? 2 : 1;
    case "number":
      return 3;
    case "string":
      return 4;
    case "object":
      return value === null ? 0 : classifyObject(value);
    default:
      return 7;
  }
}

function classifyObject(value: object): number {
  try {
    if (Array.isArray(value)) return 5;
    const size = byteSize(value);
    if (size !== undefined) return 8 + (size > 0 ? size : 0);
    // Throws for a revoked proxy, from which nothing can be read.
    Object.getPrototypeOf(value);
    return 6;
  } catch {
    return 7;
  }
}

/** The size of a buffer, a view of one or a blob, of this realm or another; `undefined` for anything else. */
export function byteSize(value: object): number | undefined {
  if (ArrayBuffer.isView(value) || isBuffer(value)) {
    const size = getAny(value, "byteLength");
    return typeof size === "number" ? size : undefined;
  }
  const size = getAny(value, "size");
  const isBlob =
    typeof getAny(value, "arrayBuffer") === "function" &&
    typeof size === "number" &&
    // A Response of node-fetch has a size too: how much it may read.
    getAny(value, "bodyUsed") === undefined;
  return isBlob ? (size as number) : undefined;
}

function isBuffer(value: object): boolean {
  try {
    return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
  } catch {
    // A proxy whose traps throw.
    return false;
  }
}

/** A member, own or inherited; `undefined` where there is none, or where reading it throws. */
export function getAny(object: unknown, key: string): unknown {
  try {
    return (object as Record<string, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}

/** An own member. Inherited ones are not sent in a request either. */
export function getOwn(object: unknown, key: string): unknown {
  try {
    return Object.hasOwn(object as object, key)
      ? (object as Record<string, unknown>)[key]
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The own members of an object, without those that are undefined: name, value, name, value … `undefined` where they
 * cannot be read, or are more than `max`.
 */
export function entries(object: unknown, max: number): unknown[] | undefined {
  try {
    const keys = Object.keys(object as object);
    if (keys.length > max || keys.some((key) => key.length > max)) return undefined;
    return keys.flatMap((key) => {
      const value = (object as Record<string, unknown>)[key];
      // Within an array of its own, because flatMap would take an array apart.
      return value === undefined ? [] : [key, value];
    });
  } catch {
    return undefined;
  }
}

/** The items of an array; `undefined` where they cannot be read, or are more than `max`. */
export function items(list: unknown, max: number): unknown[] | undefined {
  try {
    if (!Array.isArray(list)) return undefined;
    // Copied, because an array may be a proxy, and by their number: its iterator may never end.
    const { length } = list;
    return length > max ? undefined : Array.from({ length }, (_, index) => list[index]);
  } catch {
    return undefined;
  }
}

/** A copy of the own members of options: getters run once, and what others put on every object is not seen. */
export function ownOptions<T>(options: T): T {
  try {
    const isPlain = typeof options === "object" && options !== null && !Array.isArray(options);
    return isPlain ? { __proto__: null, ...options } : options;
  } catch {
    // The module fails to read it too, and reports that.
    return options;
  }
}

/** The name of an object's class, if it has one that tells something. */
export function className(value: unknown): string {
  const name = getAny(getAny(value, "constructor"), "name");
  return typeof name === "string" && name !== "Object" && /^[A-Z]\w{0,40}$/.test(name) ? name : "";
}

export function digits(number: unknown): string {
  return typeof number === "number" ? String(number) : "";
}

/** A number, or that of a text which writes one in decimal; NaN for anything else. */
export function toNumber(value: unknown): number {
  const isDecimal =
    typeof value === "string" && /^\s*[+-]?\d{1,15}(\.\d{1,40})?(e-\d\d?)?\s*$/i.test(value);
  return typeof value === "number" || isDecimal ? Number(value) : Number.NaN;
}

export function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(text as string);
  } catch {
    return undefined;
  }
}
