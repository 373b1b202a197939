//! `cargo xtask test`: the steps, and the table of their results.
//!
//! Each step sets up only what it needs, so that a single one is quick. The JavaScript steps look at the
//! package as users get it: `pack` makes the tarball and installs it in `target/consumer`.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use crate::build::{Build, build, setup};
use crate::toolchain::Toolchain;
use crate::util::{locked, npm_bin, on_ci};
use crate::{
    api_report, attack, bench, demo, docs, node_tests, notices, pack, packaging, reliability, size,
    workflows,
};

/// Why a step did not run.
type Skipped = Option<String>;

type Step = (&'static str, fn(&Shell) -> Result<Skipped>);

/// In the order in which they run: quick ones first. A new step is a row here.
const STEPS: [Step; 23] = [
    ("fmt", |sh| done(fmt(sh))),
    ("clippy", |sh| done(clippy(sh))),
    ("rust", |sh| done(rust(sh))),
    ("licenses", licenses),
    ("workflows", workflows::check),
    ("build", |sh| done(build(sh, Build::Release))),
    ("size", |_| done(size::check())),
    ("notices", |sh| done(notices::check(sh))),
    ("lint", |sh| done(lint(sh))),
    ("pack", |sh| done(pack::pack(sh))),
    ("types", |sh| done(node_tests::types(sh))),
    ("publint", |sh| done(publint(sh))),
    ("attw", |sh| done(attw(sh))),
    ("api", |sh| done(api_report::check(sh))),
    ("docs", |sh| done(docs::write_reference(sh))),
    ("node", |sh| done(node_tests::node(sh))),
    ("node:no-wasm", |sh| done(node_tests::node_no_wasm(sh))),
    ("attack", |sh| done(attack::step(sh))),
    ("browser", node_tests::browser),
    ("reliability", |_| reliability()),
    ("packaging:fast", |sh| done(packaging_fast(sh))),
    ("demo", |sh| done(run_demo(sh))),
    ("bench:short", |sh| done(bench::short(sh))),
];

/// The steps of which single files can be run: `test node FILE...`.
const WITH_FILES: [&str; 2] = ["node", "browser"];

fn is_step(name: &str) -> bool {
    STEPS.iter().any(|(step, _)| *step == name)
}

/// Runs all steps, those named, or some files of one step, up to the first failure.
pub(crate) fn test(sh: &Shell, names: &[&str]) -> Result<ExitCode> {
    if let [step, first, ..] = names
        && WITH_FILES.contains(step)
        && !is_step(first)
    {
        node_tests::run_some(sh, step, &names[1..])?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) = names.iter().find(|name| !is_step(name)) {
        let known: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
        eprintln!("error: no such step: {name}\n\nThe steps are: {}", known.join(", "));
        return Ok(ExitCode::from(2));
    }
    if names.is_empty() {
        // Before the first step, so that a missing tool is not found only after minutes.
        setup(sh)?;
    }

    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut table = Vec::new();
    for (name, run) in STEPS.iter().filter(|(name, _)| names.is_empty() || names.contains(name)) {
        println!("\n== {name}");
        let start = Instant::now();
        let result = run(sh);
        let seconds = start.elapsed().as_secs_f64();
        let outcome = match &result {
            Ok(None) => {
                passed += 1;
                "passed".to_owned()
            }
            Ok(Some(why)) => {
                skipped += 1;
                println!("\n!! {name} WAS SKIPPED: {why}\n");
                format!("skipped: {why}")
            }
            Err(error) => {
                failed += 1;
                println!("error: {error:#}");
                "FAILED".to_owned()
            }
        };
        println!("== {name}: {outcome}, {seconds:.1} s");
        table.push(format!("{name:<14} {seconds:>8.1}  {outcome}"));
        if failed > 0 {
            break;
        }
    }

    println!("\n{:<14} {:>8}  result", "step", "seconds");
    table.iter().for_each(|row| println!("{row}"));
    let tail = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    println!("\n{passed} passed, {failed} failed{tail}");
    Ok(if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The result of a step that is never skipped.
fn done(result: Result<()>) -> Result<Skipped> {
    result.map(|()| None)
}

pub(crate) fn fmt(sh: &Shell) -> Result<()> {
    Ok(cmd!(sh, "cargo fmt --all --check").run()?)
}

fn clippy(sh: &Shell) -> Result<()> {
    let locked = locked();
    cmd!(sh, "cargo clippy --workspace --all-targets {locked...} -- -D warnings").run()?;
    // Again for the part of the crate that exists only in wasm.
    let toolchain = Toolchain::ready(sh)?;
    let clippy = toolchain
        .clippy(sh)
        // In the folder and with the flags of the build, so that both share build scripts and macros. The profile
        // is the fast one: the standard library, for which clippy has no mode, is compiled for this alone.
        .args(["--profile", "wasm-dev", "-p", "capwire", "--lib"])
        .args(locked);
    Ok(toolchain.for_wasm(sh, clippy)?.args(["--", "-D", "warnings"]).run()?)
}

fn rust(sh: &Shell) -> Result<()> {
    let locked = locked();
    let tests = cmd!(sh, "cargo test --workspace {locked...}");
    Ok(reliability::recording(sh, "rust", tests)?.run()?)
}

/// Licences and sources of the crates, if cargo-deny is installed. It takes minutes to compile, so it is not
/// installed for you. The step `rust` checks the lock files everywhere.
fn licenses(sh: &Shell) -> Result<Skipped> {
    let locked = locked();
    if cmd!(sh, "cargo deny --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        return Ok(Some("no cargo-deny: cargo install --locked cargo-deny".to_owned()));
    }
    // Without the advisories: they would be fetched from a server that not every machine may reach.
    done(cmd!(sh, "cargo deny {locked...} check licenses bans sources").run().map_err(Into::into))
}

pub(crate) fn lint(sh: &Shell) -> Result<()> {
    let biome = npm_bin(sh, "biome")?;
    // It colours pipes and files too.
    let colors = (!io::stdout().is_terminal()).then_some("--colors=off");
    // biome.json says which files it checks.
    cmd!(sh, "{biome} ci --error-on-warnings {colors...}")
        .run()
        .context("`npx biome check --write` fixes most of this")
}

fn publint(sh: &Shell) -> Result<()> {
    let (publint, tarball) = (npm_bin(sh, "publint")?, pack::tarball()?);
    Ok(cmd!(sh, "{publint} --strict {tarball}").run()?)
}

fn attw(sh: &Shell) -> Result<()> {
    let (attw, tarball) = (npm_bin(sh, "attw")?, pack::tarball()?);
    // The remaining entry is the wasm file itself, which has no types.
    let entries = [".", "./errors", "./inline", "./js", "./node-http", "./ru"];
    Ok(cmd!(sh, "{attw} --profile esm-only --entrypoints {entries...} -- {tarball}").run()?)
}

fn reliability() -> Result<Skipped> {
    let skipped = reliability::check()?;
    ensure!(skipped.is_none() || !on_ci(), skipped.unwrap_or_default());
    Ok(skipped)
}

fn packaging_fast(sh: &Shell) -> Result<()> {
    let code = packaging::run_fast(sh)?;
    ensure!(code == ExitCode::SUCCESS, "the package does not work in every place");
    Ok(())
}

fn run_demo(sh: &Shell) -> Result<()> {
    let code = demo::demo(sh)?;
    ensure!(code == ExitCode::SUCCESS, "the demo failed");
    Ok(())
}
