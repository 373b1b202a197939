// The key of the command line, and mistakes in how it is called.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { eventually } from "./helpers/assertions.js";
import { assertHidden, at, CLI, cli, folderFor, started, usage } from "./helpers/cli.js";
import { EXIT_CODES } from "./helpers/error-codes.js";
import { KEY, sandboxFor, WRONG_KEY } from "./helpers/sandbox.js";

describe("the key", { concurrency: 2, timeout: 300_000 }, () => {
  it("comes from the first line of a file, which wins over the environment", async (t) => {
    const sandbox = await sandboxFor(t);
    const file = join(await folderFor(t), "key");
    for (const [text, sent] of [
      [KEY, KEY],
      [`${KEY}\n`, KEY],
      [`${KEY}\r\nanother line\n`, KEY],
      [`\ufeff${KEY}\n`, KEY],
      [` ${KEY} \t\n`, KEY],
      [`\ufeff"${KEY}"\n`, KEY],
    ]) {
      await writeFile(file, text);
      await sandbox.forgetRequests();
      await cli(["balance", "--key-file", file, ...at(sandbox)], { key: WRONG_KEY });
      const [request] = await sandbox.requests();
      assert.equal(request.body.clientKey, sent);
    }
  });

  it("is taken from the environment as it is", async (t) => {
    const sandbox = await sandboxFor(t);
    const key = `${KEY}__nocache`;
    assert.equal((await cli(["balance", ...at(sandbox)], { key })).code, 0);
    const [request] = await sandbox.requests();
    assert.equal(request.body.clientKey, key);
  });

  it("may have white space and quotes around it in the environment", async (t) => {
    const sandbox = await sandboxFor(t);
    for (const key of [`${KEY}\n`, ` ${KEY}\r\n`, `"${KEY}"`, `'${KEY}'`]) {
      await sandbox.forgetRequests();
      assert.equal((await cli(["balance", ...at(sandbox)], { key })).code, 0);
      assert.equal((await sandbox.requests())[0].body.clientKey, KEY);
    }
  });

  it("is not sent if it cannot be one", async (t) => {
    const sandbox = await sandboxFor(t);
    const file = join(await folderFor(t), "key");
    const cases = [`${KEY} ${KEY}`, `${KEY}…`, `кл${KEY}`].map((key) => [key, undefined]);
    for (const bytes of [Buffer.from(`\ufeff${KEY}\r\n`, "utf16le"), Buffer.from(KEY, "utf16le")]) {
      cases.push([KEY, bytes]);
    }
    for (const [key, bytes] of cases) {
      if (bytes) await writeFile(file, bytes);
      const args = ["balance", ...(bytes ? ["--key-file", file] : []), ...at(sandbox)];
      const { stderr, code } = await cli(args, { key });
      assert.equal(code, EXIT_CODES.OptionsError, stderr);
      assert.match(stderr, /a letter that no key has/);
      assert.ok(!stderr.includes(KEY.slice(0, 8)), "a part of the key is shown");
    }
    assert.deepEqual(await sandbox.requests(), []);
  });

  it("is missed", async (t) => {
    const empty = join(await folderFor(t), "key");
    await writeFile(empty, `\n${KEY}\n`);
    await usage(["balance"], /There is no key: .*CAPWIRE_KEY.*--key-file/, { key: "" });
    await usage(["balance"], /There is no key/, { key: null });
    await usage(["balance", "--key-file", empty], /first line of the key file is empty/);
    await usage(["balance", "--key-file", `${empty}.no`], /Cannot read the key file \(ENOENT/);
    // A key where the file's name belongs.
    await usage(["balance", "--key-file", KEY], /Cannot read the key file \(ENOENT/);
  });

  for (const args of [
    ["--key", KEY],
    [`--key=${KEY}`],
    [`--key${KEY}`],
    [`--KEY=${KEY}`],
    [`-key=${KEY}`],
    [`--keyfile=${KEY}`],
    ["--client-key", KEY],
    [`--clientKey=${KEY}`],
    [`--api-key=${KEY}`],
  ]) {
    it(`is refused as ${args.join(" ").replace(KEY, "…")}`, async () => {
      await usage(["balance", ...args], /cannot be an argument.*CAPWIRE_KEY/);
      await usage([...args, "balance"], /cannot be an argument.*CAPWIRE_KEY/);
    });
  }

  it("is not repeated where it stands by mistake", async () => {
    for (const args of [
      [KEY],
      ["balance", KEY],
      ["solve", KEY],
      ["errors", KEY],
      ["solve", "--task", KEY],
      ["solve", "--task", `{"type":${KEY}`],
      ["solve", "--task", `@${KEY}`],
      ["balance", "--timeout", KEY],
      ["balance", `-k${KEY}`],
    ]) {
      await usage(args, /./);
    }
    for (const args of [
      ["result", `${KEY}x`],
      ["balance", "--service", KEY],
      ["balance", "--base-url", `https://${KEY}@example.com`],
    ]) {
      const { code } = await cli(args, { key: "another" });
      assert.ok(code === 13 || code === 24, `${code}`);
      const { stdout, stderr } = await cli(args, { key: "another" });
      assertHidden(KEY, { stdout, stderr });
    }
  });

  it("is not in the process list", async (t) => {
    const sandbox = await sandboxFor(t);
    const file = join(await folderFor(t), "key");
    await writeFile(file, `${KEY}\n`);
    await sandbox.script({ times: 2, reply: { kind: "hang", where: "before-headers" } });
    for (const [more, options] of [
      [[], {}],
      [["--key-file", file], { key: null }],
    ]) {
      await sandbox.forgetRequests();
      const { child, ended } = started(CLI, ["balance", ...more, ...at(sandbox)], options);
      await eventually(async () => (await sandbox.requests()).length > 0, "a request");
      const [{ body }] = await sandbox.requests();
      const shown = await readFile(`/proc/${child.pid}/cmdline`, "latin1");
      child.kill("SIGINT");
      assert.equal((await ended).code, 130);
      assert.equal(body.clientKey, KEY);
      assert.ok(shown.includes("balance") && !shown.includes(KEY), shown);
    }
  });
});

describe("usage errors", { concurrency: 2, timeout: 300_000 }, () => {
  for (const [args, pattern] of [
    [[], /A command is missing/],
    [["blance"], /: Unknown command\. Did you mean balance\? See/],
    [["Sovle"], /: Unknown command\. Did you mean solve\? See/],
    [["bla"], /: Unknown command\. See/],
    [["toString"], /: Unknown command\. See/],
    [["balance", "--frobnicate"], /Unknown option '--frobnicate'\. See/],
    [["balance", "--tmeout", "5"], /Unknown option '--tmeout'\. Did you mean --timeout\? See/],
    [["balance", "--base-uri=x"], /Unknown option '--base-uri'\. Did you mean --base-url\? See/],
    [["errors", "error_zero_balance"], /code\. Did you mean ERROR_ZERO_BALANCE\? See/],
    [["balance", "-x"], /Unknown option '-x'/],
    [["balance", "--timeout"], /'--timeout <value>' argument missing/],
    [["balance", "--json=yes"], /'--json' does not take an argument/],
    [["balance", "more"], /Too many arguments for balance/],
    [["balance", "--task", "{}"], /balance does not take --task/],
    [["solve", "a.png", "--type", "X"], /solve does not take --type/],
    [["errors", "--service", "capmonster"], /errors does not take --service/],
    [["balance", "--timeout", "soon"], /number of seconds/],
    [["balance", "--timeout="], /number of seconds/],
    [["balance", "--timeout", "0"], /number of seconds above 0/],
    [["balance", "--timeout=-1"], /number of seconds above 0/],
    [["solve"], /IMAGE or a --task/],
    [["solve", "a.png", "b.png"], /Too many arguments for solve/],
    [["solve", "no-such-file.png"], /Cannot read the image \(ENOENT/],
    [["solve", "."], /Cannot read the image \(EISDIR/],
    [["solve", "--task", "{type:1}"], /--task is not valid JSON/],
    [["solve", "--task", "[]"], /--task must be a JSON object/],
    [["solve", "--task", "null"], /--task must be a JSON object/],
    [
      ["solve", "a.png", "--task", '{"type":"TurnstileTask"}'],
      /IMAGE is only for an ImageToTextTask/,
    ],
    [["result"], /result needs an ID/],
    [["result", "1", "2"], /Too many arguments for result/],
  ]) {
    it(`capwire ${args.join(" ")}`, async () => {
      await usage(args, pattern);
    });
  }

  for (const [args, message] of [
    [["balance", "--service", "other"], /: `--service` must be capmonster or brocapgpt\n/],
    [["balance", "--base-url", "http://a.example"], /: `--base-url` must start with https:/],
    [["balance", "--base-url", "http://127.0.0.1:9/\\"], /: `--base-url` must not contain/],
    [["result", "12x"], /: ID must be a task id/],
  ]) {
    it(`capwire ${args.join(" ")} names what is wrong by its name in the terminal`, async () => {
      const { stderr, code } = await cli(args);
      assert.ok(code === 13 || code === 24, `${code}`);
      assert.match(stderr, message);
    });
  }

  it("an invalid id is refused by the core", async () => {
    const { stderr, code } = await cli(["result", "12x", "--json"]);
    assert.equal(code, 13);
    const error = JSON.parse(stderr);
    assert.deepEqual([error.code, error.field], ["INVALID_TASK", "taskId"]);
  });
});
