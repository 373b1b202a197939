//! Properties that hold for any bytes, one function for each fuzzer.
//!
//! The fuzzers in `fuzz/fuzz_targets` call them, and so does `tests/core/fuzz_corpus.rs`, which replays the corpus and
//! changed copies of it.

use crate::{
    Class, English as _, Failure, Js, Origin, TaskId, Value, World, hang, plain, request_of,
};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use capwire::callback::read_callback;
use capwire::key::ClientKey;
use capwire::platform::{HostValue, ValueType};
use capwire::protocol::{Answer, read_answer, read_balance, read_user_agent};
use capwire::response::{Body, Response};
use capwire::service::ImageLimits;
use capwire::task::image::{self, Image};
use capwire::task_state::{TaskState, read_state};
use capwire::url::{check_safe, is_web_address, site};

/// The name of a corpus and the function that checks an input.
type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const ALL: [Target; 4] =
    [("answer", answer), ("callback", callback), ("image", image), ("url", url)];

/// A key with a suffix. The services read suffixes as options.
const KEY: &str = "5e1f00d5c0ffee11__7";
/// The key without its suffix, which is secret, too.
const ACCOUNT: &str = "5e1f00d5c0ffee11";

fn key() -> ClientKey {
    ClientKey::new(KEY.to_owned())
}

/// The body of a response with these bytes.
fn body(bytes: &[u8]) -> Body<Js> {
    let world = World::new(|_| hang());
    Body::of(&world, Some(String::from_utf8_lossy(bytes).into_owned().into()))
}

/// A failure's text must be short, on one line, and without the key.
#[track_caller]
fn assert_presentable(failure: &Failure) {
    let record = failure.record().to_string();
    // `Debug` too: it includes the parts for other languages.
    for text in [&record, &format!("{failure:?}")] {
        assert!(!text.contains(ACCOUNT), "the key is in {text}");
    }
    assert!(!failure.english().contains(['\n', '\r']), "{failure:#?}");
    assert!(failure.english().chars().count() < 700, "{failure:#?}");
    assert!(!failure.english().is_empty() && !failure.english_hint().is_empty(), "{failure:#?}");
}

#[track_caller]
fn assert_bad_response(failure: &Failure, retryable: bool) {
    assert_presentable(failure);
    assert_eq!((failure.class, &*failure.code), (Class::Transport, "BAD_RESPONSE"), "{failure:#?}");
    assert_eq!((failure.origin, failure.retryable), (Origin::Transport, retryable), "{failure:#?}");
}

/// A service's answer: the status on the first line, the body below it.
pub fn answer(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (line, rest) = data.split_at(end);
    let status = std::str::from_utf8(line).ok().and_then(|line| line.parse::<u16>().ok());
    let bytes = if status.is_some() { &rest[1..] } else { data };
    let status = status.unwrap_or(200);
    let is_redirect = status == 0 || (300..400).contains(&status);
    let reply = Response { status, retry_after_ms: None, body: body(bytes) };

    // Read the body by an independent implementation of the same rules.
    let Body::Json(json) = reply.body.clone() else {
        user_agent(&reply);
        let failure = read_answer(reply, &key()).expect_err("a text is not an answer");
        return assert_no_answer(&failure, status, false);
    };
    let field = |name: &str| json.get(name);
    let error_id = field("errorId");
    let number = error_id.as_ref().and_then(Js::as_number);
    let error_code = field("errorCode").and_then(|code| match code.value_type() {
        ValueType::Number(number) => (number != 0.0).then(|| code.digits()),
        _ => Some(code.string_prefix(200)).filter(|it| !it.is_empty()),
    });
    let is_placeholder = |it: &Js| {
        matches!(it.as_string().as_deref(), Some(""))
            || matches!(it.value_type(), ValueType::Null)
            || (matches!(it.value_type(), ValueType::Array | ValueType::Object)
                && it.items(9).is_none_or(|items| items.is_empty())
                && it.entries().is_none_or(|entries| entries.is_empty()))
    };
    let has_solution = !is_redirect && field("solution").is_some_and(|it| !is_placeholder(&it));
    let is_refusal = number.is_some() || (error_id.is_some() && error_code.is_some());
    user_agent(&reply);
    match read_answer(reply, &key()) {
        Ok(Answer::Done(fields)) => {
            assert!(!is_redirect && number == Some(0.0), "{json:?}");
            answer_fields(&fields);
        }
        Ok(Answer::NotReady) => {
            assert!(!is_redirect && error_id.is_some(), "{json:?}");
            let code = error_code.expect("a code").to_ascii_uppercase();
            assert!(code.ends_with("NOT_READY"), "{code}");
        }
        Err(failure) if failure.origin == Origin::Service => {
            assert_presentable(&failure);
            assert!(!is_redirect && is_refusal && number != Some(0.0), "{json:?}");
            assert_eq!(failure.http_status, Some(status));
            match error_code {
                // A part of it at the end is redacted too.
                Some(code) if !code.contains(&ACCOUNT[..9]) => {
                    assert_eq!(failure.server_code.as_ref(), Some(&code));
                    assert!(
                        failure.code.eq_ignore_ascii_case(&code),
                        "{} for {code}",
                        failure.code
                    );
                }
                Some(_) => {}
                None => {
                    assert_eq!(failure.class, Class::UnknownService);
                    assert_eq!(failure.server_code, None);
                }
            }
        }
        Err(failure) => {
            assert!(is_redirect || !is_refusal, "missed the service's error: {json:?}");
            assert_no_answer(&failure, status, has_solution);
        }
    }
}

