//! Bans and blocks of addresses.

use super::*;

#[test]
fn five_wrong_keys_ban_an_address_for_ten_minutes() {
    both(|mut trial| {
        for _ in 0..5 {
            assert_code(&trial.wrong_key(), codes::ERROR_KEY_DOES_NOT_EXIST);
        }
        assert_code(&trial.wrong_key(), codes::ERROR_IP_BANNED);
        let right = json!({ "clientKey": SANDBOX_KEY });
        assert_code(&trial.call("getBalance", right.clone()), codes::ERROR_IP_BANNED);
        assert_code(&trial.send("createTask", b"{"), codes::ERROR_IP_BANNED);
        trial.address = "elsewhere";
        assert_eq!(trial.balance(), 10.0);
        trial.address = "here";
        trial.now = 599_999;
        assert_code(&trial.call("getBalance", right), codes::ERROR_IP_BANNED);
        trial.now = 600_000;
        assert_eq!(trial.balance(), 10.0);
        assert_code(&trial.wrong_key(), codes::ERROR_KEY_DOES_NOT_EXIST);
    });
}

#[test]
fn a_ban_applies_to_one_service() {
    let mut trial = Trial::new(Service::CapMonster);
    for _ in 0..6 {
        trial.wrong_key();
    }
    trial.service = Service::BroCapGpt;
    assert_eq!(trial.balance(), 10.0);
}

#[test]
fn twenty_misuse_errors_block_an_address_for_ten_minutes() {
    both(|mut trial| {
        let unknown = trial.service.unknown_task();
        let empty = json!({ "clientKey": EMPTY_KEY, "task": {} });
        for _ in 0..10 {
            assert_code(&trial.result(&json!(1)), unknown);
            assert_code(&trial.call("createTask", empty.clone()), codes::ERROR_ZERO_BALANCE);
        }
        let blocked = trial.call("createTask", empty.clone());
        assert_code(&blocked, codes::ERROR_IP_BLOCKED);
        assert_eq!(blocked["taskId"], 0);
        trial.now = 599_999;
        assert_eq!(trial.balance(), json!(null));
        trial.now = 600_000;
        assert_eq!(trial.balance(), 10.0);
    });
}

#[test]
fn misuse_is_forgotten_after_ten_minutes() {
    let mut trial = Trial::new(Service::CapMonster);
    for _ in 0..19 {
        trial.result(&json!(1));
    }
    trial.now = 600_000;
    for _ in 0..19 {
        trial.result(&json!(1));
    }
    assert_eq!(trial.balance(), 10.0);
    trial.result(&json!(1));
    assert_eq!(trial.balance(), json!(null));
}
