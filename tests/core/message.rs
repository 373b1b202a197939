//! Languages: every text of a message comes from the catalogue; texts that it lacks stay English.

use super::options::refused_option;
use capwire::callback::read_callback;
use capwire::error_table::TABLE;
use capwire::message::Catalogue;
use capwire::options::{ClientOptions, catalogue, read_callback_timeout, read_report_kind};
use capwire::platform::{Opened, Unopened};
use capwire::texts::ALL;
use capwire_testkit::*;
use serde_json::Map;

/// A catalogue whose texts are the English ones in brackets, each after its number.
fn brackets() -> Value {
    let codes: Map<_, _> = TABLE
        .iter()
        .map(|row| {
            let [message, hint] = [row.message, row.hint].map(|text| format!("⟦c·{text}⟧"));
            (row.code.to_owned(), json!({ "message": message, "hint": hint }))
        })
        .collect();
    let texts = ALL.iter().enumerate();
    let texts: Map<_, _> =
        texts.map(|(at, text)| ((*text).to_owned(), format!("⟦{at}·{text}⟧").into())).collect();
    json!({ "codes": codes, "texts": texts })
}

/// The English of a message in brackets; adds the numbers of its texts to `seen`.
fn unbracketed(text: &str, seen: &mut Vec<usize>) -> String {
    let mut english = String::new();
    let mut rest = text;
    while let Some((before, bracketed)) = rest.split_once('⟦') {
        english.push_str(before);
        let (number, after) = bracketed.split_once('·').unwrap();
        seen.extend(number.parse::<usize>());
        rest = after;
    }
    (english + rest).replace('⟧', "")
}

/// All texts of a failure.
fn words(failure: &Failure, language: &Catalogue) -> Vec<String> {
    let mut words = vec![failure.message(language), failure.hint(language)];
    if let Some(Cause::Failure(cause)) = &failure.cause {
        words.extend(self::words(cause, language));
    }
    words
}

/// Asserts that the texts are the same except for the language, and complete.
#[track_caller]
fn compare(english: &[String], other: &[String], seen: &mut Vec<usize>) {
    assert_eq!(english.len(), other.len());
    for (english, other) in english.iter().zip(other) {
        assert!(other.starts_with('⟦') && other.ends_with('⟧'), "{other}");
        assert_eq!(&unbracketed(other, seen), english);
        assert!(!english.contains(['{', '}']), "{english}");
        assert!(english.len() > 10, "{english}");
    }
}

fn client_options(options: Value, messages: Option<&Value>) -> Js {
    let mut options = Js::from(json!({ "clientKey": KEY })).with_all(options);
    if let Some(messages) = messages {
        options = options.with("messages", messages.clone());
    }
    options
}

trait WithAll {
    fn with_all(self, members: Value) -> Js;
}

impl WithAll for Js {
    fn with_all(self, members: Value) -> Js {
        let members = members.as_object().unwrap().clone();
        members.into_iter().fold(self, |object, (name, value)| object.with(&name, value))
    }
}

