//! The step `notices`: whether THIRD-PARTY-NOTICES names everything that gets into the package.
//!
//! cargo-about writes the file from the lock file and `xtask/notices`. It takes minutes to compile, so it is
//! used where it is installed, and installed only on CI and for `BLESS=1`. The other checks run everywhere
//! and are complete by themselves: each crate of the wasm is listed, and the text of its licence is there.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use wasmparser::{KnownCustom, Name, Parser, Payload};
use xshell::{Shell, cmd};

use crate::toolchain::WASM;
use crate::util::{locked, on_ci, quietly, root, step};

const FILE: &str = "THIRD-PARTY-NOTICES";

const TOOL: &str = "cargo-about@0.9.3";

/// Parts of the standard library. Its other crates, such as hashbrown, have a section of their own.
const STANDARD: [&str; 6] = ["core", "alloc", "std", "std_detect", "panic_abort", "capwire"];

/// Begins the texts of MIT and Unicode-3.0, which are the licences that `about.toml` takes.
const GRANT: &str = "Permission is hereby granted, free of charge,";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: PathBuf,
}

pub(crate) fn check(sh: &Shell) -> Result<()> {
    let bless = env::var_os("BLESS").is_some();
    let made = match cargo_about(sh, bless || on_ci())? {
        Some(tool) => Some(generate(sh, &tool)?),
        None => None,
    };
    if let Some(made) = made.as_ref().filter(|_| bless) {
        fs::write(root().join(FILE), made)?;
    }
    let notices = fs::read_to_string(root().join(FILE)).context(FILE)?;

    let template = fs::read_to_string(root().join("xtask/notices/about.hbs"))?;
    ensure!(notices.contains(fixed_part(&template)?), "{FILE} is not made from xtask/notices");
    let crates = crates_of_the_wasm(sh)?;
    check_list(&notices, &crates)?;
    for package in &crates {
        check_texts(&notices, package)?;
    }
    check_functions(&notices)?;
    if made.is_some_and(|made| made != notices) {
        bail!("{FILE} is outdated: run `BLESS=1 cargo xtask test notices` and look at the change");
    }
    Ok(())
}

/// The program of cargo-about, in `target/tools` or on the PATH.
fn cargo_about(sh: &Shell, install: bool) -> Result<Option<PathBuf>> {
    let tools = root().join("target/tools");
    let installed = tools.join("bin").join(format!("cargo-about{}", env::consts::EXE_SUFFIX));
    if !installed.exists() && install {
        step("install cargo-about", || {
            quietly(cmd!(sh, "cargo install --locked {TOOL} --features cli --root {tools}"))
        })?;
    }
    if installed.exists() {
        return Ok(Some(installed));
    }
    let on_path = cmd!(sh, "cargo-about --version").quiet().ignore_stdout().ignore_stderr();
    Ok(on_path.run().is_ok().then(|| "cargo-about".into()))
}

fn generate(sh: &Shell, tool: &Path) -> Result<String> {
    // cargo-about reads the crates of all platforms before it selects those of the wasm.
    quietly(cmd!(sh, "cargo fetch --locked"))?;
    let made = root().join("target/third-party-notices.txt");
    let (config, template) = ("xtask/notices/about.toml", "xtask/notices/about.hbs");
    // Frozen: otherwise it asks a server about each crate.
    quietly(cmd!(
        sh,
        "{tool} about generate --frozen --fail --config {config} --manifest-path Cargo.toml --output-file {made} {template}"
    ))?;
    let made = fs::read_to_string(made)?;
    Ok(made.replace("\r\n", "\n").trim_end().to_owned() + "\n")
}

/// The sections between the two that cargo-about fills in: the standard library and the tools.
fn fixed_part(template: &str) -> Result<&str> {
    let (_, rest) = template.split_once("{{/each}}\n").context("the template has no list")?;
    let (fixed, _) = rest.split_once("{{#each licenses}}").context("the template has no texts")?;
    Ok(fixed)
}

/// The crates that the wasm is compiled from, without capwire itself.
fn crates_of_the_wasm(sh: &Shell) -> Result<Vec<Package>> {
    let locked = locked();
    let tree =
        cmd!(sh, "cargo tree -p capwire --target {WASM} --edges normal --prefix none {locked...}")
            .quiet()
            .read()?;
    // "serde v1.0.229", and for some more than that.
    let in_tree: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.split(' ').next().zip(line.split(" v").nth(1)))
        .collect();
    let is_in_tree = |package: &Package| {
        in_tree.iter().any(|(name, rest)| {
            *name == package.name && rest.split(' ').next() == Some(&package.version)
        })
    };
    let metadata =
        cmd!(sh, "cargo metadata --format-version 1 --filter-platform {WASM} {locked...}");
    let metadata: Metadata = serde_json::from_str(&metadata.quiet().read()?)?;
    let mut crates = metadata.packages;
    crates.retain(|package| package.name != "capwire" && is_in_tree(package));
    ensure!(crates.len() > 20, "cargo tree lists only {} crates", crates.len());
    Ok(crates)
}

/// Compares the list of crates, with their versions and licences.
fn check_list(notices: &str, crates: &[Package]) -> Result<()> {
    let listed: BTreeSet<String> = notices
        .lines()
        .filter_map(|line| line.strip_prefix("- "))
        .map(|line| line.split(" http").next().unwrap_or(line).to_owned())
        .collect();
    let used: BTreeSet<String> = crates
        .iter()
        .map(|package| {
            let license = package.license.as_deref().unwrap_or("no licence");
            format!("{} {} ({})", package.name, package.version, license.replace('/', " OR "))
        })
        .collect();
    let missing: Vec<_> = used.difference(&listed).collect();
    let unused: Vec<_> = listed.difference(&used).collect();
    ensure!(
        missing.is_empty() && unused.is_empty(),
        "{FILE} lacks {missing:?} and has {unused:?}, which is unused: \
         run `BLESS=1 cargo xtask test notices` and look at the change"
    );
    Ok(())
}

