//! Options: which are accepted, which are refused, and that a refusal shows no secret.

use capwire::options::ClientOptions;
use capwire_testkit::*;

pub(crate) fn read(options: impl Into<Js>) -> Result<ClientOptions, Box<Failure>> {
    ClientOptions::read(&options.into())
}

/// The options of a client with one option added.
pub(crate) fn with(name: &str, value: impl Into<Js>) -> Js {
    Js::from(json!({ "clientKey": KEY })).with(name, value)
}

#[track_caller]
pub(crate) fn refused_option<T>(outcome: Result<T, Box<Failure>>, option: &str) -> Box<Failure> {
    let failure = outcome.err().unwrap_or_else(|| panic!("{option} was taken"));
    assert_eq!((failure.class, &*failure.code), (Class::Options, "INVALID_OPTIONS"));
    assert_eq!(failure.origin, Origin::Client);
    assert_eq!(failure.option.as_deref(), Some(option), "{failure:#?}");
    assert!(failure.english().contains(option), "{}", failure.english());
    assert!(!format!("{failure:?}").contains(KEY), "{failure:#?}");
    failure
}

/// Values of every type except whole numbers.
fn not_whole_numbers() -> Vec<Js> {
    vec![
        json!(null).into(),
        json!(true).into(),
        json!("5000").into(),
        json!([5_000]).into(),
        json!({}).into(),
        json!(2_500.5).into(),
        Js::Number(f64::NAN),
        Js::Number(f64::INFINITY),
        Js::Number(f64::NEG_INFINITY),
        Js::Bigint,
        image(),
    ]
}

fn not_strings() -> Vec<Js> {
    vec![
        json!(null).into(),
        json!(false).into(),
        json!(7).into(),
        json!(["https://a.example"]).into(),
        json!({ "key": 1 }).into(),
        Js::Bigint,
        image(),
    ]
}

#[test]
fn the_defaults_are_as_documented() {
    let options = read(json!({ "clientKey": KEY })).unwrap();
    assert_eq!(options.client_key, key());
    assert_eq!(options.service.name, "capmonster");
    assert_eq!(options.base_url, "https://api.capmonster.cloud");
    assert_eq!((options.image_limits.min_bytes, options.image_limits.max_bytes), (100, 500_000));
    assert_eq!(options.request_timeout_ms, 21_000.0);
    assert_eq!(options.max_retries, 3);
    assert!(options.soft_id.is_none());
    assert!(!options.keep_alive);

    let options = read(with("service", "brocapgpt")).unwrap();
    assert_eq!(options.base_url, "https://api.brocapgpt.com");
    assert_eq!((options.image_limits.min_bytes, options.image_limits.max_bytes), (100, 50_000));
}

#[test]
fn options_must_be_an_object_with_a_key() {
    for invalid in
        not_strings().into_iter().filter(|invalid| !matches!(invalid, Js::Plain(Value::Object(_))))
    {
        refused_option(read(invalid.clone()), "options");
        refused_option(read_call_options(Some(&invalid)), "options");
    }
    refused_option(read(json!({})), "clientKey");
    refused_option(read(json!({ "clientKey": "" })), "clientKey");
    refused_option(read(object([("clientKey", Js::Undefined)])), "clientKey");
    for invalid in not_strings() {
        refused_option(read(object([("clientKey", invalid)])), "clientKey");
    }
}

#[test]
fn a_key_is_cleaned_and_one_that_cannot_be_is_refused_unshown() {
    let surrounded = format!("\u{feff}  \"{KEY}\"\r\n");
    assert_eq!(read(object([("clientKey", surrounded)])).unwrap().client_key.expose(), KEY);
    for unusable in [format!("{KEY} x"), format!("{KEY}\0"), format!("{KEY}é")] {
        let read = read(object([("clientKey", unusable)]));
        let failure = read.as_ref().err().unwrap();
        assert!(!failure.record().to_string().contains(&KEY[..8]), "the key is shown");
        refused_option(read, "clientKey");
    }
}