/// Calls that fail, with the service that makes them fail.
fn failing_calls() -> Vec<(Value, Value, Call, Server)> {
    let none = || json!({});
    let task = |extra: Value| {
        Call::Create(
            json!({ "type": "TurnstileTask", "websiteURL": "https://a.example", "websiteKey": "k" })
                .as_object()
                .cloned()
                .map(|mut task| {
                    task.extend(extra.as_object().unwrap().clone());
                    Value::Object(task)
                })
                .unwrap()
                .into(),
        )
    };
    let of = |kind: &str, extra: Value| {
        let object = Js::from(json!({ "type": kind }));
        Call::Create(object.with_all(extra))
    };
    let mut calls = Vec::new();
    let mut local = |call: Call| calls.push((none(), none(), call, server()));
    // Tasks.
    local(Call::Create(json!(5).into()));
    local(Call::Create(json!({}).into()));
    local(Call::Create(json!({ "type": "" }).into()));
    local(Call::Create(json!({ "type": null }).into()));
    local(Call::Create(object([
        ("type", "CustomTask".into()),
        ("class", "x".into()),
        ("websiteURL", "https://a.example".into()),
        ("unknown", Js::Bigint),
    ])));
    for extra in [
        json!({ "websiteKey": 5 }),
        json!({ "websiteURL": "a.example" }),
        json!({ "nocache": 1 }),
        json!({ "websiteURL": "x".repeat(65_537) }),
        json!({ "proxyType": "ftp", "proxyAddress": "a", "proxyPort": 1 }),
        json!({ "proxyType": "http", "proxyAddress": "a", "proxyPort": 0 }),
        json!({ "proxyType": "http" }),
        json!({ "proxyType": "http", "proxyAddress": "a", "proxyPort": 1, "proxyLogin": "%" }),
    ] {
        local(task(extra));
    }
    local(of(
        "RecaptchaV3TaskProxyless",
        json!({ "websiteURL": "https://a.example", "websiteKey": "k", "minScore": 2 }),
    ));
    local(of(
        "RecaptchaV2EnterpriseTask",
        json!({ "websiteURL": "https://a.example", "websiteKey": "k", "enterprisePayload": [] }),
    ));
    local(of("TurnstileTask", json!({ "websiteUrl": "https://a.example", "websiteKey": "k" })));
    local(of("GeeTestTask", json!({ "version": 5 })));
    let site = json!({ "websiteURL": "https://a.example", "websiteKey": "k", "hct": "x" });
    local(of("YidunTask", site));
    local(of("ComplexImageTask", json!({ "class": 5 })));
    local(of("ComplexImageTask", json!({ "class": "hcaptcha", "metadata": { "Task": "x" } })));
    local(of(
        "ComplexImageTask",
        json!({ "class": "hcaptcha", "imageUrls": 5, "metadata": { "Task": "x" } }),
    ));
    local(of(
        "ComplexImageTask",
        json!({ "class": "hcaptcha", "imageUrls": vec!["x"; 101], "metadata": { "Task": "x" } }),
    ));
    local(of(
        "ComplexImageTask",
        json!({ "class": "hcaptcha", "imagesBase64": "x", "metadata": { "Task": "x" } }),
    ));
    local(of("ImageToTextTask", json!({ "body": base64(&[7; 200]), "numeric": 2 })));
    // Images.
    for image in [
        Js::bytes([7; 9]),
        Js::bytes(vec![7; 500_001]),
        json!({}).into(),
        Js::Bigint,
        json!("?").into(),
        json!("data:,").into(),
        json!("data:image/png;base64").into(),
        format!("{}A", base64(&[7; 300])).into(),
        Js::unreadable(500.0, "the file is gone"),
    ] {
        local(Call::SolveImage(image));
    }
    // Reports and the User-Agent, where the service has none.
    let lacking = json!({ "service": "brocapgpt" });
    calls.push((lacking.clone(), none(), Call::Report(TASK_ID, ReportKind::Token), server()));
    calls.push((lacking, none(), Call::UserAgent, server()));
    for script in [page(200, ""), page(200, HTML), answer(json!([1])), page(404, "no")] {
        calls.push((none(), none(), Call::UserAgent, server().user_agent([script])));
    }
    // Answers.
    let codes = TABLE.iter().map(|row| error(row.code));
    let others = [
        answer(json!({ "errorId": 1 })),
        answer(json!({ "errorId": 1, "errorCode": "ERROR_NEW", "errorDescription": "So be it." })),
        answer(json!({ "errorId": 1, "errorCode": "ERROR_PROXY_NEW" })),
        answer(json!({ "errorId": "x" })),
        answer(json!({})),
        answer(json!(["x"])),
        answer(json!(null)),
        answer(json!({ "errorId": 0, "taskId": "x" })),
        answer(json!({ "errorId": 0, "taskId": 9_007_199_254_740_993_u64 })),
        answer(json!({ "errorId": 0 })),
        error("CAPTCHA_NOT_READY"),
        page(200, ""),
        page(200, HTML),
        page(302, ""),
        page(502, HTML),
        too_large(),
        network(),
        hang(),
    ];
    for script in codes.chain(others) {
        let quick = json!({ "requestTimeoutMs": 200, "maxRetries": 1 });
        let refusing = server().create([script.clone()]).balance([script.clone()]);
        calls.push((quick.clone(), none(), Call::Create(token_task()), refusing.clone()));
        calls.push((quick, none(), Call::Balance, refusing));
    }
    for script in [
        answer(json!({ "errorId": 0, "status": "ready" })),
        answer(json!({ "errorId": 0, "status": "lost" })),
        answer(json!({ "errorId": 0, "status": {} })),
        answer(json!({ "errorId": 0 })),
        page(502, HTML),
        processing(),
    ] {
        calls.push((none(), none(), Call::Wait(TASK_ID), server().poll([script.clone()])));
        calls.push((none(), none(), Call::Result(TASK_ID), server().poll([script])));
    }
    let textless = answer(json!({ "errorId": 0, "status": "ready", "solution": {} }));
    calls.push((none(), none(), Call::SolveImage(image()), server().poll([textless])));
    // Time.
    let long = json!({ "timeoutMs": 2_000_000 });
    let slow = json!({ "timeoutMs": 2_000_000, "pollIntervalMs": 60_000 });
    calls.push((none(), long, Call::Solve(token_task()), server().poll([processing()])));
    calls.push((none(), slow, Call::Solve(token_task()), server().poll([processing()])));
    let brief = json!({ "timeoutMs": 5 });
    let blob = Call::SolveImage(Js::blob([7; 200], 50.0));
    calls.push((none(), brief, blob, server()));
    let other = server().balance([no_response(json!({}))]);
    calls.push((none(), none(), Call::Balance, other));
    calls
}

