//! `cargo xtask start` and `playground`: the package at work against the sandbox.

use std::process::ExitCode;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::build::{Build, build};
use crate::util::{build_sandbox, exit_code, install_root_packages};

pub(crate) fn start(sh: &Shell) -> Result<ExitCode> {
    build(sh, Build::Release)?;
    demo(sh)
}

/// Runs the demo with the build that there is, and returns its exit code.
pub(crate) fn demo(sh: &Shell) -> Result<ExitCode> {
    install_root_packages(sh)?;
    let sandbox = build_sandbox(sh)?;
    let _env = sh.push_env("CAPWIRE_SANDBOX_BIN", sandbox);
    exit_code(cmd!(sh, "node www/demo.js"))
}

/// Serves the playground page and the sandbox until it is stopped. The sandbox prints the address.
pub(crate) fn playground(sh: &Shell) -> Result<ExitCode> {
    build(sh, Build::Release)?;
    let sandbox = build_sandbox(sh)?;
    exit_code(cmd!(sh, "{sandbox} --serve /=www --serve /capwire=pkg"))
}
