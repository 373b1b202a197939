//! The known task types: one table for checks, timings and TypeScript types.
//!
//! Fields, required fields and bounds come from the services' documentation. A type that is not in the table
//! is passed through unchanged, with the longest timeout.

#[cfg(not(target_arch = "wasm32"))]
use super::schema::UncheckedVariant;
use super::schema::{Field, Literal, Rule, TaskSpec, Timing, TypeDocs, docs, optional, required};
use crate::schedule::Millis;
use Rule::{
    AnyWhole, Flag, FlagOrNull, Image, Images, Object, OneOf, Score, Text, TextWithoutPercent,
    Texts, Url, Whole, ZeroOrOne,
};

// The defaults of CapMonster Cloud's own client libraries.
const IMAGE: Timing =
    Timing { first_delay_ms: 350.0, no_cache_delay_ms: 350.0, timeout_ms: 10_000.0 };
const TOKEN: Timing =
    Timing { first_delay_ms: 1_000.0, no_cache_delay_ms: 10_000.0, timeout_ms: 80_000.0 };
/// For GeeTest they wait no longer without the cache: each challenge is new.
const ONE_TIME_TOKEN: Timing = Timing { no_cache_delay_ms: 1_000.0, ..TOKEN };
/// Also the timing of a type that is not in the catalogue.
const SLOW_TOKEN: Timing = Timing { timeout_ms: 180_000.0, ..TOKEN };

const URL: Field =
    required("websiteURL", Url, "The full address of the page that shows the captcha.");
const KEY: Field = required("websiteKey", Text, "The site key.");
const AGENT: Field = optional("userAgent", Text, "The User-Agent of a current browser on Windows.");
const COOKIES: Field =
    optional("cookies", Text, "Cookies of the page: `name1=value1; name2=value2`.");
const FRESH: Field = optional(
    "nocache",
    Flag,
    "Set it to get a new answer, not a cached one. For a token, the result is then requested first after 10 s.",
);
const HIDDEN: Field = optional("isInvisible", Flag, "Whether the captcha is invisible.");
const ACTION: Field = optional("pageAction", Text, "The action name that the page uses.");
const DATA_S: Field =
    optional("recaptchaDataSValue", Text, "The one-time `data-s` value of the page.");
const PAGE: &[Field] = &[URL, KEY];
const BROWSER: &[Field] = &[AGENT, COOKIES];

const IMAGE_URLS: Field = optional("imageUrls", Texts, "The URLs of the images.");
const IMAGES: Field = optional("imagesBase64", Images, "The images, checked and sent as base64.");
const CLICK_PAGE: &[Field] = &[AGENT, optional("websiteURL", Url, "The URL of the page.")];
const INSTRUCTION: Field = required("metadata.Task", Text, "The instruction, in English.");
const IMAGES_OR_URLS: &[&[&str]] = &[&["imagesBase64", "imageUrls"]];
const TOKEN_SOLUTION: &str = "token: string; userAgent?: string";

/// The proxy fields: set all of them or none.
pub const PROXY: &[Field] = &[
    required("proxyType", OneOf(&["http", "https", "socks4", "socks5"]), "The proxy's protocol."),
    required("proxyAddress", Text, "The proxy's host name or IP address."),
    required("proxyPort", Whole(1, 65_535), "The proxy's port, 1 to 65535."),
    optional(
        "proxyLogin",
        TextWithoutPercent,
        "The proxy's login. It must not contain a percent sign.",
    ),
    optional(
        "proxyPassword",
        TextWithoutPercent,
        "The proxy's password. It must not contain a percent sign.",
    ),
];

/// The usual row: it takes a proxy and has no variants.
const fn token(
    types: &'static [&'static str],
    timing: Timing,
    fields: &'static [&'static [Field]],
    docs: TypeDocs,
) -> TaskSpec {
    TaskSpec { docs, types, variant: None, takes_proxy: true, timing, fields, one_of: &[] }
}

