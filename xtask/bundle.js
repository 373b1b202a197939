// Bundles the package: `node xtask/bundle.js GLUE DIST`. The TypeScript of pkg/src and the generated files in the
// folder GLUE become one file per entry in the folder DIST.
//
// Two more files have what the entries share, so that a program which imports several of them has it once:
//
// - errors.js: the classes of errors. It imports nothing, so a content script can use it alone.
// - client.js: everything else that index.ts leads to, with its state.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";

const [glue, dist] = process.argv.slice(2).map((folder) => resolve(folder));
const root = resolve(import.meta.dirname, "..");
const src = join(root, "pkg/src");

/** The names of the entries: the files that the package's manifest names. */
const manifest = readFileSync(join(root, "pkg/package.json"), "utf8");
const entries = [
  ...new Set(Array.from(manifest.matchAll(/\bdist\/([\w-]+)\.js"/g), ([, name]) => name)),
];

const common = {
  // Comments in the output name files from here, so that it is the same on every machine.
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  // Node's modules stay imports; nothing else depends on it.
  platform: "node",
  outdir: dist,
  sourcemap: true,
  // The sources are in the package.
  sourcesContent: false,
  metafile: true,
  legalComments: "inline",
  logLevel: "warning",
};

/** The source of a module: the generated files are imported as if they were beside the others. */
function find(specifier, importer) {
  const name = specifier.replace(/\.js$/, "");
  const places = [
    join(dirname(importer), `${name}.ts`),
    join(src, `${name}.ts`),
    join(glue, specifier),
  ];
  return places.find(existsSync);
}

/** Resolves relative imports. `shared` are the files that are in client.js, if that is bundled already. */
function resolver(shared = []) {
  return {
    name: "capwire",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\// }, ({ path: specifier, importer, kind }) => {
        if (kind === "entry-point") return undefined;
        const file = specifier.replace(/^(\.\.?\/)+/, "");
        const isEntry = entries.includes(file.replace(/\.js$/, ""));
        if (isEntry || file === "capwire.wasm") return { path: `./${file}`, external: true };
        const path = find(specifier, importer);
        if (!shared.includes(path)) return { path };
        if (file === "index.js") return { path: "index", namespace: "public" };
        return { path: "./client.js", external: true };
      });
    },
  };
}

/**
 * Stands for index.ts in the entries: its exports, from the files in which they are. They are named one by one,
 * because esbuild loses an `export *` of a file that it does not bundle.
 */
function index(exports) {
  const lines = Object.entries(exports).map(
    ([file, names]) => `export { ${names} } from "./${file}.js";`,
  );
  return {
    name: "index",
    setup(build) {
      build.onLoad({ filter: /^index$/, namespace: "public" }, () => ({
        contents: lines.join("\n"),
      }));
    },
  };
}

const entry = (name) => join(src, `${name}.ts`);

/** What esbuild finds out about a file and all that it imports. */
async function analyse(name) {
  const options = { ...common, entryPoints: [entry(name)], write: false, plugins: [resolver()] };
  const { metafile } = await build(options);
  const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
  return {
    files: Object.keys(output.inputs).map((file) => join(root, file)),
    exports: output.exports,
  };
}

const [errors, client] = await Promise.all(["errors", "index"].map(analyse));
const inner = client.files.filter((file) => file !== entry("index"));
await build({
  ...common,
  stdin: {
    contents: inner.map((file) => `export * from ${JSON.stringify(file)};`).join("\n"),
    resolveDir: src,
    sourcefile: "client",
  },
  outdir: undefined,
  outfile: join(dist, "client.js"),
  plugins: [resolver()],
});

// What errors.js uses is in it too: it must not import client.js.
const shared = client.files.filter((file) => !errors.files.includes(file));
const plugins = [resolver(shared), index({ client: client.exports, errors: errors.exports })];
const readable = entries.filter((name) => name !== "js");
await build({ ...common, entryPoints: readable.map(entry), plugins });
// Nearly all of it is the output of wasm2js, which nobody can read.
const unreadable = { minify: true, sourcemap: false };
await build({ ...common, ...unreadable, entryPoints: [entry("js")], plugins });