#[track_caller]
fn assert_no_answer(failure: &Failure, status: u16, has_solution: bool) {
    // What may be paid for is in the failure, unless the key is in it, and is not asked for again.
    if (200..300).contains(&status) {
        assert_bad_response(failure, !has_solution);
    } else {
        assert_presentable(failure);
        let found = (failure.class, &*failure.code, failure.origin);
        assert_eq!(found, (Class::Transport, "HTTP_STATUS", Origin::Transport));
        let is_transient = status == 429 || status >= 500;
        assert_eq!(failure.retryable, is_transient && !has_solution, "{failure:#?}");
    }
    assert_eq!(failure.http_status, (status != 0).then_some(status));
}

fn answer_fields(fields: &Js) {
    let status = fields.get("status").and_then(|status| status.as_string());
    let status = status.map(|status| status.to_ascii_lowercase());
    let solution = fields.get("solution").filter(|it| it.value_type() != ValueType::Null);
    let is = |names: &[&str]| status.as_deref().is_some_and(|status| names.contains(&status));
    match read_state(fields, &key()) {
        Ok(TaskState::Processing) => {
            let is_pending = is(&["processing", "pending", "queued", "idle"]);
            assert!(is_pending || status.unwrap().ends_with("not_ready"));
        }
        Ok(TaskState::Ready { solution, cost }) => {
            let is_named = is(&["ready", "completed", "complete", "success", "solved", "done"]);
            assert!(is_named || status.is_none());
            assert_ne!(solution.value_type(), ValueType::Null);
            assert!(cost.is_none_or(f64::is_finite));
        }
        Err(failure) if failure.origin == Origin::Service => assert_presentable(&failure),
        // An answer that cannot be understood is kept, and not asked for again.
        Err(failure) => {
            assert_bad_response(&failure, failure.retryable);
            let is_named = is(&["ready", "completed", "complete", "success", "solved", "done"]);
            assert!(
                !failure.retryable || (failure.solution.is_none() && !is_named),
                "{failure:#?}"
            );
            assert!(failure.retryable || is_named || solution.is_some(), "{failure:#?}");
        }
    }
    match read_balance(fields) {
        Ok(balance) => {
            let given = fields.get("balance").and_then(|balance| balance.as_number());
            assert_eq!(given, Some(balance));
        }
        Err(failure) => assert_bad_response(&failure, false),
    }
    let given = fields.get("taskId").and_then(|id| Some((TaskId::read(&id)?, id)));
    match given {
        // Never a rounded number.
        Some((TaskId::Number(number), id)) => {
            assert!((1..1 << 53).contains(&number));
            let ValueType::Number(id) = id.value_type() else { panic!("no number: {id:?}") };
            #[allow(clippy::cast_precision_loss)] // exact below 2^53
            let distance = (id - number as f64).abs();
            assert!(distance < 0.5);
        }
        // As it came.
        Some((TaskId::Text(text), id)) => {
            assert_eq!(id.as_string().as_deref(), Some(&*text));
            assert!(!text.contains(char::is_control) && !text.trim().is_empty());
        }
        None => {}
    }
}

