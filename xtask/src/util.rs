//! Functions that every command uses: paths, commands, npm packages and messages about progress.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Cmd, Shell, cmd};

/// The oldest Node that the package supports (`engines` in package.json).
const OLDEST_NODE: (u32, u32) = (20, 19);

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The files directly in a folder whose names have an ending, sorted. A missing folder has no files.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(sh: &Shell, from: &Path, to: &Path) -> Result<()> {
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

/// On CI the lock files decide and nothing may be skipped.
pub(crate) fn on_ci() -> bool {
    env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false")
}

pub(crate) fn locked() -> Option<&'static str> {
    on_ci().then_some("--locked")
}

/// True if expected results are to be rewritten instead of compared.
pub(crate) fn is_blessing() -> bool {
    env::var_os("BLESS").is_some()
}

/// On Windows the commands that npm installs are `.cmd` files, which are only found by their full name.
pub(crate) fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// A command of one of the root's npm packages, which are installed first if they are missing.
pub(crate) fn npm_bin(sh: &Shell, name: &str) -> Result<PathBuf> {
    install_root_packages(sh)?;
    let name = if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() };
    Ok(root().join("node_modules/.bin").join(name))
}

/// Installs the npm packages of the root, once per run.
pub(crate) fn install_root_packages(sh: &Shell) -> Result<()> {
    static DONE: OnceLock<()> = OnceLock::new();
    if DONE.get().is_none() {
        check_node(sh)?;
        install_npm_packages(sh, root())?;
        DONE.get_or_init(|| ());
    }
    Ok(())
}

/// `npm ci` in a project, unless its packages are newer than its lock file.
pub(crate) fn install_npm_packages(sh: &Shell, project: &Path) -> Result<()> {
    // npm writes this file last: an interrupted run leaves none.
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

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
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

/// Builds the sandbox, which plays both services, and returns the path of its program.
pub(crate) fn build_sandbox(sh: &Shell) -> Result<PathBuf> {
    let target = root().join("target");
    // The folder is named, so that the program is found under any cargo configuration of the user.
    step("build the sandbox", || {
        let locked = locked();
        quietly(cmd!(sh, "cargo build -p capwire-sandbox --target-dir {target} {locked...}"))
    })?;
    Ok(target.join("debug").join(format!("capwire-sandbox{}", env::consts::EXE_SUFFIX)))
}

/// Prints what is being done, does it, and prints how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprint!("  {name} ... ");
    let _ = io::stderr().flush();
    let start = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "" } else { "failed, " };
    eprintln!("{outcome}{:.1} s", start.elapsed().as_secs_f64());
    result
}

/// Runs a command and shows its output only if it fails.
pub(crate) fn quietly(command: Cmd<'_>) -> Result<()> {
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
pub(crate) fn exit_code(command: Cmd<'_>) -> Result<ExitCode> {
    let status = std::process::Command::from(command).status()?;
    Ok(match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        // Ended by a signal, as Ctrl+C does to the playground.
        _ => ExitCode::FAILURE,
    })
}
