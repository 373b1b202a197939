//! ARCHITECTURE.md and CONTRIBUTING.md name files. Each of them exists.

use std::fs;
use std::path::Path;

fn path(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The text between backticks, and every other word with the ending of a file.
fn names(page: &str) -> Vec<&str> {
    let is_file = |word: &&str| [".rs", ".ts", ".md", ".toml"].iter().any(|it| word.ends_with(it));
    let words = page
        .split(|c: char| c.is_whitespace() || "`()[]:;,".contains(c))
        .filter(is_file)
        .filter(|word| !word.starts_with(['.', '/']));
    let quoted = page.split('`').skip(1).step_by(2).filter(|quote| {
        quote.contains('/') && !quote.contains([' ', '\n']) && !quote.starts_with('.')
    });
    words.chain(quoted).collect()
}

#[test]
fn every_file_that_the_guides_name_exists() {
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(path(page)).expect(page);
        let names = names(&text);
        assert!(names.len() > 40, "{page} names only {} files", names.len());
        for name in names {
            // The drawing and the lists of a folder name files without the folder.
            let folders = ["", "src/", "pkg/src/"];
            let exists =
                folders.iter().any(|folder| Path::new(&path(&[folder, name].concat())).exists());
            assert!(exists, "{page} names {name}");
        }
    }
}