fn user_agent(reply: &Response<Js>) {
    match read_user_agent(reply.clone(), &key()) {
        Ok(agent) => {
            assert!((200..300).contains(&reply.status));
            assert!((1..=512).contains(&agent.len()));
            assert!(agent.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            assert_eq!(agent, agent.trim());
        }
        Err(failure) => assert_no_answer(&failure, reply.status, false),
    }
}

/// A body posted to a callbackUrl. It must mean the same in every form.
pub fn callback(data: &[u8]) {
    let read = |given: Js| {
        // Nothing is sent, so no answer is needed.
        let world = World::new(|_| hang());
        let state = world.run(read_callback(&world, &given, 5_000));
        assert!(world.sent().is_empty() && world.timers() == 0);
        match state {
            Ok(state) => {
                if let TaskState::Ready { solution, cost } = &state {
                    assert_ne!(solution.value_type(), ValueType::Null);
                    assert!(cost.is_none_or(f64::is_finite));
                }
                plain(&state)
            }
            Err(failure) => {
                assert!(!failure.english().contains(['\n', '\r']), "{failure:#?}");
                assert!(failure.english().chars().count() < 700, "{failure:#?}");
                assert_eq!(failure.http_status, None);
                assert!(failure.class != Class::Transport || !failure.retryable, "{failure:#?}");
                failure.record()
            }
        }
    };
    let text = String::from_utf8_lossy(data).into_owned();
    let expected = read(Js::from(text.clone()));
    for given in [Js::bytes(data), request_of(Js::bytes(data))] {
        assert_eq!(read(given), expected);
    }
    if let Ok(json @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(&text) {
        // An object with `bodyUsed: true` is read as a `Request`, not as a body.
        if json.get("bodyUsed") != Some(&Value::Bool(true)) {
            assert_eq!(read(Js::from(json)), expected);
        }
    }
}

/// An image, given as bytes and as text.
pub fn image(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let world = World::new(|_| hang());
    let read = |value: Js, limits| world.run(image::read(&world, &value, limits, false));
    // The second limits are small, so that short inputs reach both bounds.
    for limits in [limits(0, u32::MAX), limits(3, 48)] {
        let sizes = limits.min_bytes as usize..=limits.max_bytes as usize;
        match read(Js::bytes(data), limits) {
            Ok(image) => {
                assert!(sizes.contains(&data.len()));
                assert_eq!(decoded(&image), data);
                // Its base64 text must be the same image.
                let again = read(image.base64.clone(), limits).expect("its own base64");
                assert_eq!(decoded(&again), data);
            }
            Err(failure) => assert_image_error(&failure, limits, Some(data.len())),
        }
        match read(text.as_ref().into(), limits) {
            Ok(image) => assert!(sizes.contains(&decoded(&image).len())),
            Err(failure) => assert_image_error(&failure, limits, None),
        }
    }
}

fn limits(min_bytes: u32, max_bytes: u32) -> ImageLimits {
    ImageLimits { min_bytes, max_bytes }
}

/// Decodes with another decoder, which is strict but for the unused bits of the last character.
fn decoded(image: &Image<Js>) -> Vec<u8> {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let decoder = GeneralPurpose::new(&alphabet::STANDARD, config);
    let text = image.base64.string_prefix(u32::MAX);
    let bytes = decoder.decode(text).expect("standard base64");
    assert_eq!(bytes.len(), image.bytes);
    bytes
}

fn assert_image_error(failure: &Failure, limits: ImageLimits, size: Option<usize>) {
    assert_eq!((failure.class, failure.origin), (Class::Image, Origin::Client), "{failure:#?}");
    assert!(failure.english().chars().count() < 300, "{failure:#?}");
    let bound = match &*failure.code {
        "ERROR_ZERO_CAPTCHA_FILESIZE" => limits.min_bytes,
        "ERROR_TOO_BIG_CAPTCHA_FILESIZE" => limits.max_bytes,
        "INVALID_IMAGE" => {
            assert!(size.is_none() || failure.detected.is_some(), "unknown bytes pass");
            return;
        }
        code => panic!("unexpected code {code}"),
    };
    assert_eq!(failure.limit, Some(bound));
    let found = failure.size.expect("a size");
    assert_eq!(found < f64::from(bound), &*failure.code == "ERROR_ZERO_CAPTCHA_FILESIZE");
    assert!((found - f64::from(bound)).abs() > 0.5, "the bound itself is allowed");
    #[allow(clippy::cast_precision_loss)] // a fuzzer's inputs are small
    let given = size.map(|size| size as f64);
    assert!(given.is_none_or(|given| (given - found).abs() < 0.5));
}

/// A web address.
pub fn url(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let host = site(&text);
    assert!(!host.bytes().any(|byte| byte.is_ascii_uppercase()));
    if check_safe(&text, false).is_err() {
        return;
    }
    assert!(is_web_address(&text), "safe but not a web address: {text}");
    // Safe addresses contain nothing unusual, so the simplest way of reading them is right.
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://").expect("an absolute address");
    let authority = rest.split(['/', '?', '#']).next().expect("the first part");
    assert_eq!(authority, host);
    assert!(!authority.contains(['@', '\\', ' ']) && !authority.is_empty(), "{text}");
    if scheme == "http" {
        let loopback = ["localhost", "127.", "[::1]"];
        assert!(loopback.iter().any(|host| authority.starts_with(host)), "{text}");
    } else {
        assert_eq!(scheme, "https");
    }
}
