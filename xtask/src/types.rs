//! The TypeScript of the task types, written from the table in `src/task/catalog.rs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use capwire::task::catalog::{CATALOG, PROXY, UNCHECKED_VARIANTS};
use capwire::task::schema::{Field, Literal, Rule, TaskSpec, UncheckedVariant};

const HEAD: &str = "\
/**
 * An image: its bytes in any form, their base64 text, or a `data:` URL; what has it, such as a `Response`, a stream or a
 * canvas; or a promise of any of these. Streams and responses are read no further than the service's limit.
 */
export type Image = ImageForm | PromiseLike<ImageForm>;

/** An image that is there already. A stream and the body of a response can be read once. */
export type ImageForm =
  | string
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | Blob
  | ImageResponse
  | ImageReadable
  | AsyncIterable<ArrayBufferView>
  | ImageCanvas
  | ImageOffscreenCanvas
  | ImageBits
  | readonly number[]
  | { readonly type: \"Buffer\"; readonly data: readonly number[] };

/** A `Response`, also of node-fetch. */
export interface ImageResponse {
  /** The HTTP status. */
  readonly status: number;
  /** Whether the body has been read. It must not have been. */
  readonly bodyUsed: boolean;
  /** Reads the body. A body that is a stream is read as one. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A `ReadableStream` of bytes. */
export interface ImageReadable {
  /** Starts reading. */
  getReader(): ImageReader;
}

/** The reader of such a stream. */
export interface ImageReader {
  /** Resolves to the next bytes, or to `done` at the end. */
  read(): Promise<{ done: boolean; value?: unknown }>;
  /** Gives the rest up. */
  cancel(reason?: unknown): Promise<void>;
}

/** An `HTMLCanvasElement`. It is sent as PNG. */
export interface ImageCanvas {
  /** Its width in pixels. */
  readonly width: number;
  /** Its height in pixels. */
  readonly height: number;
  /** Encodes it. */
  toDataURL(): string;
}

/** An `OffscreenCanvas`. It is sent as PNG. */
export interface ImageOffscreenCanvas {
  /** Its width in pixels. */
  readonly width: number;
  /** Its height in pixels. */
  readonly height: number;
  /** Encodes it. */
  convertToBlob(): Promise<Blob>;
}

/** An `ImageBitmap`. It is sent as PNG, and stays open. */
export interface ImageBits {
  /** Its width in pixels. */
  readonly width: number;
  /** Its height in pixels. */
  readonly height: number;
  /** Lets its memory go. */
  close(): void;
}

/** A point in an image, as the service returns it. */
export interface Point {
  /** The horizontal position. */
  X: number;
  /** The vertical position. */
  Y: number;
}

";

/// How `solve()` and the others check a task, and find its solution.
const TAIL: &str = include_str!("task-types.d.ts");

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
    for spec in CATALOG {
        task(&mut out, spec);
        for variant in variants(spec) {
            unchecked_variant(&mut out, spec, variant);
        }
    }
    let names = || CATALOG.iter().flat_map(all_names);
    let of_age = |is_old: bool| names().filter(move |name| name.starts_with("Old") == is_old);
    let names: Vec<String> = of_age(false).chain(of_age(true)).collect();
    out.push_str("/** A task of a known type. It is checked before anything is sent. */\n");
    let _ = writeln!(out, "export type KnownTask =\n  | {};\n", names.join("\n  | "));
    for spec in CATALOG {
        solution(&mut out, spec.docs.interface, spec.docs.solution);
        for variant in variants(spec) {
            solution(&mut out, variant.docs.interface, variant.docs.solution);
        }
    }
    table(&mut out);
    out.push_str(TAIL);
    out
}

fn variants(spec: &TaskSpec) -> impl Iterator<Item = &'static UncheckedVariant> {
    let name = spec.docs.interface;
    UNCHECKED_VARIANTS.iter().filter(move |variant| variant.of == name)
}

/// The names of the interfaces of a row: its own, those of its unchecked variants, and that of its older names.
fn all_names(spec: &'static TaskSpec) -> impl Iterator<Item = String> {
    let own = spec.docs.interface;
    let old = (spec.types.len() > 1).then(|| format!("Old{own}"));
    let variants = variants(spec).map(|variant| variant.docs.interface.to_owned());
    [own.to_owned()].into_iter().chain(variants).chain(old)
}

/// The name of the interface with the fields of a task, except for those of a proxy.
fn fields_name(spec: &TaskSpec, name: &str) -> String {
    if spec.takes_proxy { format!("{name}Fields") } else { name.to_owned() }
}

