//! The task types that are known here: one table for checks, timings and TypeScript types.
//!
//! The fields, which of them are needed and their bounds are those of the services' documentation. A type
//! that is not in the table passes as it is, with the longest timing.

use crate::error::{Failure, Result};
use crate::host::{Json, Kind, must_be};
use crate::schedule::Millis;
use crate::split::split_once;
use crate::texts::{self, Detail};
use crate::url::is_web_address;
use std::ops::RangeInclusive;

/// When to ask first, and how long at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// From creation to the first result request.
    pub first_delay_ms: Millis,
    /// From the call to giving up.
    pub timeout_ms: Millis,
}

/// One row: a task type, or one variant of it.
#[derive(Debug)]
pub struct TaskKind {
    /// Words for people and for TypeScript.
    pub words: Words,
    /// Its `type`, and the older names that the services still take.
    pub types: &'static [&'static str],
    /// The field that tells this variant of the type from the others, and its value.
    pub variant: Option<(&'static str, Literal)>,
    /// Whether it takes the proxy fields.
    pub takes_proxy: bool,
    /// When to ask.
    pub timing: Timing,
    /// Its fields, but for `type` and those of the proxy; in groups, for many types share some.
    pub fields: &'static [&'static [Field]],
    /// Of each of these groups at least one field is needed.
    pub one_of: &'static [&'static [&'static str]],
}

/// The words of a row. They make declarations and docs, and are not part of what is downloaded.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The name of its TypeScript interface.
    #[cfg(not(target_arch = "wasm32"))]
    pub interface: &'static str,
    /// The members of its solution, as TypeScript.
    #[cfg(not(target_arch = "wasm32"))]
    pub solution: &'static str,
    /// What it is for.
    #[cfg(not(target_arch = "wasm32"))]
    pub doc: &'static str,
}

#[cfg(not(target_arch = "wasm32"))]
const fn words(interface: &'static str, solution: &'static str, doc: &'static str) -> Words {
    Words { interface, solution, doc }
}

#[cfg(target_arch = "wasm32")]
const fn words(_: &'static str, _: &'static str, _: &'static str) -> Words {
    Words {}
}

/// A value that tells a variant.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Literal {
    Text(&'static str),
    Number(u32),
}

/// A field of a task.
#[derive(Debug)]
pub struct Field {
    /// Its name; a dot leads into an object.
    pub path: &'static str,
    /// What its value must be.
    pub rule: Rule,
    /// Whether the task needs it.
    pub needed: bool,
    /// What it is.
    #[cfg(not(target_arch = "wasm32"))]
    pub doc: &'static str,
}

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Text; an empty one is a value too.
    Text,
    /// An absolute http(s) address.
    Url,
    /// `true` or `false`.
    Flag,
    /// `true`, `false` or `null`.
    FlagOrNull,
    /// A whole number within bounds, both inclusive.
    Whole(u32, u32),
    /// A whole number.
    AnyWhole,
    /// A number from 0.1 to 0.9.
    Score,
    /// An object; of this TypeScript type.
    Object(&'static str),
    /// A list of texts.
    Texts,
    /// An image.
    Image,
    /// A list of images.
    Images,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// 0 or 1.
    ZeroOrOne,
}

impl Rule {
    /// What a value must be, where it takes no more than words to say it.
    fn words(self) -> texts::Text<0> {
        match self {
            Text | OneOf(_) => texts::TEXT,
            Url => texts::WEB_ADDRESS,
            Flag | FlagOrNull => texts::FLAG,
            AnyWhole | Whole(..) => texts::ANY_WHOLE,
            Score => texts::SCORE,
            Object(_) => texts::OBJECT,
            Texts => texts::TEXTS,
            ZeroOrOne => texts::ZERO_OR_ONE,
            Image | Images => texts::IMAGES,
        }
    }
}

const fn need(path: &'static str, rule: Rule, doc: &'static str) -> Field {
    field(path, rule, true, doc)
}

const fn may(path: &'static str, rule: Rule, doc: &'static str) -> Field {
    field(path, rule, false, doc)
}

