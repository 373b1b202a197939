//! The browsers that tests need, and where they may be installed.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use xshell::Shell;

use crate::toolchain::{apt_install, is_debian_like};
use crate::util::on_ci;

pub(crate) struct Browser {
    /// The environment variable that names its program, if it is not on the PATH.
    pub(crate) variable: &'static str,
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
    /// Its program. On Debian it is installed if it is missing. On CI it must be there.
    pub(crate) fn installed(&self, sh: &Shell) -> Result<Option<PathBuf>> {
        if self.find().is_none() && is_debian_like() {
            // A failure here is not final: the check below decides.
            if let Err(error) = apt_install(sh, &[self.debian_package]) {
                eprintln!("{error:#}");
            }
        }
        let found = self.find();
        ensure!(found.is_some() || !on_ci(), self.missing());
        Ok(found)
    }

    /// What to do if it is missing.
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
