// The faults between a client and a service, as data: what the sandbox does, and the outcome that is expected.
// The tests in Node and in Chromium try each of them.

import { gzipSync } from "node:zlib";

/** The valid answers, which the faults change. */
export const ANSWERS = {
  createTask: { errorId: 0, taskId: 410000123 },
  getTaskResult: { errorId: 0, status: "ready", solution: { text: "w7kq" } },
};

/** The depth of deeply nested JSON. */
const DEPTH = 100_000;
const MIB = 1024 * 1024;

/**
 * The expected outcome of a call.
 *
 * @typedef Outcome
 * @property {unknown} [value] The value it resolves to. Without it, the call must fail.
 * @property {string} [name] The error's class.
 * @property {string} [code]
 * @property {"service"} [origin] Default: "transport".
 * @property {number} [httpStatus]
 * @property {boolean} [mayHaveCreatedTask] createTask: whether the service may have created a task.
 * @property {boolean} [isRepeated] createTask: whether it is sent again.
 * @property {boolean} [isPolledAgain] getTaskResult: whether a wait continues after it.
 * @property {RegExp} [says] Matches the message.
 * @property {[number, number]} [retryAfterMs] The error's, from and to.
 * @property {[number, number]} [pauseMs] The pause before the repeat, from and to.
 */

/**
 * @typedef Fault
 * @property {string} fault
 * @property {object | ((call: { answer: object, json: string, elsewhere: string }) => object)} reply The
 *   reply of the sandbox, made from the valid answer and an address that must get no request.
 * @property {Outcome} [createTask] Absent if the method can't have this fault.
 * @property {Outcome} [getTaskResult] Absent if the method can't have this fault.
 * @property {{ createTask?: Outcome, getTaskResult?: Outcome }} [inChromium] What a page sees otherwise.
 * @property {boolean} [browserRepeats] Whether Chromium repeats the request by itself, unseen by the page: it
 *   takes the connection, which it had used before, for one that was closed for its age.
 */

const text = (body, more) => ({ kind: "text", body, ...more });
const json = (body, more) => ({ kind: "json", body, ...more });

/** The exact bytes of an answer, from the status line on. */
function raw(head, body = "", then = "close") {
  const common = ["Access-Control-Allow-Origin: *"];
  if (!head.some((line) => line.startsWith("Connection:"))) common.push("Connection: close");
  const lines = [...head, ...common, "", ""].join("\r\n");
  const bytes = Buffer.concat([Buffer.from(lines, "latin1"), Buffer.from(body)]);
  return { kind: "raw", base64: bytes.toString("base64"), then };
}

const OK = ["HTTP/1.1 200 OK", "Content-Type: application/json"];

/** An answer that announces a body of that length, truly or not. */
const sized = (length, body, then) => raw([...OK, `Content-Length: ${length}`], body, then);

/** An answer whose body is these bytes. */
function bytes(body, headers = []) {
  return raw([...OK, ...headers, `Content-Length: ${Buffer.byteLength(body)}`], body);
}

/** A small compressed answer that becomes very large. Its last byte is missing, so only the client can end it. */
export function bomb(mebibytes) {
  // Members of gzip may follow each other, so that nobody holds the whole of it.
  const member = gzipSync(Buffer.alloc(16 * MIB, " "), { level: 9 });
  const packed = Buffer.concat(Array(Math.ceil(mebibytes / 16)).fill(member));
  return raw(
    [...OK, "Content-Encoding: gzip", `Content-Length: ${packed.length + 1}`],
    packed,
    "hold",
  );
}

/** An incomplete answer: a task may exist; a wait continues. */
const lost = (code, httpStatus, more) => ({
  createTask: { name: "TransportError", code, httpStatus, mayHaveCreatedTask: true, ...more },
  getTaskResult: { name: "TransportError", code, httpStatus, isPolledAgain: true, ...more },
});
const TIMEOUT = lost("REQUEST_TIMEOUT");
const NETWORK = lost("NETWORK");
const BAD = lost("BAD_RESPONSE", 200);
/** An answer that cannot be understood but has a solution: it is in the error, and not asked for again. */
const KEPT = { ...BAD, getTaskResult: { ...BAD.getTaskResult, isPolledAgain: false } };

