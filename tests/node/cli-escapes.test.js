// Texts of a service on the command line: they neither drive a terminal nor hide in it, and programs get them whole.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { assertHidden, CLI, cli, started } from "./helpers/cli.js";
import { KEY } from "./helpers/sandbox.js";

/** What must not be on a terminal. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u200b\u2060\ufeff\u{e0000}-\u{e0fff}]/u;

const HOSTILE =
  "ok\u001b]0;title\u0007\u001b[2J\r\n\u009b31m\u202eevil\u2066x\u2028y\u200bz\u00ad\u{e0041}\ufeff\u007f";

/** The arguments for a service that gives these texts as the result of every task. */
async function serviceFor(t, result) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end(result));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return ["--base-url", `http://127.0.0.1:${server.address().port}`];
}

const ready = (solution) => JSON.stringify({ errorId: 0, status: "ready", solution });

/** What a terminal shows of both outputs. */
async function onTerminal(args) {
  const command = [CLI, ...args].map((word) => `'${word}'`).join(" ");
  const { stdout, code } = await started("script", ["-qec", command, "/dev/null"]).ended;
  assertHidden(KEY, { stdout, stderr: "" });
  return { shown: stdout.split("\r\n").filter((line) => line !== ""), code };
}

describe("a service's text", { concurrency: 2, timeout: 120_000 }, () => {
  it("as the text of a solution is whole for a program, and ends with one line break", async (t) => {
    for (const text of [HOSTILE, "", "two\nlines\n", "x".repeat(300_000)]) {
      const at = await serviceFor(t, ready({ text }));
      assert.deepEqual(await cli(["result", "5", ...at]), {
        stdout: `${text}\n`,
        stderr: "",
        code: 0,
        signal: null,
      });
    }
  });

  it("as the text of a solution is escaped on a terminal", async (t) => {
    const at = await serviceFor(t, ready({ text: HOSTILE }));
    const { shown, code } = await onTerminal(["result", "5", ...at]);
    assert.equal(code, 0);
    const line = shown.at(-1);
    assert.doesNotMatch(shown.join(""), INVISIBLE);
    assert.match(line, /^ok\\u001b\]0;title\\u0007\\u001b\[2J\\u000d\\u000a\\u009b31m\\u202eevil/);
    assert.equal(JSON.parse(`"${line}"`), HOSTILE);
  });

  it("within JSON is escaped everywhere, and stays the same", async (t) => {
    const solution = {
      [HOSTILE]: HOSTILE,
      list: [1, -0.5, 1e300, true, null, "", [], {}, [[]], { a: { b: [HOSTILE] } }],
      emoji: "👩‍🚀 é й 日本",
    };
    const at = await serviceFor(t, ready(solution));
    const plain = await cli(["result", "5", ...at]);
    assert.deepEqual(JSON.parse(plain.stdout), solution);
    const json = await cli(["result", "5", "--json", ...at]);
    assert.deepEqual(JSON.parse(json.stdout).solution, solution);
    const terminal = await onTerminal(["result", "5", ...at]);
    assert.deepEqual(JSON.parse(terminal.shown.at(-1)), solution);
    for (const text of [plain.stdout, json.stdout]) {
      assert.equal(text.indexOf("\n"), text.length - 1);
      assert.doesNotMatch(text.slice(0, -1), INVISIBLE);
    }
    assert.doesNotMatch(terminal.shown.join(""), INVISIBLE);
  });

  it("in an error is on one line, and short", async (t) => {
    for (const body of [
      { errorId: 1, errorCode: "ERROR_X", errorDescription: HOSTILE.repeat(50) },
      { errorId: 1, errorCode: HOSTILE, errorDescription: "x" },
      { errorId: 0, status: HOSTILE },
    ]) {
      const at = await serviceFor(t, JSON.stringify(body));
      const args = ["result", "5", "--timeout", "1", ...at];
      const { stdout, stderr, code } = await cli(args);
      assert.ok(code > 20, `${code}`);
      assert.equal(stdout, "");
      const lines = stderr.trimEnd().split("\n");
      assert.ok(lines.length <= 3, stderr);
      for (const line of lines) {
        assert.doesNotMatch(line, INVISIBLE);
        assert.ok(line.length < 600, line);
      }
      const { shown } = await onTerminal(args);
      assert.doesNotMatch(shown.join(""), INVISIBLE);
      const { stderr: json } = await cli([...args, "--json"]);
      assert.doesNotMatch(json.trimEnd(), INVISIBLE);
      assert.equal(typeof JSON.parse(json).code, "string");
    }
  });

  it("of megabytes is not repeated in an error", async (t) => {
    const huge = "A".repeat(1_500_000);
    const body = { errorId: 1, errorCode: `ERROR_${huge}`, errorDescription: huge };
    const at = await serviceFor(t, JSON.stringify(body));
    for (const more of [[], ["--json"]]) {
      const { stdout, stderr, code } = await cli(["result", "5", ...more, ...at]);
      assert.deepEqual([stdout, code], ["", 21]);
      assert.ok(stderr.length < 8_000, `${stderr.length} characters`);
    }
  });

  for (const [what, open, close] of [
    ["objects", '{"a":', "}"],
    ["arrays", "[", "]"],
    ["both", '{"a":[', "]}"],
  ]) {
    it(`is printed 20,000 levels deep: ${what}`, async (t) => {
      const solution = `${open.repeat(20_000)}1${close.repeat(20_000)}`;
      const at = await serviceFor(t, `{"errorId":0,"status":"ready","solution":${solution}}`);
      const plain = await cli(["result", "5", ...at]);
      assert.deepEqual([plain.stderr, plain.code], ["", 0]);
      assert.equal(plain.stdout, `${solution}\n`);
      const json = await cli(["result", "5", "--json", ...at]);
      assert.equal(json.code, 0);
      assert.ok(json.stdout.includes(`"solution":${solution},`));
    });
  }

  it("cannot come from the names of options and files either", async () => {
    for (const args of [
      ["balance", `--${HOSTILE.replaceAll("\0", "")}`],
      ["solve", `no-such-${HOSTILE}`],
      ["solve", "--task", `@${HOSTILE}`],
      ["balance", "--key-file", HOSTILE],
      [HOSTILE],
      ["errors", HOSTILE],
    ]) {
      const { stderr, code } = await cli(args);
      assert.equal(code, 2);
      assert.doesNotMatch(stderr.trimEnd(), INVISIBLE);
    }
  });
});
