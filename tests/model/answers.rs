//! Every class of answer, from a service or from a proxy before it, and what it means.
//!
//! The meanings are written by hand from the services' rules, never from the client's own tables: the two must be
//! able to disagree.

use capwire_testkit::*;
use std::rc::Rc;

/// What an answer that arrives in time means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// createTask: the task exists.
    Created,
    /// createTask: certainly nothing was created, so it is repeated.
    Again(Class, &'static str),
    /// createTask: the task may exist, so it is not repeated.
    Lost(&'static str),
    /// getTaskResult: not ready.
    Pending,
    /// getTaskResult: nothing is known, so it is requested again.
    Unclear,
    /// getTaskResult: requested too often, so the interval grows.
    Widen,
    /// Solved. createTask: at once, with or without an id.
    Ready,
    /// Refused by the service, for good.
    Refused(Class, &'static str),
    /// Not an answer of the service, and a repeat would not help.
    Broken(&'static str),
}

use Meaning::*;

/// An answer, its class and its meaning for each of the two methods.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Its name in the table of faults.
    pub(crate) fault: Rc<str>,
    pub(crate) script: Script,
    pub(crate) create: Meaning,
    pub(crate) poll: Meaning,
}

/// Whether an answer shows that the service accepts the key: it came, it is one of the service, and is about something
/// else.
pub(crate) fn is_accepted(sent: &Sent, case: &Case, delay: f64) -> bool {
    let End::Reply(Reply { body: Body::Json(body), .. }) = &case.script.end else { return false };
    let code = body["errorCode"].as_str().unwrap_or_default();
    let is_number = |id: &Value| id.is_number() || matches!(id.as_str(), Some("0" | "1"));
    let is_answer =
        is_number(&body["errorId"]) || body.get("errorId").is_some() && !code.is_empty();
    let has_come = sent.end.unwrap() - sent.start >= delay - 1e-6;
    has_come && is_answer && !matches!(case.poll, Refused(Class::Key | Class::Access, _))
}

fn case(fault: &str, script: Script, create: Meaning, poll: Meaning) -> Case {
    Case { fault: fault.into(), script, create, poll }
}

/// An error of the service. It contains the key, because a server may echo requests.
fn refusal(id: Value, code: Value) -> Value {
    json!({ "errorId": id, "errorCode": code, "errorDescription": format!("«{code}» for {KEY}") })
}

/// One code of each class, and those that behave specially.
const CODES: [(&str, Class); 28] = [
    ("ERROR_KEY_DOES_NOT_EXIST", Class::Key),
    ("ERROR_ZERO_BALANCE", Class::Balance),
    ("ERROR_TOO_BIG_CAPTCHA_FILESIZE", Class::Image),
    ("ERROR_IMAGE_TYPE_NOT_SUPPORTED", Class::Image),
    ("ERROR_INVALID_TASK", Class::Task),
    ("ERROR_TASK_ABSENT", Class::Task),
    ("ERROR_TOKEN_EXPIRED", Class::Task),
    ("ERROR_DOMAIN_NOT_ALLOWED", Class::Domain),
    ("ERROR_PROXY_BANNED", Class::Proxy),
    ("ERROR_PROXY_CONNECT_REFUSED", Class::Proxy),
    ("ERROR_PROXY_NEWER_THAN_THIS", Class::Proxy),
    ("ERROR_IP_NOT_ALLOWED", Class::Access),
    ("ERROR_IP_BANNED", Class::Access),
    ("ERROR_IP_BLOCKED", Class::Access),
    ("ERROR_NO_SUCH_CAPCHA_ID", Class::TaskNotFound),
    ("ERROR_NO_SUCH_CAPTCHA_ID", Class::TaskNotFound),
    ("WRONG_CAPTCHA_ID", Class::TaskNotFound),
    ("ERROR_CAPTCHA_UNSOLVABLE", Class::Unsolvable),
    ("ERROR_RECAPTCHA_TIMEOUT", Class::Unsolvable),
    ("ERROR_SERVICE_NOT_AVAILABLE", Class::Capacity),
    ("ERROR_NEWER_THAN_THIS", Class::UnknownService),
    // The client's own codes, which are unknown codes if a service sends them.
    ("NETWORK", Class::UnknownService),
    ("HTTP_STATUS", Class::UnknownService),
    ("REQUEST_TIMEOUT", Class::UnknownService),
    ("SOLVE_TIMEOUT", Class::UnknownService),
    ("BAD_RESPONSE", Class::UnknownService),
    ("INVALID_OPTIONS", Class::UnknownService),
    ("INTERNAL", Class::UnknownService),
];

/// Every answer.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = service_answers();
    cases.extend(refusals());
    cases.extend(invalid_envelopes());
    cases.extend(http_answers());
    cases
}

fn service_answers() -> Vec<Case> {
    let lost = || Lost("BAD_RESPONSE");
    let ready = |mut more: Value| {
        more["errorId"] = json!(0);
        more["status"] = json!("ready");
        answer(more)
    };
    let text = json!({ "text": "w7kq" });
    let mut cases = vec![
        case("processing", processing(), lost(), Pending),
        case("a created task", created(), Created, Unclear),
        case(
            "a created task",
            answer(json!({ "errorId": 0, "taskId": TASK_ID.to_string() })),
            Created,
            Unclear,
        ),
        case(
            "a created task",
            answer(json!({ "errorId": "0", "taskId": "6f1c2a9e-0b1d-4a53", "status": "idle" })),
            Created,
            Pending,
        ),
        case("a created task", created().status(500), Created, Unclear),
        case("a created task", created().status(429), Created, Unclear),
        case(
            "a created task",
            answer(
                json!({ "errorId": 0, "errorCode": "ERROR_ZERO_BALANCE", "taskId": TASK_ID, "more": [null] }),
            ),
            Created,
            Unclear,
        ),
        case("ready", ready(json!({ "solution": text })), Ready, Ready),
        case("ready", ready(json!({ "solution": text, "cost": 0.0003 })), Ready, Ready),
        case("ready", ready(json!({ "solution": text })).status(503), Ready, Ready),
        case("ready", ready(json!({ "solution": text, "taskId": TASK_ID })), Ready, Ready),
        case("ready", ready(json!({ "solution": text, "taskId": "a-1" })), Ready, Ready),
        case("ready, no text", ready(json!({ "solution": { "token": "03AG" } })), Ready, Ready),
        case("ready, no solution", ready(json!({})), lost(), Broken("BAD_RESPONSE")),
        case(
            "ready, no solution",
            ready(json!({ "solution": null, "cost": 1 })),
            lost(),
            Broken("BAD_RESPONSE"),
        ),
    ];
    let failed = || Refused(Class::Unsolvable, "ERROR_CAPTCHA_UNSOLVABLE");
    let body = json!({ "errorId": 0, "status": "Failed", "errorCode": "ERROR_CAPTCHA_UNSOLVABLE" });
    cases.push(case("a failed task", answer(body), failed(), failed()));
    let odd = json!({ "errorId": 0, "status": "odd", "solution": text });
    cases.push(case(
        "a solution in an unknown status",
        answer(odd),
        lost(),
        Broken("BAD_RESPONSE"),
    ));
    for status in
        [json!("reviewed"), json!(KEY), json!(""), json!(null), json!(7), json!(["ready"])]
    {
        let script = answer(json!({ "errorId": 0, "status": status }));
        cases.push(case("an unknown status", script, lost(), Unclear));
    }
    let invalid_ids = [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(9_007_199_254_740_992_u64),
        json!(null),
        json!(true),
        json!([]),
        json!("0"),
        json!("a\u{0}b"),
        json!(KEY),
    ];
    for id in invalid_ids {
        let script = answer(json!({ "errorId": 0, "taskId": id }));
        cases.push(case("no usable taskId", script, lost(), Unclear));
    }
    cases.push(case("no usable taskId", answer(json!({ "errorId": 0 })), lost(), Unclear));
    cases
}

fn refusals() -> Vec<Case> {
    let mut cases = Vec::new();
    for (code, class) in CODES {
        let refused = || Refused(class, code);
        let fault = if class == Class::UnknownService { "an unknown code" } else { class.name() };
        cases.push(case(fault, answer(refusal(json!(1), json!(code))), refused(), refused()));
    }
    let zero = |id: Value| answer(refusal(id, json!("ERROR_ZERO_BALANCE")));
    let broke = || Refused(Class::Balance, "ERROR_ZERO_BALANCE");
    for script in [
        zero(json!(1)).status(402),
        zero(json!(1)).status(503),
        zero(json!(1)).status(429).retry_after(1_000.0),
        zero(json!(2)),
        zero(json!(-1)),
        zero(json!("1")),
        zero(json!(null)),
        zero(json!([])),
    ] {
        cases.push(case("BalanceError", script, broke(), broke()));
    }
    let no_slot = || answer(refusal(json!(1), json!("ERROR_NO_SLOT_AVAILABLE")));
    for script in [
        no_slot(),
        no_slot().status(500),
        no_slot().retry_after(5_000.0),
        no_slot().retry_after(1e18),
    ] {
        let code = "ERROR_NO_SLOT_AVAILABLE";
        cases.push(case(
            code,
            script,
            Again(Class::Capacity, code),
            Refused(Class::Capacity, code),
        ));
    }
    let code = "ERROR_TOO_MUCH_REQUESTS";
    let often = || answer(refusal(json!(1), json!(code)));
    for script in [often(), often().status(429), often().retry_after(7_000.0)] {
        cases.push(case(code, script, Refused(Class::RateLimit, code), Widen));
    }
    let code = "CAPTCHA_NOT_READY";
    for (id, sent) in [(json!(1), code), (json!("x"), code), (json!(null), "captcha_not_ready")] {
        let script = answer(refusal(id, json!(sent)));
        cases.push(case(code, script, Lost("BAD_RESPONSE"), Pending));
    }
    let numbered = || Refused(Class::UnknownService, "17");
    let script = answer(refusal(json!(1), json!(17)));
    cases.push(case("an unknown code", script, numbered(), numbered()));
    let unknown = || Refused(Class::UnknownService, "UNKNOWN");
    for body in [
        json!({ "errorId": 1 }),
        json!({ "errorId": 0.5, "taskId": TASK_ID, "status": "ready" }),
        json!({ "errorId": 1e300, "errorCode": null }),
        json!({ "errorId": "1", "errorDescription": KEY }),
        json!({ "errorId": 1, "errorCode": "" }),
    ] {
        cases.push(case("an error without a code", answer(body.clone()), unknown(), unknown()));
        cases.push(case("an error without a code", answer(body).status(429), unknown(), unknown()));
    }
    cases
}

fn invalid_envelopes() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut unread = |fault: &str, script: Script| {
        cases.push(case(fault, script, Lost("BAD_RESPONSE"), Unclear));
    };
    for id in
        [json!("0x0"), json!("x"), json!(KEY), json!(null), json!(true), json!({}), json!([0])]
    {
        unread("errorId of the wrong type", answer(json!({ "errorId": id, "taskId": TASK_ID })));
    }
    for body in [
        json!(null),
        json!([]),
        json!(7),
        json!("ready"),
        json!({ "taskId": TASK_ID, "status": "ready" }),
    ] {
        unread("JSON that is not an answer", answer(body));
    }
    unread("not JSON", page(200, "{\"errorId\":0,\"task"));
    unread("not JSON", page(204, ""));
    unread("not JSON", page(200, " \r\n"));
    unread("HTML", page(200, &format!("<html>{KEY}</html>")));
    unread("a body that is too large", too_large());
    cases
}

