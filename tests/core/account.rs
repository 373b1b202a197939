//! What the clients of an account share: its refusals, its gate and its poll ledger.

use capwire::account::{Account, AccountKey, Accounts};
use capwire::key::ClientKey;
use capwire::options::ClientOptions;
use capwire_testkit::*;
use std::cell::RefCell;
use std::rc::Rc;

fn get<F: PartialEq>(
    accounts: &mut Accounts<F>,
    key: &str,
    url: &str,
    fetch: F,
) -> Rc<RefCell<Account>> {
    accounts.get_or_insert(AccountKey::new(&ClientKey::new(key.to_owned()), url, fetch))
}

fn sharing(world: &World, key: &str, accounts: &mut Accounts<&'static str>) -> Client<World> {
    let options = Js::from(json!({ "clientKey": key }));
    let options = ClientOptions::read(&options).unwrap();
    let key = AccountKey::new(&options.client_key, &options.base_url, "fetch");
    let account = accounts.get_or_insert(key);
    Client::new(world.clone(), options, account)
}

#[test]
fn clients_of_one_account_share_its_refusals() {
    let code = "ERROR_KEY_DOES_NOT_EXIST";
    let world = World::new(move |sent| match sent.body["clientKey"].as_str() {
        Some(key) if key.starts_with("wrong") => error(code),
        _ => balance(1.0),
    });
    let mut accounts = Accounts::default();
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
    let mut accounts = Accounts::default();
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
    let mut accounts = Accounts::default();
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
    let mut accounts = Accounts::default();
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

#[test]
fn accounts_in_use_are_kept_and_a_hundred_unused_ones() {
    let mut accounts = Accounts::default();
    let used = get(&mut accounts, "used", "", ());
    let idle = Rc::downgrade(&get(&mut accounts, "idle", "", ()));
    for n in 0..99 {
        get(&mut accounts, &n.to_string(), "", ());
    }
    assert!(idle.upgrade().is_some(), "a hundred are remembered");
    get(&mut accounts, "one more", "", ());
    assert!(idle.upgrade().is_none(), "the oldest is forgotten");
    assert!(Rc::ptr_eq(&used, &get(&mut accounts, "used", "", ())));
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
