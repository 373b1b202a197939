//! The module as JavaScript, for places where WebAssembly is switched off.
//!
//! It is the same wasm that cargo wrote. wasm2js knows the first version of WebAssembly only, so what is newer
//! is lowered to it: references and several results by glue that does without, the rest by wasm-opt.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use crate::wasm::{FEATURES, SMALLER, STRIP, bind, guard_exports, with_short_names};
use crate::{npm_bin, quietly, root};

/// wasm-bindgen makes use of these where the module says that its engines have them.
const OF_THE_GLUE: [&str; 2] = ["reference-types", "multivalue"];

const LOWERED: [&str; 3] = [
    "--llvm-memory-copy-fill-lowering",
    "--llvm-nontrapping-fptoint-lowering",
    "--signext-lowering",
];

/// Writes `js-glue.js` into a folder: the module and its glue in one, with the same exports as the other glue.
pub(crate) fn write(sh: &Shell, wasm: &[u8], ready: &Path) -> Result<()> {
    let work = root().join("target/wasm/js");
    bind(&without_features(wasm)?, &work)?;
    guard_exports(&work.join("glue.js"))?;

    let (wasm_opt, wasm2js, esbuild) =
        (npm_bin("wasm-opt"), npm_bin("wasm2js"), npm_bin("esbuild"));
    let (wasm, module, glue) =
        (work.join("glue_bg.wasm"), work.join("module.js"), work.join("glue.js"));
    let names =
        cmd!(sh, "{wasm_opt} {LOWERED...} {SMALLER...} {FEATURES...} {STRIP...} {wasm} -o {wasm}")
            .quiet()
            .output()?;
    quietly(cmd!(sh, "{wasm2js} -Oz {wasm} -o {module}"))?;

    fs::write(&module, as_function(&fs::read_to_string(&module)?)?)?;
    fs::write(
        &glue,
        with_short_names(&over_javascript(&fs::read_to_string(&glue)?)?, &names.stdout)?,
    )?;
    let bundle = ready.join("js-glue.js");
    quietly(cmd!(
        sh,
        "{esbuild} {glue} --bundle --minify --format=esm --external:./trap.js --log-level=error --outfile={bundle}"
    ))?;
    let types = "export { Core, default, errorTable, parseCallback } from \"./glue.js\";\n";
    Ok(fs::write(ready.join("js-glue.d.ts"), types)?)
}

/// The module as one that says of itself that it was built without them.
fn without_features(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut wasm = wasm.to_vec();
    for name in OF_THE_GLUE {
        // As its list of features has it, near the end: a sign, the name's length, the name.
        let entry = [&[b'+', u8::try_from(name.len())?], name.as_bytes()].concat();
        // It may have been built without it.
        if let Some(at) = wasm.windows(entry.len()).rposition(|part| part == entry) {
            wasm[at] = b'-';
        }
    }
    Ok(wasm)
}

/// What wasm2js wrote, which starts by itself when it is imported, as a function that starts it.
fn as_function(module: &str) -> Result<String> {
    let (_, body) = module.split_once("\n\n").context("wasm2js imports in another way")?;
    let (body, _) =
        body.split_once("\nvar retasmFunc = ").context("wasm2js starts in another way")?;
    ensure!(body.contains("\nfunction asmFunc(imports) {"), "wasm2js has named it otherwise");
    Ok(format!("{body}\nexport default asmFunc;\n"))
}

/// The glue over that function instead of over `WebAssembly`, which it does not even mention.
fn over_javascript(glue: &str) -> Result<String> {
    let mut glue = glue.to_owned();
    let mut replace = |old: &str, new: &str| {
        ensure!(glue.matches(old).count() == 1, "the glue has not one `{old}`");
        glue = glue.replace(old, new);
        Ok(())
    };
    // The one intrinsic that is left to the engine: where in the table what is not constant begins.
    replace("import * as import1 from \"__wbindgen_externref_xform__\"\n", "")?;
    replace("        \"__wbindgen_externref_xform__\": import1,\n", "")?;
    replace(
        "const import0 = {\n",
        "const import0 = {\n        __wbindgen_externref_statics_end: function() { return 1028; },\n",
    )?;
    // Memory that grows leaves its old buffer as it was, where WebAssembly's detaches it.
    replace(
        "cachedUint8ArrayMemory0.byteLength === 0",
        "cachedUint8ArrayMemory0.buffer !== wasm.memory.buffer",
    )?;
    replace(
        "cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)",
        "cachedDataViewMemory0.buffer !== wasm.memory.buffer",
    )?;
    let (glue, _) = glue
        .split_once("\nasync function __wbg_load(")
        .context("the glue loads the module in another way")?;
    ensure!(glue.contains("if (idx < 1028) return;"), "the glue's own table begins elsewhere");
    ensure!(!glue.contains("WebAssembly"), "the glue uses WebAssembly");
    Ok(format!(
        "import asmFunc from \"./module.js\";
{glue}
export default async function start() {{
    return wasm ?? __wbg_finalize_init({{ exports: asmFunc(__wbg_get_imports()) }});
}}
"
    ))
}
