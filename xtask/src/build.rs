//! `cargo xtask build`: the crate and the TypeScript shell become `pkg/dist`.
//!
//! cargo → wasm-bindgen → wasm-opt → wasm2js → esbuild and tsc. The output of all but the last two is kept in
//! `target/wasm/ready` and made again only when cargo has written another wasm.
//!
//! A development build (`--dev`) leaves out wasm-opt, wasm2js and the check of the size. Its intermediate
//! output has a folder of its own; both end in `pkg/dist`, and a stamp beside it says which one is there.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use xshell::{Shell, cmd};

use crate::size;
use crate::stamp::{self, digest, tree};
use crate::toolchain::Toolchain;
use crate::util::{files, install_root_packages, npm_bin, quietly, root, step};
use crate::{glue, types, wasm, wasm2js};

/// The kinds of builds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// The one that is published.
    Release,
    /// A fast one, for working on the code.
    Dev,
}

impl Build {
    /// Its profile in Cargo.toml.
    fn profile(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "wasm-dev",
        }
    }

    fn ready(self) -> PathBuf {
        root().join("target/wasm").join(match self {
            Self::Release => "ready",
            Self::Dev => "ready-dev",
        })
    }
}

/// Files of the root that npm shows or must ship, and expects beside the manifest.
const COPIED: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE", "THIRD-PARTY-NOTICES"];

/// The code that decides what is made of the wasm. The pinned version of wasm-bindgen is in Cargo.toml.
const RECIPE: &str = concat!(
    include_str!("build.rs"),
    include_str!("glue.rs"),
    include_str!("wasm.rs"),
    include_str!("wasm2js.rs"),
    include_str!("../bundle.js"),
    include_str!("../Cargo.toml")
);

/// Written beside a development build, so that nothing mistakes it for the release.
fn dev_mark() -> PathBuf {
    root().join("target/wasm/dist-is-dev")
}

/// True if `pkg/dist` is a development build.
pub(crate) fn is_dev() -> bool {
    dev_mark().exists()
}

/// Installs what a build needs and returns the Rust toolchain for the wasm.
pub(crate) fn setup(sh: &Shell) -> Result<Toolchain> {
    install_root_packages(sh)?;
    Toolchain::ready(sh)
}

pub(crate) fn build(sh: &Shell, kind: Build) -> Result<()> {
    let toolchain = setup(sh)?;
    let wasm = step("compile the crate to wasm", || wasm::compile(sh, toolchain, kind.profile()))?;
    let ready = kind.ready();
    let lock =
        fs::read(root().join("package-lock.json")).context("package-lock.json is missing")?;
    let tasks = types::task_types();

    let profile = kind.profile().as_bytes();
    let inputs = digest([&wasm, &lock, tasks.as_bytes(), RECIPE.as_bytes(), profile]);
    if !stamp::is_current(&ready, &inputs)? {
        step("make the JavaScript glue", || make_glue(&wasm, &tasks, &ready))?;
        match kind {
            Build::Release => {
                let names =
                    step("shrink the wasm", || wasm::shrink(sh, &ready.join("capwire.wasm"), &[]))?;
                edit(&ready.join("glue.js"), |glue| glue::with_short_names(glue, &names))?;
                step("turn the wasm into JavaScript", || wasm2js::write(sh, &wasm, &ready))?;
            }
            Build::Dev => wasm2js::write_missing(&ready)?,
        }
        tie_together(&ready)?;
        write_inline(&ready)?;
        stamp::write(&ready, &inputs)?;
    }

    let package = root().join("pkg");
    let dist = package.join("dist");
    let inputs = digest([
        &tree(&ready)?,
        &tree(&package.join("src"))?,
        &fs::read(package.join("package.json"))?,
        &fs::read(package.join("tsconfig.json"))?,
        &lock,
        RECIPE.as_bytes(),
    ]);
    if kind == Build::Dev {
        // Before anything changes, so that an interrupted build can't be taken for the release either.
        sh.write_file(dev_mark(), "")?;
    }
    if !stamp::is_current(&dist, &inputs)? {
        step("bundle the JavaScript", || {
            // Emptied, so that nothing is published whose source is gone.
            sh.remove_path(&dist)?;
            for file in files(&ready, ".d.ts").iter().chain([&ready.join("capwire.wasm")]) {
                sh.copy_file(file, sh.create_dir(&dist)?)?;
            }
            quietly(cmd!(sh, "node xtask/bundle.js {ready} {dist}"))
        })?;
        step("check the TypeScript and write its declarations", || {
            let tsc = npm_bin(sh, "tsc")?;
            quietly(cmd!(sh, "{tsc} -p pkg"))
        })?;
        stamp::write(&dist, &inputs)?;
    }

    for name in COPIED {
        if root().join(name).exists() {
            sh.copy_file(root().join(name), &package)?;
        }
    }
    match kind {
        Build::Release => {
            sh.remove_path(dev_mark())?;
            size::measure(sh, &dist, &ready, toolchain)
        }
        Build::Dev => Ok(()),
    }
}

fn make_glue(wasm: &[u8], tasks: &str, ready: &Path) -> Result<()> {
    wasm::bind(wasm, ready)?;
    fs::remove_file(ready.join("glue_bg.wasm.d.ts"))?;
    edit(&ready.join("glue.js"), glue::per_instance)?;
    edit(&ready.join("glue.d.ts"), glue::declare_function)?;
    let declarations = fs::read_to_string(ready.join("glue.d.ts"))?;
    fs::write(ready.join("types.d.ts"), glue::data_types(&declarations)?)?;
    fs::write(ready.join("tasks.d.ts"), tasks)?;
    fs::rename(ready.join("glue_bg.wasm"), ready.join("capwire.wasm"))?;
    Ok(())
}

/// Marks the wasm and tells the glue the mark, so that the shell takes only this one.
fn tie_together(ready: &Path) -> Result<()> {
    let file = ready.join("capwire.wasm");
    let mut wasm = fs::read(&file)?;
    let mark = wasm::add_mark(&mut wasm)?;
    fs::write(file, wasm)?;
    edit(&ready.join("glue.js"), |glue| Ok(glue::with_mark(glue, &mark)))
}

fn edit(file: &Path, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let text = fs::read_to_string(file)?;
    Ok(fs::write(file, change(&text)?)?)
}

/// Writes the wasm as a JavaScript module, for the entry that needs no separate file.
fn write_inline(ready: &Path) -> Result<()> {
    let base64 = BASE64.encode(gzip(&fs::read(ready.join("capwire.wasm"))?)?);
    Ok(fs::write(ready.join("wasm-inline.js"), format!("export default \"{base64}\";\n"))?)
}

/// As nobody compares this size, the compression of the crate will do.
fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}
