//! Scripted replies and faults.

use super::KEY;
use super::client::{Answer, Sandbox};
use serde_json::json;
use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

#[test]
fn a_scripted_error_has_the_services_format() {
    let sandbox = Sandbox::start(&[]);
    sandbox.script(json!([
        { "method": "createTask", "reply": { "kind": "error", "code": "ERROR_NO_SLOT_AVAILABLE" } },
        { "method": "getBalance", "reply": { "kind": "error", "code": "ERROR_X", "description": "d", "status": 403 } },
    ]));
    let balance = sandbox.post("/brocapgpt/getBalance", &json!({ "clientKey": KEY }));
    assert_eq!(balance.status, 403);
    let error = json!({ "errorId": 1, "errorCode": "ERROR_X", "errorDescription": "d" });
    assert_eq!(balance.json(), error);
    let create = sandbox.post("/brocapgpt/createTask", &json!({}));
    assert_eq!(create.status, 200);
    assert_eq!(create.json()["errorCode"], "ERROR_NO_SLOT_AVAILABLE");
    assert_eq!(create.json()["taskId"], 0);
    let after = sandbox.call("brocapgpt", "getBalance", json!({ "clientKey": KEY }));
    assert_eq!(after["errorId"], 0);
}

#[test]
fn scripted_json_text_and_redirects_are_sent_as_given() {
    let sandbox = Sandbox::start(&[]);
    sandbox.script(json!([
        { "reply": { "kind": "json", "status": 429, "headers": { "Retry-After": "2" }, "body": [1] } },
        { "reply": { "kind": "json", "headers": { "content-type": "text/plain" }, "body": null } },
        { "reply": { "kind": "text", "status": 502, "contentType": "text/html", "body": "<html>" } },
        { "reply": { "kind": "redirect", "status": 307, "location": "https://site.example/" } },
    ]));
    let next = || sandbox.post("/capmonster/getBalance", &json!({}));
    let json = next();
    assert_eq!((json.status, json.text()), (429, "[1]"));
    assert_eq!(json.header("retry-after"), "2");
    assert_eq!(json.header("content-type"), "application/json");
    let json = next();
    assert_eq!(json.text(), "null");
    assert_eq!(json.header("content-type"), "text/plain");
    let text = next();
    assert_eq!((text.status, text.text()), (502, "<html>"));
    assert_eq!(text.header("content-type"), "text/html");
    let redirect = next();
    assert_eq!(redirect.status, 307);
    assert_eq!(redirect.header("location"), "https://site.example/");
    assert_eq!(redirect.header("access-control-allow-origin"), "*");
    assert!(sandbox.requests().iter().all(|entry| entry.get("aborted").is_none()));
}

/// Returns what a hanging answer sent, and checks that the client's disconnect is logged.
fn hang(place: &str) -> String {
    let sandbox = Sandbox::start(&[]);
    sandbox.script(json!({ "reply": { "kind": "hang", "where": place } }));
    let mut stream = sandbox.send("POST", "/capmonster/getBalance", &[], b"{}");
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut sent = Vec::new();
    let ended = stream.read_to_end(&mut sent).unwrap_err();
    assert!(matches!(ended.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{ended}");
    assert!(sandbox.requests()[0].get("aborted").is_none());
    drop(stream);
    sandbox.wait_until(|sandbox| sandbox.requests()[0]["aborted"] == true);
    String::from_utf8(sent).unwrap()
}

#[test]
fn hangs_before_headers() {
    assert_eq!(hang("before-headers"), "");
}

#[test]
fn hangs_after_headers() {
    let sent = hang("after-headers");
    assert!(sent.starts_with("HTTP/1.1 200 OK\r\n"), "{sent}");
    assert!(sent.ends_with("\r\n\r\n"), "{sent}");
}

#[test]
fn hangs_in_the_body() {
    let sent = hang("in-body");
    assert!(sent.starts_with("HTTP/1.1 200 OK\r\n"), "{sent}");
    assert!(sent.ends_with("{\"errorId\":0,\r\n"), "{sent}");
}

#[test]
fn resets_the_connection() {
    let sandbox = Sandbox::start(&[]);
    sandbox.script(json!({ "reply": { "kind": "reset" } }));
    let mut stream = sandbox.send("POST", "/capmonster/createTask", &[], b"{}");
    let mut sent = Vec::new();
    let ended = stream.read_to_end(&mut sent).unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::ConnectionReset);
    assert!(sent.is_empty());
    assert!(sandbox.requests()[0].get("aborted").is_none(), "the client did not disconnect");
}

#[test]
fn cuts_an_answer_off() {
    let sandbox = Sandbox::start(&[]);
    sandbox.script(json!({ "reply": { "kind": "cut" } }));
    let mut stream = sandbox.send("POST", "/capmonster/createTask", &[], b"{}");
    let mut sent = Vec::new();
    stream.read_to_end(&mut sent).unwrap();
    let answer = Answer::parse(&sent);
    assert_eq!(answer.header("content-length"), "1000");
    assert_eq!(answer.text(), "{\"errorId\":0,");
    assert!(sandbox.requests()[0].get("aborted").is_none());
}

#[test]
fn sends_raw_bytes_unchanged() {
    for (then, is_reset) in [("close", false), ("reset", true)] {
        let sandbox = Sandbox::start(&[]);
        // "no HTTP"
        sandbox
            .script(json!({ "reply": { "kind": "raw", "base64": "bm8gSFRUUA==", "then": then } }));
        let mut stream = sandbox.send("POST", "/capmonster/createTask", &[], b"{}");
        let mut sent = Vec::new();
        let ended = stream.read_to_end(&mut sent);
        assert_eq!(ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset), is_reset);
        assert_eq!(sent, b"no HTTP");
        assert!(sandbox.requests()[0].get("aborted").is_none());
    }
}

