//! What the clients of an account share: its refusals, its gate and its poll ledger.

use capwire::account::{Account, Accounts};
use capwire::key::ClientKey;
use capwire::options::ClientOptions;
use capwire_testkit::*;
use std::cell::RefCell;
use std::rc::Rc;

fn get(accounts: &mut Accounts, key: &str, url: &str, fetch: u32) -> Rc<RefCell<Account>> {
    let key = accounts.key(&ClientKey::new(key.to_owned()), url, fetch);
    accounts.get_or_insert(key, 0.0)
}

fn sharing(world: &World, key: &str, accounts: &mut Accounts) -> Client<World> {
    let options = Js::from(json!({ "clientKey": key }));
    let options = ClientOptions::read(&options).unwrap();
    let key = accounts.key(&options.client_key, &options.base_url, 1);
    let account = accounts.get_or_insert(key, world.now());
    Client::new(world.clone(), options, account)
}

#[test]
fn clients_of_one_account_share_its_refusals() {
    let code = "ERROR_KEY_DOES_NOT_EXIST";
    let world = World::new(move |sent| match sent.body["clientKey"].as_str() {
        Some(key) if key.starts_with("wrong") => error(code),
        _ => balance(1.0),
    });
    let mut accounts = Accounts::new([1, 2]);
    // Each client is dropped before the next one is created.
    for key in ["wrong", "wrong", "wrong__module"] {
        let client = sharing(&world, key, &mut accounts);
        refused(world.balance().by(&client).run(), Class::Key, code);
    }
    assert_eq!(world.sent().len(), 1);
    let client = sharing(&world, "right", &mut accounts);
    assert_eq!(world.balance().by(&client).run().unwrap(), 1.0);
}

#[test]
fn clients_of_one_account_keep_the_poll_gap_together() {
    let world = World::new(|sent| if sent.index < 6 { processing() } else { ready() });
    let mut accounts = Accounts::new([1, 2]);
    let clients = [0, 1].map(|_| sharing(&world, "right", &mut accounts));
    let wait = Call::Wait(TASK_ID);
    for outcome in world.run(together(clients.iter().map(|client| wait.make(client)))) {
        outcome.unwrap();
    }
    assert_spaced(&world.sent());
}

/// The alternative address is the same service, so a ban or a wrong key is one there too.
#[test]
fn both_addresses_of_capmonster_cloud_are_one_account() {
    let mut accounts = Accounts::new([1, 2]);
    let first = get(&mut accounts, "key", "https://api.capmonster.cloud", 1);
    for url in ["https://ru.api.capmonster.cloud", "https://RU.API.capmonster.cloud"] {
        assert!(Rc::ptr_eq(&first, &get(&mut accounts, "key__module", url, 1)), "{url}");
    }
    for url in [
        "https://ru.api.brocapgpt.com",
        "https://ru.api.capmonster.cloud/path",
        "https://ru.api.capmonster.cloud.example",
    ] {
        assert!(!Rc::ptr_eq(&first, &get(&mut accounts, "key", url, 1)), "{url}");
    }
}

#[test]
fn other_accounts_base_urls_and_fetches_share_nothing() {
    let mut accounts = Accounts::new([1, 2]);
    let first = get(&mut accounts, "key", "https://a.example", 1);
    for (key, url, fetch) in [
        ("other", "https://a.example", 1),
        ("key", "https://b.example", 1),
        ("key", "https://a.example", 2),
    ] {
        assert!(!Rc::ptr_eq(&first, &get(&mut accounts, key, url, fetch)), "{key} {url} {fetch}");
    }
    assert!(Rc::ptr_eq(&first, &get(&mut accounts, "key__module", "https://a.example", 1)));
}

/// An account that no client uses is dropped when there are many, unless something is known that must not be sent.
#[test]
fn accounts_in_use_are_kept_and_those_that_hold_something_back() {
    let mut accounts = Accounts::new([1, 2]);
    let used = get(&mut accounts, "used", "", 0);
    let idle = Rc::downgrade(&get(&mut accounts, "idle", "", 0));
    let closed = get(&mut accounts, "closed", "", 0);
    let refused = Failure::of_service(Some("ERROR_ZERO_BALANCE".to_owned()), None);
    closed.borrow_mut().breaker.record(&refused, &[], 0.0);
    let polled = get(&mut accounts, "polled", "", 0);
    polled.borrow_mut().polls.begin_poll(&task_id(TASK_ID), 0.0);
    let [closed, polled] = [closed, polled].map(|account| Rc::downgrade(&account));
    for n in 0..20 {
        get(&mut accounts, &n.to_string(), "", 0);
    }
    assert!(idle.upgrade().is_some(), "a few are remembered");
    for n in 0..1_000 {
        get(&mut accounts, &n.to_string(), "", 0);
    }
    assert!(idle.upgrade().is_none(), "nobody uses it, and nothing is known of it");
    assert!(closed.upgrade().is_some() && polled.upgrade().is_some());
    assert!(Rc::ptr_eq(&used, &get(&mut accounts, "used", "", 0)));
}

/// The refusal was met by another call while the first request is still in flight.
#[test]
fn a_request_that_the_breaker_refuses_does_not_wait_for_the_gate() {
    let code = "ERROR_IP_BANNED";
    let world = World::new(move |sent| if sent.index == 0 { hang() } else { error(code) });
    let client = world.client();
    let others = async {
        // Sent after waiting 3 s for the first.
        refused(Call::Balance.make(&client).await, Class::Access, code);
        let refused_at = world.now();
        refused_locally(Call::Balance.make(&client).await, Class::Access, code);
        world.now() - refused_at
    };
    let (_, waited) = world.run(futures_lite::future::zip(Call::Balance.make(&client), others));
    assert_eq!(waited, 0.0);
}
