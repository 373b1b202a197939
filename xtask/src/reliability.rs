//! `docs/reliability.md`: the faults that the tests have tried, and their outcomes.
//!
//! Each test writes a file of rows into the folder that [`VARIABLE`] names. Each step has its own folder, so
//! that it can be run alone.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use xshell::{Cmd, Shell};

use crate::util::{is_blessing, root};

/// The environment variable with the folder for the rows. Without it tests write none.
const VARIABLE: &str = "CAPWIRE_RELIABILITY";

/// The steps whose tests try faults, in the order of the page.
const STEPS: [&str; 4] = ["rust", "node", "attack", "browser"];

const PAGE: &str = "docs/reliability.md";

const INTRODUCTION: &str = "\
# Tested faults and their outcomes

When a request fails in any way, the call still ends in time with an error that says what to do, no task is bought
twice, and a paid task is not lost. This page lists the faults with which the tests check that, and the outcome of
each. Every row was written by the test of that fault; `runs` is how often it was tried in one run of the tests.

- *A task may exist*: the error of createTask has `mayHaveCreatedTask: true`, and the client does not repeat the
  request, because a repeat may buy a second task.
- *With the task's id*: the error has the `taskId`, with which any process can resume waiting.
- *Waiting continues*: `waitForResult()` and `solve()` poll again, at least 2 s later, and get the solution.
- *Repeated by the browser itself*: Chromium repeats a request whose connection broke before the answer, if it had
  used that connection before. No page can see or prevent it. Node does not.

The faults under \"Node\" are also tried with the `fetch` of `capwire/node-http`, with the same outcomes.

`npm test` tries them all and fails if an outcome differs from this page. `BLESS=1 npm test` writes the page again.
";

#[derive(Deserialize)]
struct Row {
    place: String,
    fault: String,
    outcome: String,
    runs: u64,
}

fn folder(step: &str) -> PathBuf {
    root().join("target/reliability").join(step)
}

/// Lets the tests of a command write their rows, after removing those of the last run.
pub(crate) fn recording<'a>(sh: &Shell, step: &str, command: Cmd<'a>) -> Result<Cmd<'a>> {
    forget(sh, step)?;
    Ok(command.env(VARIABLE, sh.create_dir(folder(step))?))
}

/// Removes the rows that a step wrote last time.
pub(crate) fn forget(sh: &Shell, step: &str) -> Result<()> {
    Ok(sh.remove_path(folder(step))?)
}

/// Compares the page with the rows, or writes it if `BLESS` is set. Returns the reason if it can do neither.
pub(crate) fn check() -> Result<Option<String>> {
    let mut rows = Vec::new();
    for step in STEPS {
        let found = read(&folder(step))?;
        if found.is_empty() {
            let steps = STEPS.join(", ");
            return Ok(Some(format!("the step {step} has left no rows: run {steps} first")));
        }
        rows.extend(found);
    }
    let expected = page(&rows)?;
    let path = root().join(PAGE);
    if is_blessing() {
        fs::write(&path, expected).context(PAGE)?;
        return Ok(None);
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    // On Windows git may check it out with other line ends.
    if written.replace("\r\n", "\n") != expected {
        let differing = expected.lines().zip(written.lines()).find(|(new, old)| new != old);
        if let Some((new, old)) = differing {
            println!("it was  {old}\nit is   {new}");
        }
        bail!("{PAGE} differs from what the tests have found: `BLESS=1 npm test` writes it again");
    }
    Ok(None)
}

/// The rows in the files of a folder, file by file.
fn read(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|it| it == "json")) {
        let text = fs::read_to_string(file)?;
        let more: Vec<Row> = serde_json::from_str(&text)
            .with_context(|| format!("{} has no rows", file.display()))?;
        rows.extend(more);
    }
    Ok(rows)
}

fn page(rows: &[Row]) -> Result<String> {
    let mut page = INTRODUCTION.to_owned();
    let mut places: Vec<&str> = Vec::new();
    for Row { place, .. } in rows {
        if !places.contains(&&**place) {
            places.push(place);
        }
    }
    for place in places {
        write!(page, "\n## {place}\n\n| fault | outcome | runs |\n|---|---|---:|\n")?;
        for Row { fault, outcome, runs, .. } in rows.iter().filter(|row| row.place == place) {
            writeln!(page, "| {} | {} | {runs} |", cell(fault), cell(outcome))?;
        }
    }
    Ok(page)
}

/// A text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
