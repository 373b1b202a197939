//! The size of the download, and the budgets that it must keep.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use xshell::{Shell, cmd};

use crate::util::npm_bin;

/// Bytes that a page may download for the package: the wasm and the JavaScript, both with gzip.
const BUDGET: usize = 66_000;

/// The same for `capwire/js`, which is JavaScript alone.
const JS_BUDGET: usize = 86_000;

/// Prints what a page downloads, and fails if that is over the budget.
pub(crate) fn report(sh: &Shell, dist: &Path) -> Result<()> {
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

/// An entry with everything that it imports, as a user's bundler makes it.
fn bundled(sh: &Shell, entry: &Path) -> Result<Vec<u8>> {
    let esbuild = npm_bin(sh, "esbuild")?;
    let script = cmd!(
        sh,
        "{esbuild} {entry} --bundle --minify --format=esm --external:*.wasm --log-level=error"
    );
    let name = entry.display();
    Ok(script.quiet().output().with_context(|| format!("esbuild could not bundle {name}"))?.stdout)
}

pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}
