//! Set-up, build and checks of capwire: `cargo xtask <command>`.
//!
//! - `main.rs`: the commands
//! - `toolchain.rs`: a Rust toolchain that can build for wasm
//! - `types.rs`: the TypeScript of the task types, from the crate's own table
//! - `wasm.rs`: the crate and the TypeScript shell become `pkg/dist`
//! - `js.rs`: the module as JavaScript
//! - `checks.rs`: what `cargo xtask test` runs
//! - `packaging.rs`: the runtimes, bundlers and browsers in which the packed package must work
//! - `hunt.rs`: the hunt for the key in all that the tests' processes let out
//! - `fuzz.rs`: the fuzzers
//! - `reliability.rs`: the page of the faults that the tests have tried
//!
//! Everything here can be run again: what is already done is found done and takes no time.

mod checks;
mod fuzz;
mod hunt;
mod js;
mod packaging;
mod reliability;
mod toolchain;
mod types;
mod wasm;

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Cmd, Shell, cmd};

use crate::toolchain::Toolchain;

const HELP: &str = "\
Usage: cargo xtask <command>

  setup           install what the build needs: npm packages, a Rust that can build wasm
  build           build the npm package into pkg/dist
  start           build, then run the demo against the stand-in of the services
  playground      build, then serve the playground page and the stand-in
  docs            build, then write the API reference into target/docs
  test [STEP...]  run every check, or only the steps named
  packaging [NAME...]
                  build, then try the packed package in every runtime, bundler and browser, or in those named:
                  a project (bundlers), or a part of a row's name (vite, firefox)
  fuzz [SECONDS]  run each fuzzer that long, for 60 seconds unless told

Environment:
  CAPWIRE_RUST=debian   build the wasm with Debian's own Rust packages, ask rustup for nothing
  CAPWIRE_CHROMIUM=...  the Chromium for the browser tests, if it is not on the PATH
  CAPWIRE_FIREFOX=...   the Firefox, likewise
  BLESS=1               write docs/reliability.md and other expected results anew
  CI=true               keep to the lock files, and fail where a check would be skipped
";

/// The oldest Node that the package promises to work with (`engines` in package.json).
const OLDEST_NODE: (u32, u32) = (20, 19);

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<ExitCode> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let sh = Shell::new()?;
    sh.change_dir(root());
    match args.as_slice() {
        ["setup"] => setup(&sh).map(|_| ExitCode::SUCCESS),
        ["build"] => build(&sh).map(|()| ExitCode::SUCCESS),
        ["start"] => start(&sh),
        ["playground"] => playground(&sh),
        ["docs"] => docs(&sh),
        ["packaging", names @ ..] => packaging::run(&sh, names),
        ["fuzz"] => fuzz::run(&sh, 60).map(|()| ExitCode::SUCCESS),
        ["fuzz", seconds] => {
            let seconds = seconds.parse().context("`fuzz` takes a number of seconds")?;
            fuzz::run(&sh, seconds).map(|()| ExitCode::SUCCESS)
        }
        ["test", names @ ..] => checks::test(&sh, names),
        [] | ["help" | "-h" | "--help"] => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprint!("error: no such command: {}\n\n{HELP}", args.join(" "));
            Ok(ExitCode::from(2))
        }
    }
}

/// Installs what the build needs and says with which Rust the wasm is to be built.
fn setup(sh: &Shell) -> Result<Toolchain> {
    check_node(sh)?;
    install_npm_packages(sh, root())?;
    Toolchain::ready(sh)
}

fn build(sh: &Shell) -> Result<()> {
    let toolchain = setup(sh)?;
    wasm::build(sh, toolchain)
}

fn start(sh: &Shell) -> Result<ExitCode> {
    build(sh)?;
    demo(sh)
}

/// The demo, whose exit code becomes ours.
fn demo(sh: &Shell) -> Result<ExitCode> {
    let sandbox = build_sandbox(sh)?;
    let _env = sh.push_env("CAPWIRE_SANDBOX_BIN", sandbox);
    exit_code(cmd!(sh, "node www/demo.js"))
}

/// Serves the page beside the stand-in, until it is stopped. The stand-in prints the address.
fn playground(sh: &Shell) -> Result<ExitCode> {
    build(sh)?;
    let sandbox = build_sandbox(sh)?;
    exit_code(cmd!(sh, "{sandbox} --serve /=www --serve /capwire=pkg"))
}

