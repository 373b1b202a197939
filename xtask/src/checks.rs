//! What `cargo xtask test` runs.
//!
//! The JavaScript checks look at the package as users get it: `pack` makes the tarball and installs it in
//! `target/consumer`, a project of its own, and the tests of `tests/js` run from a copy there.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::hunt;
use crate::packaging::{self, CHROMIUM};
use crate::toolchain::{Toolchain, WASM};
use crate::{
    build, build_sandbox, copy_folder, demo, locked, npm, npm_bin, on_ci, quietly, reliability,
    root, setup, write_reference,
};

/// Why a step did not run.
type Skipped = Option<String>;

type Step = (&'static str, fn(&Shell) -> Result<Skipped>);

/// In the order in which they run: what is quick to tell comes first.
const STEPS: [Step; 17] = [
    ("fmt", |sh| ran(cmd!(sh, "cargo fmt --all --check").run()?)),
    ("clippy", clippy),
    ("rust", |sh| {
        let locked = locked();
        let tests = cmd!(sh, "cargo test --workspace {locked...}");
        ran(reliability::recording(sh, "rust", tests)?.run()?)
    }),
    ("supply", supply),
    ("build", |sh| build(sh).map(|()| None)),
    ("lint", lint),
    ("pack", pack),
    ("types", types),
    ("publint", |sh| {
        let (publint, tarball) = (npm_bin("publint"), tarball()?);
        ran(cmd!(sh, "{publint} --strict {tarball}").run()?)
    }),
    ("attw", |sh| {
        let (attw, tarball) = (npm_bin("attw"), tarball()?);
        // The other entry is the wasm file itself, which has no types.
        ran(cmd!(
            sh,
            "{attw} --profile esm-only --entrypoints . ./errors ./inline ./js ./ru -- {tarball}"
        )
        .run()?)
    }),
    ("docs", |sh| ran(write_reference(sh)?)),
    ("node", |sh| node_tests(sh, "", None)),
    ("js", js),
    ("browser", browser),
    ("reliability", |_| {
        let skipped = reliability::check()?;
        ensure!(skipped.is_none() || !on_ci(), skipped.unwrap_or_default());
        Ok(skipped)
    }),
    ("packaging:fast", |sh| {
        let code = packaging::run_fast(sh)?;
        ensure!(code == ExitCode::SUCCESS, "the package fails in a runtime or browser");
        Ok(None)
    }),
    ("demo", |sh| {
        let code = demo(sh)?;
        ensure!(code == ExitCode::SUCCESS, "the demo failed");
        Ok(None)
    }),
];

/// Runs all steps, or those named, up to the first that fails.
pub(crate) fn test(sh: &Shell, names: &[&str]) -> Result<ExitCode> {
    let is_known = |name: &&str| STEPS.iter().any(|(step, _)| step == name);
    if let Some(name) = names.iter().find(|name| !is_known(name)) {
        let known: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
        eprintln!("error: no such step: {name}\n\nThe steps are: {}", known.join(", "));
        return Ok(ExitCode::from(2));
    }
    setup(sh)?;

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

/// The outcome of a step that has nothing to say.
fn ran((): ()) -> Result<Skipped> {
    Ok(None)
}

fn clippy(sh: &Shell) -> Result<Skipped> {
    let locked = locked();
    cmd!(sh, "cargo clippy --workspace --all-targets {locked...} -- -D warnings").run()?;
    // A second time for the part of the crate that exists in wasm only.
    let toolchain = Toolchain::ready(sh)?;
    toolchain
        .clippy(sh)
        // In the folder and with the flags of the build, so that its build scripts and macros serve both.
        .args([
            "--release",
            "-p",
            "capwire",
            "--lib",
            "--target",
            WASM,
            "--target-dir",
            "target/wasm",
        ])
        .args(locked)
        .args(["--", "-D", "warnings"])
        .env("CARGO_ENCODED_RUSTFLAGS", toolchain.path_flags(sh)?.join("\x1f"))
        .run()?;
    Ok(None)
}

/// Where everything comes from that is built in. The lock files are checked everywhere, the licences of the
/// crates where there is cargo-deny: it takes minutes to compile, so nobody is made to have it.
fn supply(sh: &Shell) -> Result<Skipped> {
    let locked = locked();
    cmd!(sh, "cargo test --workspace --test supply_chain {locked...}").run()?;
    if cmd!(sh, "cargo deny --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        println!("no cargo-deny, so licences are not checked: cargo install --locked cargo-deny");
        return Ok(None);
    }
    // Not the advisories, which would be fetched from a server that not every machine may reach.
    ran(cmd!(sh, "cargo deny {locked...} check licenses bans sources").run()?)
}

fn lint(sh: &Shell) -> Result<Skipped> {
    let biome = npm_bin("biome");
    // It colours pipes and files too.
    let colors = (!io::stdout().is_terminal()).then_some("--colors=off");
    // What to look at is in biome.json.
    cmd!(sh, "{biome} ci --error-on-warnings {colors...}")
        .run()
        .context("most of this is mended by `npx biome check --write`")?;
    Ok(None)
}

/// Packs the package and installs the tarball in a project of its own.
pub(crate) fn pack(sh: &Shell) -> Result<Skipped> {
    let npm = npm();
    let pack = root().join("target/pack");
    sh.remove_path(&pack)?;
    sh.create_dir(&pack)?;
    {
        let _dir = sh.push_dir("pkg");
        // Without the scripts, of which `prepack` would build once more.
        cmd!(sh, "{npm} pack --ignore-scripts --pack-destination {pack}").run()?;
    }
    let consumer = consumer();
    sh.remove_path(&consumer)?;
    sh.write_file(consumer.join("package.json"), "{ \"private\": true, \"type\": \"module\" }\n")?;
    let tarball = tarball()?;
    let _dir = sh.push_dir(&consumer);
    quietly(cmd!(sh, "{npm} install --no-audit --no-fund --no-package-lock --no-save {tarball}"))?;
    Ok(None)
}

pub(crate) fn tarball() -> Result<PathBuf> {
    let tarballs = files(&root().join("target/pack"), ".tgz");
    tarballs
        .into_iter()
        .next()
        .context("there is no tarball yet: run the steps build and pack first")
}

/// The project that has the package from its tarball. The other packages that tests import are found in
/// the folders above it, in the root's node_modules.
fn consumer() -> PathBuf {
    root().join("target/consumer")
}

/// Type tests, as a user's compiler sees the package: in Node, without a browser's types, and in a
/// bundler, without Node's.
fn types(sh: &Shell) -> Result<Skipped> {
    let files = &test_files(sh, "types", ".ts")?;
    let tsc = &npm_bin("tsc");
    let common = "--noEmit --strict --exactOptionalPropertyTypes --target es2022".split(' ');
    let node = "--module nodenext --types node --lib es2022".split(' ');
    let bundler = "--module esnext --moduleResolution bundler".split(' ');
    let _dir = sh.push_dir(consumer());
    for kind in [node, bundler] {
        let options = common.clone().chain(kind);
        cmd!(sh, "{tsc} {options...} {files...}").run()?;
    }
    Ok(None)
}

/// Node runs one file fewer than there are processors; but these wait most of the time.
const AT_ONCE: &str = "--test-concurrency=2";

/// Runs the tests of one folder of `tests/js`.
fn node_tests(sh: &Shell, folder: &str, chromium: Option<&Path>) -> Result<Skipped> {
    let files = test_files(sh, folder, ".test.js")?;
    let sandbox = build_sandbox(sh)?;
    let _dir = sh.push_dir(consumer());
    // A browser keeps the processors busy by itself.
    let at_once = chromium.is_none().then_some(AT_ONCE);
    let node = cmd!(sh, "node --test {at_once...} --test-reporter=spec {files...}")
        .env("CAPWIRE_SANDBOX_BIN", sandbox);
    let step = if folder.is_empty() { "node" } else { folder };
    let node = reliability::recording(sh, step, node)?;
    let node = hunt::hunting(sh, step, node)?;
    match chromium {
        Some(chromium) => node.env("CAPWIRE_CHROMIUM", chromium),
        None => node.env_remove("CAPWIRE_CHROMIUM"),
    }
    .run()?;
    ran(hunt::report(step)?)
}

/// The tests for which the module itself matters, once more with that of `capwire/js`.
const OF_THE_MODULE: [&str; 8] =
    ["errors", "guard", "hostile", "images", "options", "solve", "trap", "wire"];

fn js(sh: &Shell) -> Result<Skipped> {
    test_files(sh, "", ".test.js")?;
    let consumer = consumer();
    let files = OF_THE_MODULE.map(|name| consumer.join(format!("{name}.test.js")));
    let sandbox = build_sandbox(sh)?;
    let _dir = sh.push_dir(&consumer);
    cmd!(sh, "node --test {AT_ONCE} --test-reporter=spec {files...}")
        .env("CAPWIRE_SANDBOX_BIN", sandbox)
        .env("NODE_OPTIONS", hunt::preloading(&consumer.join("as-javascript.js")))
        .run()?;
    Ok(None)
}

fn browser(sh: &Shell) -> Result<Skipped> {
    match CHROMIUM.installed(sh)? {
        Some(chromium) => node_tests(sh, "browser", Some(&chromium)),
        None => {
            reliability::forget(sh, "browser")?;
            Ok(Some(CHROMIUM.missing()))
        }
    }
}

/// Copies `tests/js` and the guides of `docs` into the consumer project and returns the test files of one
/// kind.
fn test_files(sh: &Shell, folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let consumer = consumer();
    ensure!(
        consumer.join("node_modules/capwire").is_dir(),
        "the package is not installed in target/consumer yet: run the steps build and pack first"
    );
    for path in sh.read_dir(&consumer)? {
        if !path.ends_with("node_modules") && !path.ends_with("package.json") {
            sh.remove_path(path)?;
        }
    }
    copy_folder(sh, &root().join("tests/js"), &consumer)?;
    copy_folder(sh, &root().join("docs/examples"), &consumer.join("docs/examples"))?;
    for guide in files(&root().join("docs"), ".md") {
        sh.copy_file(guide, consumer.join("docs"))?;
    }
    let files = files(&consumer.join(folder), ending);
    if files.is_empty() {
        bail!("there are no tests: no file of tests/js/{folder} ends in {ending}");
    }
    Ok(files)
}

/// The files right under a folder whose names have an ending, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}
