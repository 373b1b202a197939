// Writes the public declarations of the built package, a report per entry, into target/api:
// node docs/api-report.js
//
// API Extractor follows the imports of each entry and writes what a user can name or gets, sorted and without
// comments. `cargo xtask test api` compares the reports with docs/api.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

const root = resolve(import.meta.dirname, "..");
const pkg = join(root, "pkg");
const folder = join(root, "target/api");
const { exports, bin } = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8"));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

// Which names can be imported, and the declarations of each.
const types = (target) => target.types ?? "no declarations";
const entries = Object.entries(exports).map(([name, target]) => `${name}: ${types(target)}\n`);
const commands = Object.keys(bin).map((name) => `command ${name}\n`);
writeFileSync(join(folder, "entries.txt"), [...entries, ...commands].join(""));

const declarations = new Set(Object.values(exports).flatMap((target) => target.types ?? []));
for (const file of declarations) {
  const { succeeded } = Extractor.invoke(
    ExtractorConfig.prepare({
      configObject: {
        projectFolder: pkg,
        mainEntryPointFilePath: join(pkg, file),
        compiler: {
          overrideTsconfig: { extends: "../docs/tsconfig.json", files: [file] },
        },
        apiReport: {
          enabled: true,
          reportFolder: folder,
          reportTempFolder: join(folder, "temp"),
          reportFileName: basename(file, ".d.ts"),
          includeForgottenExports: true,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        newlineKind: "lf",
        messages: {
          compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
          // Release tags, hyphens of @param, links: typedoc checks the comments.
          extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        },
      },
      configObjectFullPath: join(pkg, "api-extractor.json"),
      packageJsonFullPath: join(pkg, "package.json"),
    }),
    {
      localBuild: true,
      // Only errors matter: it also reports each file that it writes.
      messageCallback: (message) => {
        message.handled = message.logLevel !== ExtractorLogLevel.Error;
      },
    },
  );
  if (!succeeded) process.exitCode = 1;
}
rmSync(join(folder, "temp"), { recursive: true, force: true });