fn docs(sh: &Shell) -> Result<ExitCode> {
    build(sh)?;
    write_reference(sh)?;
    println!("{}", root().join("target/docs/index.html").display());
    Ok(ExitCode::SUCCESS)
}

/// Writes the API reference of the built package. What has no documentation, or links to nothing, is an
/// error.
///
/// In an npm project of its own: typedoc works with older versions of TypeScript than the root's only.
fn write_reference(sh: &Shell) -> Result<()> {
    install_npm_packages(sh, &root().join("docs"))?;
    // By its path: the commands of that project are in no `npm_bin`.
    cmd!(sh, "node docs/node_modules/typedoc/bin/typedoc --options docs --logLevel Warn").run()?;
    Ok(())
}

/// Builds the stand-in of the services and returns where it is.
fn build_sandbox(sh: &Shell) -> Result<PathBuf> {
    let target = root().join("target");
    // The folder is named, so that the binary is found whatever the user's cargo configuration says.
    step("build the stand-in", || {
        let locked = locked();
        quietly(cmd!(sh, "cargo build -p capwire-sandbox --target-dir {target} {locked...}"))
    })?;
    Ok(target.join("debug").join(format!("capwire-sandbox{}", env::consts::EXE_SUFFIX)))
}

fn check_node(sh: &Shell) -> Result<()> {
    let (major, minor) = OLDEST_NODE;
    let advice =
        format!("install Node.js {major}.{minor} or newer, with npm, from https://nodejs.org");
    let version = cmd!(sh, "node --version")
        .quiet()
        .read()
        .with_context(|| format!("Node.js was not found: {advice}"))?;
    let mut parts = version.trim_start_matches('v').split('.').map_while(|part| part.parse().ok());
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    ensure!(found >= OLDEST_NODE, "Node.js {version} is too old: {advice}");
    Ok(())
}

/// `npm ci` in a project, unless what is installed there is younger than its lock file.
fn install_npm_packages(sh: &Shell, project: &Path) -> Result<()> {
    // npm writes this file last: a run that was cut short leaves none.
    let installed = modified(&project.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&project.join("package-lock.json")) {
        return Ok(());
    }
    let name = project.strip_prefix(root()).unwrap_or(project).display();
    step(&format!("install the npm packages of ./{name}"), || {
        let npm = npm();
        let _dir = sh.push_dir(project);
        quietly(cmd!(sh, "{npm} ci --no-audit --no-fund"))
    })
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

// What the other files share.

/// The root of the checkout.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// On CI the lock files decide and nothing may be skipped.
fn on_ci() -> bool {
    env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false")
}

fn locked() -> Option<&'static str> {
    on_ci().then_some("--locked")
}

/// On Windows the commands that npm brings are `.cmd` files, which are only found by their full name.
fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// A command of one of the installed npm packages.
fn npm_bin(name: &str) -> PathBuf {
    let name = if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() };
    root().join("node_modules/.bin").join(name)
}

/// Copies a folder with all that is in it.
fn copy_folder(sh: &Shell, from: &Path, to: &Path) -> Result<()> {
    sh.create_dir(to)?;
    for path in sh.read_dir(from)? {
        let copy = to.join(path.file_name().context("a file has a name")?);
        if path.is_dir() {
            copy_folder(sh, &path, &copy)?;
        } else {
            sh.copy_file(&path, &copy)?;
        }
    }
    Ok(())
}

/// Says what is being done, does it, and says how long it took.
fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprint!("  {name} ... ");
    let _ = io::stderr().flush();
    let start = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "" } else { "failed, " };
    eprintln!("{outcome}{:.1} s", start.elapsed().as_secs_f64());
    result
}

/// Runs a command whose output matters only when it fails.
fn quietly(command: Cmd<'_>) -> Result<()> {
    let shown = command.to_string();
    let output = command.quiet().ignore_status().output()?;
    if !output.status.success() {
        eprintln!();
        io::stderr().write_all(&output.stdout)?;
        io::stderr().write_all(&output.stderr)?;
        bail!("`{shown}` failed ({})", output.status);
    }
    Ok(())
}

/// Runs a command in the foreground and returns its exit code as ours.
fn exit_code(command: Cmd<'_>) -> Result<ExitCode> {
    let status = std::process::Command::from(command).status()?;
    Ok(match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        // Ended by a signal, as Ctrl+C does to the playground.
        _ => ExitCode::FAILURE,
    })
}
