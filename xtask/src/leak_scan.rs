//! The leak scan: `tests/node/helpers/leak-scan.js` is loaded into every Node process that the tests start. It
//! counts the texts that it has searched for the key and records where it found one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use xshell::{Cmd, Shell};

use crate::util::root;

fn folder(step: &str) -> PathBuf {
    root().join("target/leak-scan").join(step)
}

/// Lets a command's Node processes load the scan from a folder of tests.
pub(crate) fn scanning<'a>(
    sh: &Shell,
    step: &str,
    tests: &Path,
    command: Cmd<'a>,
) -> Result<Cmd<'a>> {
    let folder = folder(step);
    sh.remove_path(&folder)?;
    sh.create_dir(&folder)?;
    let script = tests.join("node/helpers/leak-scan.js");
    Ok(command.env("CAPWIRE_LEAK_SCAN", folder).env("NODE_OPTIONS", preloading(&script)))
}

/// The value of `NODE_OPTIONS` that loads a script into every Node process.
pub(crate) fn preloading(script: &Path) -> String {
    import_flag(&script.to_string_lossy())
}

/// The flag that loads a file, with a URL without a space, because Node splits the variable at spaces.
fn import_flag(path: &str) -> String {
    let path = path.replace('\\', "/").replace('%', "%25").replace(' ', "%20").replace('#', "%23");
    // On Windows it begins with a drive.
    let root = if path.starts_with('/') { "" } else { "/" };
    format!("--import=file://{root}{path}")
}

/// Prints what was searched, and fails if a key was found or if nothing was searched.
pub(crate) fn report(step: &str) -> Result<()> {
    let folder = folder(step);
    let mut processes = 0;
    let mut searched = BTreeMap::<String, u64>::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            processes += 1;
            let counts: BTreeMap<String, u64> = serde_json::from_slice(&fs::read(&path)?)?;
            for (what, count) in counts {
                *searched.entry(what).or_default() += count;
            }
        }
    }
    if let Ok(found) = fs::read_to_string(folder.join("found.txt")) {
        bail!("a key was let out:\n{found}");
    }
    let of = |what: &str| searched.get(what).copied().unwrap_or_default();
    ensure!(of("requests") > 0 && of("output") > 0, "the leak scan has searched nothing");
    let counts: Vec<_> = searched.iter().map(|(what, count)| format!("{count} {what}")).collect();
    eprintln!("  no key in the output of {processes} processes: {}", counts.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::import_flag;

    #[test]
    fn a_path_is_loaded_by_a_url_without_spaces() {
        assert_eq!(import_flag("/a b/50%#.js"), "--import=file:///a%20b/50%25%23.js");
        assert_eq!(import_flag("C:\\tests\\a.js"), "--import=file:///C:/tests/a.js");
    }
}
