//! Everything that the package is built from comes from the registries, pinned; and it has no dependencies.
//!
//! cargo-deny checks more, but is not installed everywhere: `cargo xtask test supply` runs it where it is.

use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

const OWN_CRATES: [&str; 5] =
    ["capwire", "capwire-fuzz", "capwire-sandbox", "capwire-testkit", "xtask"];
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NPM: &str = "https://registry.npmjs.org/";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).expect(name)
}

fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).expect(name)
}

/// A member that is an object; empty if it is missing.
fn members(value: &Value, name: &str) -> Map<String, Value> {
    value[name].as_object().cloned().unwrap_or_default()
}

/// The folders with a lock file of npm, each with a slash at its end except the root.
fn npm_projects() -> Vec<String> {
    let packaging = "tests/packaging/";
    let entries = fs::read_dir(path(packaging)).expect(packaging);
    let names =
        entries.map(|entry| entry.expect(packaging).file_name().into_string().expect(packaging));
    let mut projects: Vec<String> = names
        .map(|name| format!("{packaging}{name}/"))
        .filter(|project| path(project).join("package-lock.json").exists())
        .collect();
    assert!(projects.len() >= 4, "{projects:?}");
    projects.extend(["", "bench/", "docs/", "tests/editor/", packaging].map(str::to_owned));
    projects
}

#[test]
fn every_crate_is_from_crates_io_and_has_a_checksum() {
    for name in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let lock = text(name);
        let packages: Vec<&str> = lock.split("\n[[package]]\n").skip(1).collect();
        assert!(packages.len() > 20, "{name} has {} packages", packages.len());
        for package in packages {
            // As cargo writes it: a field on each line, its value in quotes.
            let field = |name: &str| {
                let rest = package.lines().find_map(|line| line.strip_prefix(name))?;
                rest.strip_prefix(" = \"")?.strip_suffix('"')
            };
            let crate_name = field("name").expect(package);
            if OWN_CRATES.contains(&crate_name) {
                assert_eq!(field("source"), None, "{name}: {crate_name} is another's");
                continue;
            }
            assert_eq!(field("source"), Some(CRATES_IO), "{name}: {crate_name}");
            let checksum = field("checksum").unwrap_or_default();
            let is_hex = checksum.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_hex && checksum.len() == 64, "{name}: {crate_name} has no checksum");
        }
    }
}

#[test]
fn every_npm_package_has_an_integrity_hash_and_is_from_the_registry() {
    for project in npm_projects() {
        let name = &format!("{project}package-lock.json");
        let packages = members(&json(name), "packages");
        assert!(packages.len() > 1, "{name} has no packages");
        for (place, package) in &packages {
            match &**place {
                // This repository's own.
                "" | "pkg" => assert_eq!(package.get("resolved"), None, "{name}: {place}"),
                "node_modules/capwire" => assert_eq!(package["link"], true, "{name}: {place}"),
                _ => {
                    // npm would also accept a short hash or a weaker one.
                    let hash = package["integrity"].as_str().unwrap_or_default();
                    let is_whole = hash.starts_with("sha512-") && hash.len() == 7 + 88;
                    assert!(is_whole, "{name}: {place} has the integrity {hash:?}");
                    // It may be missing: then npm uses its registry and checks the hash.
                    if let Some(address) = package.get("resolved") {
                        let is_npm = address.as_str().is_some_and(|it| it.starts_with(NPM));
                        assert!(is_npm, "{name}: {place} comes from {address}");
                    }
                }
            }
        }
    }
}

#[test]
fn tools_are_pinned_to_one_version() {
    for project in npm_projects() {
        let name = &format!("{project}package.json");
        let manifest = json(name);
        assert_eq!(members(&manifest, "dependencies"), Map::new(), "{name}");
        let mut tools = members(&manifest, "devDependencies");
        assert!(!tools.is_empty(), "{name}");
        // Programs that exist for one platform only.
        tools.extend(members(&manifest, "optionalDependencies"));
        for (tool, version) in tools {
            let version = version.as_str().unwrap_or_default();
            // A package under another name: `npm:name@version`.
            let version = version.rsplit('@').next().unwrap_or_default();
            let is_exact = version.split('.').all(|part| part.parse::<u32>().is_ok());
            assert!(is_exact, "{name}: {tool} is {version:?}");
        }
    }
}

#[test]
fn the_package_has_no_dependencies_and_no_install_scripts() {
    let manifest = json("pkg/package.json");
    for name in [
        "dependencies",
        "peerDependencies",
        "optionalDependencies",
        "devDependencies",
        "bundleDependencies",
        "bundledDependencies",
    ] {
        assert_eq!(manifest.get(name), None, "{name}");
    }
    // `prepack` runs when the package is packed, not when it is installed.
    let scripts: Vec<String> = members(&manifest, "scripts").into_iter().map(|it| it.0).collect();
    assert_eq!(scripts, ["prepack"]);
    // npm would take this file for an install script.
    assert!(!path("pkg/binding.gyp").exists());
}

#[test]
fn the_shell_imports_only_itself_and_node() {
    let mut imports = 0;
    let folders =
        ["pkg/src", "pkg/src/cli"].map(|folder| fs::read_dir(path(folder)).expect(folder));
    for entry in folders.into_iter().flatten() {
        let file = entry.expect("a file").path();
        if file.is_dir() {
            continue;
        }
        let source = fs::read_to_string(&file).expect("a source file");
        // Imports in comments are examples.
        for line in source.lines().filter(|line| !line.trim_start().starts_with('*')) {
            let from = line.split_once(" from \"").or_else(|| line.split_once("import \""));
            let Some((_, from)) = from else { continue };
            imports += 1;
            let is_near = ["./", "../", "node:"].iter().any(|start| from.starts_with(start));
            assert!(is_near, "{}: {line}", file.display());
        }
    }
    assert!(imports > 5, "the imports were not found");
}