#[test]
fn every_text_is_translated_and_every_translation_is_used() {
    let brackets = brackets();
    let mut seen = Vec::new();
    for (options, call_options, call, server) in failing_calls() {
        let rendered = [None, Some(&brackets)].map(|messages| {
            let world = server.clone().world();
            let options = client_options(options.clone(), messages);
            let client = Client::new(
                world.clone(),
                ClientOptions::read(&options).unwrap(),
                std::rc::Rc::default(),
            );
            let log = Log::default();
            let mut words = Vec::new();
            // Twice: the second time, a refusal may come from the client.
            for _ in 0..2 {
                if let Err(failure) = world.run(call.with(&client, call_options.clone(), &log)) {
                    words.extend(self::words(&failure, &client.options().messages));
                }
            }
            let retries = log.of("retry").into_iter();
            words.extend(retries.map(|retry| retry["message"].as_str().unwrap().to_owned()));
            words
        });
        let [english, other] = rendered;
        compare(&english, &other, &mut seen);
    }

    // Failures before there is a client.
    let profile =
        |url: &str| json!({ "service": { "name": "x", "baseUrl": url, "imageLimits": {} } });
    for options in [
        json!({ "service": 5 }),
        json!({ "service": {} }),
        json!({ "service": { "name": "x", "baseUrl": "https://a.example", "imageLimits": {}, "reports": [5] } }),
        profile("http://a.example"),
        json!({ "service": { "name": "x", "baseUrl": "http://a.example", "imageLimits": {}, "allowInsecure": true } }),
        profile("https://a.example?"),
        profile("https://a b"),
        profile("https://a@b"),
        profile("https://"),
        profile("https://a:b"),
        profile("a"),
        json!({ "imageLimits": [] }),
        json!({ "imageLimits": { "minBytes": 2, "maxBytes": 1 } }),
        json!({ "baseUrl": true }),
        json!({ "maxRetries": 1.5 }),
        json!({ "unknown": 1 }),
        json!({ "maxRetires": 1 }),
        json!({ "a name that is longer than any option": 1 }),
    ] {
        let [english, other] = [None, Some(&brackets)].map(|messages| {
            let options = client_options(options.clone(), messages);
            words(&ClientOptions::read(&options).err().unwrap(), &self::catalogue(Some(&options)))
        });
        compare(&english, &other, &mut seen);
    }
    let language = self::catalogue(Some(&Js::from(json!({ "messages": brackets }))));
    let bodies = [
        json!(5).into(),
        json!("").into(),
        json!("<html>").into(),
        object([("bodyUsed", true)]),
        object([("pipe", Js::Bigint)]),
        Js::unreadable(5.0, "gone"),
        request_of(Js::blob("{}", 60_000.0)),
    ];
    let world = server().world();
    let callbacks =
        bodies.into_iter().map(|body| world.run(read_callback(&world, &body, 5_000)).unwrap_err());
    let others = [
        ClientOptions::read(&Js::from(json!({}))).err().unwrap(),
        ClientOptions::read(&Js::from(json!({ "clientKey": "a b" }))).err().unwrap(),
        ClientOptions::read(&image()).err().unwrap(),
        read_report_kind(&Js::from("x")).unwrap_err(),
        read_callback_timeout(Some(&Js::from(json!({ "messages": 5 })))).err().unwrap(),
        read_call_options(Some(&Js::from(json!({ "timeoutMs": 0 })))).unwrap_err(),
    ];
    let not = |class, why| Js::form(class, Ok(Opened::Not(why, Js::holding(class, "", ""))));
    let images = [
        Js::bytes("<html>"),
        Js::bytes("<?xml version='1.0'?><note>"),
        Js::bytes("{\"a\":1}"),
        Js::blob_of_type([7; 9], "text/plain"),
        Js::bytes("iVBORw0K".repeat(20)),
        Js::bytes("data:image/png,"),
        Js::bytes("%PDF-1"),
        Js::bytes("PK\u{3}\u{4}"),
        Js::blob_of_type([7; 9], "audio/wav"),
        Js::blob_of_type([7; 9], "video/mp4"),
        Js::bytes([0x1f, 0x8b, 8]),
        Js::bytes("\u{fffd}PNG"),
        Js::bytes([0; 200]),
        Js::array("Float32Array", [7; 200]),
        "https://a.example/7".into(),
        "7.png".into(),
        "QUJD\u{200b}".into(),
        "data:,".into(),
        not("Readable", Unopened::Ended),
        not("Response", Unopened::Used),
        not("HTMLImageElement", Unopened::Unknown),
    ];
    let images = images.map(|image| world.solve_image(image).run().unwrap_err());
    for failure in callbacks.chain(others).chain(images) {
        let english = words(&failure, &Catalogue::default());
        compare(&english, &words(&failure, &language), &mut seen);
    }

    // These only occur in JavaScript, and in batches.
    let elsewhere = [
        "a function",
        "a function like fetch, which gives a Response",
        "an AbortSignal",
        "an iterable or async iterable of tasks",
        "a task id",
        "the batch ended before task {task} was ready",
    ];
    let unseen: Vec<_> = (0..ALL.len()).filter(|at| !seen.contains(at)).map(|at| ALL[at]).collect();
    let unseen: Vec<_> = unseen.into_iter().filter(|text| !elsewhere.contains(text)).collect();
    assert_eq!(unseen, [""; 0]);
}