/** An error status: whether a task may exist, and whether waiting helps. */
const status = (
  httpStatus,
  { mayHaveCreatedTask = false, isRepeated = false, isPolledAgain = false },
) => ({
  createTask: {
    name: "TransportError",
    code: "HTTP_STATUS",
    httpStatus,
    mayHaveCreatedTask,
    isRepeated,
  },
  getTaskResult: { name: "TransportError", code: "HTTP_STATUS", httpStatus, isPolledAgain },
});

/** It is still understood. */
export const fine = {
  createTask: { value: ANSWERS.createTask.taskId },
  getTaskResult: { value: ANSWERS.getTaskResult.solution },
};

const page = "<!doctype html><title>Wi-Fi</title>";

const redirects = [301, 302, 303, 307, 308].map((httpStatus) => ({
  fault: `a redirect (${httpStatus}) to another origin, with the right answer in the body`,
  reply: ({ json, elsewhere }) =>
    raw(
      [
        `HTTP/1.1 ${httpStatus} Elsewhere`,
        `Location: ${elsewhere}`,
        `Content-Length: ${json.length}`,
      ],
      json,
    ),
  ...status(httpStatus, {}),
  inChromium: status(undefined, {}),
}));

/** Answers to createTask without a valid id. */
const ids = [
  ["no task id", {}, /missing/],
  ["a task id of null", { taskId: null }],
  ["the task id 0", { taskId: 0 }],
  ["a negative task id", { taskId: -5 }],
  ["a fractional task id", { taskId: 1.5 }],
  ["a task id that is a list", { taskId: [5] }],
  ["a task id that is an object", { taskId: {} }],
  ["a task id that is true", { taskId: true }],
  ["the task id 2^53", "9007199254740992"],
  ["the task id 2^53 + 1", "9007199254740993"],
  ["a task id that overflows", "1e999"],
  ["a task id of 100,000 digits", "7".repeat(DEPTH)],
  ["a task id that is an empty string", { taskId: "" }],
  ["a task id that is the string 0", { taskId: "0" }],
  ["a task id with a control character", { taskId: "a\u001bb" }],
  ["a task id that is a string of 100,000 letters", { taskId: "a".repeat(DEPTH) }],
].map(([fault, body, says = /unexpected taskId: /]) => ({
  fault,
  reply: text(
    typeof body === "string"
      ? `{"errorId":0,"taskId":${body}}`
      : JSON.stringify({ errorId: 0, ...body }),
  ),
  createTask: { name: "TransportError", code: "BAD_RESPONSE", mayHaveCreatedTask: true, says },
}));

const keptIds = [
  ["the task id 2^53 - 1", "9007199254740991"],
  ["a task id as a string", '"410000123"'],
  ["a task id as a string beyond 2^53", '"9007199254740993"'],
  ["a task id as a string with a leading zero", '"0123"'],
  ["a task id that is a UUID", '"6f1c2a9e-0b1d-4a53-9d0a-0d6cc0a1f5e4"'],
  ["a task id with escapes", '"a\\/b\\u0020\\u0416"'],
  ["a task id with a fraction of 0", "410000123.0"],
  ["a task id with an exponent", "41e7"],
].map(([fault, taskId]) => ({
  fault,
  reply: text(`{"errorId":0,"taskId":${taskId}}`),
  createTask: { value: JSON.parse(taskId) },
}));

const oddErrorIds = [
  ['""', "an empty string"],
  ["true", "true"],
  ["false", "false"],
  ["null", "null"],
  ["[]", "an empty list"],
  ["{}", "an object"],
  [`${"[".repeat(DEPTH)}0${"]".repeat(DEPTH)}`, "a list 100,000 levels deep"],
].map(([errorId, what]) => ({
  fault: `an errorId that is ${what}`,
  reply: ({ json }) => text(json.replace('"errorId":0', () => `"errorId":${errorId}`)),
  ...KEPT,
}));

const textErrorIds = ['"0"', '"0.0"', "-0"].map((errorId) => ({
  fault: `an errorId of ${errorId}`,
  reply: ({ json }) => text(json.replace('"errorId":0', `"errorId":${errorId}`)),
  ...fine,
}));

const refusingErrorIds = ["2", "-1", "0.5", "1e999", '"1"'].map((errorId) => {
  const refusal = {
    name: "UnknownServiceError",
    code: "UNKNOWN",
    origin: "service",
    httpStatus: 200,
  };
  return {
    fault: `the errorId ${errorId} without a code`,
    reply: ({ json }) => text(json.replace('"errorId":0', `"errorId":${errorId}`)),
    createTask: refusal,
    getTaskResult: { ...refusal, isPolledAgain: false },
  };
});

