//! The crate as WebAssembly: compiled by cargo, bound by wasm-bindgen, and made small by wasm-opt.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;
use wasmparser::{
    DataKind, Element, ElementItems, KnownCustom, Name, Naming, Operator, Parser, Payload,
};
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

/// The number of the section with the functions of the table.
const TABLE_SECTION: u8 = 9;

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
    let wasm = fs::read(file)?;
    check_low_memory(&wasm)?;
    fs::write(file, without_closures(&wasm)?)?;
    let wasm_opt = npm_bin(sh, "wasm-opt")?;
    let functions = file.with_file_name(FUNCTIONS);
    let command = cmd!(
        sh,
        "{wasm_opt} {before...} {SMALLER...} {FEATURES...} --symbolmap={functions} {STRIP...} {file} -o {file}"
    );
    Ok(command.quiet().output()?.stdout)
}

/// Takes functions out of the table that only JavaScript would call, for closures that the crate does not have.
/// `js-sys` describes them to wasm-bindgen, which exports those in use and leaves the others behind. wasm-opt cannot
/// tell that nobody calls them.
fn without_closures(wasm: &[u8]) -> Result<Vec<u8>> {
    let (mut closures, mut exported) = (BTreeSet::new(), BTreeSet::new());
    let mut table = None;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ExportSection(exports) => {
                for export in exports {
                    exported.insert(export?.index);
                }
            }
            Payload::ElementSection(elements) => {
                let range = elements.range();
                let parts = elements.into_iter().collect::<Result<Vec<_>, _>>()?;
                let [Element { items: ElementItems::Functions(functions), .. }] = &parts[..] else {
                    bail!("the wasm has another table than expected");
                };
                let start = functions.range().start;
                table = Some((
                    range,
                    start,
                    functions.clone().into_iter().collect::<Result<Vec<_>, _>>()?,
                ));
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                for part in names {
                    let Name::Function(functions) = part? else { continue };
                    for function in functions {
                        let Naming { index, name } = function?;
                        if name.contains("12wasm_bindgen7convert8closures") {
                            closures.insert(index);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let (section, start, mut functions) = table.context("the wasm has no table")?;
    let is_unused = |index: &u32| closures.contains(index) && !exported.contains(index);
    // The places of the others must stay the same.
    let other = *functions.iter().find(|index| !is_unused(index)).context("the table is unused")?;
    functions.iter_mut().filter(|index| is_unused(index)).for_each(|index| *index = other);

    let mut content =
        wasm.get(section.start..start).context("the table has no beginning")?.to_vec();
    write_number(&mut content, u32::try_from(functions.len())?);
    functions.iter().for_each(|index| write_number(&mut content, *index));
    let mut size = Vec::new();
    write_number(&mut size, u32::try_from(section.len())?);
    let before = section.start.checked_sub(size.len() + 1).context("the table comes first")?;
    ensure!(wasm.get(before) == Some(&TABLE_SECTION), "the size of the table is written otherwise");
    let mut made = wasm.get(..=before).context("the wasm is too short")?.to_vec();
    write_number(&mut made, u32::try_from(content.len())?);
    made.extend(content);
    made.extend(wasm.get(section.end..).unwrap_or_default());
    Ok(made)
}

/// Writes a number as WebAssembly does, in LEB128.
fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    loop {
        let [low, ..] = (number & 0x7f).to_le_bytes();
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return;
        }
    }
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