#[cfg_attr(target_arch = "wasm32", allow(unused_variables))]
const fn field(path: &'static str, rule: Rule, needed: bool, doc: &'static str) -> Field {
    Field {
        path,
        rule,
        needed,
        #[cfg(not(target_arch = "wasm32"))]
        doc,
    }
}

use Rule::{
    AnyWhole, Flag, FlagOrNull, Image, Images, Object, OneOf, Score, Text, Texts, Url, Whole,
    ZeroOrOne,
};

const IMAGE: Timing = Timing { first_delay_ms: 350.0, timeout_ms: 10_000.0 };
const TOKEN: Timing = Timing { first_delay_ms: 1_000.0, timeout_ms: 80_000.0 };
const SLOW_TOKEN: Timing = Timing { first_delay_ms: 1_000.0, timeout_ms: 180_000.0 };

const URL: Field = need("websiteURL", Url, "The full address of the page that shows the captcha.");
const KEY: Field = need("websiteKey", Text, "The site key.");
const AGENT: Field = may("userAgent", Text, "The User-Agent of a current browser on Windows.");
const COOKIES: Field = may("cookies", Text, "Cookies of the page: `name1=value1; name2=value2`.");
const FRESH: Field = may("nocache", Flag, "Whether a new answer is wanted and none from a cache.");
const HIDDEN: Field = may("isInvisible", Flag, "Whether the captcha is of the invisible kind.");
const ACTION: Field = may("pageAction", Text, "The action that the page names.");
const DATA_S: Field = may("recaptchaDataSValue", Text, "The one-time `data-s` value.");
const PAGE: &[Field] = &[URL, KEY];
const BROWSER: &[Field] = &[AGENT, COOKIES];

const IMAGE_URLS: Field = may("imageUrls", Texts, "The addresses of the images.");
const IMAGES: Field = may("imagesBase64", Images, "The images; checked, and sent as base64.");
const CLICK_PAGE: &[Field] = &[AGENT, may("websiteURL", Url, "The address of the page.")];
const INSTRUCTION: Field = need("metadata.Task", Text, "The instruction, in English.");
const IMAGES_OR_URLS: &[&[&str]] = &[&["imagesBase64", "imageUrls"]];
const TOKEN_SOLUTION: &str = "token: string; userAgent?: string";

/// The fields of a proxy: given together or not at all.
pub const PROXY: &[Field] = &[
    need("proxyType", OneOf(&["http", "https", "socks4", "socks5"]), "How the proxy is spoken to."),
    need("proxyAddress", Text, "The proxy's address."),
    need("proxyPort", Whole(1, 65_535), "The proxy's port: 1 to 65535."),
    may("proxyLogin", Text, "The login, without a percent sign."),
    may("proxyPassword", Text, "The password, without a percent sign."),
];

/// A row that takes a proxy and has no variant: what most are.
const fn token(
    types: &'static [&'static str],
    timing: Timing,
    fields: &'static [&'static [Field]],
    words: Words,
) -> TaskKind {
    TaskKind { words, types, variant: None, takes_proxy: true, timing, fields, one_of: &[] }
}

/// A row of images that are clicked or measured, told by its `class`.
const fn click(
    class: &'static str,
    fields: &'static [&'static [Field]],
    one_of: &'static [&'static [&'static str]],
    words: Words,
) -> TaskKind {
    TaskKind {
        words,
        types: &["ComplexImageTask"],
        variant: Some(("class", Literal::Text(class))),
        takes_proxy: false,
        timing: IMAGE,
        fields,
        one_of,
    }
}

