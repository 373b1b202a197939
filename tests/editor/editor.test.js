// What an editor offers, shows and underlines: completions, quick info and errors of TypeScript's language service,
// with the oldest version that is supported and with the last one that has such a service. `tests/node/types` is
// checked by the compiler of the root, which is newer.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import oldest from "typescript-5.0";
import newest from "typescript-6";
import { editor } from "./language-service.js";

const rows = JSON.parse(readFileSync(new URL("../fixtures/tasks.json", import.meta.url), "utf8"));
/** The documented types, and their older names. */
const types = [...new Set(rows.flatMap(({ minimal, legacy }) => [minimal.type, ...legacy]))].sort();

/** The fields that select a row. */
const SELECTORS = ["type", "class", "version"];
const selecting = (task) =>
  SELECTORS.filter((name) => name in task)
    .map((name) => `${name}: ${JSON.stringify(task[name])}`)
    .join(", ");

for (const ts of [oldest, newest]) {
  describe(`the editor with TypeScript ${ts.version}`, () => {
    const at = editor(ts);

    it("finds no error in the declarations", () => {
      const { files, errors } = at.declarationErrors();
      assert.ok(files > 5, `${files}`);
      assert.deepEqual(errors, []);
    });

    it("offers every type of task", () => {
      const codes = [
        'client.solve({ type: "/*|*/" });',
        'client.createTask({ type: "/*|*/" });',
        'client.solveAll([{ type: "/*|*/" }]);',
        'client.waitForResult(1, { type: "/*|*/" });',
        'client.getTaskResult(1, { type: "/*|*/" });',
      ];
      // The last one is as somebody types it.
      const all = [...at.completions(codes), ...at.completions(['client.solve({ type: "/*|*/'])];
      for (const [index, names] of all.entries()) {
        // Some versions offer the text that is there, too.
        const offered = names.filter((name) => name !== "");
        assert.deepEqual(offered, types, codes[index]);
      }
    });

    it("offers the fields of the type", () => {
      const all = at.completions(
        rows.map(({ minimal }) => `client.solve({ ${selecting(minimal)}, /*|*/ });`),
      );
      for (const [index, { row, minimal, full }] of rows.entries()) {
        const fields = Object.keys(full).filter((name) => !SELECTORS.includes(name));
        // The class of a CustomTask is a field like any other.
        if (row === "CustomTask") assert.ok("class" in minimal);
        const missing = fields.filter((name) => !all[index].includes(name));
        assert.deepEqual(missing, [], row);
      }
      assert.ok(!all[0].includes("websiteKey"), "a field of another type");
    });

    it("offers the values of a field", () => {
      const click = 'type: "ComplexImageTask", class: "recaptcha", imagesBase64: [body]';
      const [classes, grids, proxies] = at.completions([
        'client.solve({ type: "ComplexImageTask", class: "/*|*/" });',
        `client.solve({ ${click}, metadata: { Grid: "/*|*/" } });`,
        'client.solve({ type: "TurnstileTask", ...page, proxyType: "/*|*/" });',
      ]);
      const known = ["funcaptcha", "hcaptcha", "recaptcha", "recognition", "yandexsmartcaptcha"];
      assert.deepEqual(classes, known);
      assert.deepEqual(grids, ["1x1", "3x3", "4x4"]);
      assert.deepEqual(proxies, ["http", "https", "socks4", "socks5"]);
    });

    it("offers the options of an image", () => {
      const [names] = at.completions(["client.solveImage(body, { /*|*/ });"]);
      for (const name of ["numeric", "case", "capMonsterModule", "timeoutMs", "signal"]) {
        assert.ok(names.includes(name), name);
      }
      assert.ok(!names.includes("body"));
      const [hover] = at.hovers(["client.solveImage(body, { /*|*/numeric: 1 });"]);
      assert.equal(hover.documentation, "Set to 1 if the text has only digits.");
    });

    it("shows the solution by its name", () => {
      const clicks = 'class: "yandexsmartcaptcha", imagesBase64: [body]';
      const solutions = {
        'solve({ type: "ImageToTextTask", body })': "ImageToTextSolution",
        'solve({ type: "RecaptchaV2Task", ...page })': "RecaptchaV2Solution",
        'solve({ type: "NoCaptchaTask", ...page })': "RecaptchaV2Solution",
        'solve({ type: "GeeTestTask", websiteURL, gt: "x", version: "4" })': "GeeTestV4Solution",
        [`solve({ type: "ComplexImageTask", ${clicks} })`]:
          "ComplexImageYandexsmartcaptchaSolution",
        'waitForResult(1, { type: "ImageToTextTask" })': "ImageToTextSolution",
        'solve({ type: "SomethingNewTask", x: 1 })': "unknown",
      };
      const hovers = (before) => {
        const calls = Object.keys(solutions);
        return at.hovers(calls.map((call) => `${before} = await client.${call};`));
      };
      const names = Object.values(solutions);
      for (const [index, { text, documentation }] of hovers("const { /*|*/solution }").entries()) {
        assert.equal(text, `const solution: ${names[index]}`);
        assert.equal(documentation, "The solution, as the service gave it.");
      }
      for (const [index, { text }] of hovers("const /*|*/solved").entries()) {
        assert.equal(text, `const solved: Solved<${names[index]}>`);
      }
      const [call] = at.hovers(['client./*|*/solve({ type: "ImageToTextTask", body });']);
      assert.match(call.documentation, /^Solves a task/);
      assert.doesNotMatch(call.text, / extends /, "a type that is not worked out");
    });

    it("shows what a field is for", () => {
      const [field, page] = at.hovers([
        'client.solve({ type: "ImageToTextTask", body, /*|*/numeric: 1 });',
        'client.solve({ type: "TurnstileTask", /*|*/websiteURL, websiteKey: "x" });',
      ]);
      assert.equal(field.documentation, "Set to 1 if the text has only digits.");
      assert.match(page.documentation, /^The full address of the page/);
    });

    it("says that older names are deprecated", () => {
      const current = rows.map(({ minimal }) => minimal);
      const old = rows.flatMap(({ minimal, legacy }) =>
        legacy.map((type) => ({ ...minimal, type })),
      );
      assert.ok(old.length > 8);
      const isDeprecated = ({ tags }) => tags.includes("deprecated");
      const hovers = (tasks) =>
        at.hovers(
          tasks.map((task) => {
            const [type, ...fields] = Object.entries(task).map(
              ([name, value]) => `${name}: ${JSON.stringify(value)}`,
            );
            return `client.solve({ /*|*/${[type, ...fields].join(", ")} });`;
          }),
        );
      assert.ok(hovers(old).every(isDeprecated));
      assert.ok(!hovers(current).some(isDeprecated));
      const [{ tags }] = at.hovers(["let task: /*|*/OldTurnstileTask;"]);
      assert.deepEqual(tags, ["deprecated"]);
    });

    it("underlines a misspelt field, and only that", () => {
      const recognition = 'type: "ComplexImageTask", class: "recognition", imagesBase64: [body]';
      const misspelt = {
        numerik: '{ type: "ImageToTextTask", body, numerik: 1 }',
        isInvisble: '{ type: "RecaptchaV2Task", ...page, isInvisble: true }',
        useragent: '{ type: "HCaptchaTaskProxyless", ...page, useragent: "x" }',
        TaskArgumnt: `{ ${recognition}, metadata: { Task: "x", TaskArgumnt: "y" } }`,
      };
      for (const call of ["solve", "createTask"]) {
        const all = at.errors(Object.values(misspelt).map((task) => `client.${call}(${task});`));
        for (const [index, field] of Object.keys(misspelt).entries()) {
          assert.deepEqual(
            all[index].map(({ underlined }) => underlined),
            [field],
          );
          const message = /^Type '\w+' is not assignable to type 'UnknownField'/;
          assert.match(all[index][0].message, message);
        }
      }
      const extra = at.errors([
        `const task: WithExtraFields<TurnstileTask> = { type: "TurnstileTask", ...page, x: 1 };
        (await client.solve(task)).solution.token;`,
        '(await client.solve({ type: "SomethingNewTask", x: 1 })).solution;',
      ]);
      assert.deepEqual(extra, [[], []]);
    });

    it("says at the right place, once, what else is wrong with a task", () => {
      const missing = '{ type: "RecaptchaV2Task", websiteURL }';
      const [[first], [second], [third], ...others] = at.errors([
        `client.solve(${missing});`,
        'client.solve({ type: "ImageToTextTask", body, numeric: 2 });',
        'client.solve({ type: "GeeTestTask", websiteURL, gt: "x", version: 5 });',
      ]);
      assert.equal(others.length, 0);
      assert.equal(first.underlined, missing);
      assert.match(first.message, /\n *Property 'websiteKey' is missing in type/);
      const type = (value, expected) => `Type '${value}' is not assignable to type '${expected}'.`;
      const numeric = type("2", "0 | 1 | null | undefined");
      assert.deepEqual(second, { underlined: "numeric", message: numeric });
      const version = type("5", '3 | "3" | 4 | "4"');
      assert.deepEqual(third, { underlined: "version", message: version });
    });

    it("narrows errors by their names, which it offers", () => {
      const checks = ["caught instanceof CaptchaError", "CaptchaError.is(caught)"];
      const codes = (body) =>
        checks.map((check) => `if (${check}) switch (caught.name) { ${body} }`);
      for (const names of at.completions(codes('case "/*|*/":'))) {
        assert.equal(names.length, 16);
        assert.ok(names.includes("SolveTimeoutError"));
      }
      for (const { text } of at.hovers(codes('case "ImageError": /*|*/caught;'))) {
        assert.match(text, /: ImageError$/);
      }
    });

    it("narrows the records of a batch", () => {
      const loop = (body) => `
        for await (const settled of client.solveAll([
          { type: "ImageToTextTask", body }, { type: "TurnstileTask", ...page },
        ])) if (settled.status === "fulfilled") { ${body} }`;
      const isImage = 'isOfType(settled, "ImageToTextTask")';
      const [{ text }] = at.hovers([loop(`if (${isImage}) settled.value./*|*/solution;`)]);
      assert.ok(text.endsWith("solution: ImageToTextSolution"), text);
      const both = `if (${isImage}) settled.value.solution.text; else settled.value.solution.token;`;
      assert.deepEqual(at.errors([loop(both)]), [[]]);
      const [types] = at.completions([loop('isOfType(settled, "/*|*/");')]);
      assert.deepEqual(types, ["ImageToTextTask", "TurnstileTask"]);
    });
  });
}
