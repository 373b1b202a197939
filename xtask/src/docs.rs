//! `cargo xtask docs`: the API reference.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::build::{Build, build};
use crate::util::{install_npm_packages, root};

pub(crate) fn run(sh: &Shell) -> Result<()> {
    build(sh, Build::Release)?;
    write_reference(sh)?;
    println!("{}", root().join("target/docs/index.html").display());
    Ok(())
}

/// Writes the API reference of the built package. A declaration without documentation is an error, and so is
/// a broken link.
///
/// typedoc has an npm project of its own, because it works only with older versions of TypeScript than the
/// root's.
pub(crate) fn write_reference(sh: &Shell) -> Result<()> {
    install_npm_packages(sh, &root().join("docs"))?;
    // By its path: `npm_bin` knows only the root's commands.
    cmd!(sh, "node docs/node_modules/typedoc/bin/typedoc --options docs --logLevel Warn").run()?;
    Ok(())
}
