//! The build of the npm package: the crate and the TypeScript shell become `pkg/dist`.
//!
//! cargo → wasm-bindgen → wasm-opt → tsc. What comes out of the first three is kept in `target/wasm/ready`
//! and is made again only when the wasm that cargo wrote is another one.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use wasm_bindgen_cli_support::Bindgen;
use xshell::{Shell, cmd};

use crate::toolchain::{Toolchain, WASM};
use crate::{copy_folder, locked, npm_bin, quietly, root, step};
use crate::{js, types};

/// What a page may download for the package: the wasm and the JavaScript, both with gzip.
const BUDGET: usize = 66_000;

/// The same for `capwire/js`, where the JavaScript is all there is.
const JS_BUDGET: usize = 86_000;

/// What every engine that we support has. `--all-features` would let wasm-opt use what none has.
pub(crate) const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// What takes most bytes off, found by trying.
pub(crate) const SMALLER: [&str; 4] = ["--flatten", "--rereloop", "-Oz", "-Oz"];

pub(crate) const STRIP: [&str; 4] = [
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    // Last: it prints the short names that it has given.
    "--minify-imports-and-exports-and-modules",
];

/// Files of the root that npm shows or must ship, and wants to find beside the manifest.
const COPIED: [&str; 3] = ["README.md", "CHANGELOG.md", "LICENSE"];

/// What the outputs depend on besides the wasm: these files, and the pinned version of wasm-bindgen.
const RECIPE: &str = concat!(
    include_str!("wasm.rs"),
    include_str!("js.rs"),
    include_str!("types.rs"),
    include_str!("../../src/task/catalog.rs"),
    include_str!("../Cargo.toml")
);

pub(crate) fn build(sh: &Shell, toolchain: Toolchain) -> Result<()> {
    let wasm = step("compile the crate to wasm", || compile(sh, toolchain))?;
    let ready = root().join("target/wasm/ready");
    let lock =
        fs::read(root().join("package-lock.json")).context("package-lock.json is missing")?;

    let inputs = digest([&wasm, &lock, RECIPE.as_bytes()]);
    if !is_current(&ready, &inputs)? {
        step("make the JavaScript glue", || make_glue(&wasm, &ready))?;
        step("shrink the wasm", || shrink(sh, &ready))?;
        step("turn the wasm into JavaScript", || js::write(sh, &wasm, &ready))?;
        stamp(&ready, &inputs)?;
    }

    let package = root().join("pkg");
    let dist = package.join("dist");
    let inputs = digest([
        &tree(&ready)?,
        &tree(&package.join("src"))?,
        &fs::read(package.join("tsconfig.json"))?,
        &lock,
        RECIPE.as_bytes(),
    ]);
    if !is_current(&dist, &inputs)? {
        step("compile the TypeScript", || {
            // Emptied, so that nothing is published whose source is gone.
            sh.remove_path(&dist)?;
            copy_folder(sh, &ready, &dist)?;
            write_inline(&dist)?;
            let tsc = npm_bin("tsc");
            quietly(cmd!(sh, "{tsc} -p pkg"))
        })?;
        stamp(&dist, &inputs)?;
    }

    for name in COPIED {
        if root().join(name).exists() {
            sh.copy_file(root().join(name), &package)?;
        }
    }
    report_size(sh, &dist)
}

/// Runs cargo and returns the wasm it wrote.
fn compile(sh: &Shell, toolchain: Toolchain) -> Result<Vec<u8>> {
    let target = root().join("target/wasm");
    let locked = locked();
    let cargo = toolchain.cargo(sh).args(["rustc", "--release", "-p", "capwire", "--lib"]);
    quietly(
        cargo
            // Only this one of the crate's two types: cargo does no link-time optimisation for both at once.
            .args(["--crate-type", "cdylib", "--target", WASM, "--target-dir"])
            .arg(&target)
            .args(locked)
            .env("CARGO_ENCODED_RUSTFLAGS", toolchain.path_flags(sh)?.join("\x1f")),
    )?;
    let wasm = target.join(WASM).join("release/capwire.wasm");
    fs::read(&wasm).with_context(|| format!("cargo has not written {}", wasm.display()))
}

