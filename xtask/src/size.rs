//! The size of the download, the budgets that it must keep, and a report of where the bytes are.
//!
//! The report is committed, so that a reviewer sees what a change costs: `BLESS=1 cargo xtask test size` writes it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use xshell::{Shell, cmd};

use crate::attribution;
use crate::toolchain::Toolchain;
use crate::util::{is_blessing, npm_bin, root};
use crate::wasm::FUNCTIONS;

/// Bytes that a page may download for the package: the wasm and the JavaScript, both with gzip.
const BUDGET: usize = 67_000;

/// The same for `capwire/js`, which is JavaScript alone.
const JS_BUDGET: usize = 86_000;

const REPORT: &str = "tests/fixtures/size.txt";

/// Another compiler makes another wasm: if it isn't the one of the committed report, the download may differ by this
/// part of it, and nothing else is compared.
const TOLERANCE: f64 = 0.03;

/// What a page downloads, in the report.
const DOWNLOAD: &str = "download";

/// The bytes of a file, and with the two ways of compressing it.
#[derive(Clone, Copy, Deserialize)]
struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Prints what a page downloads, writes the report into a folder, and fails if a budget is exceeded.
pub(crate) fn measure(sh: &Shell, dist: &Path, ready: &Path, toolchain: Toolchain) -> Result<()> {
    let wasm = dist.join("capwire.wasm");
    let entries = ["browser", "js", "inline", "errors", "ru"];
    let mut files = vec![wasm.clone()];
    for entry in entries {
        files.push(bundled(sh, &dist.join(entry).with_extension("js"))?);
    }
    let sizes = node_sizes(sh, &files)?;
    let [wasm_size, script, js, inline, errors, ru] = sizes[..] else {
        bail!("size.js printed {} sizes", sizes.len())
    };
    let download = Size {
        raw: wasm_size.raw + script.raw,
        gzip: wasm_size.gzip + script.gzip,
        brotli: wasm_size.brotli + script.brotli,
    };

    let hash = Sha256::digest(fs::read(&wasm)?);
    for (name, size) in [
        ("capwire.wasm", wasm_size),
        ("JavaScript", script),
        (DOWNLOAD, download),
        ("capwire/js", js),
    ] {
        let Size { raw, gzip, brotli } = size;
        eprintln!("  {name:<14} {raw:>8} bytes, {gzip:>7} with gzip, {brotli:>7} with brotli");
    }
    eprintln!("  sha256 of the wasm {hash:x}");

    let mut report = format!(
        "Bytes of the package, built by {}.\nBLESS=1 cargo xtask test size writes this file.\n\n{:<40} {:>8} {:>8} {:>8}\n",
        toolchain.version(sh)?,
        "what is downloaded",
        "raw",
        "gzip",
        "brotli"
    );
    for (name, Size { raw, gzip, brotli }) in [
        (DOWNLOAD, download),
        ("  capwire.wasm", wasm_size),
        ("  JavaScript, minified", script),
        ("capwire/js, minified", js),
        ("capwire/inline, minified", inline),
        ("capwire/errors, minified", errors),
        ("capwire/ru, minified", ru),
    ] {
        report += &format!("{name:<40} {raw:>8} {gzip:>8} {brotli:>8}\n");
    }
    report += &attribution::of_javascript(sh, &dist.join("browser.js"))?;
    report += &attribution::of_wasm(&fs::read(wasm)?, &fs::read_to_string(ready.join(FUNCTIONS))?)?;
    fs::write(made(), report)?;

    ensure!(
        download.gzip <= BUDGET,
        "the download of {} bytes is over the budget of {BUDGET} bytes",
        download.gzip
    );
    ensure!(
        js.gzip <= JS_BUDGET,
        "capwire/js of {} bytes is over its budget of {JS_BUDGET} bytes",
        js.gzip
    );
    Ok(())
}

/// The step `size`: compares the report of the last build with the committed one.
pub(crate) fn check() -> Result<()> {
    let report = fs::read_to_string(made()).context("run the step build first")?;
    let committed = root().join(REPORT);
    if is_blessing() {
        return Ok(fs::write(committed, report)?);
    }
    let expected = fs::read_to_string(committed).unwrap_or_default().replace("\r\n", "\n");
    if report == expected {
        return Ok(());
    }
    let advice = "if that is meant, run `BLESS=1 cargo xtask test size` and look at the difference";
    if report.lines().next() != expected.lines().next() {
        let (new, old) = (download(&report)?, download(&expected)?);
        let limit = old * TOLERANCE;
        ensure!(
            (new - old).abs() <= limit,
            "the download has {new} bytes instead of {old}: {advice}"
        );
        println!("{REPORT} is of another compiler: the download has {new} bytes instead of {old}");
        return Ok(());
    }
    for line in expected.lines().filter(|line| !report.lines().any(|new| new == *line)) {
        println!("- {line}");
    }
    for line in report.lines().filter(|line| !expected.lines().any(|old| old == *line)) {
        println!("+ {line}");
    }
    bail!("the sizes differ from {REPORT}: {advice}")
}

/// The bytes of the download with gzip, from a report.
fn download(report: &str) -> Result<f64> {
    let line = report.lines().find(|line| line.starts_with(DOWNLOAD));
    let number = line.and_then(|line| line.split_whitespace().nth(2));
    Ok(number.context("the report names no download")?.parse()?)
}

/// The report of the last build.
fn made() -> PathBuf {
    root().join("target/wasm/size.txt")
}

/// An entry with everything that it imports, as a user's bundler makes it.
fn bundled(sh: &Shell, entry: &Path) -> Result<PathBuf> {
    let esbuild = npm_bin(sh, "esbuild")?;
    let name = entry.file_name().context("the entry has a name")?;
    let file = root().join("target/wasm/size").join(name);
    cmd!(
        sh,
        "{esbuild} {entry} --bundle --minify --format=esm --external:*.wasm --log-level=error --outfile={file}"
    )
    .quiet()
    .run()
    .with_context(|| format!("esbuild could not bundle {}", entry.display()))?;
    Ok(file)
}

fn node_sizes(sh: &Shell, files: &[PathBuf]) -> Result<Vec<Size>> {
    let output = cmd!(sh, "node xtask/size.js {files...}").quiet().read()?;
    serde_json::from_str(&output).context("size.js has printed something else")
}
