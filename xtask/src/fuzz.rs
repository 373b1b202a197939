//! `cargo xtask fuzz`: the fuzzers of the folder `fuzz`, a workspace with its own lock file.
//!
//! They use libFuzzer, instrumented by the ordinary compiler: only a C++ compiler is needed, neither nightly
//! Rust nor cargo-fuzz. There is no address sanitizer, which would need both. The crate forbids unsafe code, so
//! it would find nothing. With nightly and cargo-fuzz, `cargo +nightly fuzz run answer` works too.

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::util::{locked, quietly, root, step};

/// Each has a file in `fuzz/fuzz_targets` and a folder in `fuzz/corpus`.
const TARGETS: [&str; 4] = ["answer", "callback", "image", "url"];

/// The flags of cargo-fuzz: they count the edges that were taken and record the values that were compared.
const FLAGS: [&str; 8] = [
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Runs each fuzzer for a number of seconds, up to the first that finds something.
pub(crate) fn run(sh: &Shell, seconds: u32) -> Result<()> {
    let version = cmd!(sh, "rustc -vV").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not name its host")?;
    let fuzz = root().join("fuzz");
    let work = root().join("target/fuzz");
    step("build the fuzzers", || {
        let (manifest, locked) = (fuzz.join("Cargo.toml"), locked());
        // With an explicit target the flags don't apply to build scripts and macros, which could not link.
        let cargo = cmd!(
            sh,
            "cargo build --release --bins --manifest-path {manifest} --target {host} --target-dir {work} {locked...}"
        );
        quietly(cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f")))
    })
    .context("libFuzzer is C++: is there a compiler for it, such as g++?")?;

    let seconds = seconds.to_string();
    let dictionary = fuzz.join("tokens.dict");
    let finds = sh.create_dir(work.join("finds"))?;
    for target in TARGETS {
        println!("\n== {target}");
        let program = work.join(host).join("release").join(target);
        let corpus = fuzz.join("corpus").join(target);
        // The fuzzer writes to the first folder only; the one in the repository grows by hand.
        let learnt = sh.create_dir(work.join("corpus").join(target))?;
        let prefix = finds.join(format!("{target}-"));
        cmd!(sh, "{program} {learnt} {corpus} -dict={dictionary} -max_total_time={seconds} -max_len=4096 -artifact_prefix={prefix} -print_final_stats=1 -print_funcs=0 -verbosity=0")
            .run()
            .with_context(|| {
                format!("{target} has found an input, see {}", finds.display())
            })?;
    }
    Ok(())
}
