//! `cargo xtask attack`: the fuzzer of the package's public API, `tests/attack`. It runs in virtual time, in Node.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::build::{Build, build};
use crate::pack::{consumer, copy_tests, pack};
use crate::util::exit_code;

/// Builds and packs, then runs the fuzzer for a number of seconds, or with flags of its own such as `--seed 5`.
/// With `--dev` it uses a development build.
pub(crate) fn run(sh: &Shell, arguments: &[&str]) -> Result<ExitCode> {
    let (dev, arguments): (Vec<&str>, Vec<&str>) =
        arguments.iter().partition(|argument| **argument == "--dev");
    build(sh, if dev.is_empty() { Build::Release } else { Build::Dev })?;
    pack(sh)?;
    let fuzzer = fuzzer(sh)?;
    let seconds = matches!(arguments.as_slice(), [first] if first.parse::<u32>().is_ok());
    let flag = seconds.then_some("--seconds");
    let _dir = sh.push_dir(consumer());
    exit_code(cmd!(sh, "node {fuzzer} {flag...} {arguments...}"))
}

/// The copy of it in the project that has the package installed.
fn fuzzer(sh: &Shell) -> Result<PathBuf> {
    Ok(copy_tests(sh)?.join("attack/main.js"))
}