#[test]
fn a_client_that_disconnects_during_raw_bytes_is_logged() {
    let sandbox = Sandbox::start(&[]);
    sandbox.script(json!({ "reply": { "kind": "raw", "base64": "AA==", "then": "hold" } }));
    let stream = sandbox.send("POST", "/capmonster/createTask", &[], b"{}");
    sandbox.wait_until(|sandbox| sandbox.requests().len() == 1);
    assert!(sandbox.requests()[0].get("aborted").is_none());
    drop(stream);
    sandbox.wait_until(|sandbox| sandbox.requests()[0]["aborted"] == true);
}

#[test]
fn drips_an_answer() {
    let sandbox = Sandbox::start(&[]);
    let body = json!({ "errorId": 0, "balance": 1 });
    sandbox.script(json!({ "reply": { "kind": "drip", "body": body, "everyMs": 10 } }));
    let started = Instant::now();
    let mut stream = sandbox.send("POST", "/capmonster/getBalance", &[], b"{}");
    let (mut sent, mut reads, mut part) = (Vec::new(), 0, [0; 1024]);
    loop {
        match stream.read(&mut part).unwrap() {
            0 => break,
            length => sent.extend_from_slice(&part[..length]),
        }
        reads += 1;
    }
    let length = body.to_string().len();
    assert_eq!(Answer::parse(&sent).json(), body);
    assert!(started.elapsed() >= Duration::from_millis(10 * length as u64));
    assert!(reads > length / 2, "{reads} reads");
    assert!(sandbox.requests()[0].get("aborted").is_none());
}

#[test]
fn sends_very_long_answers() {
    let sandbox = Sandbox::start(&[]);
    for bytes in [0, 1, 2, 65_536, 65_537, 6_000_000] {
        sandbox.script(json!({ "reply": { "kind": "big", "bytes": bytes } }));
        let answer = sandbox.post("/capmonster/getBalance", &json!({}));
        assert_eq!(answer.body.len(), bytes);
        if bytes >= 2 {
            assert_eq!(answer.json().as_str().map(str::len), Some(bytes - 2));
        }
    }
    assert!(sandbox.requests().iter().all(|entry| entry.get("aborted").is_none()));
}

#[test]
fn a_client_that_disconnects_during_a_long_answer_is_logged() {
    let sandbox = Sandbox::start(&[]);
    sandbox.script(json!({ "reply": { "kind": "big", "bytes": 500_000_000 } }));
    let mut stream = sandbox.send("POST", "/capmonster/getBalance", &[], b"{}");
    stream.read_exact(&mut [0; 100_000]).unwrap();
    drop(stream);
    sandbox.wait_until(|sandbox| sandbox.requests()[0]["aborted"] == true);
}

#[test]
fn delays_the_rules_answer_but_not_the_rules() {
    let sandbox = Sandbox::start(&[]);
    let rules = json!({ "kind": "rules" });
    sandbox.script(json!([
        { "method": "getBalance", "delayMs": 200, "reply": rules },
        { "method": "createTask", "delayMs": 60_000, "reply": rules },
    ]));
    let started = Instant::now();
    let balance = sandbox.call("capmonster", "getBalance", json!({ "clientKey": KEY }));
    assert_eq!(balance["balance"], 10.0);
    assert!(started.elapsed() >= Duration::from_millis(200));

    // The client gives up, but the task still exists.
    let body = json!({ "clientKey": KEY, "task": { "type": "TurnstileTask" } }).to_string();
    let stream = sandbox.send("POST", "/capmonster/createTask", &[], body.as_bytes());
    sandbox.wait_until(|sandbox| sandbox.requests().len() == 2);
    drop(stream);
    sandbox.wait_until(|sandbox| sandbox.requests()[1]["aborted"] == true);
    let asked = json!({ "clientKey": KEY, "taskId": 410_000_001 });
    assert_eq!(sandbox.call("capmonster", "getTaskResult", asked)["status"], "processing");
}