#[test]
fn an_option_that_is_undefined_is_absent() {
    let names = [
        "service",
        "baseUrl",
        "imageLimits",
        "requestTimeoutMs",
        "maxRetries",
        "softId",
        "keepAlive",
        "fetch",
    ];
    for name in names {
        assert!(read(with(name, Js::Undefined)).is_ok(), "{name}");
    }
    for name in [
        "signal",
        "timeoutMs",
        "callbackUrl",
        "onProgress",
        "firstDelayMs",
        "pollIntervalMs",
        "type",
    ] {
        assert!(read_call_options(Some(&object([(name, Js::Undefined)]))).is_ok(), "{name}");
    }
    assert!(read_call_options(None).is_ok());
}

#[test]
fn a_flag_is_true_or_false() {
    for flag in [true, false] {
        assert_eq!(read(with("keepAlive", json!(flag))).unwrap().keep_alive, flag);
    }
    let invalid = not_whole_numbers()
        .into_iter()
        .filter(|invalid| !matches!(invalid, Js::Plain(Value::Bool(_))));
    for invalid in invalid.chain([json!(0).into(), json!(1).into()]) {
        refused_option(read(with("keepAlive", invalid)), "keepAlive");
    }
}

#[test]
fn a_number_is_whole_and_within_its_bounds() {
    const MAX: f64 = 2_147_483_647.0;
    for (name, min, max) in
        [("requestTimeoutMs", 1.0, MAX), ("maxRetries", 0.0, 10.0), ("softId", 0.0, MAX)]
    {
        for good in [min, max] {
            assert!(read(with(name, Js::Number(good))).is_ok(), "{name}: {good}");
        }
        for bad in [min - 1.0, max + 1.0, -1.0, min + 0.5, 1e300] {
            refused_option(read(with(name, Js::Number(bad))), name);
        }
        for bad in not_whole_numbers() {
            refused_option(read(with(name, bad)), name);
        }
    }
    for (name, min, max) in
        [("timeoutMs", 1.0, MAX), ("firstDelayMs", 0.0, MAX), ("pollIntervalMs", 2_000.0, MAX)]
    {
        let read = |value| read_call_options(Some(&object([(name, value)])));
        for good in [min, max] {
            assert!(read(Js::Number(good)).is_ok(), "{name}: {good}");
        }
        for bad in [min - 1.0, max + 1.0, 0.5, -1.0, min + 0.5] {
            refused_option(read(Js::Number(bad)), name);
        }
        for bad in not_whole_numbers() {
            refused_option(read(bad), name);
        }
    }
}

#[test]
fn a_text_option_must_be_a_string() {
    for invalid in not_strings() {
        refused_option(read(with("baseUrl", invalid.clone())), "baseUrl");
        for name in ["callbackUrl", "type"] {
            refused_option(read_call_options(Some(&object([(name, invalid.clone())]))), name);
        }
    }
    for invalid in not_whole_numbers() {
        refused_option(
            read(with("service", invalid.clone())),
            match invalid {
                Js::Plain(Value::Object(_)) => "service.name",
                _ => "service",
            },
        );
    }
}

#[test]
fn image_limits_are_two_numbers_in_order() {
    let limits =
        |value: Value| read(with("imageLimits", value)).map(|options| options.image_limits);
    let lower = limits(json!({ "maxBytes": 50_000 })).unwrap();
    assert_eq!((lower.min_bytes, lower.max_bytes), (100, 50_000));
    let same = limits(json!({ "minBytes": 7, "maxBytes": 7 })).unwrap();
    assert_eq!((same.min_bytes, same.max_bytes), (7, 7));
    refused_option(limits(json!({ "minBytes": 8, "maxBytes": 7 })), "imageLimits");
    refused_option(limits(json!({ "maxBytes": 99 })), "imageLimits");
    for invalid in [json!(null), json!(500), json!("500"), json!([1, 2])] {
        refused_option(limits(invalid), "imageLimits");
    }
    for name in ["minBytes", "maxBytes", "max"] {
        for invalid in [json!(-1), json!(1.5), json!("100"), json!(null)] {
            let failure = limits(json!({ name: invalid })).expect_err(name);
            assert_eq!((failure.class, &*failure.code), (Class::Options, "INVALID_OPTIONS"));
            assert!(failure.option.as_ref().unwrap().ends_with(name), "{failure:#?}");
        }
    }
}

