//! The crate as WebAssembly: compiled by cargo, bound by wasm-bindgen, and made small by wasm-opt.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;
use wasmparser::{DataKind, Operator, Parser, Payload};
use xshell::{Shell, cmd};

use crate::stamp::digest;
use crate::toolchain::{Toolchain, WASM};
use crate::util::{locked, npm_bin, quietly, root};

/// Features that every supported engine has. `--all-features` would let wasm-opt use some that none has.
const FEATURES: [&str; 4] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
];

/// The passes that save most bytes, found by trying.
const SMALLER: [&str; 5] = ["--low-memory-unused", "--flatten", "--rereloop", "-Oz", "-Oz"];

/// The names of the functions by their numbers, beside the wasm.
pub(crate) const FUNCTIONS: &str = "functions.txt";

/// `--low-memory-unused` is only right if nothing is kept below this address.
const LOW_MEMORY: u32 = 1024;

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
        // The report of the sizes takes them apart. Only the names of functions depend on it.
        .demangle(false)
        .remove_producers_section(true)
        .generate(folder)
}

/// Makes a wasm file small, after some other passes, and returns the short names of its imports and exports. The
/// names of its functions, which it loses, are written beside it.
pub(crate) fn shrink(sh: &Shell, file: &Path, before: &[&str]) -> Result<Vec<u8>> {
    check_low_memory(&fs::read(file)?)?;
    let wasm_opt = npm_bin(sh, "wasm-opt")?;
    let functions = file.with_file_name(FUNCTIONS);
    let command = cmd!(
        sh,
        "{wasm_opt} {before...} {SMALLER...} {FEATURES...} --symbolmap={functions} {STRIP...} {file} -o {file}"
    );
    Ok(command.quiet().output()?.stdout)
}

/// Fails if the linker has put data at the bottom of the memory. Normally the stack is there, which grows down: it
/// reaches these addresses only where it is about to overflow, and then the module traps a little earlier.
fn check_low_memory(wasm: &[u8]) -> Result<()> {
    let mut parts = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::DataSection(data) = payload? else { continue };
        for part in data {
            let DataKind::Active { offset_expr, .. } = part?.kind else {
                bail!("the wasm has data without an address")
            };
            let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
                bail!("the wasm has data at an address that is not a constant")
            };
            // As an unsigned number, so that no address is negative.
            ensure!(
                value.cast_unsigned() >= LOW_MEMORY,
                "the wasm has data at the address {value}"
            );
            parts += 1;
        }
    }
    ensure!(parts > 0, "the wasm has no data");
    Ok(())
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
