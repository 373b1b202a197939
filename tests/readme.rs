//! The error table in the README is the one in the code.

use capwire::error::TABLE;
use std::fmt::Write as _;
use std::{env, fs};

const BEGIN: &str =
    "<!-- errors: written by `BLESS=1 cargo test --test readme` from src/error.rs -->\n";
const END: &str = "<!-- /errors -->";

#[test]
fn the_error_table_of_the_readme_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(path).expect("README.md");
    let (before, rest) = readme.split_once(BEGIN).expect("where the table begins");
    let (found, after) = rest.split_once(END).expect("where the table ends");
    let expected = table();
    if env::var_os("BLESS").is_some() {
        let blessed = format!("{before}{BEGIN}{expected}{END}{after}");
        fs::write(path, blessed).expect("README.md can be written");
    } else {
        assert_eq!(found, expected, "run `BLESS=1 cargo test --test readme`");
    }
}

/// A row per code, its class named where it first occurs.
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