/// Every row.
pub const KINDS: &[TaskKind] = &[
    TaskKind {
        takes_proxy: false,
        ..token(
            &["ImageToTextTask"],
            IMAGE,
            &[&[
                need("body", Image, "The image; checked, and sent as base64."),
                may("capMonsterModule", Text, "The recogniser, such as `\"yandex\"`; an open set."),
                may(
                    "recognizingThreshold",
                    Whole(0, 100),
                    "How sure the service must be: 0 to 100. Below it the answer is `ERROR_CAPTCHA_UNSOLVABLE` and costs nothing.",
                ),
                may("case", Flag, "Whether upper and lower case matter."),
                may("numeric", ZeroOrOne, "1: the text has digits only."),
                may("math", Flag, "Whether the text is a sum, whose result is wanted."),
                FRESH,
            ]],
            words("ImageToTextTask", "text: string", "Reads the text in an image."),
        )
    },
    token(
        &["RecaptchaV2Task", "NoCaptchaTask", "NoCaptchaTaskProxyless", "RecaptchaV2TaskProxyless"],
        SLOW_TOKEN,
        &[PAGE, &[DATA_S, HIDDEN, FRESH], BROWSER],
        words(
            "RecaptchaV2Task",
            "gRecaptchaResponse: string; userAgent?: string; cookies?: Record<string, string>",
            "Solves a reCAPTCHA v2.",
        ),
    ),
    token(
        &["RecaptchaV2EnterpriseTask", "RecaptchaV2EnterpriseTaskProxyless"],
        SLOW_TOKEN,
        &[
            PAGE,
            &[
                ACTION,
                may(
                    "enterprisePayload",
                    Object("{ s?: string; [name: string]: unknown }"),
                    "What the page passes to `grecaptcha.enterprise.render`.",
                ),
                may("apiDomain", Text, "The host that the script is loaded from."),
                DATA_S,
                FRESH,
            ],
            BROWSER,
        ],
        words(
            "RecaptchaV2EnterpriseTask",
            "gRecaptchaResponse: string",
            "Solves a reCAPTCHA v2 Enterprise.",
        ),
    ),
    TaskKind {
        takes_proxy: false,
        ..token(
            &["RecaptchaV3TaskProxyless"],
            SLOW_TOKEN,
            &[
                PAGE,
                &[
                    may("minScore", Score, "The score that is wanted: 0.1 to 0.9."),
                    ACTION,
                    may("isEnterprise", Flag, "Whether the page uses the Enterprise script."),
                    FRESH,
                ],
            ],
            words(
                "RecaptchaV3TaskProxyless",
                "gRecaptchaResponse: string; userAgent?: string; cookies?: Record<string, string>",
                "Solves a reCAPTCHA v3.",
            ),
        )
    },
    TaskKind {
        takes_proxy: false,
        ..token(
            &["RecaptchaV3EnterpriseTask"],
            SLOW_TOKEN,
            &[
                PAGE,
                &[
                    may("minScore", Score, "The score that is wanted: 0.1 to 0.9."),
                    ACTION,
                    AGENT,
                    FRESH,
                ],
            ],
            words(
                "RecaptchaV3EnterpriseTask",
                "gRecaptchaResponse: string; userAgent?: string",
                "Solves a reCAPTCHA v3 Enterprise.",
            ),
        )
    },
    token(
        &["HCaptchaTask", "HCaptchaTaskProxyless"],
        SLOW_TOKEN,
        &[
            PAGE,
            &[
                HIDDEN,
                may("data", Text, "The `rqdata` of the page; then `userAgent` is needed too."),
                may(
                    "fallbackToActualUA",
                    FlagOrNull,
                    "true: the service takes its own User-Agent; false: it checks the given one; null: it takes that unchecked.",
                ),
                FRESH,
            ],
            BROWSER,
        ],
        words(
            "HCaptchaTask",
            "gRecaptchaResponse: string; respKey: string; userAgent: string",
            "Solves an hCaptcha.",
        ),
    ),
    token(
        &["FunCaptchaTask", "FunCaptchaTaskProxyless"],
        TOKEN,
        &[
            &[
                URL,
                need("websitePublicKey", Text, "The public key of the site."),
                may("data", Text, "More data as JSON text, such as `{\"blob\":\"...\"}`."),
                may("funcaptchaApiJSSubdomain", Text, "The host of the script, without https://."),
                FRESH,
            ],
            BROWSER,
        ],
        words("FunCaptchaTask", TOKEN_SOLUTION, "Solves a FunCaptcha (Arkose Labs)."),
    ),
    token(
        &["CaptchaFoxTask"],
        SLOW_TOKEN,
        &[PAGE, &[need("userAgent", Text, "The User-Agent of a current browser on Windows.")]],
        words("CaptchaFoxTask", "token: string", "Solves a CaptchaFox. BroCapGPT only."),
    ),
    TaskKind {
        variant: Some(("version", Literal::Number(3))),
        ..token(
            &["GeeTestTask", "GeeTestTaskProxyless"],
            TOKEN,
            &[
                &[
                    URL,
                    need("gt", Text, "The site's id."),
                    need("challenge", Text, "The one-time challenge, fetched just before."),
                ],
                GEETEST,
            ],
            words(
                "GeeTestTaskV3",
                "challenge: string; validate: string; seccode: string",
                "Solves a GeeTest v3.",
            ),
        )
    },
    TaskKind {
        variant: Some(("version", Literal::Number(4))),
        ..token(
            &["GeeTestTask", "GeeTestTaskProxyless"],
            TOKEN,
            &[
                &[
                    URL,
                    need("gt", Text, "The `captcha_id` of the site."),
                    may(
                        "initParameters",
                        Object("Record<string, unknown>"),
                        "What the page passes to `initGeetest4`.",
                    ),
                ],
                GEETEST,
            ],
            words(
                "GeeTestTaskV4",
                "captcha_id?: string; lot_number: string; pass_token: string; gen_time: string; captcha_output: string; encryptedData?: string",
                "Solves a GeeTest v4.",
            ),
        )
    },
    token(
        &["TurnstileTask", "TurnstileTaskProxyless"],
        TOKEN,
        &[PAGE, &[ACTION, may("data", Text, "The `cData` of the page."), AGENT, FRESH]],
        words("TurnstileTask", TOKEN_SOLUTION, "Solves a Cloudflare Turnstile."),
    ),
    click(
        "recaptcha",
        &[
            &[
                IMAGE_URLS,
                IMAGES,
                need("metadata.Grid", OneOf(&["4x4", "3x3", "1x1"]), "The grid over the image."),
                may("metadata.Task", Text, "The instruction, in English."),
                may("metadata.TaskDefinition", Text, "The instruction's id, such as `/m/015qff`."),
            ],
            CLICK_PAGE,
        ],
        &[&["imagesBase64", "imageUrls"], &["metadata.Task", "metadata.TaskDefinition"]],
        words(
            "ComplexImageTaskRecaptcha",
            "answer: boolean[]",
            "Tells which cells of a reCAPTCHA image to click. One image.",
        ),
    ),
    click(
        "hcaptcha",
        &[
            &[
                IMAGE_URLS,
                IMAGES,
                may("exampleImageUrls", Texts, "The address of a sample."),
                may("exampleImagesBase64", Images, "A sample; checked, and sent as base64."),
                INSTRUCTION,
                may("metadata.Classes", Texts, "The classes of older versions."),
            ],
            CLICK_PAGE,
        ],
        IMAGES_OR_URLS,
        words(
            "ComplexImageTaskHcaptcha",
            "answer: boolean[] | Point[]; metadata?: { AnswerType: \"Grid\" | \"Coordinate\" }",
            "Tells which of up to 18 hCaptcha images to click, or where.",
        ),
    ),
    click(
        "funcaptcha",
        &[&[IMAGE_URLS, IMAGES, INSTRUCTION], CLICK_PAGE],
        IMAGES_OR_URLS,
        words(
            "ComplexImageTaskFuncaptcha",
            "answer: boolean[]",
            "Tells which cell of a FunCaptcha image to click. One image.",
        ),
    ),
    click(
        "yandexsmartcaptcha",
        &[&[need("imagesBase64", Images, "One image; checked, and sent as base64.")]],
        &[],
        words(
            "ComplexImageTaskYandexsmartcaptcha",
            "answer: Point[]; metadata?: null",
            "Tells where to click in an image of Yandex SmartCaptcha.",
        ),
    ),
    click(
        "recognition",
        &[&[
            need(
                "imagesBase64",
                Images,
                "The images, such as background and circle; sent as base64.",
            ),
            need("metadata.Task", Text, "The recogniser, such as `\"oocl_rotate_new\"`."),
            may("metadata.TaskArgument", Text, "What some recognisers need besides."),
            may("metadata.PayloadType", Text, "The kind of data, of audio recognisers."),
        ]],
        &[],
        words(
            "ComplexImageTaskRecognition",
            "answer: number[]; metadata?: { AnswerType: string }",
            "Measures images, such as the degrees by which one is turned.",
        ),
    ),
    token(
        &["ProsopoTask"],
        TOKEN,
        &[PAGE, &[AGENT]],
        words("ProsopoTask", TOKEN_SOLUTION, "Solves a Prosopo Procaptcha."),
    ),
    token(
        &["YidunTask"],
        TOKEN,
        &[
            PAGE,
            &[
                AGENT,
                may("yidunGetLib", Text, "The full address of the script."),
                may("yidunApiServerSubdomain", Text, "The host of the API, without https://."),
                may("challenge", Text, "The challenge of the Enterprise version."),
                may("hcg", Text, "The hash of the Enterprise version."),
                may("hct", AnyWhole, "The time of the Enterprise version, in Unix time."),
            ],
        ],
        words("YidunTask", TOKEN_SOLUTION, "Solves a NetEase Yidun."),
    ),
    token(
        &["MTCaptchaTask"],
        TOKEN,
        &[PAGE, &[ACTION, HIDDEN, AGENT]],
        words("MTCaptchaTask", TOKEN_SOLUTION, "Solves an MTCaptcha."),
    ),
    token(
        &["CustomTask"],
        SLOW_TOKEN,
        &[&[
            need("class", Text, "The kind of captcha, as the service names it."),
            URL,
            may("websiteKey", Text, "The site key."),
            may("metadata", Object("Record<string, unknown>"), "What the kind of captcha needs."),
            AGENT,
            may("domains", Texts, "The domains whose cookies are wanted."),
        ]],
        words(
            "CustomTask",
            "[name: string]: unknown",
            "Solves a captcha of the service's open family.",
        ),
    ),
];

