// Assertions that many tests share.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { CaptchaError } from "capwire";

/**
 * The rejection of a promise, which must come within a time limit.
 *
 * @param {Promise<unknown>} promise
 */
export async function rejection(promise, withinMs = 15_000) {
  const clock = new AbortController();
  const late = sleep(withinMs, undefined, { signal: clock.signal }).then(() =>
    assert.fail(`not settled after ${withinMs} ms`),
  );
  late.catch(() => {});
  try {
    return await Promise.race([
      promise.then(
        (value) => assert.fail(`resolved to ${inspect(value)}`),
        (error) => error,
      ),
      late,
    ]);
  } finally {
    clock.abort();
  }
}

/**
 * The error of a rejection, which must have exactly this class, this code and these fields.
 *
 * @template {CaptchaError} E
 * @param {Promise<unknown>} promise
 * @param {new (...args: never[]) => E} ErrorClass
 * @param {string} code
 * @param {Record<string, unknown>} [fields]
 * @returns {Promise<E>}
 */
export async function failure(promise, ErrorClass, code, fields = {}, withinMs = 15_000) {
  const error = await rejection(promise, withinMs);
  assert.ok(error instanceof CaptchaError, inspect(error));
  assert.ok(error instanceof Error);
  assert.equal(error.constructor, ErrorClass, inspect(error));
  assert.equal(error.name, ErrorClass.name);
  assert.equal(error.code, code, inspect(error));
  assert.equal(typeof error.retryable, "boolean");
  assert.ok(error.message.length > 10, inspect(error));
  assert.ok(error.hint.length > 10, inspect(error));
  const found = Object.fromEntries(Object.keys(fields).map((name) => [name, error[name]]));
  assert.deepEqual(found, fields, inspect(error));
  return error;
}

/** Checks until the answer is true, because another process may need a moment. */
export async function eventually(check, what, withinMs = 5_000) {
  const end = performance.now() + withinMs;
  while (!(await check())) {
    if (performance.now() > end) assert.fail(`not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}

/** The result of some work, and how long it took in ms. */
export async function timed(work) {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}

/** Every text that can be reached from a value: names, values, prototypes, and how it is printed. */
export function everythingIn(root) {
  const texts = [String(root), inspect(root, { depth: 20, showHidden: true, getters: true })];
  const seen = new Set();
  const visit = (value) => {
    if (typeof value === "string") texts.push(value);
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    if (!isObject || seen.has(value)) return;
    seen.add(value);
    for (const name of Reflect.ownKeys(value)) {
      texts.push(String(name));
      try {
        visit(value[name]);
      } catch {
        // Accessors of strict functions throw.
      }
    }
    visit(Object.getPrototypeOf(value));
  };
  visit(root);
  texts.push(JSON.stringify(root) ?? "");
  if (root instanceof Error) texts.push(root.stack);
  return texts.join("\n");
}
