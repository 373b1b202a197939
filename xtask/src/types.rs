//! The TypeScript of the task types, written from the table in `src/task/catalog.rs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use capwire::task::catalog::{CATALOG, PROXY};
use capwire::task::schema::{Field, Literal, Rule, TaskSpec};

const HEAD: &str = "\
/** An image: its bytes in any form, their base64 text, or a base64 `data:` URL. */
export type Image = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | Blob;

/** A point in an image, as the service returns it. */
export interface Point {
  /** The horizontal position. */
  X: number;
  /** The vertical position. */
  Y: number;
}

";

const TAIL: &str = "\
/**
 * A task of an unknown type. Its fields are sent unchanged: `undefined` means absent, `null` and `\"\"` are
 * values.
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
        "The proxy through which the captcha is solved. Set all required fields together.",
        |out| {
            PROXY.iter().for_each(|field| member(out, field, field.path, 1));
        },
    );
    out.push_str(
        "/** No proxy: the service uses its own IP addresses. */\nexport type NoProxy = { [N in keyof ProxyFields]?: undefined };\n\n",
    );
    for kind in CATALOG {
        task(&mut out, kind);
    }
    union(&mut out);
    out.push_str(TAIL);
    solutions(&mut out);
    out
}

fn task(out: &mut String, kind: &TaskSpec) {
    let name = kind.docs.interface;
    let own = if kind.takes_proxy { format!("{name}Fields") } else { name.to_owned() };
    interface(out, &own, kind.docs.doc, |out| {
        let types: Vec<String> = kind.types.iter().map(|text| format!("{text:?}")).collect();
        let _ = writeln!(
            out,
            "  /** The task's type{}. */",
            if types.len() > 1 { ", or an older name of it" } else { "" }
        );
        let _ = writeln!(out, "  type: {};", types.join(" | "));
        if let Some((field, value)) = &kind.variant {
            let _ = writeln!(
                out,
                "  /** The variant of the task's type. */\n  {field}: {};",
                literal(value)
            );
        }
        members(out, kind);
        out.push_str("  /** Unknown fields are sent unchanged. */\n  [field: string]: unknown;\n");
    });
    if kind.takes_proxy {
        let _ = writeln!(
            out,
            "/** {} A proxy is optional. */\nexport type {name} = {own} & (ProxyFields | NoProxy);\n",
            kind.docs.doc
        );
    }
}

/// The fields. Those of a nested object are gathered into it.
fn members(out: &mut String, kind: &TaskSpec) {
    let mut objects: BTreeMap<&str, Vec<(&str, &Field)>> = BTreeMap::new();
    for field in kind.fields.iter().copied().flatten() {
        match field.path.split_once('.') {
            None => member(out, field, field.path, 1),
            Some((object, name)) => objects.entry(object).or_default().push((name, field)),
        }
    }
    for (object, fields) in objects {
        let _ = writeln!(out, "  /** The data that this captcha requires. */\n  {object}: {{");
        fields.iter().for_each(|(name, field)| member(out, field, name, 2));
        out.push_str("    [name: string]: unknown;\n  };\n");
    }
}

fn member(out: &mut String, field: &Field, name: &str, depth: usize) {
    let indent = "  ".repeat(depth);
    let (optional, nothing) = if field.required { ("", "") } else { ("?", " | null | undefined") };
    let _ = writeln!(out, "{indent}/** {} */", field.doc);
    let _ = writeln!(out, "{indent}{name}{optional}: {}{nothing};", type_of(field.rule));
}

fn type_of(rule: Rule) -> String {
    let joined = |texts: Vec<String>| texts.join(" | ");
    match rule {
        Rule::Text | Rule::TextWithoutPercent | Rule::Url => "string".to_owned(),
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
    out.push_str("/** A task of a known type. It is checked before anything is sent. */\n");
    let names: Vec<&str> = CATALOG.iter().map(|kind| kind.docs.interface).collect();
    let _ = writeln!(out, "export type KnownTask =\n  | {};\n", names.join("\n  | "));
}

/// The solution of each task, selected by its type and, if it has variants, by the field that tells them apart.
fn solutions(out: &mut String) {
    for kind in CATALOG {
        interface(
            out,
            &solution_name(kind),
            &format!("The solution of a {{@link {}}}.", kind.docs.interface),
            |out| {
                for part in kind.docs.solution.split("; ") {
                    let name = part.split([':', '?']).next().unwrap_or_default();
                    let _ = writeln!(out, "  /** {} */\n  {part};", solution_doc(name));
                }
            },
        );
    }
    out.push_str("/** The solution of a task, by its type. */\nexport type SolutionOf<T> =\n");
    for kind in CATALOG {
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
        "token" | "gRecaptchaResponse" => "The token to submit to the page.",
        "userAgent" => "The User-Agent to use with the token.",
        "cookies" => "The cookies to use with the token, by name.",
        "respKey" => "The value that `hcaptcha.getRespKey()` returns on the page.",
        "challenge" => "The value of `geetest_challenge`.",
        "validate" => "The value of `geetest_validate`.",
        "seccode" => "The value of `geetest_seccode`.",
        "captcha_id" | "lot_number" | "pass_token" | "gen_time" | "captcha_output" => {
            "One of the values that the page sends to its server."
        }
        "encryptedData" => "Another value for the page's server, if the service returns it.",
        "answer" => "Which cells or images to click, the points to click, or the measured numbers.",
        "metadata" => "The kind of the answer.",
        _ => "",
    }
}

fn solution_name(kind: &TaskSpec) -> String {
    format!("{}Solution", kind.docs.interface.replace("Task", ""))
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::String(text) => format!("{text:?}"),
        // Its digits are accepted too.
        Literal::Number(number) => format!("{number} | \"{number}\""),
    }
}

fn interface(out: &mut String, name: &str, doc: &str, body: impl FnOnce(&mut String)) {
    let _ = writeln!(out, "/** {doc} */\nexport interface {name} {{");
    body(out);
    out.push_str("}\n\n");
}
