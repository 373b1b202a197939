//! A Rust toolchain that can build for wasm32-unknown-unknown.
//!
//! Normally it is the user's own, to which rustup adds the source of the standard library. Where the Rust release
//! server can't or must not be reached, Debian's packages replace it. With either, cargo builds the standard
//! library itself: as small as it can be made, which the one that Rust ships is not.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Cmd, Shell, cmd};

use crate::util::{quietly, root, step};

/// The only target besides the host.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Only `cargo xtask test` needs rust-web-clippy, but it is small and must have the compiler's version.
const DEBIAN_PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-19"];

/// Makes cargo build the standard library too, and in it only what a small program needs.
const BUILD_STD: [&str; 2] =
    ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

const FLAGS: [&str; 4] = [
    // A panic traps at once. Without this its message would be formatted first, for nobody to read.
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    // With these wasm-bindgen keeps JavaScript's values in a table of the module, which takes more code than an
    // array in the glue, and wasm2js does not know them.
    "-Ctarget-feature=-reference-types,-multivalue",
    // A quarter of the usual stack, which is at the bottom of the memory: addresses after it take less bytes in the
    // code, and a module has 12 pages less.
    "-Clink-arg=-zstack-size=262144",
];

/// The first Rust that knows `-Cpanic=immediate-abort` is 1.92.
const OLDEST_MINOR: u32 = 92;

/// The Rust that builds the wasm. Host builds always use the cargo that runs xtask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The user's own, with the source of the standard library.
    User,
    /// Debian's packages.
    Debian,
}

impl Toolchain {
    /// Finds a toolchain with the source of the standard library, and installs that if there is none.
    pub(crate) fn ready(sh: &Shell) -> Result<Self> {
        match env::var("CAPWIRE_RUST").as_deref() {
            Ok("debian") => {
                install_debian(sh)?;
                return Ok(Self::Debian);
            }
            Ok("") | Err(_) => {}
            Ok(other) => bail!("CAPWIRE_RUST is `{other}`: its only possible value is `debian`"),
        }
        if user_has_std_source(sh) || rustup_adds_std_source(sh) {
            return Ok(Self::User);
        }
        if !is_debian_like() {
            bail!(
                "Rust can't build for wasm here: install Rust with rustup (https://rustup.rs), \
                 then run `rustup component add rust-src`"
            );
        }
        eprintln!("  rustup could not add rust-src, so Debian's Rust packages are used");
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

    /// The compiler's version, and from whom it is: the same version of another source makes another wasm.
    pub(crate) fn version(self, sh: &Shell) -> Result<String> {
        let (rustc, from) = match self {
            Self::User => (cmd!(sh, "rustc --version"), "rustup"),
            Self::Debian => (debian_env(cmd!(sh, "/usr/bin/rustc --version")), "Debian"),
        };
        let version = rustc.quiet().read()?;
        let number = version.split(' ').nth(1).context("rustc has printed no version")?;
        Ok(format!("Rust {number} of {from}"))
    }

    /// Makes a command of this cargo build for wasm, together with the standard library. Every command that shares
    /// its target folder must have the same flags, or each would build everything again.
    pub(crate) fn for_wasm<'a>(self, sh: &Shell, command: Cmd<'a>) -> Result<Cmd<'a>> {
        let version = self.version(sh)?;
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
        ensure!(
            minor >= Some(OLDEST_MINOR),
            "{version} can't build the package: use 1.{OLDEST_MINOR} or newer"
        );
        let mut flags = self.path_flags(sh)?;
        flags.extend(FLAGS.map(str::to_owned));
        Ok(command
            .args(["--target", WASM, "--target-dir"])
            .arg(root().join("target/wasm"))
            .args(BUILD_STD)
            // Both are unstable features, which this enables in a stable release.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")))
    }

    /// Flags for rustc that keep this machine's paths out of its output. With these flags the same source gives the
    /// same bytes on every machine.
    fn path_flags(self, sh: &Shell) -> Result<Vec<String>> {
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

fn user_has_std_source(sh: &Shell) -> bool {
    let sysroot = cmd!(sh, "rustc --print sysroot").quiet().ignore_stderr().read();
    sysroot.is_ok_and(|sysroot| has_std_source(Path::new(&sysroot)))
}

fn has_std_source(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").exists()
}

fn rustup_adds_std_source(sh: &Shell) -> bool {
    let added = step("rustup component add rust-src", || {
        quietly(cmd!(sh, "rustup component add rust-src"))
    });
    // Not an error yet: Debian's packages may do.
    if let Err(error) = &added {
        eprintln!("  {error:#}");
    }
    added.is_ok() && user_has_std_source(sh)
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

/// Installs Debian's compiler and the source of its standard library.
fn install_debian(sh: &Shell) -> Result<()> {
    if !is_debian_like() {
        bail!("CAPWIRE_RUST=debian needs Debian's packages, but this is another system");
    }
    apt_install(sh, &DEBIAN_PACKAGES).with_context(|| {
        format!(
            "Debian's Rust packages could not be installed: install {} yourself, \
             or Rust with rustup (https://rustup.rs) and run `rustup component add rust-src`",
            DEBIAN_PACKAGES.join(" ")
        )
    })
}