const GEETEST: &[Field] = &[
    may("geetestApiServerSubdomain", Text, "The host of the API, without https://."),
    may("geetestGetLib", Text, "The path of the library, as JSON text."),
    AGENT,
];

/// The timing of a task type. One that is not known here gets the longest.
#[must_use]
pub fn timing(kind: &str) -> Timing {
    rows(kind).next().map_or(SLOW_TOKEN, |row| row.timing)
}

/// What kind of image field this is of that type: `Image`, `Images` or none.
#[must_use]
pub fn image_rule(kind: &str, field: &str) -> Option<Rule> {
    let fields = rows(kind).flat_map(|row| row.fields).copied().flatten();
    let images = fields.filter(|known| matches!(known.rule, Image | Images));
    images.filter(|known| known.path == field).map(|known| known.rule).next()
}

/// Checks a task of a known type; of another, nothing.
///
/// # Errors
/// `INVALID_TASK`, with the field that breaks a rule.
pub fn check<V: Json>(kind: &str, task: &V) -> Result<()> {
    let Some(row) = row(kind, task)? else { return Ok(()) };
    let fields = || row.fields.iter().copied().flatten();
    fields().try_for_each(|field| check_field(field, task))?;
    for group in row.one_of {
        if let [first, others @ ..] = group
            && group.iter().all(|path| !is_given(task, path))
        {
            let or = others.first().copied().unwrap_or_default();
            return Err(Failure::field(first, texts::ONE_OF_NEEDED.with([Detail::verbatim(or)])));
        }
    }
    let has_proxy = PROXY.iter().any(|field| is_given(task, field.path));
    if row.takes_proxy && has_proxy {
        PROXY.iter().try_for_each(|field| check_field(field, task))?;
    }
    Ok(())
}

