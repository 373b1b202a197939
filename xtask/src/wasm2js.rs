//! The module as JavaScript, for places where WebAssembly is switched off.
//!
//! It is made from the same wasm that cargo wrote. wasm2js knows only the first version of WebAssembly, so
//! newer features are lowered: reference types and multiple results by other glue, the rest by wasm-opt.

use std::fs;
use std::path::Path;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::glue::{as_function, guard_exports, over_javascript, with_short_names};
use crate::util::{npm_bin, quietly, root};
use crate::wasm::{bind, shrink};

/// wasm-bindgen uses these if the module says that its engines have them.
const USED_BY_GLUE: [&str; 2] = ["reference-types", "multivalue"];

const LOWERED: [&str; 3] = [
    "--llvm-memory-copy-fill-lowering",
    "--llvm-nontrapping-fptoint-lowering",
    "--signext-lowering",
];

const TYPES: &str =
    "export { abort, Core, complete, default, errorTable, parseCallback } from \"./glue.js\";\n";

/// Takes the place of the module in a development build, which has none.
const MISSING: &str = "\
export { abort, Core, complete, errorTable, parseCallback } from \"./glue.js\";
export default async function start() {
    throw new Error(\"a development build has no capwire/js: run `cargo xtask build`\");
}
";

/// Writes `js-glue.js` into a folder: the module and its glue in one, with the same exports as the other glue.
pub(crate) fn write(sh: &Shell, wasm: &[u8], ready: &Path) -> Result<()> {
    let work = root().join("target/wasm/js");
    bind(&without_features(wasm)?, &work)?;
    let (wasm, module, glue) =
        (work.join("glue_bg.wasm"), work.join("module.js"), work.join("glue.js"));
    let (wasm2js, esbuild) = (npm_bin(sh, "wasm2js")?, npm_bin(sh, "esbuild")?);
    let names = shrink(sh, &wasm, &LOWERED)?;
    quietly(cmd!(sh, "{wasm2js} -Oz {wasm} -o {module}"))?;

    fs::write(&module, as_function(&fs::read_to_string(&module)?)?)?;
    let bound = guard_exports(&fs::read_to_string(&glue)?)?;
    fs::write(&glue, with_short_names(&over_javascript(&bound)?, &names)?)?;
    let bundle = ready.join("js-glue.js");
    quietly(cmd!(
        sh,
        "{esbuild} {glue} --bundle --minify --format=esm --external:./trap.js --external:./platform.js --log-level=error --outfile={bundle}"
    ))?;
    Ok(fs::write(ready.join("js-glue.d.ts"), TYPES)?)
}

/// Writes a `js-glue.js` that refuses to start.
pub(crate) fn write_missing(ready: &Path) -> Result<()> {
    fs::write(ready.join("js-glue.js"), MISSING)?;
    Ok(fs::write(ready.join("js-glue.d.ts"), TYPES)?)
}

/// The module, marked as built without the features that its glue must not use.
fn without_features(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut wasm = wasm.to_vec();
    for name in USED_BY_GLUE {
        // An entry in its list of features, near the end: a sign, the name's length, the name.
        let entry = [&[b'+', u8::try_from(name.len())?], name.as_bytes()].concat();
        // It may have been built without the feature.
        if let Some(at) = wasm.windows(entry.len()).rposition(|part| part == entry) {
            wasm[at] = b'-';
        }
    }
    Ok(wasm)
}
