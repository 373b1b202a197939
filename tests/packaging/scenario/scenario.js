// The calls that must work wherever the package is installed, made as a user makes them. It imports nothing, so that
// every runtime and every bundler can load it. It is copied into each project.

/**
 * @param {typeof import("capwire")} capwire The package, as the project imports it.
 * @param {Record<string, string>} config The sandbox's address and key, an address where nothing listens, a captcha as
 *   base64 and its text.
 * @returns {Promise<Record<string, string>>} Each check, with `"ok"` or what happened instead.
 */
export async function scenario(capwire, { clientKey, baseUrl, deadUrl, image, text }) {
  const client = new capwire.Client({ clientKey, baseUrl });

  const checks = {
    async solve() {
      const solved = await client.solveImage(image);
      return solved === text || `solved as ${solved}`;
    },

    refusal: () =>
      failsWith(client.solveImage(new Uint8Array(99)), "ImageError", {
        code: "ERROR_ZERO_CAPTCHA_FILESIZE",
        origin: "client",
        size: 99,
      }),

    error: () =>
      failsWith(client.getTaskResult(4711), "TaskNotFoundError", {
        code: "ERROR_NO_SUCH_CAPCHA_ID",
        origin: "service",
        taskId: 4711,
      }),

    async abort() {
      const controller = new AbortController();
      // The task is created by then, and the call waits for its result.
      const onProgress = (event) => event.type === "created" && controller.abort("enough");
      const call = client.solveImage(image, { signal: controller.signal, onProgress });
      const thrown = await rejection(call);
      return thrown === "enough" || `rejected with ${thrown}`;
    },

    "dead port": () =>
      failsWith(
        new capwire.Client({ clientKey, baseUrl: deadUrl }).getBalance(),
        "TransportError",
        {
          code: "NETWORK",
          origin: "transport",
        },
      ),
  };

  async function failsWith(promise, name, fields) {
    const error = await rejection(promise);
    const isOfClass = error instanceof Error && error instanceof capwire[name];
    if (!isOfClass || error.name !== name) return `rejected with ${error?.stack ?? error}`;
    for (const [field, value] of Object.entries(fields)) {
      if (error[field] !== value) return `${name} with ${field} ${error[field]}`;
    }
    return true;
  }

  const report = {};
  for (const [name, check] of Object.entries(checks)) {
    const outcome = await within(20_000, check).catch((error) => `threw ${error?.stack ?? error}`);
    report[name] = outcome === true ? "ok" : outcome;
  }
  return report;
}

const rejection = (promise) =>
  promise.then(
    (value) => Promise.reject(new Error(`resolved to ${JSON.stringify(value)}`)),
    (error) => error,
  );

/** Reports a call that hangs, too. */
function within(ms, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, ms, new Error(`not settled after ${ms} ms`));
  });
  return Promise.race([work(), late]).finally(() => clearTimeout(timer));
}
