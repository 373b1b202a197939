//! The command line.

use std::path::PathBuf;
use std::time::Duration;

/// What `--help` prints.
pub const HELP: &str = "\
Runs a local sandbox of the captcha-recognition services, to try and test a client.

Usage: capwire-sandbox [options]

  --port N               listen on this port of 127.0.0.1 (default 0: any free port)
  --solve-ms N           make a task ready N milliseconds after its creation (default 3000)
  --serve /PATH=FOLDER   serve the files in a folder under a path (can be repeated)
  --until-stdin-closes   exit when stdin closes, so that no sandbox outlives its parent
  --help                 print this help

Once it is listening, it prints one line: capwire-sandbox listening on http://127.0.0.1:PORT
Open http://127.0.0.1:PORT/sandbox to see what it can do.
";

/// A folder served under a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The path without a trailing slash; empty for the root.
    pub path: String,
    /// The folder.
    pub directory: PathBuf,
}

/// The parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The port, or 0 for any free port.
    pub port: u16,
    /// How long after its creation a task becomes ready.
    pub solve_after: Duration,
    /// Folders to serve.
    pub mounts: Vec<Mount>,
    /// Whether to exit when stdin closes.
    pub until_stdin_closes: bool,
    /// Whether to print [`HELP`] and do nothing else.
    pub help: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            solve_after: Duration::from_millis(3000),
            mounts: Vec::new(),
            until_stdin_closes: false,
            help: false,
        }
    }
}

/// Parses the arguments after the program's name.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = arguments.into_iter();
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--port" => options.port = number(&flag, &value()?)?,
            "--solve-ms" => options.solve_after = Duration::from_millis(number(&flag, &value()?)?),
            "--serve" => {
                let mount = mount(&value()?)?;
                if options.mounts.iter().any(|other| other.path == mount.path) {
                    return Err(format!("--serve: {}/ is already served", mount.path));
                }
                options.mounts.push(mount);
            }
            "--until-stdin-closes" => options.until_stdin_closes = true,
            "--help" => options.help = true,
            _ => return Err(format!("unknown option {flag} (--help lists all options)")),
        }
    }
    Ok(options)
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} needs a number, not {value}"))
}

fn mount(value: &str) -> Result<Mount, String> {
    let (path, directory) = value
        .split_once('=')
        .filter(|(path, _)| path.starts_with('/'))
        .ok_or_else(|| format!("--serve needs /PATH=FOLDER, not {value}"))?;
    let path = path.trim_end_matches('/');
    // The router treats some other characters as patterns, and it has no empty segments.
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    if !path.chars().all(plain) || path.contains("//") {
        return Err(format!("--serve: {path} is not a plain path"));
    }
    let taken = ["sandbox", "capmonster", "brocapgpt"];
    if path.split('/').nth(1).is_some_and(|first| taken.contains(&first)) {
        return Err(format!("--serve: {path} belongs to the sandbox itself"));
    }
    let directory = PathBuf::from(directory);
    if !directory.is_dir() {
        return Err(format!("--serve: {} is not a folder", directory.display()));
    }
    Ok(Mount { path: path.to_owned(), directory })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        super::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_option_has_a_default() {
        assert_eq!(parse(""), Ok(Options::default()));
    }

    #[test]
    fn all_flags_are_read() {
        let options =
            parse("--port 81 --solve-ms 5 --serve /a=. --serve /=/tmp --until-stdin-closes")
                .unwrap();
        assert_eq!(options.port, 81);
        assert_eq!(options.solve_after, Duration::from_millis(5));
        let paths: Vec<_> = options.mounts.iter().map(|mount| mount.path.as_str()).collect();
        assert_eq!(paths, ["/a", ""]);
        assert!(options.until_stdin_closes);
        assert!(parse("--help").unwrap().help);
    }

    #[test]
    fn a_mistake_is_named() {
        for (line, word) in [
            ("--prot 1", "--prot"),
            ("x", "unknown option x"),
            ("--port", "needs a value"),
            ("--port 65536", "65536"),
            ("--solve-ms -1", "-1"),
            ("--serve a=.", "/PATH=FOLDER"),
            ("--serve /a", "/PATH=FOLDER"),
            ("--serve /a=/no/such/folder", "not a folder"),
            ("--serve /a=. --serve /a/=.", "already"),
            ("--serve /sandbox=.", "itself"),
            ("--serve /capmonster/x=.", "itself"),
            ("--serve /{a}=.", "plain"),
            ("--serve /:a=.", "plain"),
            ("--serve /a//b=.", "plain"),
        ] {
            let message = parse(line).unwrap_err();
            assert!(message.contains(word), "{message}");
            assert!(!message.contains('\n'));
        }
    }
}
