//! Tests of the real program over TCP, with a client that sees every byte.

mod client;
mod script;

use client::{Sandbox, scratch_folder};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::Duration;

const KEY: &str = "5a4db0c5a4db0c5a4db0c5a4db0c5a4d";

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_capwire-sandbox"))
}

#[test]
fn solves_what_it_drew() {
    let sandbox = Sandbox::start(&["--solve-ms", "50"]);
    for service in ["capmonster", "brocapgpt"] {
        let drawn = sandbox.get("/sandbox/captcha.json?text=w7kq").json();
        assert_eq!(drawn["text"], "w7kq");
        let task = json!({ "type": "ImageToTextTask", "body": drawn["base64"] });
        let created =
            sandbox.call(service, "createTask", json!({ "clientKey": KEY, "task": task }));
        assert_eq!(created["errorId"], 0);
        std::thread::sleep(Duration::from_millis(60));
        let asked = json!({ "clientKey": KEY, "taskId": created["taskId"] });
        let result = sandbox.call(service, "getTaskResult", asked);
        assert_eq!(result["solution"], json!({ "text": "w7kq" }));
        let balance = sandbox.call(service, "getBalance/", json!({ "clientKey": KEY }));
        assert_eq!(balance, json!({ "errorId": 0, "balance": 9.9997 }));
    }
}

#[test]
fn a_drawn_captcha_is_an_image_that_can_be_drawn_again() {
    let sandbox = Sandbox::start(&[]);
    let image = sandbox.get("/sandbox/captcha?seed=7");
    assert_eq!(image.header("content-type"), "image/png");
    assert!(image.header("access-control-expose-headers").contains("x-captcha-text"));
    assert!(image.body.starts_with(b"\x89PNG"));
    let same = sandbox.get("/sandbox/captcha.json?seed=7").json();
    assert_eq!(same["text"], image.header("x-captcha-text"));
    assert_eq!(same["bytes"], image.body.len());
    assert_ne!(sandbox.get("/sandbox/captcha").body, sandbox.get("/sandbox/captcha").body);
    assert_eq!(sandbox.get("/sandbox/captcha?text=0O1l").status, 400);
}

#[test]
fn returns_the_user_agent_without_a_key() {
    let sandbox = Sandbox::start(&[]);
    let path = "/capmonster/api/useragent/actual";
    let answer = sandbox.get(path);
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert!(answer.text().starts_with("Mozilla/5.0 (Windows NT 10.0; "), "{}", answer.text());
    assert_eq!(answer.text().trim_end().lines().count(), 1);
    let entry = &sandbox.requests()[0];
    assert_eq!(entry["method"], "api/useragent/actual");
    assert_eq!(entry["body"], "");

    // Only at this service, and only with GET.
    assert_eq!(sandbox.get("/brocapgpt/api/useragent/actual").status, 405);
    assert_eq!(sandbox.get("/capmonster/api/useragent").status, 405);
    assert_eq!(sandbox.post(path, &json!({})).json()["errorCode"], "ERROR_NO_SUCH_METHOD");

    sandbox.script(json!({ "service": "capmonster", "reply": { "kind": "text", "status": 503 } }));
    assert_eq!(sandbox.get(path).status, 503);
}

#[test]
fn a_wrong_control_request_is_refused_with_a_reason() {
    let sandbox = Sandbox::start(&[]);
    for (path, body) in [
        ("/sandbox/script", json!([{ "reply": { "kind": "nap" } }])),
        ("/sandbox/settings", json!({ "solveMS": 5 })),
        ("/sandbox/settings", json!({ "accounts": { "a__b": 5 } })),
    ] {
        let answer = sandbox.post(path, &body);
        assert_eq!(answer.status, 400);
        assert!(answer.json()["error"].as_str().is_some_and(|why| !why.is_empty()));
    }
}

