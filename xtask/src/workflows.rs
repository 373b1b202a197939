//! The step `workflows`: the files of `.github`, by the linters that are installed.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::util::{on_ci, quietly, root, step};

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

/// The linters, as PyPI has them. On CI they are installed.
const LINTERS: [&str; 2] = ["zizmor==1.32.0", "check-jsonschema==0.39.0"];

/// Runs zizmor and check-jsonschema, or returns how to install what is missing.
pub(crate) fn check(sh: &Shell) -> Result<Option<String>> {
    let mut missing = Vec::new();
    if let Some(zizmor) = find(sh, "zizmor")? {
        // Offline: the other audits ask GitHub about the actions in use.
        cmd!(sh, "{zizmor} --offline .github").run()?;
    } else {
        missing.push("zizmor");
    }
    if let Some(check) = find(sh, "check-jsonschema")? {
        for (schema, file) in FILES {
            cmd!(sh, "{check} --builtin-schema vendor.{schema} .github/{file}").run()?;
        }
    } else {
        missing.push("check-jsonschema");
    }
    Ok((!missing.is_empty()).then(|| format!("not installed: pipx install {}", missing.join(" "))))
}

/// A linter on the PATH, or on CI one that is installed into `target/tools`.
fn find(sh: &Shell, tool: &str) -> Result<Option<PathBuf>> {
    if cmd!(sh, "{tool} --version").quiet().ignore_stdout().ignore_stderr().run().is_ok() {
        return Ok(Some(tool.into()));
    }
    if !on_ci() {
        return Ok(None);
    }
    let python = if cfg!(windows) { "python" } else { "python3" };
    let venv = root().join("target/tools/python");
    let bin = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = bin.join(format!("{tool}{}", EXE_SUFFIX));
    if !program.is_file() {
        step("install zizmor and check-jsonschema", || {
            quietly(cmd!(sh, "{python} -m venv {venv}"))?;
            let pip = bin.join(format!("pip{EXE_SUFFIX}"));
            quietly(cmd!(sh, "{pip} install --quiet --disable-pip-version-check {LINTERS...}"))
        })?;
    }
    Ok(Some(program))
}
