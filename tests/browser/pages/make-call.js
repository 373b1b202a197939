// One call with a fault, in Node or in a page: its outcome as plain data.

/**
 * @param {typeof import("capwire")} capwire
 * @param {{ options: object, call: string, given: unknown[], leaves?: boolean }} order A client's options,
 *   the call and its arguments; and whether to cancel it at the first pause before a repeat.
 */
export async function makeCall(capwire, { options, call, given, leaves = false }) {
  const events = [];
  const leaving = new AbortController();
  const onProgress = (event) => {
    events.push(event);
    if (leaves && event.type === "retry") leaving.abort("left");
  };
  try {
    const client = new capwire.Client(options);
    const value = await client[call](...given, { signal: leaving.signal, onProgress });
    return { events, value };
  } catch (error) {
    if (error === "left") return { events, left: true };
    if (!(error instanceof capwire.CaptchaError)) return { events, thrown: String(error) };
    const isOfClass = error instanceof Error && error.constructor === capwire[error.name];
    return { events, failure: error.toJSON(), isOfClass };
  }
}