/// A row of a `ComplexImageTask`, one per `class`.
const fn click(
    class: &'static str,
    fields: &'static [&'static [Field]],
    one_of: &'static [&'static [&'static str]],
    docs: TypeDocs,
) -> TaskSpec {
    TaskSpec {
        docs,
        types: &["ComplexImageTask"],
        variant: Some(("class", Literal::String(class))),
        takes_proxy: false,
        timing: IMAGE,
        fields,
        one_of,
    }
}

/// Every row.
pub const CATALOG: &[TaskSpec] = &[
    TaskSpec {
        takes_proxy: false,
        ..token(
            &["ImageToTextTask"],
            IMAGE,
            &[&[
                required("body", Image, "The image, checked and sent as base64."),
                optional("capMonsterModule", Text, "The recognition module, such as `\"yandex\"`."),
                optional(
                    "recognizingThreshold",
                    Whole(0, 100),
                    "The lowest confidence to accept, 0 to 100. Below it the service answers `ERROR_CAPTCHA_UNSOLVABLE` and charges nothing.",
                ),
                optional("case", Flag, "Whether the answer is case-sensitive."),
                optional("numeric", ZeroOrOne, "Set to 1 if the text has only digits."),
                optional("math", Flag, "Whether the image shows a sum to work out."),
                FRESH,
            ]],
            docs("ImageToTextTask", "text: string", "Reads the text in an image."),
        )
    },
    token(
        &["RecaptchaV2Task", "NoCaptchaTask", "NoCaptchaTaskProxyless", "RecaptchaV2TaskProxyless"],
        SLOW_TOKEN,
        &[PAGE, &[DATA_S, HIDDEN, FRESH], BROWSER],
        docs(
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
                optional(
                    "enterprisePayload",
                    Object("{ s?: string; [name: string]: unknown }"),
                    "What the page passes to `grecaptcha.enterprise.render`.",
                ),
                optional("apiDomain", Text, "The host from which the page loads the script."),
                DATA_S,
                FRESH,
            ],
            BROWSER,
        ],
        docs(
            "RecaptchaV2EnterpriseTask",
            "gRecaptchaResponse: string",
            "Solves a reCAPTCHA v2 Enterprise.",
        ),
    ),
    TaskSpec {
        takes_proxy: false,
        ..token(
            &["RecaptchaV3TaskProxyless"],
            SLOW_TOKEN,
            &[
                PAGE,
                &[
                    optional("minScore", Score, "The minimum score wanted, 0.1 to 0.9."),
                    ACTION,
                    optional("isEnterprise", Flag, "Whether the page uses the Enterprise script."),
                    FRESH,
                ],
            ],
            docs(
                "RecaptchaV3TaskProxyless",
                "gRecaptchaResponse: string; userAgent?: string; cookies?: Record<string, string>",
                "Solves a reCAPTCHA v3.",
            ),
        )
    },
    TaskSpec {
        takes_proxy: false,
        ..token(
            &["RecaptchaV3EnterpriseTask"],
            SLOW_TOKEN,
            &[
                PAGE,
                &[
                    optional("minScore", Score, "The minimum score wanted, 0.1 to 0.9."),
                    ACTION,
                    AGENT,
                    FRESH,
                ],
            ],
            docs(
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
                optional("data", Text, "The page's `rqdata`. It requires `userAgent`."),
                optional(
                    "fallbackToActualUA",
                    FlagOrNull,
                    "true: use the service's own User-Agent; false: check the one in `userAgent`; null: use that without a check.",
                ),
                FRESH,
            ],
            BROWSER,
        ],
        docs(
            "HCaptchaTask",
            "gRecaptchaResponse: string; respKey: string; userAgent: string",
            "Solves an hCaptcha. CapMonster Cloud no longer documents this type; BroCapGPT does.",
        ),
    ),
    token(
        &["FunCaptchaTask", "FunCaptchaTaskProxyless"],
        TOKEN,
        &[
            &[
                URL,
                required("websitePublicKey", Text, "The site's public key."),
                optional("data", Text, "Extra data as JSON text, such as `{\"blob\":\"...\"}`."),
                optional(
                    "funcaptchaApiJSSubdomain",
                    Text,
                    "The host of the script, without `https://`.",
                ),
                FRESH,
            ],
            BROWSER,
        ],
        docs("FunCaptchaTask", TOKEN_SOLUTION, "Solves a FunCaptcha (Arkose Labs)."),
    ),
    token(
        &["CaptchaFoxTask"],
        SLOW_TOKEN,
        &[PAGE, &[required("userAgent", Text, "The User-Agent of a current browser on Windows.")]],
        docs("CaptchaFoxTask", "token: string", "Solves a CaptchaFox. BroCapGPT only."),
    ),
    TaskSpec {
        variant: Some(("version", Literal::Number(3))),
        ..token(
            &["GeeTestTask", "GeeTestTaskProxyless"],
            ONE_TIME_TOKEN,
            &[
                &[
                    URL,
                    required("gt", Text, "The site's GeeTest id."),
                    required("challenge", Text, "A one-time challenge: fetch a new one."),
                ],
                GEETEST,
            ],
            docs(
                "GeeTestTaskV3",
                "challenge: string; validate: string; seccode: string",
                "Solves a GeeTest v3.",
            ),
        )
    },
    TaskSpec {
        variant: Some(("version", Literal::Number(4))),
        ..token(
            &["GeeTestTask", "GeeTestTaskProxyless"],
            ONE_TIME_TOKEN,
            &[
                &[
                    URL,
                    required("gt", Text, "The site's `captcha_id`."),
                    optional(
                        "initParameters",
                        Object("Record<string, unknown>"),
                        "What the page passes to `initGeetest4`.",
                    ),
                ],
                GEETEST,
            ],
            docs(
                "GeeTestTaskV4",
                "captcha_id?: string; lot_number: string; pass_token: string; gen_time: string; captcha_output: string; encryptedData?: string",
                "Solves a GeeTest v4.",
            ),
        )
    },
    token(
        &["TurnstileTask", "TurnstileTaskProxyless"],
        TOKEN,
        &[PAGE, &[ACTION, optional("data", Text, "The page's `cData`."), AGENT, FRESH]],
        docs("TurnstileTask", TOKEN_SOLUTION, "Solves a Cloudflare Turnstile."),
    ),
    click(
        "recaptcha",
        &[
            &[
                IMAGE_URLS,
                IMAGES,
                required("metadata.Grid", OneOf(&["4x4", "3x3", "1x1"]), "The grid on the image."),
                optional("metadata.Task", Text, "The instruction, in English."),
                optional(
                    "metadata.TaskDefinition",
                    Text,
                    "The instruction's id, such as `/m/015qff`.",
                ),
            ],
            CLICK_PAGE,
        ],
        &[&["imagesBase64", "imageUrls"], &["metadata.Task", "metadata.TaskDefinition"]],
        docs(
            "ComplexImageTaskRecaptcha",
            "answer: boolean[]",
            "Finds the cells of a reCAPTCHA image to click. One image.",
        ),
    ),
    click(
        "hcaptcha",
        &[
            &[
                IMAGE_URLS,
                IMAGES,
                optional("exampleImageUrls", Texts, "The URL of an example image."),
                optional("exampleImagesBase64", Images, "An example, checked and sent as base64."),
                INSTRUCTION,
                optional("metadata.Classes", Texts, "The classes, for older hCaptcha versions."),
            ],
            CLICK_PAGE,
        ],
        IMAGES_OR_URLS,
        docs(
            "ComplexImageTaskHcaptcha",
            "answer: boolean[] | Point[]; metadata?: { AnswerType: \"Grid\" | \"Coordinate\" }",
            "Finds which of up to 18 hCaptcha images to click, or where to click. CapMonster Cloud no longer documents this class.",
        ),
    ),
    click(
        "funcaptcha",
        &[&[IMAGE_URLS, IMAGES, INSTRUCTION], CLICK_PAGE],
        IMAGES_OR_URLS,
        docs(
            "ComplexImageTaskFuncaptcha",
            "answer: boolean[]",
            "Finds the cell of a FunCaptcha image to click. One image.",
        ),
    ),
    click(
        "yandexsmartcaptcha",
        &[&[required("imagesBase64", Images, "One image, checked and sent as base64.")]],
        &[],
        docs(
            "ComplexImageTaskYandexsmartcaptcha",
            "answer: Point[]; metadata?: null",
            "Finds where to click in a Yandex SmartCaptcha image.",
        ),
    ),
    click(
        "recognition",
        &[&[
            required(
                "imagesBase64",
                Images,
                "The images, such as the background and the circle; sent as base64.",
            ),
            required("metadata.Task", Text, "The recognition task, such as `\"oocl_rotate_new\"`."),
            optional(
                "metadata.TaskArgument",
                Text,
                "An argument that some recognition tasks require.",
            ),
            optional("metadata.PayloadType", Text, "The type of the data, for audio recognition."),
        ]],
        &[],
        docs(
            "ComplexImageTaskRecognition",
            "answer: string | number[] | boolean[] | Point[]; metadata?: { AnswerType: string }",
            "Recognises images or audio, such as the angle to rotate an image by. The form of the answer depends on `metadata.Task`.",
        ),
    ),
    token(
        &["ProsopoTask"],
        TOKEN,
        &[PAGE, &[AGENT]],
        docs("ProsopoTask", TOKEN_SOLUTION, "Solves a Prosopo Procaptcha."),
    ),
    token(
        &["YidunTask"],
        TOKEN,
        &[
            PAGE,
            &[
                AGENT,
                optional("yidunGetLib", Text, "The full URL of the script."),
                optional(
                    "yidunApiServerSubdomain",
                    Text,
                    "The host of the API, without `https://`.",
                ),
                optional("challenge", Text, "The `challenge` of the Enterprise version."),
                optional("hcg", Text, "The hash, for the Enterprise version."),
                optional("hct", AnyWhole, "The Unix time, for the Enterprise version."),
            ],
        ],
        docs("YidunTask", TOKEN_SOLUTION, "Solves a NetEase Yidun."),
    ),
    token(
        &["MTCaptchaTask"],
        TOKEN,
        &[PAGE, &[ACTION, HIDDEN, AGENT]],
        docs("MTCaptchaTask", TOKEN_SOLUTION, "Solves an MTCaptcha."),
    ),
    token(
        &["CustomTask"],
        SLOW_TOKEN,
        &[&[
            required("class", Text, "The kind of captcha, as the service names it."),
            URL,
            optional("websiteKey", Text, "The site key."),
            optional(
                "metadata",
                Object("Record<string, unknown>"),
                "The data this captcha requires.",
            ),
            AGENT,
            optional("domains", Texts, "The domains whose cookies to return."),
        ]],
        docs(
            "CustomTask",
            "[name: string]: unknown",
            "Solves a captcha of another kind that the service supports.",
        ),
    ),
];

