//! `cargo xtask bench`: capwire beside other clients (`bench`), and the short form of it that the tests run.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::browser::CHROMIUM;
use crate::build::{Build, build, is_dev};
use crate::util::{exit_code, files, install_npm_packages, install_root_packages, root};

/// Builds the package, measures everything and writes `docs/performance.md`.
pub(crate) fn run(sh: &Shell) -> Result<ExitCode> {
    build(sh, Build::Release)?;
    install(sh)?;
    let mut node = cmd!(sh, "node bench/run.js");
    match CHROMIUM.installed(sh)? {
        Some(chromium) => node = node.env(CHROMIUM.variable, chromium),
        None => eprintln!("  without a browser: {}", CHROMIUM.missing()),
    }
    exit_code(node)
}

/// Builds the package, and runs the short form.
pub(crate) fn run_short(sh: &Shell) -> Result<()> {
    build(sh, Build::Release)?;
    short(sh)
}

/// Measures the last build for less than a minute. Fails if something is far from what it should be.
pub(crate) fn short(sh: &Shell) -> Result<()> {
    ensure!(!is_dev(), "pkg/dist is a development build: run `cargo xtask build` first");
    install(sh)?;
    let tests = files(&root().join("bench/test"), ".test.js");
    cmd!(sh, "node --test --test-reporter=dot {tests...}").run()?;
    cmd!(sh, "node bench/run.js --short").run()?;
    Ok(())
}

/// The clients that capwire is compared with have a project of their own.
fn install(sh: &Shell) -> Result<()> {
    install_root_packages(sh)?;
    install_npm_packages(sh, &root().join("bench"))
}