fn empty_account(messages: Value) -> (Class, Vec<String>) {
    let world = server().balance([error("ERROR_ZERO_BALANCE")]).world();
    let client = world.client_with(json!({ "messages": messages }));
    let outcome = world.balance().by(&client).run();
    let failure = refused(outcome, Class::Balance, "ERROR_ZERO_BALANCE");
    (failure.class, words(&failure, &client.options().messages))
}

#[test]
fn missing_and_invalid_translations_fall_back_to_english() {
    let (_, english) = empty_account(json!({}));
    assert_eq!(english[0], "The account has no money left");
    for messages in [
        json!({ "codes": null, "texts": 5 }),
        json!({ "codes": "x", "texts": [] }),
        json!({ "codes": { "ERROR_ZERO_BALANCE": "x" } }),
        json!({ "codes": { "ERROR_ZERO_BALANCE": { "message": 5, "hint": null } } }),
        json!({ "codes": { "ERROR_ZERO_BALANCE": { "message": "", "hint": "" } } }),
        json!({ "unknown": true }),
    ] {
        assert_eq!(empty_account(messages).1, english);
    }
    let messages = json!({ "codes": { "ERROR_ZERO_BALANCE": { "message": "Пусто" } } });
    let (class, words) = empty_account(messages);
    assert_eq!((class, words), (Class::Balance, vec!["Пусто".to_owned(), english[1].clone()]));
}

#[test]
fn a_single_text_may_be_replaced() {
    let messages = json!({ "texts": { "{what}: {detail}": "{detail} <- {what} {unknown}" } });
    let options = client_options(json!({ "maxRetries": 11, "messages": messages }), None);
    let failure = refused_option(ClientOptions::read(&options), "maxRetries");
    assert_eq!(
        failure.message(&catalogue(Some(&options))),
        "`maxRetries` must be a whole number from 0 to 10, not 11 <- An option cannot be used {unknown}"
    );
}

#[test]
fn a_catalogue_that_is_not_an_object_is_refused() {
    for messages in [json!("ru"), json!(null), json!([]), json!(5), json!(true)] {
        let options = client_options(json!({ "messages": messages }), None);
        let failure = refused_option(ClientOptions::read(&options), "messages");
        assert!(
            failure.english().contains("`messages` must be an object"),
            "{}",
            failure.english()
        );
        let alone = object([("messages", messages)]);
        refused_option(read_callback_timeout(Some(&alone)), "messages");
    }
    let misspelt = Js::from(json!({ "message": {} }));
    let failure = refused_option(read_callback_timeout(Some(&misspelt)), "message");
    assert!(failure.english().ends_with("Did you mean `messages`?"), "{}", failure.english());
    assert!(read_callback_timeout::<Js>(None).is_ok());
}

/// A service's text is not in the catalogue. A key in it is not shown.
#[test]
fn foreign_texts_stay_as_they_are_except_for_the_key() {
    let text = format!("«{{what}} {KEY}» ist falsch");
    let script =
        answer(json!({ "errorId": 1, "errorCode": "ERROR_NEU", "errorDescription": text }));
    let world = server().balance([script]).world();
    let client = world.client_with(json!({ "messages": brackets() }));
    let failure = refused(world.balance().by(&client).run(), Class::UnknownService, "ERROR_NEU");
    assert_eq!(failure.server_message.as_deref(), Some("«{what} [clientKey]» ist falsch"));
    let message = unbracketed(&failure.english(), &mut Vec::new());
    assert!(message.ends_with(": ERROR_NEU «{what} [clientKey]» ist falsch"), "{message}");
    assert!(!format!("{failure:?}").contains(KEY));
}
