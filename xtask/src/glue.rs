//! Changes to generated text: the glue of wasm-bindgen, its declarations, and the module of wasm2js.
//!
//! Each change first checks that the text still has the expected form, so that a new version of a tool fails
//! the build instead of producing a package that is subtly broken. The versions of the tools are pinned. The
//! tests below run every change over stored output of theirs.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};

/// The module that the crate imports functions from: src/js.
const PLATFORM: &str = "./platform.js";

/// How the glue finds out that WebAssembly has detached the buffer of its memory.
const CHECK_OF_BUFFER: &str = "cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)";

/// Where the part of the glue begins that loads the module. The shell has one of its own.
const LOADER: &str = "\nlet wasmModule, wasmInstance, wasm;\n";

/// Makes the glue a function, each call of which gives an instance of its own: exports, memory and everything that
/// the glue keeps. After a trap the shell starts a new one, and nothing of the old one can reach it.
pub(crate) fn per_instance(glue: &str) -> Result<String> {
    ensure!(glue.matches(LOADER).count() == 1, "the glue loads the module in another way");
    let (code, _) = glue.split_once(LOADER).context("the glue has no loader")?;
    let is_import = |line: &&str| line.starts_with("import ");
    let (mut imports, mut body, mut exports) = (String::new(), String::new(), Vec::new());
    // `using` a client, nobody does.
    let is_disposal = |line: &&str| line.starts_with("if (Symbol.dispose) ");
    for line in code.lines().filter(|line| !is_disposal(line)) {
        let inner = line.strip_prefix("export ").unwrap_or(line);
        if inner.len() < line.len() {
            let name = inner.strip_prefix("class ").or_else(|| inner.strip_prefix("function "));
            let name = name.context("the glue exports something new")?;
            exports.push(name.split([' ', '(']).next().unwrap_or_default());
        }
        let part = if is_import(&line) { &mut imports } else { &mut body };
        let _ = writeln!(part, "{inner}");
    }
    ensure!(!exports.is_empty(), "the glue exports nothing");
    Ok(format!(
        "{imports}
export default async function makeGlue(instantiate) {{
let wasm;
{body}
wasm = await instantiate(__wbg_get_imports());
return {{ {} }};
}}
",
        exports.join(", ")
    ))
}

/// The declarations of that function, in the place of those of the loader.
pub(crate) fn declare_function(declarations: &str) -> Result<String> {
    let (before, _) = declarations
        .split_once("export type InitInput = ")
        .context("the glue declares its loader in another way")?;
    Ok(format!(
        "{before}/** A name in the wasm that belongs to this glue. */
export const mark: string;

/** Makes an instance of the module and of its glue. `instantiate` gives the exports. */
export default function makeGlue(
  instantiate: (imports: WebAssembly.Imports) => WebAssembly.Exports | Promise<WebAssembly.Exports>,
): Promise<Omit<typeof import(\"./glue.js\"), \"default\" | \"mark\">>;
"
    ))
}

/// The declarations of the data types, which come before those of the glue itself. The package's public types
/// must not import the latter: they need newer and other libraries than a user may have.
pub(crate) fn data_types(declarations: &str) -> Result<&str> {
    let class = declarations.find("export class").context("the glue declares no class")?;
    let (before, _) = declarations.split_at(class);
    let comment = before.rfind("/**").context("the glue's class has no comment")?;
    Ok(before.split_at(comment).0)
}

/// Names the mark of the wasm that belongs to the glue. The short names of an export mean something else in another
/// build, and an old copy of the file is easily left behind after an update.
pub(crate) fn with_mark(glue: &str, mark: &str) -> String {
    format!("{glue}\nexport const mark = \"{mark}\";\n")
}

/// Uses the short names that wasm-opt gave to imports and exports, and printed as JSON. The long ones would be
/// a sixteenth of the download.
pub(crate) fn with_short_names(glue: &str, names: &[u8]) -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Names {
        imports: Vec<(String, String, String)>,
        exports: Vec<(String, String)>,
    }
    let names: Names = serde_json::from_slice(names).context("wasm-opt has printed no names")?;
    let mut glue = replace_once(glue, "\"./glue_bg.js\": import0", "\"a\": import0")?;
    if names.imports.iter().any(|(module, ..)| module == PLATFORM) {
        glue = without_direct_imports(&glue)?;
    }
    let mut direct = String::new();
    for (module, long, short) in &names.imports {
        if module == PLATFORM {
            let _ = writeln!(direct, "        {short}: platform.{long},");
        } else {
            let (old, new) = (format!(" {long}: function"), format!(" {short}: function"));
            glue = replace_once(&glue, &old, &new)?;
        }
    }
    glue = replace_once(&glue, "const import0 = {\n", &format!("const import0 = {{\n{direct}"))?;
    for (long, short) in &names.exports {
        // One name may be the beginning of another, so the character after it decides.
        let call = format!("wasm.{long}");
        let mut parts = glue.split(&call);
        let mut renamed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_longer = part.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            let _ = write!(renamed, "wasm.{}{part}", if is_longer { long } else { short });
        }
        glue = renamed;
    }
    Ok(glue)
}

