//! Where the bytes of the package are: by crate, file and feature. The functions are those of the wasm that is
//! published, under the names that wasm-opt removed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use wasmparser::{Parser, Payload};
use xshell::{Shell, cmd};

use crate::util::{npm_bin, root};

/// The features, and the files of `src` that only they need.
const FEATURES: [(&str, &[&str]); 8] = [
    ("options", &["options.rs", "url.rs", "service.rs", "key.rs"]),
    ("types of tasks, images", &["task/"]),
    ("solveAll", &["client/batch.rs", "js/batch.rs"]),
    ("parseCallback", &["callback.rs"]),
    (
        "requests and waiting",
        &["client/", "protocol.rs", "schedule.rs", "poll_ledger.rs", "gate.rs"],
    ),
    ("guard of the account", &["circuit_breaker.rs", "account.rs", "digest.rs", "status.rs"]),
    ("errors and their texts", &["error.rs", "error_table.rs", "message.rs", "texts.rs"]),
    ("border to JavaScript", &["js/", "platform.rs"]),
];

/// The minified files of an entry.
pub(crate) fn of_javascript(sh: &Shell, entry: &Path) -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Meta {
        outputs: BTreeMap<String, Output>,
    }
    #[derive(serde::Deserialize)]
    struct Output {
        inputs: BTreeMap<String, Input>,
    }
    #[derive(serde::Deserialize)]
    struct Input {
        #[serde(rename = "bytesInOutput")]
        bytes: usize,
    }
    let esbuild = npm_bin(sh, "esbuild")?;
    let (file, meta) = ("target/wasm/size/meta.js", root().join("target/wasm/size/meta.json"));
    cmd!(
        sh,
        "{esbuild} {entry} --bundle --minify --format=esm --external:*.wasm --log-level=error --outfile={file} --metafile={meta}"
    )
    .quiet()
    .run()?;
    let meta: Meta = serde_json::from_str(&std::fs::read_to_string(meta)?)?;
    let inputs = meta.outputs.into_values().flat_map(|output| output.inputs);
    let rows = inputs.map(|(file, input)| (file, input.bytes)).collect();
    Ok(table("JavaScript by file", rows))
}

/// The sections of the wasm, and its functions by crate, file and feature. `names` has a line for each function.
pub(crate) fn of_wasm(wasm: &[u8], names: &str) -> Result<String> {
    let mut sections: BTreeMap<String, usize> = BTreeMap::new();
    let mut bodies = Vec::new();
    let mut imported = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let section = match &payload {
            Payload::TypeSection(it) => Some(("types", it.range())),
            Payload::ImportSection(it) => {
                imported = it.count();
                Some(("imports", it.range()))
            }
            Payload::FunctionSection(it) => Some(("functions", it.range())),
            Payload::TableSection(it) => Some(("tables", it.range())),
            Payload::ExportSection(it) => Some(("exports", it.range())),
            Payload::ElementSection(it) => Some(("elements", it.range())),
            Payload::DataSection(it) => Some(("data", it.range())),
            Payload::CodeSectionStart { range, .. } => Some(("code", range.clone())),
            _ => None,
        };
        if let Some((name, range)) = section {
            sections.insert(name.to_owned(), range.len());
        }
        if let Payload::CodeSectionEntry(body) = payload {
            bodies.push(body.range().len());
        }
    }
    let names: BTreeMap<&str, &str> =
        names.lines().filter_map(|line| line.split_once(':')).collect();

    let (mut crates, mut files, mut features) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (index, bytes) in (imported..).zip(bodies) {
        let name = names.get(index.to_string().as_str()).context("a function has no name")?;
        *crates.entry(owner(name)).or_default() += bytes;
        if let Some(file) = source(name) {
            let feature = FEATURES
                .iter()
                .find(|(_, of)| of.iter().any(|start| file.starts_with(start)))
                .map_or("the rest", |(feature, _)| feature);
            *features.entry(feature.to_owned()).or_default() += bytes;
            *files.entry(format!("src/{file}")).or_default() += bytes;
        }
    }
    ensure!(files.len() > 10, "the functions of the wasm are of only {} files", files.len());
    Ok([
        table("capwire.wasm by section", sections),
        table("code by crate", crates),
        table("code of capwire by file", files),
        table("code of capwire by feature", features),
    ]
    .concat())
}

