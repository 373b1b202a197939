//! A Rust toolchain that can build for wasm32-unknown-unknown.
//!
//! Normally it is the user's own, to which rustup adds the target. Where the Rust release server can't or must
//! not be reached, Debian's packages replace it. They have the compiler and the source of the standard library,
//! but not the library built for wasm, so that is built here, once per machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use xshell::{Cmd, Shell, cmd};

use crate::util::{quietly, root, step};

/// The only target besides the host.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Only `cargo xtask test` needs rust-web-clippy, but it is small and must have the compiler's version.
const DEBIAN_PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-19"];

/// The folder in which Debian's compiler looks for the standard library of the target.
const DEBIAN_STD: &str = "/usr/lib/rustlib/wasm32-unknown-unknown";

/// A file in the folder of the standard library, with the version of the compiler that built it.
const STAMP: &str = "capwire-std";

/// The Rust that builds the wasm. Host builds always use the cargo that runs xtask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The user's own, with the target installed.
    User,
    /// Debian's packages, with the standard library built here.
    Debian,
}

impl Toolchain {
    /// Finds a toolchain with the target, and installs the target if there is none.
    pub(crate) fn ready(sh: &Shell) -> Result<Self> {
        match env::var("CAPWIRE_RUST").as_deref() {
            Ok("debian") => {
                install_debian(sh)?;
                return Ok(Self::Debian);
            }
            Ok("") | Err(_) => {}
            Ok(other) => bail!("CAPWIRE_RUST is `{other}`: its only possible value is `debian`"),
        }
        if user_has_target(sh) || rustup_adds_target(sh) {
            return Ok(Self::User);
        }
        if !is_debian_like() {
            bail!(
                "Rust can't build for wasm here: install Rust with rustup (https://rustup.rs), \
                 then run `rustup target add {WASM}`"
            );
        }
        eprintln!("  rustup could not add the target {WASM}, so Debian's Rust packages are used");
        install_debian(sh)?;
        Ok(Self::Debian)
    }

    /// `cargo` of this toolchain, without arguments.
    pub(crate) fn cargo(self, sh: &Shell) -> Cmd<'_> {
        match self {
            Self::User => cmd!(sh, "cargo"),
            Self::Debian => debian_env(cmd!(sh, "/usr/bin/cargo")),
        }
    }

    /// `cargo clippy` of this toolchain.
    pub(crate) fn clippy(self, sh: &Shell) -> Cmd<'_> {
        match self {
            Self::User => cmd!(sh, "cargo clippy"),
            // By its path: cargo would run the first `cargo-clippy` on the PATH, which is rustup's.
            Self::Debian => debian_env(cmd!(sh, "/usr/bin/cargo-clippy clippy")),
        }
    }

    /// Flags for rustc that keep this machine's paths out of its output: messages of panics name source
    /// files. With these flags the same source gives the same bytes on every machine.
    pub(crate) fn path_flags(self, sh: &Shell) -> Result<Vec<String>> {
        let sysroot = match self {
            Self::User => cmd!(sh, "rustc --print sysroot").quiet().read()?,
            Self::Debian => "/usr".to_owned(),
        };
        let home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home
            .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
            .context("no home folder")?;
        let mut paths = vec![
            (root().to_path_buf(), "capwire"),
            (home.clone(), "cargo"),
            (Path::new(&sysroot).join("lib/rustlib/src/rust"), "/rustc"),
        ];
        // The folder of a registry is named after its address, which may be a mirror's. If several flags
        // match a path, the last one counts.
        for registry in sh.read_dir(home.join("registry/src")).unwrap_or_default() {
            paths.push((registry, "crates"));
        }
        let flags =
            paths.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
        Ok(flags.collect())
    }
}

/// Points the command at Debian's compiler and linker, and removes the variables that `cargo run` and rustup's
/// proxies have set for us: they would lead back to the other toolchain.
fn debian_env(command: Cmd<'_>) -> Cmd<'_> {
    [
        "RUSTUP_TOOLCHAIN",
        "RUSTDOC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "LD_LIBRARY_PATH",
    ]
    .into_iter()
    .fold(command, Cmd::env_remove)
    .env("CARGO", "/usr/bin/cargo")
    .env("RUSTC", "/usr/bin/rustc")
    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
}

fn user_has_target(sh: &Shell) -> bool {
    let folder =
        cmd!(sh, "rustc --print target-libdir --target {WASM}").quiet().ignore_stderr().read();
    folder.is_ok_and(|folder| has_std(Path::new(&folder)))
}

fn has_std(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|files| {
        files.flatten().any(|file| {
            let name = file.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libstd-") && name.ends_with(".rlib")
        })
    })
}

fn rustup_adds_target(sh: &Shell) -> bool {
    let added = step(&format!("rustup target add {WASM}"), || {
        quietly(cmd!(sh, "rustup target add {WASM}"))
    });
    // Not an error yet: Debian's packages may do.
    if let Err(error) = &added {
        eprintln!("  {error:#}");
    }
    added.is_ok() && user_has_target(sh)
}

