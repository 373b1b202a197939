//! The step `workflows`: the files of `.github`, by the linters that are installed.

use anyhow::Result;
use xshell::{Shell, cmd};

/// Each file and the schema that check-jsonschema knows for it.
const FILES: [(&str, &str); 7] = [
    ("github-workflows", "workflows/ci.yml"),
    ("github-workflows", "workflows/release.yml"),
    ("github-actions", "actions/setup/action.yml"),
    ("dependabot", "dependabot.yml"),
    ("github-issue-forms", "ISSUE_TEMPLATE/bug.yml"),
    ("github-issue-forms", "ISSUE_TEMPLATE/feature.yml"),
    ("github-issue-config", "ISSUE_TEMPLATE/config.yml"),
];

/// Runs zizmor and check-jsonschema, or returns how to install what is missing.
pub(crate) fn check(sh: &Shell) -> Result<Option<String>> {
    let mut missing = Vec::new();
    let is_there = |tool: &str| {
        let version = cmd!(sh, "{tool} --version").quiet().ignore_stdout().ignore_stderr();
        version.run().is_ok()
    };
    if is_there("zizmor") {
        // Offline: the other audits ask GitHub about the actions in use.
        cmd!(sh, "zizmor --offline .github").run()?;
    } else {
        missing.push("zizmor");
    }
    if is_there("check-jsonschema") {
        for (schema, file) in FILES {
            cmd!(sh, "check-jsonschema --builtin-schema vendor.{schema} .github/{file}").run()?;
        }
    } else {
        missing.push("check-jsonschema");
    }
    Ok((!missing.is_empty()).then(|| format!("not installed: pipx install {}", missing.join(" "))))
}
