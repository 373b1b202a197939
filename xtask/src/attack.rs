//! `cargo xtask attack`: the fuzzer of the package's public API, `tests/attack`. It runs in virtual time, in Node.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::build::{Build, build};
use crate::pack::{consumer, copy_tests, pack};
use crate::reliability;
use crate::util::exit_code;

/// How long it runs as a part of the tests.
const STEP_SECONDS: &str = "60";

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

/// Proves that it finds planted faults, then looks for others in the package that was packed last.
pub(crate) fn step(sh: &Shell) -> Result<()> {
    let fuzzer = fuzzer(sh)?;
    let _dir = sh.push_dir(consumer());
    cmd!(sh, "node {fuzzer} --self-test").run()?;
    // The same scenarios each time, as far as the time reaches. The command starts at others each time.
    let search = cmd!(sh, "node {fuzzer} --seconds {STEP_SECONDS} --from 1");
    Ok(reliability::recording(sh, "attack", search)?.run()?)
}

/// The copy of it in the project that has the package installed.
fn fuzzer(sh: &Shell) -> Result<PathBuf> {
    Ok(copy_tests(sh)?.join("attack/main.js"))
}