const codedErrorIds = ['"1"', "null", "true", "{}"].map((errorId) => {
  const refusal = {
    name: "BalanceError",
    code: "ERROR_ZERO_BALANCE",
    origin: "service",
    httpStatus: 200,
  };
  return {
    fault: `an errorId of ${errorId} next to ERROR_ZERO_BALANCE`,
    reply: text(`{"errorId":${errorId},"errorCode":"ERROR_ZERO_BALANCE"}`),
    createTask: refusal,
    getTaskResult: { ...refusal, isPolledAgain: false },
  };
});

const oddCodes = ["5", "[]", "{}", "true", '""'].map((code) => {
  const refusal = {
    name: "UnknownServiceError",
    code: code === "5" ? "5" : "UNKNOWN",
    origin: "service",
    httpStatus: 200,
  };
  return {
    fault: `the errorId 1 with an errorCode of ${code}`,
    reply: text(`{"errorId":1,"errorCode":${code}}`),
    createTask: refusal,
    getTaskResult: { ...refusal, isPolledAgain: false },
  };
});

/** @type {Fault[]} */
export const FAULTS = [
  // It does not end.
  {
    fault: "a hang before the headers",
    reply: { kind: "hang", where: "before-headers" },
    ...TIMEOUT,
  },
  { fault: "a hang within the headers", reply: rawHead("HTTP/1.1 200 O", "hold"), ...TIMEOUT },
  {
    fault: "a hang after the headers",
    reply: { kind: "hang", where: "after-headers" },
    ...TIMEOUT,
  },
  { fault: "a hang within the body", reply: { kind: "hang", where: "in-body" }, ...TIMEOUT },
  {
    fault: "one byte at a time, past requestTimeoutMs",
    reply: ({ answer }) => ({ kind: "drip", everyMs: 200, body: answer }),
    ...TIMEOUT,
  },
  {
    fault: "a Content-Length that is too long; the connection stays open",
    reply: ({ json }) => sized(json.length + 1, json, "hold"),
    ...TIMEOUT,
  },

  // It breaks.
  {
    fault: "a reset before the headers",
    reply: { kind: "reset" },
    ...NETWORK,
    browserRepeats: true,
  },
  {
    fault: "a close before the headers",
    reply: rawHead("", "close"),
    ...NETWORK,
    browserRepeats: true,
  },
  {
    fault: "a reset within the headers",
    reply: rawHead("HTTP/1.1 200 O", "reset"),
    ...NETWORK,
    browserRepeats: true,
  },
  { fault: "a reset after the headers", reply: sized(100, "", "reset"), ...NETWORK },
  { fault: "a reset within the body", reply: sized(100, '{"errorId":0,', "reset"), ...NETWORK },
  { fault: "a body that is cut off", reply: { kind: "cut" }, ...NETWORK },
  {
    fault: "a Content-Length that is too long; the connection closes",
    reply: ({ json }) => sized(json.length + 1, json),
    ...NETWORK,
  },
  {
    fault: "a Content-Length that is too short",
    reply: ({ json }) => sized(json.length - 1, json),
    ...BAD,
  },
  {
    fault: "a Content-Length that is not a number",
    reply: ({ json }) => sized("many", json),
    ...NETWORK,
    inChromium: fine,
  },
  {
    fault: "two different Content-Lengths",
    reply: ({ json }) => raw([...OK, `Content-Length: ${json.length}`, "Content-Length: 5"], json),
    ...NETWORK,
  },
  {
    fault: "chunked encoding without its end",
    reply: ({ json }) =>
      // Node takes the end of a connection that is to be closed as the end of the answer.
      raw(
        [...OK, "Transfer-Encoding: chunked", "Connection: keep-alive"],
        `${json.length.toString(16)}\r\n${json}\r\n`,
      ),
    ...NETWORK,
  },
  {
    fault: "a chunk with an invalid length",
    reply: ({ json }) => raw([...OK, "Transfer-Encoding: chunked"], `zz\r\n${json}\r\n0\r\n\r\n`),
    ...NETWORK,
  },
  { fault: "not HTTP at all", reply: rawHead("SSH-2.0-OpenSSH_9.2\r\n", "close"), ...NETWORK },

  // It is too much.
  {
    fault: "a body over 4 MiB",
    reply: { kind: "big", bytes: 4 * MIB + 1 },
    ...BAD,
  },
  { fault: "an endless body", reply: { kind: "big", bytes: 50_000_000_000 }, ...BAD },
  { fault: "a gzip bomb of 256 MiB", reply: () => bomb(256), ...BAD },

  // It is compressed, or not.
  {
    fault: "gzip",
    reply: ({ json }) => bytes(gzipSync(json), ["Content-Encoding: gzip"]),
    ...fine,
  },
  {
    fault: "a body labelled as gzip that is not gzip",
    reply: ({ json }) => bytes(json, ["Content-Encoding: gzip"]),
    ...NETWORK,
  },
  {
    fault: "gzip without the header",
    reply: ({ json }) => bytes(gzipSync(json)),
    ...BAD,
  },

  // It leads elsewhere.
  ...redirects,
  {
    fault: "a redirect (307) without a Location",
    reply: raw(["HTTP/1.1 307 Elsewhere", "Content-Length: 0"]),
    ...status(307, {}),
    inChromium: status(undefined, {}),
  },

  // It does not come from the service.
  {
    fault: "a proxy's HTML page, 502",
    reply: text("<html><h1>502 Bad Gateway</h1></html>", { status: 502, contentType: "text/html" }),
    ...status(502, { mayHaveCreatedTask: true, isPolledAgain: true }),
  },
  {
    fault: "a captive portal's HTML page, 200",
    reply: text(page, { contentType: "text/html" }),
    ...BAD,
  },
  {
    fault: "an HTML page labelled as JSON",
    reply: text(page, { contentType: "application/json" }),
    ...BAD,
  },
  { fault: "an empty body", reply: text(""), ...BAD },
  {
    fault: "no body, 204",
    reply: raw(["HTTP/1.1 204 No Content"]),
    ...lost("BAD_RESPONSE", 204),
  },
  { fault: "null", reply: json(null), ...BAD },
  { fault: "a number", reply: json(0), ...BAD },
  { fault: "a list", reply: ({ answer }) => json([answer]), ...BAD },
  {
    fault: "an object without errorId",
    reply: ({ answer: { errorId, ...rest } }) => json(rest),
    ...KEPT,
  },
  { fault: "JSON that is cut off", reply: ({ json }) => text(json.slice(0, -1)), ...BAD },
  { fault: "JSON twice", reply: ({ json }) => text(json + json), ...BAD },
  {
    fault: "a 429 with text",
    reply: text("slow down", { status: 429, headers: { "retry-after": "2" } }),
    ...status(429, { isRepeated: true, isPolledAgain: true }),
  },
  {
    fault: "a 503 with text",
    reply: text("maintenance", { status: 503 }),
    ...status(503, { isRepeated: true, isPolledAgain: true }),
  },
  {
    fault: "a 500 with text",
    reply: text("oops", { status: 500 }),
    ...status(500, { mayHaveCreatedTask: true, isPolledAgain: true }),
  },
  { fault: "a 404 with text", reply: text("nothing here", { status: 404 }), ...status(404, {}) },

  // It is written otherwise.
  { fault: "a BOM before the JSON", reply: ({ json }) => text(`\ufeff${json}`), ...fine },
  { fault: "two BOMs before the JSON", reply: ({ json }) => text(`\ufeff\ufeff${json}`), ...BAD },
  {
    fault: "UTF-16 (little-endian) with a matching header",
    reply: ({ json }) =>
      raw(
        [
          "HTTP/1.1 200 OK",
          "Content-Type: application/json; charset=utf-16le",
          `Content-Length: ${2 * json.length + 2}`,
        ],
        Buffer.from(`\ufeff${json}`, "utf16le"),
      ),
    ...BAD,
  },
  {
    fault: "UTF-16 (big-endian) without a BOM",
    reply: ({ json }) => bytes(Buffer.from(json, "utf16le").swap16()),
    ...BAD,
  },
  {
    fault: "UTF-8 with a header that says UTF-16",
    reply: ({ json }) => text(json, { contentType: "application/json; charset=utf-16le" }),
    ...fine,
  },
  {
    fault: "UTF-8 with an unknown charset in the header",
    reply: ({ json }) => text(json, { contentType: "application/json; charset=klingon" }),
    ...fine,
  },
  {
    fault: "Latin-1 with a matching header: bytes that are not UTF-8 become U+FFFD",
    reply: ({ json }) =>
      raw(
        [
          "HTTP/1.1 200 OK",
          "Content-Type: application/json; charset=iso-8859-1",
          `Content-Length: ${json.length}`,
        ],
        Buffer.from(json.replace("w7kq", "w7k\xe9"), "latin1"),
      ),
    createTask: fine.createTask,
    getTaskResult: { value: { text: "w7k\ufffd" } },
  },

  // It is unusual JSON.
  {
    fault: "a list 100,000 levels deep",
    reply: text(`${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`),
    ...BAD,
  },
  {
    fault: "a list 100,000 levels deep that is not closed",
    reply: text("[".repeat(DEPTH)),
    ...BAD,
  },
  {
    fault: "a field 100,000 levels deep next to the answer",
    reply: ({ json }) =>
      text(`{"deep":${'{"a":'.repeat(DEPTH)}0${"}".repeat(DEPTH)},${json.slice(1)}`),
    ...fine,
  },
  {
    fault: "numbers that overflow next to the answer",
    reply: ({ json }) => text(`{"n":1e999,"m":-1e999,"d":${"9".repeat(DEPTH)},${json.slice(1)}`),
    ...fine,
  },
  {
    fault: "a cost that overflows: it is left out",
    reply: ({ json }) => text(`{"cost":1e999,${json.slice(1)}`),
    getTaskResult: fine.getTaskResult,
  },
  ...oddErrorIds,
  ...textErrorIds,
  ...refusingErrorIds,
  ...codedErrorIds,
  ...oddCodes,
  { fault: "an errorId of -0", reply: ({ json }) => text(json.replace("0", "-0")), ...fine },
  ...ids,
  ...keptIds,
];

