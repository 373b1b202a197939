//! `cargo xtask packaging`: the runtimes, bundlers, test runners and browsers in which the packed package must
//! work (`tests/packaging`).

use std::process::ExitCode;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::browser::{Browser, CHROMIUM, FIREFOX};
use crate::build::{Build, build};
use crate::pack;
use crate::util::{build_sandbox, exit_code, install_npm_packages, install_root_packages, root};

/// Builds and packs the package, then runs every variant of every project, or those named.
pub(crate) fn run(sh: &Shell, names: &[&str]) -> Result<ExitCode> {
    build(sh, Build::Release)?;
    pack::pack(sh)?;
    run_variants(sh, names, &[CHROMIUM, FIREFOX])
}

/// Runs the fast variants with the tarball of the last `pack`.
pub(crate) fn run_fast(sh: &Shell) -> Result<ExitCode> {
    run_variants(sh, &["--fast"], &[CHROMIUM])
}

fn run_variants(sh: &Shell, arguments: &[&str], browsers: &[Browser]) -> Result<ExitCode> {
    install_root_packages(sh)?;
    install_npm_packages(sh, &root().join("tests/packaging"))?;
    let sandbox = build_sandbox(sh)?;
    let tarball = pack::tarball()?;
    let mut node = cmd!(sh, "node tests/packaging/run.js --tarball {tarball} {arguments...}")
        .env("CAPWIRE_SANDBOX_BIN", sandbox)
        .env_remove(CHROMIUM.variable)
        .env_remove(FIREFOX.variable);
    for browser in browsers {
        if let Some(program) = browser.installed(sh)? {
            node = node.env(browser.variable, program);
        }
    }
    exit_code(node)
}
