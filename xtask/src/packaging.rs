//! The runtimes, bundlers and browsers in which the packed package must work: `tests/packaging`.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::toolchain::{apt_install, is_debian_like};
use crate::{build, build_sandbox, checks, exit_code, install_npm_packages, on_ci, root};

/// Builds and packs the package, then runs every variant of every project, or those named.
pub(crate) fn run(sh: &Shell, names: &[&str]) -> Result<ExitCode> {
    build(sh)?;
    checks::pack(sh)?;
    run_variants(sh, names, &[CHROMIUM, FIREFOX])
}

/// Runs the variants that take seconds, with the tarball that is already there.
pub(crate) fn run_fast(sh: &Shell) -> Result<ExitCode> {
    run_variants(sh, &["--fast"], &[CHROMIUM])
}

fn run_variants(sh: &Shell, arguments: &[&str], browsers: &[Browser]) -> Result<ExitCode> {
    install_npm_packages(sh, &root().join("tests/packaging"))?;
    let sandbox = build_sandbox(sh)?;
    let tarball = checks::tarball()?;
    let mut node = cmd!(sh, "node tests/packaging/run.js --tarball {tarball} {arguments...}")
        .env("CAPWIRE_SANDBOX_BIN", sandbox)
        .env_remove(CHROMIUM.variable)
        .env_remove(FIREFOX.variable);
    for browser in browsers {
        if let Some(program) = browser.installed(sh)? {
            node = node.env(browser.variable, program);
        }
    }
    exit_code(node)
}

/// A browser, and where to look for it.
pub(crate) struct Browser {
    /// The environment variable with the path of its program, if that is not on the PATH.
    variable: &'static str,
    programs: &'static [&'static str],
    debian_package: &'static str,
}

pub(crate) const CHROMIUM: Browser = Browser {
    variable: "CAPWIRE_CHROMIUM",
    programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    debian_package: "chromium",
};

pub(crate) const FIREFOX: Browser = Browser {
    variable: "CAPWIRE_FIREFOX",
    programs: &["firefox-esr", "firefox"],
    debian_package: "firefox-esr",
};

impl Browser {
    /// Returns the path of its program. On Debian it is installed if it is missing. On CI its absence is an error.
    pub(crate) fn installed(&self, sh: &Shell) -> Result<Option<PathBuf>> {
        if self.find().is_none() && is_debian_like() {
            // Not fatal by itself: on CI the check below fails.
            if let Err(error) = apt_install(sh, &[self.debian_package]) {
                eprintln!("{error:#}");
            }
        }
        let found = self.find();
        ensure!(found.is_some() || !on_ci(), self.missing());
        Ok(found)
    }

    /// The message for a user who does not have it.
    pub(crate) fn missing(&self) -> String {
        format!(
            "{} was not found: install it, or set {} to its path",
            self.debian_package, self.variable
        )
    }

    fn find(&self) -> Option<PathBuf> {
        if let Some(named) = env::var_os(self.variable) {
            return Some(named.into());
        }
        let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
        self.programs
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
            .find(|program| program.is_file())
    }
}
