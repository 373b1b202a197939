//! The table of services. How options change a service is tested in `options.rs`.

use super::options::{read, refused_option, with};
use capwire::service::SERVICES;
use capwire::url::check_safe;
use capwire_testkit::*;

#[test]
fn every_service_can_be_used_by_its_name() {
    for service in SERVICES {
        let options = read(with("service", &*service.name)).unwrap();
        assert_eq!(options.service, *service);
        assert_eq!(options.profile(), *service);
        let world = server().world();
        world.balance().client_options(json!({ "service": service.name })).run().unwrap();
        assert_eq!(world.sent()[0].url, format!("{}/getBalance", service.base_url));
    }
}

/// Only the address differs.
#[test]
fn the_alternative_address_keeps_the_rules_of_the_service() {
    let url = "https://ru.api.capmonster.cloud";
    let options = read(with("baseUrl", url)).unwrap();
    assert_eq!(options.service, SERVICES[0]);
    assert_eq!(options.image_limits, SERVICES[0].image_limits);
    let world = server().world();
    world.solve_image(Js::bytes([7; 120])).client_options(json!({ "baseUrl": url })).run().unwrap();
    let urls: Vec<_> = world.sent().into_iter().map(|sent| sent.url).collect();
    assert_eq!(urls, [format!("{url}/createTask"), format!("{url}/getTaskResult")]);
}

/// The caller gets the table as objects, which may be changed and given back.
#[test]
fn a_service_as_the_caller_gets_it_is_a_profile() {
    for service in SERVICES {
        let options = read(with("service", plain(service))).unwrap();
        assert_eq!(options.service, *service);
    }
}

#[test]
fn the_first_service_is_the_default() {
    assert_eq!(read(json!({ "clientKey": KEY })).unwrap().service, SERVICES[0]);
}

#[test]
fn the_urls_and_limits_of_a_service_keep_the_rules_of_the_options() {
    for service in SERVICES {
        let urls = [Some(&service.base_url), service.user_agent_url.as_ref()];
        for url in urls.into_iter().flatten() {
            assert!(url.starts_with("https://") && check_safe(url, false).is_ok(), "{url}");
        }
        assert!(!service.base_url.ends_with('/'), "{}", service.base_url);
        assert!(service.image_limits.min_bytes <= service.image_limits.max_bytes);
    }
}

fn own(members: Value) -> Value {
    let mut service = json!({
        "name": "own",
        "baseUrl": "https://captcha.example",
        "imageLimits": { "minBytes": 1, "maxBytes": 900 },
    });
    service.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!({ "clientKey": KEY, "service": service })
}

#[test]
fn a_profile_may_allow_http_to_a_private_network() {
    let url = "http://192.168.1.20:8000/api";
    let options = read(own(json!({ "baseUrl": url, "allowInsecure": true }))).unwrap();
    assert_eq!((&*options.base_url, options.profile().allow_insecure), (url, true));
    assert_eq!(plain(&options.profile())["allowInsecure"], true);
    let again = json!({ "clientKey": KEY, "service": plain(&options.profile()) });
    assert_eq!(read(again).unwrap().service, options.service);

    refused_option(read(own(json!({ "baseUrl": url }))), "service.baseUrl");
    let denied = json!({ "baseUrl": url, "allowInsecure": false });
    refused_option(read(own(denied)), "service.baseUrl");
    let public = json!({ "baseUrl": "http://captcha.example", "allowInsecure": true });
    let message = refused_option(read(own(public)), "service.baseUrl").english();
    assert!(message.contains("private networks only"), "{message}");
    refused_option(read(own(json!({ "allowInsecure": 1 }))), "service.allowInsecure");

    // The option `baseUrl` follows the profile. A service of the table allows nothing.
    let mut options = own(json!({ "allowInsecure": true }));
    options["baseUrl"] = json!("http://solver:8000");
    assert_eq!(read(options).unwrap().base_url, "http://solver:8000");
    for service in SERVICES {
        let options = json!({ "clientKey": KEY, "service": service.name, "baseUrl": url });
        refused_option(read(options), "baseUrl");
    }
    refused_option(read(with("allowInsecure", true)), "allowInsecure");
    let agent = json!({ "userAgentUrl": "http://10.0.0.1/ua", "allowInsecure": true });
    assert!(read(own(agent)).is_ok());
}