pub(crate) fn profile() -> Value {
    json!({
        "name": "mine",
        "baseUrl": "https://mine.example/api/",
        "imageLimits": { "minBytes": 1, "maxBytes": 9 },
        "reports": ["image"],
    })
}

#[test]
fn a_service_profile_is_used_as_given() {
    let options = read(with("service", profile())).unwrap();
    assert_eq!(options.service.name, "mine");
    assert_eq!(options.base_url, "https://mine.example/api");
    assert_eq!((options.image_limits.min_bytes, options.image_limits.max_bytes), (1, 9));

    let world = server().balance([error("ERROR_IP_BANNED")]).world();
    let client = world.client_with(json!({ "service": profile() }));
    let failure = refused(world.balance().by(&client).run(), Class::Access, "ERROR_IP_BANNED");
    assert_eq!(failure.service.as_deref(), Some("mine"));
    assert_eq!(world.sent()[0].url, "https://mine.example/api/getBalance");
}

#[test]
fn base_url_overrides_that_of_the_profile() {
    let options = with("service", profile()).with("baseUrl", "https://other.example");
    assert_eq!(read(options).unwrap().base_url, "https://other.example");
}

#[test]
fn a_service_profile_is_checked_like_the_options() {
    for (member, value) in [
        ("name", json!(7)),
        ("baseUrl", json!("http://mine.example")),
        ("baseUrl", json!(null)),
        ("imageLimits", json!(null)),
        ("reports", json!("image")),
        ("reports", json!(["video"])),
        ("reports", json!([null])),
        ("colour", json!("red")),
    ] {
        let mut service = profile();
        service[member] = value;
        let failure = read(with("service", service)).err().unwrap();
        assert_eq!((failure.class, &*failure.code), (Class::Options, "INVALID_OPTIONS"));
        assert!(failure.option.as_ref().unwrap().ends_with(member), "{failure:#?}");
    }
    for member in ["name", "baseUrl", "imageLimits"] {
        let mut service = profile();
        service.as_object_mut().unwrap().remove(member);
        refused_option(read(with("service", service)), &format!("service.{member}"));
    }
    for invalid in ["CapMonster", "", "https://api.capmonster.cloud"] {
        refused_option(read(with("service", invalid)), "service");
    }
}

/// If two options are mixed up, the key must not end up in a log. The likeliest slip is the first one:
/// `new Client(key)`.
#[test]
fn a_key_in_the_wrong_place_is_not_shown() {
    refused_option(read(KEY), "options");
    refused_option(read_call_options(Some(&Js::from(KEY))), "options");
    for name in [
        "service",
        "baseUrl",
        "imageLimits",
        "requestTimeoutMs",
        "maxRetries",
        "softId",
        "keepAlive",
    ] {
        refused_option(read(object([(name, KEY), ("clientKey", KEY)])), name);
        refused_option(read(object([("clientKey", KEY), (name, KEY)])), name);
    }
    for name in ["timeoutMs", "firstDelayMs", "pollIntervalMs", "callbackUrl"] {
        refused_option(read_call_options(Some(&object([(name, KEY)]))), name);
    }
}

#[test]
fn the_profile_includes_the_options_that_change_it() {
    let options = read(json!({
        "clientKey": KEY,
        "service": "brocapgpt",
        "baseUrl": "http://127.0.0.1:1/a/path/",
        "imageLimits": { "maxBytes": 40_000 },
    }));
    let profile = options.unwrap().profile();
    assert_eq!((&*profile.name, &*profile.base_url), ("brocapgpt", "http://127.0.0.1:1/a/path"));
    assert_eq!((profile.image_limits.min_bytes, profile.image_limits.max_bytes), (100, 40_000));
}