#[test]
fn any_page_may_call_it() {
    let sandbox = Sandbox::start(&[]);
    let preflight = sandbox.ask(
        "OPTIONS",
        "/capmonster/createTask",
        &[
            ("Origin", "https://site.example"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type"),
            ("Access-Control-Request-Private-Network", "true"),
        ],
        b"",
    );
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(preflight.header("access-control-allow-private-network"), "true");
    assert!(!preflight.header("access-control-max-age").is_empty());
    for method in ["GET", "POST", "OPTIONS", "DELETE"] {
        assert!(preflight.header("access-control-allow-methods").contains(method));
    }
    let headers = preflight.header("access-control-allow-headers");
    assert!(headers.contains("content-type") && !headers.contains("authorization"));
    assert!(sandbox.requests().is_empty(), "a preflight is not logged");

    let answer = sandbox.post("/capmonster/getBalance", &json!({ "clientKey": KEY }));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-expose-headers").contains("retry-after"));
}

#[test]
fn serves_files() {
    let folder = scratch_folder("serves_files");
    std::fs::create_dir_all(folder.join("inner")).unwrap();
    for (name, text) in
        [("a.wasm", "\0asm"), ("a.js", "1"), ("index.html", "<p>"), ("inner/index.html", "<i>")]
    {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let mount = |path| format!("{path}={}", folder.display());
    let sandbox = Sandbox::start(&["--serve", &mount("/files"), "--serve", &mount("/files/deep/")]);
    for (path, content_type) in [
        ("/files/a.wasm", "application/wasm"),
        ("/files/a.js", "text/javascript"),
        ("/files/", "text/html"),
        ("/files/index.html", "text/html"),
        ("/files/deep/a.wasm", "application/wasm"),
    ] {
        let file = sandbox.get(path);
        assert_eq!((file.status, file.header("content-type")), (200, content_type), "{path}");
        assert_eq!(file.header("cache-control"), "no-store");
        assert_eq!(file.header("access-control-allow-origin"), "*");
    }
    assert_eq!(sandbox.get("/files/a.wasm").body, b"\0asm");
    assert_eq!(sandbox.get("/files").header("location"), "/files/");
    assert_eq!(sandbox.get("/files/inner").header("location"), "/files/inner/");
    assert_eq!(sandbox.get("/files/inner/").text(), "<i>");
    for path in ["/files/none.js", "/files/../Cargo.toml", "/files/%2e%2e/Cargo.toml", "/other"] {
        assert_eq!(sandbox.get(path).status, 404, "{path}");
    }

    let sandbox = Sandbox::start(&["--serve", &mount("/")]);
    assert_eq!(sandbox.get("/").text(), "<p>");
    assert_eq!(sandbox.get("/a.js").header("cache-control"), "no-store");
    assert_eq!(sandbox.get("/inner").header("location"), "/inner/");
    assert!(sandbox.get("/sandbox").text().contains(KEY));
}

#[test]
fn logs_the_requests() {
    let sandbox = Sandbox::start(&[]);
    sandbox.script(json!({ "method": "getBalance", "reply": { "kind": "text", "status": 500 } }));
    sandbox.ask("POST", "/capmonster/getBalance", &[("X-One", "1"), ("x-one", "2")], b"{\"a\":1}");
    sandbox.ask("POST", "/brocapgpt/createTask/", &[], b"not json");
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0]["service"], "capmonster");
    assert_eq!(requests[0]["method"], "getBalance");
    assert_eq!(requests[0]["headers"]["x-one"], "1, 2");
    assert_eq!(requests[0]["body"], json!({ "a": 1 }));
    assert_eq!(requests[0]["scripted"], true);
    assert_eq!(requests[1]["service"], "brocapgpt");
    assert_eq!(requests[1]["method"], "createTask");
    assert_eq!(requests[1]["body"], "not json");
    assert_eq!(requests[1]["scripted"], false);
    assert!(requests[0]["at"].as_f64() < requests[1]["at"].as_f64());
    assert_eq!(sandbox.ask("DELETE", "/sandbox/requests", &[], b"").status, 200);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn bans_the_address_that_a_header_names() {
    let sandbox = Sandbox::start(&[]);
    let code = |address: &str, key: &str| {
        let body = json!({ "clientKey": key }).to_string();
        let headers = [("x-sandbox-address", address)];
        let answer = sandbox.ask("POST", "/capmonster/getBalance", &headers, body.as_bytes());
        answer.json()["errorCode"].clone()
    };
    for _ in 0..5 {
        assert_eq!(code("a", "nobody"), "ERROR_KEY_DOES_NOT_EXIST");
    }
    assert_eq!(code("a", KEY), "ERROR_IP_BANNED");
    assert_eq!(code("b", KEY), Value::Null);
    assert_eq!(sandbox.call("capmonster", "getBalance", json!({ "clientKey": KEY }))["errorId"], 0);
}

#[test]
fn settings_hold_until_a_reset() {
    let sandbox = Sandbox::start(&[]);
    let settings = json!({ "solveMs": 0, "accounts": { "mine": 1.5 } });
    assert_eq!(sandbox.post("/sandbox/settings", &settings).status, 200);
    let task = json!({ "clientKey": "mine", "task": { "type": "TurnstileTask" } });
    let id = sandbox.call("brocapgpt", "createTask", task)["taskId"].clone();
    let result =
        sandbox.call("brocapgpt", "getTaskResult", json!({ "clientKey": "mine", "taskId": id }));
    assert_eq!(result["status"], "ready");
    let balance = sandbox.call("brocapgpt", "getBalance", json!({ "clientKey": "mine" }));
    assert_eq!(balance["balance"], 1.4997);

    sandbox.script(json!({ "reply": { "kind": "reset" } }));
    assert_eq!(sandbox.post("/sandbox/reset", &json!({})).status, 200);
    assert!(sandbox.requests().is_empty());
    let balance = sandbox.call("brocapgpt", "getBalance", json!({ "clientKey": "mine" }));
    assert_eq!(balance["errorCode"], "ERROR_KEY_DOES_NOT_EXIST");
    let task = json!({ "clientKey": KEY, "task": { "type": "TurnstileTask" } });
    assert_eq!(sandbox.call("brocapgpt", "createTask", task)["taskId"], id);
}

#[test]
fn accepts_large_bodies_but_not_endless_ones() {
    let sandbox = Sandbox::start(&[]);
    let body = json!({ "clientKey": KEY, "filler": "a".repeat(2_000_000) });
    assert_eq!(sandbox.call("capmonster", "getBalance", body.clone())["balance"], 10.0);
    assert_eq!(
        sandbox
            .post("/sandbox/script", &json!({ "reply": { "kind": "json", "body": body } }))
            .status,
        200
    );
    let endless =
        sandbox.ask("POST", "/brocapgpt/getBalance", &[], &vec![b' '; 4 * 1024 * 1024 + 1]);
    assert_eq!(endless.status, 413);
}

#[test]
fn one_connection_serves_many_requests() {
    let sandbox = Sandbox::start(&[]);
    let mut stream = sandbox.connect();
    for _ in 0..3 {
        client::write_request(&mut stream, "POST", "/capmonster/getBalance", &[], b"{}");
        let answer = client::read_sized(&mut stream);
        assert_eq!(answer.json()["errorCode"], "ERROR_KEY_DOES_NOT_EXIST");
    }
}

#[test]
fn ends_when_stdin_closes() {
    let mut sandbox = Sandbox::start(&[]);
    // An open request must not keep it running.
    sandbox.script(json!({ "reply": { "kind": "hang", "where": "in-body" } }));
    let _stream = sandbox.send("POST", "/capmonster/getBalance", &[], b"{}");
    sandbox.wait_until(|sandbox| sandbox.requests().len() == 1);
    assert_eq!(sandbox.close_stdin(), Some(0));
}

#[test]
fn without_the_option_it_keeps_running_when_stdin_closes() {
    let mut child = command().stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ended, None);
}

#[test]
fn the_command_line_has_help_and_names_mistakes() {
    let output = command().arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains("--until-stdin-closes"));
    let output = command().arg("--prot").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 1);
}

#[test]
fn a_taken_port_is_an_error() {
    let sandbox = Sandbox::start(&[]);
    let output = command().args(["--port", &sandbox.port().to_string()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
}
