//! The hunt for the key: `tests/node/helpers/leak-scan.js` is loaded into every Node process that the tests start, and
//! writes down what it has looked through, and where it found a key.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use xshell::{Cmd, Shell};

use crate::root;

fn folder(step: &str) -> PathBuf {
    root().join("target/hunt").join(step)
}

/// Lets a command's Node processes hunt. The tests lie in `consumer`.
pub(crate) fn hunting<'a>(sh: &Shell, step: &str, command: Cmd<'a>) -> Result<Cmd<'a>> {
    let folder = folder(step);
    sh.remove_path(&folder)?;
    sh.create_dir(&folder)?;
    let script = sh.current_dir().join("tests/node/helpers/leak-scan.js");
    Ok(command.env("CAPWIRE_HUNT", folder).env("NODE_OPTIONS", preloading(&script)))
}

/// What `NODE_OPTIONS` must be, so that a script is loaded into every Node process.
pub(crate) fn preloading(script: &Path) -> String {
    // As a URL without a space, for the variable is split at them.
    let url = script.to_string_lossy().replace('%', "%25").replace(' ', "%20").replace('#', "%23");
    format!("--import=file://{url}")
}

/// Says what was looked through, and fails if a key was in it, or if nothing was.
pub(crate) fn report(step: &str) -> Result<()> {
    let folder = folder(step);
    let mut processes = 0;
    let mut looked = BTreeMap::<String, u64>::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            processes += 1;
            let counts: BTreeMap<String, u64> = serde_json::from_slice(&fs::read(&path)?)?;
            for (what, count) in counts {
                *looked.entry(what).or_default() += count;
            }
        }
    }
    if let Ok(found) = fs::read_to_string(folder.join("found.txt")) {
        bail!("a key was let out:\n{found}");
    }
    let of = |what: &str| looked.get(what).copied().unwrap_or_default();
    ensure!(
        of("requests") > 0 && of("output") > 0,
        "the hunt for the key has looked through nothing"
    );
    let counts: Vec<_> = looked.iter().map(|(what, count)| format!("{count} {what}")).collect();
    eprintln!("  no key in what {processes} processes let out: {}", counts.join(", "));
    Ok(())
}