/// Imports the platform module once, under a name. The glue imports it once for each function that needs no
/// conversion, and passes each of these modules on.
fn without_direct_imports(glue: &str) -> Result<String> {
    let is_direct = |line: &&str| {
        line.starts_with("import * as import") && line.contains(PLATFORM)
            || line.trim_start().starts_with(&format!("\"{PLATFORM}\": import"))
    };
    let found = glue.lines().filter(is_direct).count();
    ensure!(found > 0, "the glue imports {PLATFORM} in another way");
    let rest: Vec<&str> = glue.lines().filter(|line| !is_direct(line)).collect();
    Ok(format!("import * as platform from \"{PLATFORM}\";\n{}\n", rest.join("\n")))
}

/// Wraps the output of wasm2js, which starts when it is imported, in a function that starts it.
pub(crate) fn as_function(module: &str) -> Result<String> {
    let (_, body) =
        module.split_once("\n\n").context("the module of wasm2js begins in another way")?;
    let (body, _) = body
        .split_once("\nvar retasmFunc = ")
        .context("the module of wasm2js starts in another way")?;
    ensure!(
        body.contains("\nfunction asmFunc(imports) {"),
        "the function of wasm2js has another name"
    );
    Ok(format!("{body}\nexport default asmFunc;\n"))
}

/// Makes the glue use that function instead of `WebAssembly`, which it then doesn't mention at all.
pub(crate) fn over_javascript(glue: &str) -> Result<String> {
    // Memory that grows gets a new buffer and leaves the old one as it was; WebAssembly would detach it.
    let mut glue = replace_once(
        glue,
        "cachedUint8ArrayMemory0.byteLength === 0",
        "cachedUint8ArrayMemory0.buffer !== wasm.memory.buffer",
    )?;
    glue = replace_once(
        &glue,
        CHECK_OF_BUFFER,
        "cachedDataViewMemory0.buffer !== wasm.memory.buffer",
    )?;
    let glue = replace_once(&glue, "export default async function", "async function")?;
    ensure!(!glue.contains("WebAssembly"), "the glue uses WebAssembly");
    Ok(format!(
        "import asmFunc from \"./module.js\";\n{glue}\nexport default (guard) => makeGlue((imports) => guard(asmFunc(imports)));\n"
    ))
}

