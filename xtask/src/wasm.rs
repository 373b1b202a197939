//! The crate as WebAssembly: compiled by cargo, bound by wasm-bindgen, and made small by wasm-opt.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;
use xshell::{Shell, cmd};

use crate::stamp::digest;
use crate::toolchain::{Toolchain, WASM};
use crate::util::{locked, npm_bin, quietly, root};

/// Features that every supported engine has. `--all-features` would let wasm-opt use some that none has.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// The passes that save most bytes, found by trying.
const SMALLER: [&str; 4] = ["--flatten", "--rereloop", "-Oz", "-Oz"];

const STRIP: [&str; 4] = [
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    // Last: it prints the short names that it has given.
    "--minify-imports-and-exports-and-modules",
];

/// Compiles the crate with a profile of Cargo.toml and returns the wasm.
pub(crate) fn compile(sh: &Shell, toolchain: Toolchain, profile: &str) -> Result<Vec<u8>> {
    let cargo = toolchain
        .cargo(sh)
        .args(["rustc", "--profile", profile, "-p", "capwire", "--lib"])
        // Only one of the crate's two types: cargo can't do link-time optimisation for both at once.
        .args(["--crate-type", "cdylib"])
        .args(locked());
    quietly(toolchain.for_wasm(sh, cargo)?)?;
    let wasm = root().join("target/wasm").join(WASM).join(profile).join("capwire.wasm");
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
        // Each entry of the shell says where its wasm is. A default here would make bundlers copy the wasm
        // even where it is not used.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
}

/// Makes a wasm file small, after some other passes, and returns the short names of its imports and exports.
pub(crate) fn shrink(sh: &Shell, file: &Path, before: &[&str]) -> Result<Vec<u8>> {
    let wasm_opt = npm_bin(sh, "wasm-opt")?;
    let command =
        cmd!(sh, "{wasm_opt} {before...} {SMALLER...} {FEATURES...} {STRIP...} {file} -o {file}");
    Ok(command.quiet().output()?.stdout)
}

/// Adds an empty custom section as a mark of this very wasm, and returns its name.
pub(crate) fn add_mark(wasm: &mut Vec<u8>) -> Result<String> {
    let hash = digest([wasm]);
    let mark = format!("capwire-{}", hash.get(..8).context("the hash is too short")?);
    let length = u8::try_from(mark.len())?;
    wasm.extend([0, length + 1, length]);
    wasm.extend(mark.as_bytes());
    Ok(mark)
}