fn rows(kind: &str) -> impl Iterator<Item = &'static TaskKind> {
    KINDS.iter().filter(move |row| row.types.contains(&kind))
}

/// The row of a task; none where its type, or its class, is not known here.
fn row<V: Json>(kind: &str, task: &V) -> Result<Option<&'static TaskKind>> {
    let Some(first) = rows(kind).next() else { return Ok(None) };
    let Some((name, literal)) = &first.variant else { return Ok(Some(first)) };
    let value = task.get(name);
    let is_value = |literal: &Literal| match (literal, &value) {
        (Literal::Text(text), Some(value)) => value.text().as_deref() == Some(*text),
        (Literal::Number(n), Some(value)) => value.kind() == Kind::Number((*n).into()),
        (_, None) => false,
    };
    let matches = |row: &&TaskKind| row.variant.as_ref().is_some_and(|(_, value)| is_value(value));
    match (rows(kind).find(matches), literal, &value) {
        (Some(row), ..) => Ok(Some(row)),
        // The service may have classes that are newer than this table.
        (None, Literal::Text(_), Some(value)) if value.kind() == Kind::Text => Ok(None),
        (None, _, None) => Err(Failure::field(name, texts::MISSING)),
        (None, Literal::Text(_), _) => {
            Err(Failure::field(name, texts::MUST_BE.with([texts::TEXT.into()])))
        }
        (None, Literal::Number(_), _) => {
            Err(Failure::field(name, texts::MUST_BE.with([texts::THREE_OR_FOUR.into()])))
        }
    }
}

