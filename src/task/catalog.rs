//! The task types that are known here: one table for checks, timings and TypeScript types.
//!
//! The fields, which of them are needed and their bounds are those of the services' documentation. A type
//! that is not in the table passes as it is, with the longest timing.

use super::schema::{Field, Literal, Rule, TaskKind, Timing, Words, may, need, words};
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
