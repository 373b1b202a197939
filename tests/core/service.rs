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
            assert!(url.starts_with("https://") && check_safe(url).is_ok(), "{url}");
        }
        assert!(!service.base_url.ends_with('/'), "{}", service.base_url);
        assert!(service.image_limits.min_bytes <= service.image_limits.max_bytes);
    }
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
