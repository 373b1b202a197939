//! `cargo xtask check`: what is worth running after every change, in seconds.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::test;
use crate::util::{locked, npm_bin, quietly, root};

type Part = (&'static str, fn(&Shell) -> Result<()>);

const PARTS: [Part; 5] = [
    ("format", test::fmt),
    ("lint", test::lint),
    ("types", types),
    // Of the core only: of the whole workspace it takes minutes.
    ("clippy", |sh| {
        let locked = locked();
        let core = cmd!(sh, "cargo clippy -p capwire --all-targets {locked...} -- -D warnings");
        quietly(core)
    }),
    ("core tests", |sh| {
        let locked = locked();
        quietly(cmd!(sh, "cargo test -p capwire {locked...}"))
    }),
];

/// Runs every part, even after a failure, and prints their times.
pub(crate) fn run(sh: &Shell) -> Result<ExitCode> {
    let start = Instant::now();
    let mut rows = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for (name, part) in PARTS {
        let start = Instant::now();
        let result = part(sh);
        let seconds = start.elapsed().as_secs_f64();
        let outcome = match result {
            Ok(()) => "passed",
            Err(error) => {
                code = ExitCode::FAILURE;
                println!("error: {name}: {error:#}");
                "FAILED"
            }
        };
        rows.push(format!("{name:<10} {seconds:>8.1}  {outcome}"));
    }
    println!("\n{:<10} {:>8}  result", "part", "seconds");
    rows.iter().for_each(|row| println!("{row}"));
    println!("{:<10} {:>8.1}", "all", start.elapsed().as_secs_f64());
    Ok(code)
}

/// The TypeScript of the package against the generated declarations of the last build.
fn types(sh: &Shell) -> Result<()> {
    if !root().join("pkg/dist/glue.d.ts").exists() {
        println!("nothing is built yet, so types are not checked: cargo xtask build --dev");
        return Ok(());
    }
    let tsc = npm_bin(sh, "tsc")?;
    quietly(cmd!(sh, "{tsc} -p pkg --noEmit"))
        .context("after a change of the crate's exports: cargo xtask build --dev")
}