/// Whether a field has a value other than `null`.
fn is_given<V: Json>(task: &V, path: &str) -> bool {
    find(task, path).is_some_and(|value| value.kind() != Kind::Null)
}

fn find<V: Json>(task: &V, path: &str) -> Option<V> {
    match split_once(path, ".") {
        None => task.get(path),
        Some((object, member)) => task.get(object)?.get(member),
    }
}

fn check_field<V: Json>(field: &Field, task: &V) -> Result<()> {
    if let Some((object, _)) = split_once(field.path, ".")
        && let Some(value) = task.get(object)
        && !matches!(value.kind(), Kind::Object | Kind::Null)
    {
        return Err(Failure::field(object, must_be(texts::OBJECT, &value)));
    }
    let Some(value) = find(task, field.path) else {
        let missing = || Err(Failure::field(field.path, texts::MISSING));
        return if field.needed { missing() } else { Ok(()) };
    };
    let kind = value.kind();
    if kind == Kind::Null && !field.needed {
        return Ok(());
    }
    let is_within =
        |bounds: RangeInclusive<f64>| matches!(kind, Kind::Number(n) if bounds.contains(&n));
    let is_whole = matches!(kind, Kind::Number(n) if n.fract() == 0.0);
    let fits = match field.rule {
        Text => kind == Kind::Text,
        Url => value.text().is_some_and(|url| is_web_address(&url)),
        Flag | FlagOrNull => matches!(kind, Kind::Bool(_)),
        Whole(min, max) => is_whole && is_within(min.into()..=max.into()),
        AnyWhole => is_whole,
        Score => is_within(0.1..=0.9),
        Object(_) => kind == Kind::Object,
        Texts => kind == Kind::List && value.items().iter().all(|item| item.kind() == Kind::Text),
        OneOf(known) => value.text().is_some_and(|text| known.contains(&text.as_str())),
        ZeroOrOne => matches!(kind, Kind::Number(0.0 | 1.0)),
        // Images are checked when they are read.
        Image => true,
        Images => kind != Kind::Null,
    };
    if fits {
        return Ok(());
    }
    let what: Detail = match field.rule {
        Whole(min, max) => texts::WHOLE.with([Detail::number(min), Detail::number(max)]),
        OneOf(known) => {
            let names = known.iter().fold(String::new(), |names, text| names + " " + text);
            texts::ONE_OF.with([Detail::verbatim(names.trim_ascii_start())])
        }
        rule => rule.words().into(),
    };
    Err(Failure::field(field.path, must_be(what, &value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timings_follow_the_type_and_its_proxyless_name() {
        for (kind, first, timeout) in [
            ("ImageToTextTask", 350.0, 10_000.0),
            ("ComplexImageTask", 350.0, 10_000.0),
            ("TurnstileTask", 1_000.0, 80_000.0),
            ("TurnstileTaskProxyless", 1_000.0, 80_000.0),
            ("RecaptchaV3TaskProxyless", 1_000.0, 180_000.0),
            ("NoCaptchaTask", 1_000.0, 180_000.0),
            ("SomethingNewTask", 1_000.0, 180_000.0),
        ] {
            let expected = Timing { first_delay_ms: first, timeout_ms: timeout };
            assert_eq!(timing(kind), expected, "{kind}");
        }
    }
}
