//! The module as JavaScript, for places where WebAssembly is switched off.
//!
//! It is made from the same wasm that cargo wrote. wasm2js knows only the first version of WebAssembly, so wasm-opt
//! replaces newer features.

use std::fs;
use std::path::Path;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::glue::{as_function, over_javascript, per_instance, with_short_names};
use crate::util::{npm_bin, quietly, root};
use crate::wasm::{bind, shrink};

const LOWERED: [&str; 3] = [
    "--llvm-memory-copy-fill-lowering",
    "--llvm-nontrapping-fptoint-lowering",
    "--signext-lowering",
];

const TYPES: &str = "\
import type makeGlue from \"./glue.js\";
export default function start(
  guard: (exports: WebAssembly.Exports) => WebAssembly.Exports,
): ReturnType<typeof makeGlue>;
";

/// Takes the place of the module in a development build, which has none.
const MISSING: &str = "\
export default async function start() {
    throw new Error(\"a development build has no capwire/js: run `cargo xtask build`\");
}
";

/// Writes `js-glue.js` into a folder: the module and its glue in one, as a function that starts it.
pub(crate) fn write(sh: &Shell, wasm: &[u8], ready: &Path) -> Result<()> {
    let work = root().join("target/wasm/js");
    bind(wasm, &work)?;
    let (wasm, module, glue) =
        (work.join("glue_bg.wasm"), work.join("module.js"), work.join("glue.js"));
    let (wasm2js, esbuild) = (npm_bin(sh, "wasm2js")?, npm_bin(sh, "esbuild")?);
    let names = shrink(sh, &wasm, &LOWERED)?;
    quietly(cmd!(sh, "{wasm2js} -Oz {wasm} -o {module}"))?;

    fs::write(&module, as_function(&fs::read_to_string(&module)?)?)?;
    let bound = per_instance(&fs::read_to_string(&glue)?)?;
    fs::write(&glue, with_short_names(&over_javascript(&bound)?, &names)?)?;
    let bundle = ready.join("js-glue.js");
    quietly(cmd!(
        sh,
        "{esbuild} {glue} --bundle --minify --format=esm --external:./platform.js --log-level=error --outfile={bundle}"
    ))?;
    Ok(fs::write(ready.join("js-glue.d.ts"), TYPES)?)
}

/// Writes a `js-glue.js` that refuses to start.
pub(crate) fn write_missing(ready: &Path) -> Result<()> {
    fs::write(ready.join("js-glue.js"), MISSING)?;
    Ok(fs::write(ready.join("js-glue.d.ts"), TYPES)?)
}
