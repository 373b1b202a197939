//! The error codes, as two fixtures have them: written by hand from the services' error pages, never from the
//! client's own table, so that the two can disagree.

use capwire::error_table::Class;
use serde_json::Value;

/// An error code.
#[derive(Clone, Debug)]
pub struct Code {
    pub code: String,
    pub class: Class,
    /// Whether the same call may succeed later without changes.
    pub retryable: bool,
    /// The services that document it; none for a code of the client itself.
    pub services: Vec<String>,
    /// Whether it is on an error page; otherwise it was met in answers.
    pub is_on_page: bool,
}

/// Every code of a service, `CAPTCHA_NOT_READY` excepted: it is a state, not a failure.
pub fn service_codes() -> Vec<Code> {
    let codes = read(include_str!("../../fixtures/error-codes.json"));
    assert!(codes.len() > 25, "{} codes of services", codes.len());
    codes
}

/// Every code that the client itself uses.
pub fn client_codes() -> Vec<Code> {
    let codes = read(include_str!("../../fixtures/client-error-codes.json"));
    assert!(codes.len() > 8, "{} codes of the client", codes.len());
    codes
}

fn read(fixture: &str) -> Vec<Code> {
    let rows: Vec<Value> = serde_json::from_str(fixture).unwrap();
    let rows = rows.iter().filter(|row| row["code"] != "CAPTCHA_NOT_READY");
    rows.map(|row| Code {
        code: row["code"].as_str().unwrap().to_owned(),
        class: class_of_name(row["class"].as_str().unwrap()),
        retryable: row["retryable"].as_bool().unwrap(),
        services: serde_json::from_value(row["services"].clone()).unwrap_or_default(),
        is_on_page: row["in_seed"] == true,
    })
    .collect()
}

fn class_of_name(name: &str) -> Class {
    let class = Class::ALL.iter().find(|class| class.name() == name);
    *class.unwrap_or_else(|| panic!("there is no class {name}"))
}