/// Debian, Ubuntu and the like.
pub(crate) fn is_debian_like() -> bool {
    Path::new("/etc/debian_version").exists() && Path::new("/usr/bin/apt-get").exists()
}

/// A command that runs as root: with sudo, if that asks for no password.
pub(crate) fn as_root<'a>(sh: &'a Shell, program: &str) -> Result<Cmd<'a>> {
    if cmd!(sh, "id -u").quiet().read()? == "0" {
        Ok(cmd!(sh, "{program}"))
    } else if cmd!(sh, "sudo -n true").quiet().ignore_stderr().run().is_ok() {
        Ok(cmd!(sh, "sudo -n {program}"))
    } else {
        bail!("`{program}` must be run as root, and sudo is missing or asks for a password")
    }
}

/// Installs the Debian packages that are missing.
pub(crate) fn apt_install(sh: &Shell, packages: &[&str]) -> Result<()> {
    let is_missing = |package: &&str| {
        let format = "--showformat=${db:Status-Status}";
        let status = cmd!(sh, "dpkg-query --show {format} {package}");
        status.quiet().ignore_stderr().read().ok().as_deref() != Some("installed")
    };
    let missing: Vec<&str> = packages.iter().copied().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    step(&format!("apt-get install {}", missing.join(" ")), || {
        // Waits for the lock: another process may be installing.
        let apt = |args: &[&str]| -> Result<()> {
            let apt = as_root(sh, "apt-get")?.args(["-qq", "-o", "DPkg::Lock::Timeout=300"]);
            quietly(apt.env("DEBIAN_FRONTEND", "noninteractive").args(args))
        };
        apt(&["update"])?;
        apt(&[&["install", "-y", "--no-install-recommends"], missing.as_slice()].concat())
    })
}

/// Installs Debian's compiler and builds the standard library for the target, once per compiler version.
fn install_debian(sh: &Shell) -> Result<()> {
    if !is_debian_like() {
        bail!("CAPWIRE_RUST=debian needs Debian's packages, but this is another system");
    }
    apt_install(sh, &DEBIAN_PACKAGES).with_context(|| {
        format!(
            "Debian's Rust packages could not be installed: install {} yourself, \
             or Rust with rustup (https://rustup.rs) and run `rustup target add {WASM}`",
            DEBIAN_PACKAGES.join(" ")
        )
    })?;

    let version = debian_env(cmd!(sh, "/usr/bin/rustc -vV")).quiet().read()?;
    let lib = Path::new(DEBIAN_STD).join("lib");
    let stamp = fs::read_to_string(lib.join(STAMP));
    if stamp.is_ok_and(|stamp| stamp.trim() == version.trim()) && has_std(&lib) {
        return Ok(());
    }
    step("build the standard library for wasm", || build_debian_std(sh, &version, &lib))
}

fn build_debian_std(sh: &Shell, version: &str, lib: &Path) -> Result<()> {
    let work = root().join("target/wasm-std");
    sh.remove_path(&work)?;
    sh.write_file(
        work.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n[workspace]\n",
    )?;
    sh.write_file(work.join("lib.rs"), "")?;
    {
        let _dir = sh.push_dir(&work);
        let cargo = debian_env(cmd!(
            sh,
            "/usr/bin/cargo build --release --target {WASM} --target-dir target"
        ));
        // Bitcode, because the package is built with link-time optimisation.
        let mut flags = Toolchain::Debian.path_flags(sh)?;
        flags.push("-Cembed-bitcode=yes".to_owned());
        quietly(
            cargo
                // An unstable feature, which RUSTC_BOOTSTRAP enables for this build only.
                .arg("-Zbuild-std=std,panic_abort,test")
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")),
        )?;
    }

    // Prepared elsewhere and then moved, so that an interrupted run leaves nothing that looks finished.
    let ready = sh.create_dir(work.join("lib"))?;
    let built = work.join("target").join(WASM).join("release/deps");
    for file in sh.read_dir(built)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".rlib") && !name.starts_with("libempty") {
            sh.copy_file(&file, &ready)?;
        }
    }
    sh.write_file(ready.join(STAMP), version)?;
    let new = lib.with_extension("new");
    let run =
        |program: &str, args: &[&Path]| -> Result<()> { quietly(as_root(sh, program)?.args(args)) };
    run("mkdir", &[Path::new("-p"), lib.parent().context("the folder has a parent")?])?;
    run("rm", &[Path::new("-rf"), &new])?;
    run("cp", &[Path::new("-r"), &ready, &new])?;
    run("rm", &[Path::new("-rf"), lib])?;
    run("mv", &[&new, lib])?;
    // Built against the previous library; cargo would not notice the difference.
    sh.remove_path(root().join("target/wasm"))?;
    Ok(sh.remove_path(work)?)
}
