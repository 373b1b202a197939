//! The User-Agent that a service wants in tasks.

use super::report::service;
use capwire_testkit::*;
use proptest::prelude::*;

const USER_AGENT_URL: &str = "https://capmonster.cloud/api/useragent/actual";

#[test]
fn it_is_one_request_without_a_body() {
    let world = server().world();
    // `baseUrl` does not change the URL of the User-Agent.
    let client = world.client_with(json!({ "baseUrl": "http://127.0.0.1:8080/capmonster" }));
    assert_eq!(world.user_agent().by(&client).run().unwrap(), USER_AGENT);
    let sent = world.sent();
    assert_eq!((sent.len(), &*sent[0].url, &*sent[0].text), (1, USER_AGENT_URL, ""));
}

#[test]
fn white_space_around_it_is_trimmed() {
    for text in [" a/1 (b)\n", "\r\n\ta/1 (b)\r\n\r\n", "a/1 (b)"] {
        let world = server().user_agent([page(200, text)]).world();
        assert_eq!(world.user_agent().run().unwrap(), "a/1 (b)");
    }
}

#[test]
fn anything_but_a_user_agent_is_refused() {
    let long = |length: usize| format!("Mozilla/{}", "5".repeat(length - 8));
    let world = server().user_agent([page(200, &long(512))]).world();
    assert_eq!(world.user_agent().run().unwrap(), long(512));

    for script in [
        page(200, ""),
        page(200, " \r\n\t "),
        page(204, ""),
        page(200, "Mozilla/5.0\nMozilla/4.0"),
        page(200, "Mozilla/5.0\rX-Injected: 1"),
        page(200, "Mozilla/5.0\0"),
        page(200, "Mozilla/5.0 \u{fffd}"),
        page(200, "Mozilla/5.0 Ünicode"),
        page(200, HTML),
        page(200, "{\"userAgent\":"),
        page(200, &long(513)),
        page(200, &format!("{}Mozilla/5.0", " ".repeat(4_090))),
        answer(json!({ "UserAgent": USER_AGENT })),
        answer(json!(USER_AGENT)),
        answer(json!(null)),
        answer(json!(5)),
        answer(json!({ "errorId": 1, "errorCode": "ERROR_KEY_DOES_NOT_EXIST" })),
        too_large(),
    ] {
        let world = server().user_agent([script.clone()]).world();
        let client = world.client();
        let outcome = world.user_agent().by(&client).run();
        assert!(outcome.is_err(), "{script:?} was taken");
        let failure = refused(outcome, Class::Transport, "BAD_RESPONSE");
        assert_eq!(failure.origin, Origin::Transport);
        assert_eq!(failure.method.unwrap().name(), "getUserAgent");
        assert_eq!(failure.service.as_deref(), Some("capmonster"));
        assert_eq!(failure.task_id, None);
        // The account is not affected.
        world.balance().by(&client).run().unwrap();
    }
}

#[test]
fn every_other_failure_is_a_transport_error() {
    for (script, code, retryable) in [
        (network(), "NETWORK", true),
        (hang(), "REQUEST_TIMEOUT", true),
        (page(404, USER_AGENT), "HTTP_STATUS", false),
        (page(503, USER_AGENT), "HTTP_STATUS", true),
        (page(302, USER_AGENT), "HTTP_STATUS", false),
        (page(0, ""), "HTTP_STATUS", false),
    ] {
        let world = server().user_agent([script]).world();
        let client = world.client_with(json!({ "requestTimeoutMs": 4_000, "maxRetries": 0 }));
        let start = world.now();
        let failure = refused(world.user_agent().by(&client).run(), Class::Transport, code);
        assert_eq!(failure.retryable, retryable);
        assert!(world.now() - start <= 4_000.0);
        assert_eq!((world.sent().len(), world.timers(), world.in_flight()), (1, 0, 0));
    }
}

#[test]
fn a_service_without_the_url_is_not_asked() {
    for (options, name) in
        [(json!({ "service": "brocapgpt" }), "brocapgpt"), (service(json!({})), "own")]
    {
        let world = server().world();
        let outcome = world.user_agent().client_options(options).run();
        let failure = refused_locally(outcome, Class::Options, "INVALID_OPTIONS");
        assert_eq!(failure.option.as_deref(), Some("service"));
        let expected = format!("{name}, which does not support getUserAgent");
        assert!(failure.english().contains(&expected), "{}", failure.english());
        assert_eq!(world.sent().len(), 0);
    }
}

/// The key is not sent there, so it does not matter that it was refused.
#[test]
fn a_wrong_key_does_not_matter() {
    let world = server().balance([error("ERROR_KEY_DOES_NOT_EXIST")]).world();
    let client = world.client();
    refused(world.balance().by(&client).run(), Class::Key, "ERROR_KEY_DOES_NOT_EXIST");
    assert_eq!(world.user_agent().by(&client).run().unwrap(), USER_AGENT);
}

#[test]
fn a_profile_may_have_its_own_url() {
    for url in [
        "https://captcha.example/actual",
        "http://127.0.0.1:8080/capmonster/api/useragent/actual",
        "http://localhost/actual",
        "https://captcha.example?os=windows&of=/actual",
    ] {
        let world = server().world();
        let client = world.client_with(service(json!({ "userAgentUrl": url })));
        assert_eq!(client.options().profile().user_agent_url.as_deref(), Some(url));
        assert_eq!(world.user_agent().by(&client).run().unwrap(), USER_AGENT);
        assert_eq!(world.sent()[0].url, url);
    }
}

#[test]
fn an_invalid_url_is_an_options_error() {
    for url in [
        json!("http://captcha.example/actual"),
        json!("https://user:hunter2@captcha.example/actual"),
        json!("captcha.example/actual"),
        json!("ftp://captcha.example/actual"),
        json!("https://captcha.example/a b"),
        json!(""),
        json!(5),
        json!(null),
    ] {
        let mut options = service(json!({ "userAgentUrl": url }));
        options["clientKey"] = json!(KEY);
        let read = capwire::options::ClientOptions::read(&Js::from(options));
        let failure = read.err().unwrap_or_else(|| panic!("{url} was taken"));
        assert_eq!((failure.class, &*failure.code), (Class::Options, "INVALID_OPTIONS"));
        assert_eq!(failure.option.as_deref(), Some("service.userAgentUrl"));
        assert!(!failure.english().contains("hunter2"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn a_user_agent_is_one_line_or_refused(text in prop_oneof!["[ -~\r\n\t]{0,600}", any::<String>()]) {
        let world = server().user_agent([page(200, &text)]).world();
        match world.user_agent().run() {
            Ok(agent) => {
                let agent = agent.as_str().unwrap();
                prop_assert_eq!(agent, text.trim());
                prop_assert!((1..=512).contains(&agent.len()) && agent.lines().count() == 1);
            }
            Err(failure) => prop_assert_eq!(&*failure.code, "BAD_RESPONSE"),
        }
    }
}