/// The variants of Turnstile that documentation and clients of CapMonster Cloud know.
#[cfg(not(target_arch = "wasm32"))]
pub const UNCHECKED_VARIANTS: &[UncheckedVariant] = &[
    UncheckedVariant {
        of: "TurnstileTask",
        selected_by: ("cloudflareTaskType", &["token"]),
        fields: &[
            optional("pageData", Text, "The page's `chlPageData`."),
            optional("apiJsUrl", Text, "The URL of the script."),
        ],
        docs: docs(
            "TurnstileTaskChallenge",
            TOKEN_SOLUTION,
            "Solves a Cloudflare challenge page whose answer is a token.",
        ),
    },
    UncheckedVariant {
        of: "TurnstileTask",
        selected_by: ("cloudflareTaskType", &["cf_clearance", "wait_room"]),
        fields: &[optional("htmlPageBase64", Text, "The page's HTML, as base64 text.")],
        docs: docs(
            "TurnstileTaskClearance",
            "cf_clearance: string",
            "Solves a Cloudflare challenge page whose answer is a cookie.",
        ),
    },
];

const GEETEST: &[Field] = &[
    optional("geetestApiServerSubdomain", Text, "The host of the API, without `https://`."),
    optional("geetestGetLib", Text, "The path of the library, as JSON text."),
    AGENT,
];