fn task(out: &mut String, spec: &TaskSpec) {
    let name = spec.docs.interface;
    let Some((current, old)) = spec.types.split_first() else { return };
    let own = fields_name(spec, name);
    interface(out, &own, spec.docs.doc, |out| {
        let _ = writeln!(out, "  /** The task's type. */\n  type: {current:?};");
        if let Some((field, value)) = &spec.variant {
            let _ = writeln!(
                out,
                "  /** The variant of the task's type. */\n  {field}: {};",
                literal(value)
            );
        }
        members(out, spec);
    });
    with_proxy(out, spec, name, spec.docs.doc);
    if !old.is_empty() {
        let doc = format!("@deprecated An older name of {{@link {name}}}: write `{current:?}`.");
        let extends =
            format!("{} extends Omit<{own}, \"type\">", fields_name(spec, &format!("Old{name}")));
        interface(out, &extends, &doc, |out| {
            let _ = writeln!(out, "  /** {doc} */\n  type: {};", union(old));
        });
        with_proxy(out, spec, &format!("Old{name}"), &doc);
    }
}

/// A variant that only the types know, with the fields of its row and some more.
fn unchecked_variant(out: &mut String, spec: &TaskSpec, variant: &UncheckedVariant) {
    let (name, base) = (variant.docs.interface, fields_name(spec, spec.docs.interface));
    let (field, values) = variant.selected_by;
    let extends = format!("{} extends {base}", fields_name(spec, name));
    interface(out, &extends, variant.docs.doc, |out| {
        let _ = writeln!(
            out,
            "  /** The variant of the task's type. */\n  {field}: {};",
            union(values)
        );
        variant.fields.iter().for_each(|field| member(out, field, field.path, 1));
    });
    with_proxy(out, spec, name, variant.docs.doc);
}

fn with_proxy(out: &mut String, spec: &TaskSpec, name: &str, doc: &str) {
    if spec.takes_proxy {
        let own = fields_name(spec, name);
        let _ = writeln!(
            out,
            "/** {doc} A proxy is optional. */\nexport type {name} = {own} & (ProxyFields | NoProxy);\n"
        );
    }
}

/// The fields. Those of a nested object are gathered into it.
fn members(out: &mut String, spec: &TaskSpec) {
    let mut objects: BTreeMap<&str, Vec<(&str, &Field)>> = BTreeMap::new();
    for field in spec.fields.iter().copied().flatten() {
        match field.path.split_once('.') {
            None => member(out, field, field.path, 1),
            Some((object, name)) => objects.entry(object).or_default().push((name, field)),
        }
    }
    for (object, fields) in objects {
        let _ = writeln!(out, "  /** The data that this captcha requires. */\n  {object}: {{");
        fields.iter().for_each(|(name, field)| member(out, field, name, 2));
        out.push_str("  };\n");
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

fn union(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    texts.join(" | ")
}

fn solution(out: &mut String, task: &str, members: &str) {
    let doc = format!("The solution of a {{@link {task}}}.");
    interface(out, &solution_name(task), &doc, |out| {
        for part in members.split("; ") {
            let name = part.split([':', '?']).next().unwrap_or_default();
            let _ = writeln!(out, "  /** {} */\n  {part};", solution_doc(name));
        }
    });
}

/// What selects each task, and what belongs to it.
fn table(out: &mut String) {
    let mut rows = Vec::new();
    for spec in CATALOG {
        let name = spec.docs.interface;
        let mut row = |name: &str, solution: &str, types: &[&str], by: &str, is_checked: bool| {
            rows.push(format!(
                "  /** A {{@link {name}}}. */\n  {name}: TaskRow<{}, {{ type: {}{by} }}, {}, {}, {is_checked}>;",
                fields_name(spec, name),
                union(types),
                solution_name(solution),
                spec.takes_proxy,
            ));
        };
        let mut by = spec
            .variant
            .as_ref()
            .map_or_else(String::new, |(field, value)| format!("; {field}: {}", literal(value)));
        for variant in variants(spec) {
            let (field, values) = variant.selected_by;
            let selected = format!("; {field}: {}", union(values));
            row(variant.docs.interface, variant.docs.interface, &spec.types[..1], &selected, false);
            by = format!("; {field}?: null | undefined");
        }
        row(name, name, &spec.types[..1], &by, true);
        if spec.types.len() > 1 {
            row(&format!("Old{name}"), name, &spec.types[1..], &by, true);
        }
    }
    let doc = "Every known task: what selects it, and its solution.";
    interface(out, "TaskTable", doc, |out| {
        let _ = writeln!(out, "{}", rows.join("\n"));
    });
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
        "cf_clearance" => "The value of the cookie `cf_clearance`.",
        "encryptedData" => "Another value for the page's server, if the service returns it.",
        "answer" => "Which cells or images to click, the points to click, or the measured numbers.",
        "metadata" => "The kind of the answer.",
        _ => "",
    }
}

fn solution_name(task: &str) -> String {
    format!("{}Solution", task.replace("Task", ""))
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
