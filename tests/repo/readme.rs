//! Blocks of the README that are copies: the error table is the one in the code, and examples come from tested
//! projects.

use capwire::error_table::TABLE;
use std::fmt::Write as _;
use std::{env, fs};

/// The mark before a block. The name of its source follows.
const BEGIN: &str = "<!-- from ";
const END: &str = "<!-- /from -->";

#[test]
fn the_blocks_of_the_readme_match_their_sources() {
    let readme = fs::read_to_string(path("README.md")).expect("README.md");
    let mut parts = readme.split(BEGIN);
    let mut expected = parts.next().unwrap().to_owned();
    for part in parts {
        let (source, rest) = part.split_once(" -->\n").expect("the end of a mark");
        let (_, after) = rest.split_once(END).expect("the end of what is repeated");
        write!(expected, "{BEGIN}{source} -->\n{}{END}{after}", repeated(source)).unwrap();
    }
    if env::var_os("BLESS").is_some() {
        fs::write(path("README.md"), expected).expect("README.md can be written");
    } else {
        assert!(readme == expected, "run `BLESS=1 cargo test --test repo` and look at the change");
    }
}

fn path(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The source that a mark names: the error table of `src/error_table.rs`, a command of a manifest
/// (`package.json build`), or a file, from `#region readme` to `#endregion` if it has these.
fn repeated(source: &str) -> String {
    if source == "src/error_table.rs" {
        return table();
    }
    let (name, script) = source.split_once(' ').unwrap_or((source, ""));
    let text = fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    if !script.is_empty() {
        let manifest: serde_json::Value = serde_json::from_str(&text).expect("a manifest");
        let command = manifest["scripts"][script].as_str().expect("a command");
        return format!("```sh\n{command}\n```\n");
    }
    let language = name.rsplit('.').next().unwrap();
    format!("```{language}\n{}```\n", region(&text))
}

fn region(text: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.contains("#region readme")).skip(1);
    let inside: Vec<&str> = lines.take_while(|line| !line.contains("#endregion")).collect();
    let Some(first) = inside.first() else { return text.to_owned() };
    let indent = first.len() - first.trim_start().len();
    let line = |line: &&str| line.get(indent..).unwrap_or_default().to_owned() + "\n";
    inside.iter().map(line).collect()
}

/// A row per code. The class is only named in its first row.
fn table() -> String {
    let mut table =
        String::from("| class | code | what happened, and what to do |\n|---|---|---|\n");
    let mut last = None;
    for row in TABLE {
        let class = Some(row.class).filter(|class| last != Some(*class));
        let class = class.map_or(String::new(), |class| format!("`{}`", class.name()));
        writeln!(table, "| {class} | `{}` | {}. {} |", row.code, row.message, row.hint).unwrap();
        last = Some(row.class);
    }
    table
}
