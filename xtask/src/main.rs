//! Set-up, build and checks of capwire: `cargo xtask <command>`.
//!
//! | file | command or subject |
//! |---|---|
//! | `main.rs` | the commands and their help |
//! | `check.rs` | `check`: format, lint, types, clippy and tests of the core |
//! | `test.rs` | `test`: the steps; `node_tests.rs`: those in JavaScript |
//! | `packaging.rs` | `packaging`: runtimes, bundlers and browsers |
//! | `bench.rs` | `bench`: capwire beside other clients |
//! | `demo.rs`, `docs.rs` | `start`, `playground`; `docs` |
//! | `fuzz.rs`, `attack.rs` | `fuzz`: the parsers of the core; `attack`: the API of the package |
//! | `build.rs` | `build`: how `pkg/dist` is made of the parts below |
//! | `wasm.rs`, `wasm2js.rs` | cargo, wasm-bindgen, wasm-opt; the module as JavaScript |
//! | `../bundle.js` | a file of JavaScript per entry |
//! | `glue.rs` | changes to generated text, with tests |
//! | `types.rs` | the TypeScript of the task types |
//! | `size.rs`, `attribution.rs` | the budgets, and a report of where the bytes are |
//! | `stamp.rs` | which outputs are current |
//! | `pack.rs` | the tarball, and a project in which it is installed |
//! | `notices.rs`, `workflows.rs` | THIRD-PARTY-NOTICES; the files of `.github` |
//! | `api_report.rs` | the public types of the package |
//! | `leak_scan.rs`, `reliability.rs` | what tests record: searches for the key, faults |
//! | `toolchain.rs`, `browser.rs` | a Rust for wasm, Chromium and Firefox |
//! | `util.rs` | paths, commands, npm packages, progress |
//!
//! Imports go one way only: main → commands → build and pack → util.
//!
//! Every command can be run again: finished work is recognised and takes no time.

mod api_report;
mod attack;
mod attribution;
mod bench;
mod browser;
mod build;
mod check;
mod demo;
mod docs;
mod fuzz;
mod glue;
mod leak_scan;
mod node_tests;
mod notices;
mod pack;
mod packaging;
mod reliability;
mod size;
mod stamp;
mod test;
mod toolchain;
mod types;
mod util;
mod wasm;
mod wasm2js;
mod workflows;

use std::env;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use xshell::Shell;

use crate::build::Build;
use crate::util::root;

const HELP: &str = "\
Usage: cargo xtask <command>

  setup           install what the build needs: npm packages, a Rust that can build wasm
  check           format, lint, types, clippy and tests of the core, in seconds
  build [--dev]   build the npm package into pkg/dist; --dev is faster, larger and never published
  test [STEP...]  run every check, or only the steps named
  test node FILE... [-- NODE-OPTION...]
  test browser FILE... [-- NODE-OPTION...]
                  build with --dev, pack, and run only these files of tests/node or tests/browser,
                  such as: cargo xtask test node solve -- --test-name-pattern=abort
                  (--release among the files: with the release build)
  packaging [NAME...]
                  build, then try the packed package in every runtime, bundler and browser, or in those named:
                  a project (bundlers), or a part of a row's name (vite, firefox)
  bench [--short] build, then measure it beside other clients and write docs/performance.md, in minutes;
                  --short: only what the tests check, in under a minute
  start           build, then run the demo against the sandbox of the services
  playground      build, then serve the playground page and the sandbox
  docs            build, then write the API reference into target/docs
  fuzz [SECONDS]  run each fuzzer of the core for that long (default: 60)
  attack [SECONDS] [--dev]
                  build, then run the fuzzer of the package's API for that long (default: 10)
  attack --seed SEED [--dev]
                  play one of its scenarios again

Environment:
  CAPWIRE_RUST=debian   build the wasm with Debian's own Rust packages, without rustup
  CAPWIRE_CHROMIUM=...  the Chromium for the browser tests, if it is not on the PATH
  CAPWIRE_FIREFOX=...   the Firefox, likewise
  BLESS=1               write docs/reliability.md and other expected results again
  CI=true               keep to the lock files, and fail where a check would be skipped
";

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
    let done = |result: Result<()>| result.map(|()| ExitCode::SUCCESS);
    match args.as_slice() {
        ["setup"] => build::setup(&sh).map(|_| ExitCode::SUCCESS),
        ["check"] => check::run(&sh),
        ["build"] => done(build::build(&sh, Build::Release)),
        ["build", "--dev"] => done(build::build(&sh, Build::Dev)),
        ["test", names @ ..] => test::test(&sh, names),
        ["packaging", names @ ..] => packaging::run(&sh, names),
        ["bench"] => bench::run(&sh),
        ["bench", "--short"] => done(bench::run_short(&sh)),
        ["start"] => demo::start(&sh),
        ["playground"] => demo::playground(&sh),
        ["docs"] => done(docs::run(&sh)),
        ["fuzz"] => done(fuzz::run(&sh, 60)),
        ["fuzz", seconds] => {
            let seconds = seconds.parse().context("`fuzz` takes a number of seconds")?;
            done(fuzz::run(&sh, seconds))
        }
        ["attack", arguments @ ..] => attack::run(&sh, arguments),
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
