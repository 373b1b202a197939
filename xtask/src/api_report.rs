//! The step `api`: compares the public declarations of the built package with `docs/api`, so that every change
//! of the public types is seen and meant.

use std::env;

use anyhow::{Result, ensure};
use xshell::{Shell, cmd};

use crate::util::{copy_folder, install_npm_packages, quietly, root};

const APPROVED: &str = "docs/api";
const CURRENT: &str = "target/api";

pub(crate) fn check(sh: &Shell) -> Result<()> {
    install_npm_packages(sh, &root().join("docs"))?;
    quietly(cmd!(sh, "node docs/api-report.js"))?;
    if env::var_os("BLESS").is_some() {
        sh.remove_path(APPROVED)?;
        return copy_folder(sh, &root().join(CURRENT), &root().join(APPROVED));
    }
    // Outside of git's index: it compares whole folders, and prints what is different.
    let diff = cmd!(sh, "git --no-pager diff --no-index --exit-code {APPROVED} {CURRENT}");
    ensure!(
        diff.run().is_ok(),
        "the public types changed: if that is meant, run `BLESS=1 cargo xtask test api`"
    );
    Ok(())
}