/// Replaces text that must occur exactly once.
fn replace_once(text: &str, old: &str, new: &str) -> Result<String> {
    let found = text.matches(old).count();
    ensure!(found == 1, "the generated text has `{}` {found} times instead of once", old.trim());
    Ok(text.replacen(old, new, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs;
    use std::path::PathBuf;

    use crate::util::{is_blessing, root};

    const MARK: &str = "capwire-01234567";

    fn path(name: &str) -> PathBuf {
        root().join("xtask/tests/fixtures/glue").join(name)
    }

    /// Excerpts of the output of wasm-bindgen, wasm-opt and wasm2js for this crate.
    fn fixture(name: &str) -> String {
        fs::read_to_string(path(name)).unwrap().replace("\r\n", "\n")
    }

    fn assert_makes(name: &str, made: &str) {
        if is_blessing() {
            fs::write(path(name), made).unwrap();
        }
        assert!(fixture(name) == made, "{name} differs: compare it with BLESS=1 and git diff");
    }

    fn wasm(glue: &str) -> Result<String> {
        let named = with_short_names(&per_instance(glue)?, fixture("names.json").as_bytes())?;
        Ok(with_mark(&named, MARK))
    }

    fn javascript(glue: &str) -> Result<String> {
        let names = fixture("names.json");
        with_short_names(&over_javascript(&per_instance(glue)?)?, names.as_bytes())
    }

    #[test]
    fn the_glue_of_the_wasm() {
        assert_makes("wasm.expected.js", &wasm(&fixture("glue.js")).unwrap());
    }

    #[test]
    fn the_glue_of_the_javascript() {
        assert_makes("wasm2js.expected.js", &javascript(&fixture("glue.js")).unwrap());
    }

    #[test]
    fn the_declarations_of_the_glue() {
        let declared = declare_function(&fixture("declarations.d.ts")).unwrap();
        assert_makes("glue.expected.d.ts", &declared);
    }

    #[test]
    fn the_module_in_javascript() {
        let module = as_function(&fixture("wasm2js.module.js")).unwrap();
        assert_makes("wasm2js.module.expected.js", &module);
    }

    #[test]
    fn the_declarations_of_data_types() {
        let declarations = fixture("declarations.d.ts");
        assert_makes("declarations.expected.d.ts", data_types(&declarations).unwrap());
    }

    /// Text without one of the places that are changed, or with one of them twice.
    fn spoilt(text: &str, place: &str) -> [String; 2] {
        assert_eq!(text.matches(place).count(), 1, "the fixture has not one {place}");
        [text.replace(place, ""), text.replace(place, &place.repeat(2))]
    }

    #[test]
    fn a_place_that_is_missing_or_there_twice_is_an_error() {
        let common =
            [LOADER, "\"./glue_bg.js\": import0", " __wbg_Error_208446807d0d1e30: function"];
        let glue = fixture("glue.js");
        for place in common {
            for spoilt in spoilt(&glue, place) {
                wasm(&spoilt).expect_err(place);
            }
        }
        let only_here = ["cachedUint8ArrayMemory0.byteLength === 0", CHECK_OF_BUFFER];
        for place in common.into_iter().chain(only_here) {
            for spoilt in spoilt(&glue, place) {
                javascript(&spoilt).expect_err(place);
            }
        }
    }

    #[test]
    fn the_glue_must_have_the_expected_form() {
        let glue = fixture("glue.js");
        for (old, new) in [
            ("\nexport class Core {", "\nexport const Core = 1; class Other {"),
            ("function takeObject(idx) {", "function takeObject(idx) { WebAssembly;"),
        ] {
            javascript(&replace_once(&glue, old, new).unwrap()).expect_err(old);
        }
    }

    #[test]
    fn the_module_must_have_its_three_parts() {
        let module = fixture("wasm2js.module.js");
        for place in ["\nvar retasmFunc = ", "\nfunction asmFunc(imports) {"] {
            as_function(&module.replace(place, "")).expect_err(place);
        }
        as_function(&module.replace("\n\n", "\n")).expect_err("no blank line");
    }

    #[test]
    fn declarations_must_have_a_class_with_a_comment() {
        let declarations = fixture("declarations.d.ts");
        data_types(&declarations.replace("export class", "class")).expect_err("no class");
        data_types(&declarations.replace("/**", "/*")).expect_err("no comment");
        declare_function(&declarations.replace("InitInput", "Input")).expect_err("no loader");
    }

    #[test]
    fn names_must_be_those_of_the_glue() {
        let glue = fixture("glue.js");
        with_short_names(&glue, b"").expect_err("no names");
        let other = r#"{"imports": [["./glue_bg.js", "__wbg_other", "x"]], "exports": []}"#;
        with_short_names(&glue, other.as_bytes()).expect_err("another import");
    }
}