fn table(title: &str, rows: BTreeMap<String, usize>) -> String {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|(name, bytes)| (std::cmp::Reverse(*bytes), name.clone()));
    let mut text = format!("\n{title:<40} {:>8}\n", "raw");
    for (name, bytes) in rows {
        let _ = writeln!(text, "{name:<40} {bytes:>8}");
    }
    text
}

/// The crate that a function is counted for.
fn owner(symbol: &str) -> String {
    let Some(symbol) = mangled(symbol) else {
        // What capwire exports has names of JavaScript, and what wasm-bindgen adds has names of its own.
        let is_export =
            symbol.starts_with(|c: char| c.is_lowercase()) && !symbol.starts_with("mem");
        return if is_export { "capwire" } else { "wasm_bindgen" }.to_owned();
    };
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    if name.contains("drop_in_place<") || name.contains("drop_in_place::<") {
        return "(drop glue)".to_owned();
    }
    // Functions of a trait are counted for the type: `capwire` in `<capwire::Error as core::fmt::Display>::fmt`.
    paths(&name).next().and_then(|path| path.split("::").next()).unwrap_or("(others)").to_owned()
}

/// The symbol as rustc wrote it, if it did.
fn mangled(symbol: &str) -> Option<&str> {
    // wasm-opt puts this before the name when it has merged functions that were alike.
    let symbol = symbol.trim_start_matches("byn$mgfn-shared$");
    (symbol.starts_with("_R") || symbol.starts_with("_ZN")).then_some(symbol)
}

/// The file of `src` that a function is counted for: where the first of capwire's own paths in its symbol leads to.
/// That is the function's own place, or the type for which another crate's function was compiled.
///
/// The symbol has the module of an `impl`, which a demangled name lacks: `7capwire6client4wait` in that of a method
/// of `Client` in `src/client/wait.rs`. What is exported is declared in `src/js`.
fn source(symbol: &str) -> Option<String> {
    let Some(symbol) = mangled(symbol) else {
        return (owner(symbol) == "capwire").then(|| "js/mod.rs".to_owned());
    };
    let (_, mut rest) = symbol.split_once("7capwire")?;
    let mut parts = Vec::new();
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()) {
        let (length, after) = rest.split_at(end);
        let Some((part, after)) = length.parse().ok().and_then(|it| after.split_at_checked(it))
        else {
            break;
        };
        parts.push(part);
        rest = after;
    }
    while !parts.is_empty() {
        let module = parts.join("/");
        for file in [format!("{module}.rs"), format!("{module}/mod.rs")] {
            if root().join("src").join(&file).is_file() {
                return Some(file);
            }
        }
        parts.pop();
    }
    None
}

/// The paths in a name that begin with a crate: `js_sys::Date` and `core::clone::Clone` of
/// `<js_sys::Date as core::clone::Clone>::clone`.
fn paths(name: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    name.split(move |c| !is_part(c))
        .filter(|path| path.contains("::") && path.starts_with(|c: char| c.is_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_counted_for_their_crate_and_file() {
        let alloc =
            "byn$mgfn-shared$_RNvMs4_NtCs1_5alloc7raw_vecNtB5_11RawVecInner14grow_amortizedB7_";
        let join = "_RNvXs_NtCs1_5alloc3strSReINtNtB6_5slice4JoinBv_E4joinCs2_7capwire";
        let wait = "_RNCNvMNtNtCs2_7capwire6client4waitINtB6_6ClientNtNtNtB8_2js8platform10JsPlatformE4wait0B8_";
        let clone =
            "_RNvXs2_NtCs2_7capwire7serviceNtB5_14ServiceProfileNtNtCs3_4core5clone5Clone5clone";
        let drop =
            "_RINvNtCs3_4core3ptr13drop_in_placeNCNvNtNtCs2_7capwire2js4call14run_to_outcome0EBO_";
        for (symbol, of, file) in [
            (alloc, "alloc", None),
            // The crate at its end is the one for which it was compiled.
            (join, "alloc", None),
            (wait, "capwire", Some("client/wait.rs")),
            (clone, "capwire", Some("service.rs")),
            (drop, "(drop glue)", Some("js/call.rs")),
            ("_RNvNtCs2_7capwire3url11is_loopback", "capwire", Some("url.rs")),
            ("core_solve", "capwire", Some("js/mod.rs")),
            ("__wbindgen_malloc", "wasm_bindgen", None),
        ] {
            assert_eq!(owner(symbol), of, "{symbol}");
            assert_eq!(source(symbol).as_deref(), file, "{symbol}");
        }
    }
}