fn http_answers() -> Vec<Case> {
    let mut cases = Vec::new();
    let status = "HTTP_STATUS";
    for code in [429_u16, 503] {
        let fault = format!("HTTP {code}");
        let again = || Again(Class::Transport, status);
        for script in [
            page(code, ""),
            page(code, HTML),
            answer(json!({ "message": KEY })).status(code),
            answer(json!({ "errorId": "x" })).status(code),
            too_large().status(code),
        ] {
            cases.push(case(&fault, script, again(), Unclear));
        }
        for span in [0.0, 5_000.0, 20_000.0, 1e18, -5.0, f64::NAN] {
            let fault = format!("HTTP {code} with Retry-After");
            cases.push(case(&fault, page(code, "").retry_after(span), again(), Unclear));
        }
    }
    for code in [500_u16, 502, 504, 599] {
        for script in [page(code, ""), page(code, HTML), page(code, KEY).retry_after(1_000.0)] {
            let fault = format!("HTTP {}", if code == 500 { "500" } else { "502, 504, 599" });
            cases.push(case(&fault, script, Lost(status), Unclear));
        }
    }
    for code in [401_u16, 403, 404, 407] {
        for script in [page(code, HTML), page(code, ""), answer(json!({})).status(code)] {
            cases.push(case("HTTP 401, 403, 404, 407", script, Broken(status), Broken(status)));
        }
    }
    for script in [
        page(302, "").status(0),
        page(302, HTML),
        created().status(307),
        ready().status(301),
        page(304, "").retry_after(1_000.0),
    ] {
        cases.push(case("a redirect", script, Broken(status), Broken(status)));
    }
    cases.push(case("a network error", network(), Lost("NETWORK"), Unclear));
    let echo = record("TypeError", &format!("fetch of {KEY} failed"));
    cases.push(case("a network error", fault(echo), Lost("NETWORK"), Unclear));
    cases
}

/// An answer that never comes.
pub(crate) fn silence() -> Case {
    case("no answer", hang(), Lost("REQUEST_TIMEOUT"), Unclear)
}