/// The type of a task, looked up in the catalogue once per call.
#[derive(Clone, Debug)]
pub struct TaskType {
    /// Its name on the wire; empty where the task has none.
    pub name: String,
    /// The first of its rows in the catalogue; their number where it is not in it.
    pub row: usize,
    /// Its variants; none where it is not in the catalogue.
    pub specs: &'static [TaskSpec],
    /// Whether the answer may be a cached one.
    pub is_cached: bool,
}

impl TaskType {
    /// The type with this name.
    #[must_use]
    pub fn new(name: String) -> Self {
        let has_name = |spec: &TaskSpec| spec.types.contains(&&*name);
        // The variants of a type stand one after the other.
        let row = CATALOG.iter().position(has_name).unwrap_or(CATALOG.len());
        let specs = CATALOG.get(row..).unwrap_or_default();
        let end = specs.iter().position(|spec| !has_name(spec)).unwrap_or(specs.len());
        let specs = specs.get(..end).unwrap_or_default();
        Self { row, specs, name, is_cached: true }
    }

    /// Its default times. An unknown type gets the longest.
    #[must_use]
    pub fn timing(&self) -> Timing {
        self.specs.first().map_or(SLOW_TOKEN, |spec| spec.timing)
    }

    /// How long after its creation the result of a task is requested first that must not be cached, where that is
    /// later than usual.
    #[must_use]
    pub fn no_cache_delay_ms(&self) -> Option<Millis> {
        let Timing { first_delay_ms, no_cache_delay_ms, .. } = self.timing();
        (!self.is_cached && no_cache_delay_ms > first_delay_ms).then_some(no_cache_delay_ms)
    }

