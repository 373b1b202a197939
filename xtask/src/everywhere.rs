//! The places in which the packed package must work: `tests/everywhere`.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::toolchain::{apt_install, is_debian_like};
use crate::{build, build_sandbox, checks, exit_code, install_npm_packages, on_ci, root};

/// Builds and packs the package and runs the scenario in every place, or in those named.
pub(crate) fn run(sh: &Shell, places: &[&str]) -> Result<ExitCode> {
    build(sh)?;
    checks::pack(sh)?;
    visit(sh, places, &[CHROMIUM, FIREFOX])
}

/// Runs it with the tarball that there is, where that takes no time.
pub(crate) fn run_fast(sh: &Shell) -> Result<ExitCode> {
    visit(sh, &["--fast"], &[CHROMIUM])
}

fn visit(sh: &Shell, arguments: &[&str], browsers: &[Browser]) -> Result<ExitCode> {
    install_npm_packages(sh, &root().join("tests/everywhere"))?;
    let sandbox = build_sandbox(sh)?;
    let tarball = checks::tarball()?;
    let mut node = cmd!(sh, "node tests/everywhere/run.js --tarball {tarball} {arguments...}")
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

/// A browser, and where it may be.
pub(crate) struct Browser {
    /// Names its program, where it is not on the PATH.
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
    /// Its program, which is installed first where that is Debian's and there is none. On CI it must be there.
    pub(crate) fn installed(&self, sh: &Shell) -> Result<Option<PathBuf>> {
        if self.find().is_none() && is_debian_like() {
            // Whether that is a failure is decided below.
            if let Err(error) = apt_install(sh, &[self.debian_package]) {
                eprintln!("{error:#}");
            }
        }
        let found = self.find();
        ensure!(found.is_some() || !on_ci(), self.missing());
        Ok(found)
    }

    /// What to do about its absence.
    pub(crate) fn missing(&self) -> String {
        format!("no {}: install it, or name it in {}", self.debian_package, self.variable)
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
