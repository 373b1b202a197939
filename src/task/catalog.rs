//! The known task types: one table for checks, timings and TypeScript types.
//!
//! Fields, required fields and bounds come from the services' documentation. A type that is not here
//! is passed through unchanged, with the longest timeout.

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
const FRESH: Field = may("nocache", Flag, "Set it to get a new answer, not a cached one.");
const HIDDEN: Field = may("isInvisible", Flag, "Whether the captcha is invisible.");
const ACTION: Field = may("pageAction", Text, "The action name that the page uses.");
const DATA_S: Field = may("recaptchaDataSValue", Text, "The one-time `data-s` value of the page.");
const PAGE: &[Field] = &[URL, KEY];
const BROWSER: &[Field] = &[AGENT, COOKIES];

const IMAGE_URLS: Field = may("imageUrls", Texts, "The URLs of the images.");
const IMAGES: Field = may("imagesBase64", Images, "The images, checked and sent as base64.");
const CLICK_PAGE: &[Field] = &[AGENT, may("websiteURL", Url, "The URL of the page.")];
const INSTRUCTION: Field = need("metadata.Task", Text, "The instruction, in English.");
const IMAGES_OR_URLS: &[&[&str]] = &[&["imagesBase64", "imageUrls"]];
const TOKEN_SOLUTION: &str = "token: string; userAgent?: string";

/// The proxy fields: set all of them or none.
pub const PROXY: &[Field] = &[
    need("proxyType", OneOf(&["http", "https", "socks4", "socks5"]), "The proxy's protocol."),
    need("proxyAddress", Text, "The proxy's host name or IP address."),
    need("proxyPort", Whole(1, 65_535), "The proxy's port, 1 to 65535."),
    may("proxyLogin", Text, "The proxy's login. It must not contain a percent sign."),
    may("proxyPassword", Text, "The proxy's password. It must not contain a percent sign."),
];

/// The usual row: it takes a proxy and has no variants.
const fn token(
    types: &'static [&'static str],
    timing: Timing,
    fields: &'static [&'static [Field]],
    words: Words,
) -> TaskKind {
    TaskKind { words, types, variant: None, takes_proxy: true, timing, fields, one_of: &[] }
}

/// A row of a `ComplexImageTask`, one per `class`.
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
                need("body", Image, "The image, checked and sent as base64."),
                may("capMonsterModule", Text, "The recognition module, such as `\"yandex\"`."),
                may(
                    "recognizingThreshold",
                    Whole(0, 100),
                    "The lowest confidence to accept, 0 to 100. Below it the service answers `ERROR_CAPTCHA_UNSOLVABLE` and charges nothing.",
                ),
                may("case", Flag, "Whether the answer is case-sensitive."),
                may("numeric", ZeroOrOne, "Set to 1 if the text has only digits."),
                may("math", Flag, "Whether the image shows a sum to work out."),
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
                may("apiDomain", Text, "The host from which the page loads the script."),
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
                    may("minScore", Score, "The minimum score wanted, 0.1 to 0.9."),
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
                    may("minScore", Score, "The minimum score wanted, 0.1 to 0.9."),
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
                may("data", Text, "The page's `rqdata`. It requires `userAgent`."),
                may(
                    "fallbackToActualUA",
                    FlagOrNull,
                    "true: use the service's own User-Agent; false: check the one in `userAgent`; null: use that without a check.",
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
                need("websitePublicKey", Text, "The site's public key."),
                may("data", Text, "Extra data as JSON text, such as `{\"blob\":\"...\"}`."),
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
                    need("gt", Text, "The site's GeeTest id."),
                    need("challenge", Text, "A one-time challenge: fetch a new one."),
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
                    need("gt", Text, "The site's `captcha_id`."),
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
        &[PAGE, &[ACTION, may("data", Text, "The page's `cData`."), AGENT, FRESH]],
        words("TurnstileTask", TOKEN_SOLUTION, "Solves a Cloudflare Turnstile."),
    ),
    click(
        "recaptcha",
        &[
            &[
                IMAGE_URLS,
                IMAGES,
                need("metadata.Grid", OneOf(&["4x4", "3x3", "1x1"]), "The grid on the image."),
                may("metadata.Task", Text, "The instruction, in English."),
                may("metadata.TaskDefinition", Text, "The instruction's id, such as `/m/015qff`."),
            ],
            CLICK_PAGE,
        ],
        &[&["imagesBase64", "imageUrls"], &["metadata.Task", "metadata.TaskDefinition"]],
        words(
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
                may("exampleImageUrls", Texts, "The URL of an example image."),
                may("exampleImagesBase64", Images, "An example, checked and sent as base64."),
                INSTRUCTION,
                may("metadata.Classes", Texts, "The classes, for older hCaptcha versions."),
            ],
            CLICK_PAGE,
        ],
        IMAGES_OR_URLS,
        words(
            "ComplexImageTaskHcaptcha",
            "answer: boolean[] | Point[]; metadata?: { AnswerType: \"Grid\" | \"Coordinate\" }",
            "Finds which of up to 18 hCaptcha images to click, or where to click.",
        ),
    ),
    click(
        "funcaptcha",
        &[&[IMAGE_URLS, IMAGES, INSTRUCTION], CLICK_PAGE],
        IMAGES_OR_URLS,
        words(
            "ComplexImageTaskFuncaptcha",
            "answer: boolean[]",
            "Finds the cell of a FunCaptcha image to click. One image.",
        ),
    ),
    click(
        "yandexsmartcaptcha",
        &[&[need("imagesBase64", Images, "One image, checked and sent as base64.")]],
        &[],
        words(
            "ComplexImageTaskYandexsmartcaptcha",
            "answer: Point[]; metadata?: null",
            "Finds where to click in a Yandex SmartCaptcha image.",
        ),
    ),
    click(
        "recognition",
        &[&[
            need(
                "imagesBase64",
                Images,
                "The images, such as the background and the circle; sent as base64.",
            ),
            need("metadata.Task", Text, "The recognition task, such as `\"oocl_rotate_new\"`."),
            may("metadata.TaskArgument", Text, "An argument that some recognition tasks require."),
            may("metadata.PayloadType", Text, "The type of the data, for audio recognition."),
        ]],
        &[],
        words(
            "ComplexImageTaskRecognition",
            "answer: number[]; metadata?: { AnswerType: string }",
            "Measures images, such as the angle to rotate one by.",
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
                may("yidunGetLib", Text, "The full URL of the script."),
                may("yidunApiServerSubdomain", Text, "The host of the API, without `https://`."),
                may("challenge", Text, "The `challenge` of the Enterprise version."),
                may("hcg", Text, "The hash, for the Enterprise version."),
                may("hct", AnyWhole, "The Unix time, for the Enterprise version."),
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
            may("metadata", Object("Record<string, unknown>"), "The data this captcha requires."),
            AGENT,
            may("domains", Texts, "The domains whose cookies to return."),
        ]],
        words(
            "CustomTask",
            "[name: string]: unknown",
            "Solves a captcha of another kind that the service supports.",
        ),
    ),
];

const GEETEST: &[Field] = &[
    may("geetestApiServerSubdomain", Text, "The host of the API, without `https://`."),
    may("geetestGetLib", Text, "The path of the library, as JSON text."),
    AGENT,
];
