// TypeScript as an editor asks it: about one file in the project in which the packed package is installed.

import { join, resolve } from "node:path";

const project = resolve(import.meta.dirname, "../../target/consumer");
const file = join(project, "editor.mts");

/** Where the editor's cursor is in the code of a test. */
const CURSOR = "/*|*/";

/** What every code of a test starts with. */
const HEAD = `
import { CaptchaError, Client, isOfType } from "capwire";
import type { OldTurnstileTask, TurnstileTask, WithExtraFields } from "capwire";
declare const client: Client;
declare const body: Uint8Array;
declare const caught: unknown;
const websiteURL = "https://shop.example/login";
const page = { websiteURL, websiteKey: "0x4AAA" };
`;

/** An editor with a version of TypeScript. */
export function editor(ts) {
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: [],
  };
  let text = HEAD;
  let version = 0;
  const service = ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: (name) => (name === file ? String(version) : "0"),
    getScriptSnapshot(name) {
      const content = name === file ? text : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => project,
    getCompilationSettings: () => options,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });

  /**
   * Types each code in a block of its own, and gives the place of the cursor in it and where the block ends. All at
   * once, because TypeScript reads the declarations again after each change.
   */
  function type(codes) {
    text = HEAD;
    version++;
    return codes.map((code) => {
      text += "{\n";
      const cursor = text.length + code.indexOf(CURSOR);
      text += `${code.replace(CURSOR, "")}\n}\n`;
      return { cursor, end: text.length };
    });
  }
  const plain = (message) => ts.flattenDiagnosticMessageText(message, "\n");

  return {
    /** The names that are offered at each cursor. */
    completions(codes) {
      return type(codes).map(({ cursor }) => {
        const list = service.getCompletionsAtPosition(file, cursor, {});
        return (list?.entries ?? []).map(({ name }) => name).sort();
      });
    },

    /** What is shown when the pointer is over the name after each cursor. */
    hovers(codes) {
      return type(codes).map(({ cursor }) => {
        const info = service.getQuickInfoAtPosition(file, cursor);
        return {
          text: ts.displayPartsToString(info?.displayParts),
          documentation: ts.displayPartsToString(info?.documentation),
          tags: (info?.tags ?? []).map(({ name }) => name),
        };
      });
    },

    /** The errors of each code: what is underlined, and what is said about it. */
    errors(codes) {
      const blocks = type(codes);
      const errors = blocks.map(() => []);
      for (const { start, length, messageText } of service.getSemanticDiagnostics(file)) {
        const block = blocks.findIndex(({ end }) => start < end);
        const underlined = text.slice(start, start + length);
        errors[block].push({ underlined, message: plain(messageText) });
      }
      return errors;
    },

    /** The errors in the package's own declarations. */
    declarationErrors() {
      type([]);
      const program = service.getProgram();
      const own = program.getSourceFiles().filter(({ fileName }) => /\/capwire\//.test(fileName));
      const errors = own.flatMap((source) => [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ]);
      return { files: own.length, errors: errors.map(({ messageText }) => plain(messageText)) };
    },
  };
}