#[test]
fn a_profile_may_have_its_own_pace() {
    for (interval, polls) in [(250, 960), (10, 24_000), (2_000, 120), (5_000, 120), (1_999, 120)] {
        let world = server().poll([processing()]).world();
        let client = world.client_with(own(json!({ "pollIntervalMs": interval })));
        let options = json!({ "timeoutMs": 299_000 });
        let outcome = world.solve(token_task()).by(&client).options(options).run();
        let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
        let sent = world.sent_to("getTaskResult");
        let gaps = sent.windows(2).map(|pair| pair[1].start - pair[0].end.unwrap());
        assert!(gaps.clone().all(|gap| gap >= f64::from(interval) - 1e-6), "{interval}");
        assert!(gaps.take(100).all(|gap| gap < f64::from(interval) + 1.0), "{interval}");
        assert!(sent.len() <= polls, "{} of {polls}", sent.len());
        assert!(interval >= 2_000 || sent.len() > 119, "{} requests", sent.len());
        assert!(failure.task_id.is_some());
    }
}

#[test]
fn the_first_request_to_a_quick_server_is_quick() {
    let world = server().world();
    let client = world.client_with(own(json!({ "pollIntervalMs": 50 })));
    for _ in 0..9 {
        world.solve(token_task()).by(&client).run().unwrap();
    }
    for (create, poll) in world.sent_to("createTask").iter().zip(world.sent_to("getTaskResult")) {
        assert_eq!(poll.start - create.end.unwrap(), 50.0);
    }
}

#[test]
fn a_call_keeps_the_pace_of_the_profile_or_a_slower_one() {
    let client = server().world().client_with(own(json!({ "pollIntervalMs": 250 })));
    let call = |ms: u32| {
        CallOptions::read(Some(&object([("pollIntervalMs", ms)])), &client.options().service)
    };
    assert_eq!(call(250).unwrap().poll_interval_ms, Some(250.0));
    refused_option(call(249), "pollIntervalMs");
    refused_option(read_call_options(Some(&object([("pollIntervalMs", 1_999)]))), "pollIntervalMs");
    for interval in [json!(9), json!(0), json!(-1), json!("250"), json!(2.5), json!(null)] {
        refused_option(read(own(json!({ "pollIntervalMs": interval }))), "service.pollIntervalMs");
    }
}

/// Nobody can loosen the rules of the two services, in whatever spelling.
#[test]
fn no_profile_is_faster_at_the_services_hosts() {
    for url in [
        "https://api.capmonster.cloud",
        "https://api.brocapgpt.com",
        "https://API.CapMonster.Cloud/",
        "https://api.capmonster.cloud:443/v1",
        "https://api.capmonster.cloud.",
        "https://api.capmonster.cloud..:443",
        "https://ru.api.capmonster.cloud",
        "https://capmonster.cloud/api",
        "HTTPS://x.BROCAPGPT.com",
    ] {
        let fast = json!({ "baseUrl": url, "pollIntervalMs": 1_999 });
        let message = refused_option(read(own(fast)), "service.pollIntervalMs").english();
        assert!(message.contains("2000"), "{message}");
        let mut by_option = own(json!({ "pollIntervalMs": 10 }));
        by_option["baseUrl"] = json!(url);
        refused_option(read(by_option), "service.pollIntervalMs");
        for slow in [2_000, 9_000] {
            assert!(read(own(json!({ "baseUrl": url, "pollIntervalMs": slow }))).is_ok(), "{url}");
        }
    }
    for url in ["https://notcapmonster.cloud", "https://api.capmonster.cloud.example"] {
        assert!(read(own(json!({ "baseUrl": url, "pollIntervalMs": 10 }))).is_ok(), "{url}");
    }
    // Pointing a service of the table elsewhere does not loosen its rules either.
    let world = server().poll([processing(), ready()]).world();
    let client = world.client_with(json!({ "baseUrl": "http://127.0.0.1:8080" }));
    world.solve(token_task()).by(&client).run().unwrap();
    assert_spaced(&world.sent_to("getTaskResult"));
    refused_option(read(with("pollIntervalMs", 10)), "pollIntervalMs");
}

#[test]
fn the_names_are_unique_and_an_unknown_one_is_answered_with_all_of_them() {
    let mut names: Vec<_> = SERVICES.iter().map(|service| &*service.name).collect();
    let message = refused_option(read(with("service", "capmonstre")), "service").english();
    for name in &names {
        assert!(message.contains(&format!("\"{name}\"")), "{message}");
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_fixtures_name_the_services_of_the_table_and_no_other() {
    let of_tasks = rows().into_iter().flat_map(|row| row.services);
    let of_codes = service_codes().into_iter().flat_map(|code| code.services);
    let mut named: Vec<_> = of_tasks.chain(of_codes).collect();
    named.sort_unstable();
    named.dedup();
    let mut known: Vec<_> = SERVICES.iter().map(|service| &*service.name).collect();
    known.sort_unstable();
    assert_eq!(named, known);
}
