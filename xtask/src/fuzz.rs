//! The fuzzers of `fuzz`, which has a lock file of its own and is built by nothing else.
//!
//! They are libFuzzer's, instrumented by the compiler that builds everything else: neither a nightly
//! toolchain nor cargo-fuzz is needed, only a C++ compiler. There is no address sanitizer, which needs both,
//! and no use for one: the crate forbids unsafe code. With them, `cargo +nightly fuzz run answer` works too.

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::util::{locked, quietly, root, step};

/// The fuzzers, which have a file in `fuzz/fuzz_targets` and a folder in `fuzz/corpus`.
const TARGETS: [&str; 4] = ["answer", "callback", "image", "url"];

/// What cargo-fuzz gives the compiler: it counts the edges that were passed and shows what was compared.
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

/// Runs each fuzzer for so many seconds, up to the first that finds something.
pub(crate) fn run(sh: &Shell, seconds: u32) -> Result<()> {
    let version = cmd!(sh, "rustc -vV").quiet().read()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc names no host")?;
    let fuzz = root().join("fuzz");
    let work = root().join("target/fuzz");
    step("build the fuzzers", || {
        let (manifest, locked) = (fuzz.join("Cargo.toml"), locked());
        // With the target named, the flags are not for build scripts and macros, which could not be linked.
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
        // What it learns goes to the first folder; the one in the repository grows by hand only.
        let learnt = sh.create_dir(work.join("corpus").join(target))?;
        let prefix = finds.join(format!("{target}-"));
        cmd!(sh, "{program} {learnt} {corpus} -dict={dictionary} -max_total_time={seconds} -max_len=4096 -artifact_prefix={prefix} -print_final_stats=1 -print_funcs=0 -verbosity=0")
            .run()
            .with_context(|| {
                format!("{target} has found an input, which is in {}", finds.display())
            })?;
    }
    Ok(())
}
