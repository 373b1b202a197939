//! The tests in JavaScript and TypeScript. They run from a copy in the consumer project, so they see the
//! package as users do.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::browser::CHROMIUM;
use crate::build::{Build, build, is_dev};
use crate::pack::{consumer, copy_tests, pack};
use crate::util::{build_sandbox, files, install_npm_packages, npm_bin, root};
use crate::{leak_scan, reliability};

/// By default Node runs one file less at a time than there are processors. Most of these tests wait.
const AT_ONCE: &str = "--test-concurrency=2";

/// The files that also run with the module of `capwire/js`: those that depend on the module itself.
const NO_WASM: [&str; 8] =
    ["circuit-breaker", "errors", "hostile-values", "images", "options", "solve", "tasks", "trap"];

/// Type tests, as a user's compiler sees the package: in Node, without a browser's types, and in a bundler,
/// without Node's. Then as an editor sees it.
pub(crate) fn types(sh: &Shell) -> Result<()> {
    let files = &test_files(&copy_tests(sh)?, "node/types", ".ts")?;
    let tsc = &npm_bin(sh, "tsc")?;
    let common = "--noEmit --strict --exactOptionalPropertyTypes --target es2022";
    let node = "--module nodenext --types node --lib es2022".split(' ');
    let bundler = "--module esnext --moduleResolution bundler".split(' ');
    let _dir = sh.push_dir(consumer());
    // Only a bundler's program has the types of a browser.
    let is_dom = |file: &&PathBuf| {
        file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"dom-"))
    };
    let without_dom: Vec<_> = files.iter().filter(|file| !is_dom(file)).cloned().collect();
    for (kind, files) in [(node, &without_dom), (bundler, files)] {
        let options = common.split(' ').chain(kind);
        cmd!(sh, "{tsc} {options...} {files...}").run()?;
    }
    let editor = root().join("tests/editor");
    install_npm_packages(sh, &editor)?;
    let _dir = sh.push_dir(editor);
    Ok(cmd!(sh, "node --test --test-reporter=dot editor.test.js").run()?)
}

pub(crate) fn node(sh: &Shell) -> Result<()> {
    let tests = copy_tests(sh)?;
    run_all(sh, "node", &tests, None)
}

pub(crate) fn node_no_wasm(sh: &Shell) -> Result<()> {
    ensure!(!is_dev(), "a development build has no capwire/js: run `cargo xtask build` first");
    let tests = copy_tests(sh)?.join("node");
    let files = NO_WASM.map(|name| tests.join(format!("{name}.test.js")));
    let sandbox = build_sandbox(sh)?;
    let _dir = sh.push_dir(consumer());
    cmd!(sh, "node --test {AT_ONCE} --test-reporter=spec {files...}")
        .env("CAPWIRE_SANDBOX_BIN", sandbox)
        .env("NODE_OPTIONS", leak_scan::preloading(&tests.join("helpers/as-wasm2js.js")))
        .run()?;
    Ok(())
}

/// Runs the tests in Chromium, or returns why they are skipped.
pub(crate) fn browser(sh: &Shell) -> Result<Option<String>> {
    let Some(chromium) = CHROMIUM.installed(sh)? else {
        reliability::forget(sh, "browser")?;
        return Ok(Some(CHROMIUM.missing()));
    };
    let tests = copy_tests(sh)?;
    run_all(sh, "browser", &tests, Some(&chromium))?;
    Ok(None)
}

/// Runs all test files of a folder, with the leak scan, and records what the tests of faults saw.
fn run_all(sh: &Shell, folder: &str, tests: &Path, chromium: Option<&Path>) -> Result<()> {
    let files = test_files(tests, folder, ".test.js")?;
    let sandbox = build_sandbox(sh)?;
    let _dir = sh.push_dir(consumer());
    // A browser keeps the processors busy by itself.
    let at_once = chromium.is_none().then_some(AT_ONCE);
    let node = cmd!(sh, "node --test {at_once...} --test-reporter=spec {files...}")
        .env("CAPWIRE_SANDBOX_BIN", sandbox);
    let node = reliability::recording(sh, folder, node)?;
    let node = leak_scan::scanning(sh, folder, tests, node)?;
    match chromium {
        Some(chromium) => node.env(CHROMIUM.variable, chromium),
        None => node.env_remove(CHROMIUM.variable),
    }
    .run()?;
    leak_scan::report(folder)
}

/// `cargo xtask test node FILE...`: builds and packs, then runs only these files of a folder. Arguments after
/// `--` go to Node. It uses a development build, unless `--release` is among the names or `capwire/js` is tested.
pub(crate) fn run_some(sh: &Shell, folder: &str, arguments: &[&str]) -> Result<()> {
    let end = arguments.iter().position(|it| *it == "--").unwrap_or(arguments.len());
    let (names, for_node) = arguments.split_at(end);
    let for_node = for_node.get(1..).unwrap_or_default();
    let (flags, names): (Vec<&str>, Vec<&str>) =
        names.iter().partition(|name| name.starts_with('-'));
    if let Some(flag) = flags.iter().find(|flag| **flag != "--release") {
        bail!("no such flag: {flag} (flags of Node come after `--`)");
    }
    let names =
        names.iter().map(|name| file_name(folder, name)).collect::<Result<Vec<String>>>()?;

    // A development build has no capwire/js.
    let needs_release = !flags.is_empty() || names.iter().any(|name| name == "wasm2js.test.js");
    build(sh, if needs_release { Build::Release } else { Build::Dev })?;
    pack(sh)?;
    let tests = copy_tests(sh)?.join(folder);
    let files: Vec<PathBuf> = if names.is_empty() {
        test_files(&tests, "", ".test.js")?
    } else {
        names.iter().map(|name| tests.join(name)).collect()
    };
    let sandbox = build_sandbox(sh)?;
    let mut node = cmd!(sh, "node --test --test-reporter=spec {for_node...} {files...}")
        .env("CAPWIRE_SANDBOX_BIN", sandbox);
    if folder == "browser" {
        let chromium = CHROMIUM.installed(sh)?.context(CHROMIUM.missing())?;
        node = node.env(CHROMIUM.variable, chromium);
    }
    let _dir = sh.push_dir(consumer());
    Ok(node.run()?)
}

/// The name of a test file, given as a path, as a name, or as a name without `.test.js`.
fn file_name(folder: &str, given: &str) -> Result<String> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or(given);
    let name = format!("{}.test.js", name.trim_end_matches(".js").trim_end_matches(".test"));
    let there = files(&root().join("tests").join(folder), ".test.js");
    ensure!(
        there.iter().any(|path| path.ends_with(&name)),
        "there is no test file tests/{folder}/{name}"
    );
    Ok(name)
}

/// The files of a kind in a folder of the copied tests.
fn test_files(tests: &Path, folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let files = files(&tests.join(folder), ending);
    ensure!(!files.is_empty(), "there are no tests: no file of tests/{folder} ends in {ending}");
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_file_is_named_by_path_or_name() {
        for given in
            ["tests/node/solve.test.js", "solve.test.js", "solve", "tests\\node\\solve.test.js"]
        {
            assert_eq!(file_name("node", given).unwrap(), "solve.test.js");
        }
        assert_eq!(file_name("browser", "pages").unwrap(), "pages.test.js");
        file_name("browser", "solve").expect_err("a file of another folder");
        file_name("node", "nothing").expect_err("no such file");
    }
}