/// Looks for the texts of the licences in the crate's own folder.
fn check_texts(notices: &str, package: &Package) -> Result<()> {
    let notices = words(notices);
    let folder = package.manifest_path.parent().context("a manifest is in a folder")?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        let is_license = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        if !is_license || !path.is_file() {
            continue;
        }
        let text = words(&fs::read_to_string(&path)?);
        // The licences that were not chosen need not be here, but notices always do.
        if text.contains(GRANT) || name.starts_with("NOTICE") {
            ensure!(
                notices.contains(&text),
                "{FILE} lacks the text of {} {}: {name}",
                package.name,
                package.version
            );
        }
    }
    Ok(())
}

/// The text with single spaces: line breaks do not matter.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Looks whose functions the compiled module has. This finds crates that the lock file does not know: those
/// of the standard library.
fn check_functions(notices: &str) -> Result<()> {
    let module = root().join("target/wasm").join(WASM).join("release/capwire.wasm");
    let Ok(wasm) = fs::read(&module) else {
        println!("nothing is built yet, so the functions of the wasm are not looked at");
        return Ok(());
    };
    let owners = owners(&wasm)?;
    ensure!(owners.contains("capwire") && owners.contains("core"), "the wasm has no names");
    let is_known = |owner: &str| {
        let sections = [owner.replace('_', "-"), owner.to_owned()];
        STANDARD.contains(&owner)
            || sections.iter().any(|name| {
                notices.contains(&format!("\n- {name} "))
                    || notices.contains(&format!("\n{name}: http"))
            })
    };
    let unknown: Vec<_> = owners.iter().filter(|owner| !is_known(owner)).collect();
    ensure!(
        unknown.is_empty(),
        "the wasm has functions of {unknown:?}, which {FILE} does not name"
    );
    Ok(())
}

/// The crates to which the functions of a module belong, by its section of names.
fn owners(wasm: &[u8]) -> Result<BTreeSet<String>> {
    let mut owners = BTreeSet::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload? else { continue };
        let KnownCustom::Name(names) = section.as_known() else { continue };
        for part in names {
            let Name::Function(functions) = part? else { continue };
            for function in functions {
                let name = format!("{:#}", rustc_demangle::demangle(function?.name));
                owners.extend(roots(&name).map(str::to_owned));
            }
        }
    }
    Ok(owners)
}

/// The first parts of the paths in a name: `core` and `js_sys` of `<js_sys::Date as core::clone::Clone>::clone`.
fn roots(name: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    name.split(move |c| !is_part(c))
        .filter_map(|path| path.split_once("::"))
        .map(|(root, _)| root)
        .filter(|root| root.starts_with(|c: char| c.is_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{Package, check_list, check_texts, roots, words};
    use std::fs;

    fn package(folder: &std::path::Path) -> Package {
        Package {
            name: "a".to_owned(),
            version: "1.0.0".to_owned(),
            license: Some("MIT/Apache-2.0".to_owned()),
            manifest_path: folder.join("Cargo.toml"),
        }
    }

    #[test]
    fn a_name_belongs_to_the_crates_of_its_paths() {
        let of = |name| roots(name).collect::<Vec<_>>();
        assert_eq!(of("<js_sys::Date as core::clone::Clone>::clone"), ["js_sys", "core"]);
        assert_eq!(of("alloc::vec::Vec<T,A>::push"), ["alloc"]);
        assert_eq!(of("<&T as core::fmt::Debug>::fmt"), ["core"]);
        assert_eq!(of("memcmp"), [""; 0]);
    }

    #[test]
    fn the_list_is_compared_with_versions_and_licences() {
        let crates = [package("".as_ref())];
        let line = "x\n- a 1.0.0 (MIT OR Apache-2.0) https://a.example\n";
        assert!(check_list(line, &crates).is_ok());
        for wrong in ["", "- a 1.0.1 (MIT OR Apache-2.0)", "- a 1.0.0 (MIT)"] {
            let error = check_list(wrong, &crates).unwrap_err().to_string();
            assert!(error.contains("lacks [\"a 1.0.0 (MIT OR Apache-2.0)\"]"), "{error}");
        }
        let error = check_list(&format!("{line}- b 1.0.0 (MIT)"), &crates).unwrap_err().to_string();
        assert!(error.contains("has [\"b 1.0.0 (MIT)\"]"), "{error}");
    }

    #[test]
    fn the_texts_are_those_of_the_crates_folder() {
        let folder = std::env::temp_dir().join(format!("capwire-notices-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mit = "Copyright A\n\nPermission is hereby granted, free of charge, to any";
        fs::write(folder.join("LICENSE-MIT"), mit).unwrap();
        fs::write(folder.join("LICENSE-APACHE"), "Apache").unwrap();
        let check =
            |notices: &str| check_texts(notices, &package(&folder)).map_err(|it| it.to_string());
        assert_eq!(check(&format!("before {} after", words(mit))), Ok(()));
        let changed = check(&mit.replace("Copyright A", "Copyright B"));
        assert_eq!(
            changed.unwrap_err(),
            "THIRD-PARTY-NOTICES lacks the text of a 1.0.0: LICENSE-MIT"
        );
        fs::write(folder.join("NOTICE"), "by A").unwrap();
        assert!(check(mit).unwrap_err().ends_with("NOTICE"));
        assert_eq!(check(&format!("{mit} by A")), Ok(()));
        fs::remove_dir_all(folder).unwrap();
    }
}