/// Runs wasm-bindgen over the wasm.
pub(crate) fn bind(wasm: &[u8], folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes("glue", wasm.to_vec())
        .web(true)?
        .typescript(true)
        // Each entry of the shell says itself where its wasm is. A default here would make bundlers copy
        // the wasm even where it is not used.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
}

fn make_glue(wasm: &[u8], ready: &Path) -> Result<()> {
    bind(wasm, ready)?;
    fs::remove_file(ready.join("glue_bg.wasm.d.ts"))?;
    guard_exports(&ready.join("glue.js"))?;
    let glue = fs::read_to_string(ready.join("glue.d.ts"))?;
    fs::write(ready.join("types.d.ts"), data_types(&glue)?)?;
    fs::write(ready.join("tasks.d.ts"), types::task_types())?;
    fs::rename(ready.join("glue_bg.wasm"), ready.join("capwire.wasm"))?;
    Ok(())
}

/// Lets the shell stand before each entry into the module, for it must learn of a trap.
pub(crate) fn guard_exports(glue: &Path) -> Result<()> {
    let text = fs::read_to_string(glue)?;
    let exports = "wasm = instance.exports;";
    ensure!(text.matches(exports).count() == 1, "the glue takes the exports in another way");
    let guarded = text.replace(exports, "wasm = guarded(instance.exports);");
    Ok(fs::write(glue, format!("import {{ guarded }} from \"./trap.js\";\n{guarded}"))?)
}

/// The declarations of the data types alone, which stand before those of the glue itself. The package's
/// public types must not lead to the latter: they need newer and other libraries than a user may have.
fn data_types(glue: &str) -> Result<&str> {
    let class = glue.find("export class").context("the glue declares no class")?;
    let comment = glue[..class].rfind("/**").context("the glue's class has no comment")?;
    Ok(&glue[..comment])
}

fn shrink(sh: &Shell, ready: &Path) -> Result<()> {
    let wasm_opt = npm_bin("wasm-opt");
    let wasm = ready.join("capwire.wasm");
    let names = cmd!(sh, "{wasm_opt} {SMALLER...} {FEATURES...} {STRIP...} {wasm} -o {wasm}")
        .quiet()
        .output()?;
    let glue = ready.join("glue.js");
    let renamed = with_short_names(&fs::read_to_string(&glue)?, &names.stdout)?;
    let (marked, checking) = bound_together(fs::read(&wasm)?, &renamed)?;
    fs::write(wasm, marked)?;
    Ok(fs::write(glue, checking)?)
}

/// The wasm with a mark of its own, an empty custom section, and the glue that takes no other. Their short
/// names mean something else in another build, and a copy of the file is easily left behind by an update.
fn bound_together(mut wasm: Vec<u8>, glue: &str) -> Result<(Vec<u8>, String)> {
    let hash = digest([&wasm]);
    let mark = format!("capwire-{}", hash.get(..8).context("the hash is too short")?);
    let length = u8::try_from(mark.len())?;
    wasm.extend([0, length + 1, length]);
    wasm.extend(mark.as_bytes());

    let start = "    wasmInstance = instance;\n";
    ensure!(glue.matches(start).count() == 1, "the glue starts the module in another way");
    let check = format!(
        "    if (!WebAssembly.Module.customSections(module, \"{mark}\").length) {{\n        \
         throw new Error(\"the file is not the capwire.wasm of this very version of the package\");\n    }}\n"
    );
    Ok((wasm, glue.replace(start, &(check + start))))
}

