//! The package as users get it: a tarball, and a project in which it is installed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use xshell::{Shell, cmd};

use crate::build;
use crate::util::{copy_folder, files, install_root_packages, npm, on_ci, quietly, root, step};

/// The folders that tests read, besides the pages of `docs`.
const COPIED: [&str; 6] =
    ["tests/node", "tests/browser", "tests/attack", "tests/fixtures", "docs/examples", "www"];

/// Packs `pkg` and installs the tarball in a project of its own.
pub(crate) fn pack(sh: &Shell) -> Result<()> {
    if build::is_dev() {
        ensure!(!on_ci(), "pkg/dist is a development build: run `cargo xtask build` first");
        eprintln!("  this is a development build: `cargo xtask build` makes the release");
    }
    step("pack the package and install it", || {
        let npm = npm();
        let pack = root().join("target/pack");
        sh.remove_path(&pack)?;
        sh.create_dir(&pack)?;
        {
            let _dir = sh.push_dir("pkg");
            // Without the scripts: `prepack` would build again.
            quietly(cmd!(sh, "{npm} pack --ignore-scripts --pack-destination {pack}"))?;
        }
        let consumer = consumer();
        sh.remove_path(&consumer)?;
        let manifest = "{ \"private\": true, \"type\": \"module\" }\n";
        sh.write_file(consumer.join("package.json"), manifest)?;
        let tarball = tarball()?;
        let _dir = sh.push_dir(&consumer);
        quietly(cmd!(
            sh,
            "{npm} install --no-audit --no-fund --no-package-lock --no-save {tarball}"
        ))
    })
}

pub(crate) fn tarball() -> Result<PathBuf> {
    files(&root().join("target/pack"), ".tgz")
        .into_iter()
        .next()
        .context("there is no tarball yet: run the steps build and pack first")
}

/// The project in which the tarball is installed. The other packages that tests import are found in the
/// folders above it, in the root's node_modules.
pub(crate) fn consumer() -> PathBuf {
    root().join("target/consumer")
}

/// Copies the tests and the files that they read into the consumer project. They are laid out as in the
/// repository, so that relative imports lead to the same files.
pub(crate) fn copy_tests(sh: &Shell) -> Result<PathBuf> {
    install_root_packages(sh)?;
    let consumer = consumer();
    ensure!(
        consumer.join("node_modules/capwire").is_dir(),
        "the package is not installed in target/consumer yet: run the steps build and pack first"
    );
    for path in sh.read_dir(&consumer)? {
        if !path.ends_with("node_modules") && !path.ends_with("package.json") {
            sh.remove_path(path)?;
        }
    }
    for folder in COPIED {
        copy_folder(sh, &root().join(folder), &consumer.join(folder))?;
    }
    copy_pages(sh, &consumer)?;
    Ok(consumer.join("tests"))
}

fn copy_pages(sh: &Shell, consumer: &Path) -> Result<()> {
    for page in files(&root().join("docs"), ".md") {
        sh.copy_file(page, consumer.join("docs"))?;
    }
    Ok(())
}
