//! The TypeScript of the task types, written from the table in `src/kinds.rs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use capwire::kinds::{Field, KINDS, Literal, PROXY, Rule, TaskKind};

const HEAD: &str = "\
/** An image: its bytes in any form, their base64 text, or a base64 `data:` URL. */
export type Image = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | Blob;

/** A point in an image, as the service measures it. */
export interface Point {
  /** Its horizontal place. */
  X: number;
  /** Its vertical place. */
  Y: number;
}

";

const TAIL: &str = "\
/**
 * A task of a type that is not known here: its fields are sent as they are given.
 * `undefined` is absent; `null` and `\"\"` are values.
 */
export interface RawTask<K extends string = string> {
  /** The task's type, as the service names it. */
  type: K extends KnownTask[\"type\"] ? never : K;
  [field: string]: unknown;
}

/** Any task. */
export type Task = KnownTask | RawTask;

";

/// The declarations of the tasks, their union, and their solutions.
pub(crate) fn task_types() -> String {
    let mut out = HEAD.to_owned();
    interface(
        &mut out,
        "ProxyFields",
        "The proxy over which a captcha is solved, all fields together.",
        |out| {
            PROXY.iter().for_each(|field| member(out, field, field.path, 1));
        },
    );
    out.push_str(
        "/** No proxy: the service uses its own addresses. */\nexport type NoProxy = { [N in keyof ProxyFields]?: undefined };\n\n",
    );
    for kind in KINDS {
        task(&mut out, kind);
    }
    union(&mut out);
    out.push_str(TAIL);
    solutions(&mut out);
    out
}

fn task(out: &mut String, kind: &TaskKind) {
    let name = kind.words.interface;
    let own = if kind.takes_proxy { format!("{name}Fields") } else { name.to_owned() };
    interface(out, &own, kind.words.doc, |out| {
        let types: Vec<String> = kind.types.iter().map(|text| format!("{text:?}")).collect();
        let _ = writeln!(
            out,
            "  /** The task's type{}. */",
            if types.len() > 1 { ", by its name or an older one" } else { "" }
        );
        let _ = writeln!(out, "  type: {};", types.join(" | "));
        if let Some((field, value)) = &kind.variant {
            let _ = writeln!(
                out,
                "  /** Which variant of the type it is. */\n  {field}: {};",
                literal(value)
            );
        }
        members(out, kind);
        out.push_str("  /** Fields that are not known here are sent as they are. */\n  [field: string]: unknown;\n");
    });
    if kind.takes_proxy {
        let _ = writeln!(
            out,
            "/** {} With a proxy or without. */\nexport type {name} = {own} & (ProxyFields | NoProxy);\n",
            kind.words.doc
        );
    }
}

/// The fields. Those of a nested object are gathered into it.
fn members(out: &mut String, kind: &TaskKind) {
    let mut objects: BTreeMap<&str, Vec<(&str, &Field)>> = BTreeMap::new();
    for field in kind.fields.iter().copied().flatten() {
        match field.path.split_once('.') {
            None => member(out, field, field.path, 1),
            Some((object, name)) => objects.entry(object).or_default().push((name, field)),
        }
    }
    for (object, fields) in objects {
        let _ = writeln!(out, "  /** What the kind of captcha needs. */\n  {object}: {{");
        fields.iter().for_each(|(name, field)| member(out, field, name, 2));
        out.push_str("    [name: string]: unknown;\n  };\n");
    }
}

fn member(out: &mut String, field: &Field, name: &str, depth: usize) {
    let indent = "  ".repeat(depth);
    let (optional, nothing) = if field.needed { ("", "") } else { ("?", " | null | undefined") };
    let _ = writeln!(out, "{indent}/** {} */", field.doc);
    let _ = writeln!(out, "{indent}{name}{optional}: {}{nothing};", type_of(field.rule));
}

fn type_of(rule: Rule) -> String {
    let joined = |texts: Vec<String>| texts.join(" | ");
    match rule {
        Rule::Text | Rule::Url => "string".to_owned(),
        Rule::Flag | Rule::FlagOrNull => "boolean".to_owned(),
        Rule::Whole(..) | Rule::AnyWhole | Rule::Score => "number".to_owned(),
        Rule::Object(text) => text.to_owned(),
        Rule::Texts => "readonly string[]".to_owned(),
        Rule::Image => "Image".to_owned(),
        Rule::Images => "readonly Image[]".to_owned(),
        Rule::OneOf(texts) => joined(texts.iter().map(|text| format!("{text:?}")).collect()),
        Rule::ZeroOrOne => "0 | 1".to_owned(),
    }
}

fn union(out: &mut String) {
    out.push_str("/** A task of a type that is known here, checked before anything is sent. */\n");
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.words.interface).collect();
    let _ = writeln!(out, "export type KnownTask =\n  | {};\n", names.join("\n  | "));
}

/// The solution of each task, selected by its type and, if it has variants, by the field that tells them apart.
fn solutions(out: &mut String) {
    for kind in KINDS {
        interface(
            out,
            &solution_name(kind),
            &format!("The solution of a {{@link {}}}.", kind.words.interface),
            |out| {
                for part in kind.words.solution.split("; ") {
                    let name = part.split([':', '?']).next().unwrap_or_default();
                    let _ = writeln!(out, "  /** {} */\n  {part};", solution_doc(name));
                }
            },
        );
    }
    out.push_str("/** The solution of a task: that of its type, or unknown. */\nexport type SolutionOf<T> =\n");
    for kind in KINDS {
        let types: Vec<String> = kind.types.iter().map(|text| format!("{text:?}")).collect();
        let variant =
            kind.variant.as_ref().map(|(field, value)| format!("; {field}: {}", literal(value)));
        let _ = writeln!(
            out,
            "  T extends {{ type: {}{} }} ? {} :",
            types.join(" | "),
            variant.unwrap_or_default(),
            solution_name(kind)
        );
    }
    out.push_str("  unknown;\n");
}

/// The documentation of a member of a solution. The API reference fails for a member that has none.
fn solution_doc(name: &str) -> &'static str {
    match name {
        "text" => "The text in the image.",
        "token" | "gRecaptchaResponse" => "The token that the page takes as the answer.",
        "userAgent" => "The User-Agent that goes with the token.",
        "cookies" => "The cookies that go with the token, by name.",
        "respKey" => "What `hcaptcha.getRespKey()` gives on the page.",
        "challenge" => "The value of `geetest_challenge`.",
        "validate" => "The value of `geetest_validate`.",
        "seccode" => "The value of `geetest_seccode`.",
        "captcha_id" | "lot_number" | "pass_token" | "gen_time" | "captcha_output" => {
            "One of the values that the page sends to its own server."
        }
        "encryptedData" => "More that the page sends to its own server, if the service gives it.",
        "answer" => {
            "For each cell or image whether to click it, or where to click, or what was measured."
        }
        "metadata" => "Of which kind the answer is.",
        _ => "",
    }
}

fn solution_name(kind: &TaskKind) -> String {
    format!("{}Solution", kind.words.interface.replace("Task", ""))
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Text(text) => format!("{text:?}"),
        Literal::Number(number) => number.to_string(),
    }
}

fn interface(out: &mut String, name: &str, doc: &str, body: impl FnOnce(&mut String)) {
    let _ = writeln!(out, "/** {doc} */\nexport interface {name} {{");
    body(out);
    out.push_str("}\n\n");
}