/// The glue with the short names that wasm-opt has given to what crosses between the two. The long ones
/// are a sixteenth of the download.
pub(crate) fn with_short_names(glue: &str, names: &[u8]) -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Names {
        imports: Vec<(String, String, String)>,
        exports: Vec<(String, String)>,
    }
    let names: Names = serde_json::from_slice(names).context("wasm-opt has printed no names")?;
    let mut glue = glue.replace("\"./glue_bg.js\": import0", "\"a\": import0");
    for (_, long, short) in &names.imports {
        let found = glue.matches(&format!(" {long}: function")).count();
        ensure!(found == 1, "the glue has no import {long}");
        glue = glue.replace(&format!(" {long}: function"), &format!(" {short}: function"));
    }
    for (long, short) in &names.exports {
        // A name may begin with another one, so what follows it decides.
        let call = format!("wasm.{long}");
        let mut parts = glue.split(&call);
        let mut renamed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let goes_on = part.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            let _ = write!(renamed, "wasm.{}{part}", if goes_on { long } else { short });
        }
        glue = renamed;
    }
    Ok(glue)
}

/// Writes the wasm as a JavaScript module, for the entry that fetches no file.
fn write_inline(dist: &Path) -> Result<()> {
    let base64 = BASE64.encode(gzip(&fs::read(dist.join("capwire.wasm"))?)?);
    Ok(fs::write(dist.join("wasm-inline.js"), format!("export default \"{base64}\";\n"))?)
}

/// Prints what a page downloads, and fails where that is more than promised.
fn report_size(sh: &Shell, dist: &Path) -> Result<()> {
    let wasm = fs::read(dist.join("capwire.wasm"))?;
    let (script, js) = (bundled(sh, &dist.join("browser.js"))?, bundled(sh, &dist.join("js.js"))?);
    let (wasm_gzip, script_gzip) = (gzip(&wasm)?.len(), gzip(&script)?.len());
    let download = wasm_gzip + script_gzip;
    eprintln!(
        "  capwire.wasm {} bytes ({wasm_gzip} with gzip), JavaScript {} ({script_gzip})",
        wasm.len(),
        script.len()
    );
    eprintln!(
        "  download {download} of {BUDGET} bytes, sha256 of the wasm {:x}",
        Sha256::digest(&wasm)
    );
    if download > BUDGET {
        bail!("the download of {download} bytes is over the budget of {BUDGET} bytes");
    }
    let js_gzip = gzip(&js)?.len();
    eprintln!("  capwire/js {} bytes, download {js_gzip} of {JS_BUDGET} bytes", js.len());
    if js_gzip > JS_BUDGET {
        bail!("capwire/js of {js_gzip} bytes is over its budget of {JS_BUDGET} bytes");
    }
    Ok(())
}

/// An entry with all that it imports, as a user's bundler makes it.
fn bundled(sh: &Shell, entry: &Path) -> Result<Vec<u8>> {
    let esbuild = npm_bin("esbuild");
    let script = cmd!(
        sh,
        "{esbuild} {entry} --bundle --minify --format=esm --external:*.wasm --log-level=error"
    );
    let name = entry.display();
    Ok(script.quiet().output().with_context(|| format!("esbuild could not bundle {name}"))?.stdout)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}

// Stamps: a folder is current when it was made from these inputs and nobody has touched it since.

fn is_current(folder: &Path, inputs: &str) -> Result<bool> {
    let stamp = fs::read_to_string(stamp_path(folder)).unwrap_or_default();
    Ok(folder.exists() && stamp == stamp_text(folder, inputs)?)
}

fn stamp(folder: &Path, inputs: &str) -> Result<()> {
    Ok(fs::write(stamp_path(folder), stamp_text(folder, inputs)?)?)
}

fn stamp_path(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    root().join("target/wasm").join(format!("{name}.stamp"))
}

fn stamp_text(folder: &Path, inputs: &str) -> Result<String> {
    Ok(format!("{inputs}\n{}\n", digest([&tree(folder)?])))
}

/// The names and contents of all files under a folder, in a fixed order.
fn tree(folder: &Path) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("the folder {} is missing", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        all.extend_from_slice(path.file_name().unwrap_or_default().as_encoded_bytes());
        all.extend(if path.is_dir() { tree(&path)? } else { fs::read(&path)? });
    }
    Ok(all)
}

fn digest<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, so that bytes can't move from one part to the next unnoticed.
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}