/** Less than a complete head. */
function rawHead(head, then) {
  return { kind: "raw", base64: Buffer.from(head, "latin1").toString("base64"), then };
}

const HOUR_MS = 3_600_000;
const httpDate = (inMs) => new Date(Date.now() + inMs).toUTCString();

/** The longest wait that an error suggests. */
const DAY_MS = 24 * HOUR_MS;

/**
 * The effect of a `Retry-After`: the field of the error, and the pauses before createTask and before
 * getTaskResult. A machine may be slow, so a date is only known from and to.
 */
export const RETRY_AFTERS = [
  ["2 s", () => "2", [2_000, 2_000], [2_000, 2_000], [4_000, 4_000]],
  ["10 s", () => "10", [10_000, 10_000], [10_000, 10_000], [10_000, 10_000]],
  ["0 s", () => "0", [0, 0], [1_000, 1_000], [4_000, 4_000]],
  ["an hour", () => "3600", [HOUR_MS, HOUR_MS], [60_000, 60_000], [16_000, 16_000]],
  ["2^31 s", () => "2147483648", [DAY_MS, DAY_MS], [60_000, 60_000], [16_000, 16_000]],
  ["2^32 s", () => "4294967296", [DAY_MS, DAY_MS], [60_000, 60_000], [16_000, 16_000]],
  [
    "a number of 400 digits",
    () => "9".repeat(400),
    [DAY_MS, DAY_MS],
    [60_000, 60_000],
    [16_000, 16_000],
  ],
  ["a date in 30 s", () => httpDate(30_000), [5_000, 30_000], [5_000, 30_000], [5_000, 16_000]],
  [
    "a date in 2099",
    () => "Thu, 31 Dec 2099 23:59:59 GMT",
    [DAY_MS, DAY_MS],
    [60_000, 60_000],
    [16_000, 16_000],
  ],
  ["a past date", () => "Mon, 01 Jan 2001 00:00:00 GMT", [0, 0], [1_000, 1_000], [4_000, 4_000]],
  ["nonsense", () => "soon", undefined, [500, 1_000], [2_000, 2_000]],
  ["an empty string", () => "", undefined, [500, 1_000], [2_000, 2_000]],
].map(([what, header, retryAfterMs, createTask, getTaskResult]) => ({
  fault: `a 429 with a Retry-After of ${what}`,
  reply: () => text("slow down", { status: 429, headers: { "retry-after": header() } }),
  retryAfterMs,
  pauseMs: { createTask, getTaskResult },
}));