    /// Whether this field selects the variant by its number.
    #[must_use]
    pub fn is_selected_by_number(&self, field: &str) -> bool {
        let variant = self.specs.first().and_then(|spec| spec.variant.as_ref());
        matches!(variant, Some((name, Literal::Number(_))) if *name == field)
    }

    /// How a field carries images, if it does. Every variant counts: the task may be of one that is not in the
    /// catalogue.
    #[must_use]
    pub fn image_rule(&self, field: &str) -> Option<Rule> {
        let is_image =
            |known: &Field| known.path == field && matches!(known.rule, Rule::Image | Rule::Images);
        self.specs.iter().find_map(|spec| spec.find_field(&is_image)).map(|known| known.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timings_follow_the_type_and_its_older_names() {
        for (name, first, no_cache, timeout) in [
            ("ImageToTextTask", 350.0, 350.0, 10_000.0),
            ("ComplexImageTask", 350.0, 350.0, 10_000.0),
            ("TurnstileTask", 1_000.0, 10_000.0, 80_000.0),
            ("TurnstileTaskProxyless", 1_000.0, 10_000.0, 80_000.0),
            ("GeeTestTask", 1_000.0, 1_000.0, 80_000.0),
            ("RecaptchaV3TaskProxyless", 1_000.0, 10_000.0, 180_000.0),
            ("NoCaptchaTask", 1_000.0, 10_000.0, 180_000.0),
            ("SomethingNewTask", 1_000.0, 10_000.0, 180_000.0),
            ("", 1_000.0, 10_000.0, 180_000.0),
        ] {
            let expected =
                Timing { first_delay_ms: first, no_cache_delay_ms: no_cache, timeout_ms: timeout };
            assert_eq!(TaskType::new(name.to_owned()).timing(), expected, "{name}");
        }
    }

    #[test]
    fn a_type_has_all_its_variants_in_the_catalogue() {
        for name in CATALOG.iter().flat_map(|spec| spec.types) {
            let in_catalogue = CATALOG.iter().filter(|spec| spec.types.contains(name)).count();
            let found = TaskType::new((*name).to_owned()).specs;
            assert_eq!(found.len(), in_catalogue, "{name}: variants must stand together");
            let field = |spec: &TaskSpec| spec.variant.as_ref().map(|(field, _)| *field);
            assert!(found.iter().all(|spec| field(spec) == field(&found[0])), "{name}");
        }
    }
}
