//! The result requests of each task: all calls of an account together keep the gap and the maximum.

use capwire::poll_ledger::PollLedger;
use capwire::schedule::NextPoll;
use capwire_testkit::*;
use std::rc::Rc;

const OTHER_ID: u64 = 7;

#[test]
fn many_finished_tasks_are_forgotten_early() {
    let mut ledger = PollLedger::default();
    let is_known = |ledger: &PollLedger, id| ledger.created_at(&task_id(id)).is_some();
    for id in 1..=1_500 {
        ledger.record_created(&task_id(id), &Rc::default(), 0.0);
    }
    (1..=1_000).for_each(|id| ledger.record_finished(&task_id(id), 0.0));
    ledger.begin_poll(&task_id(2), 0.0);
    // Not within 2 s: the results of just finished tasks may be requested again.
    ledger.record_created(&task_id(9_999), &Rc::default(), 2_000.0);
    assert!(is_known(&ledger, 1));
    ledger.record_created(&task_id(9_999), &Rc::default(), 5_000.0);
    assert!(!is_known(&ledger, 1) && !is_known(&ledger, 1_000));
    assert!(is_known(&ledger, 2), "its request is in flight");
    assert!(
        is_known(&ledger, 1_001) && is_known(&ledger, 1_500),
        "their results may still be wanted"
    );
    ledger.record_created(&task_id(9_999), &Rc::default(), 400_000.0);
    assert!(!is_known(&ledger, 1_001), "the service has forgotten it");
}

#[test]
fn exactly_a_thousand_tasks_are_not_yet_many() {
    let mut ledger = PollLedger::default();
    (1..=1_000).for_each(|id| ledger.record_finished(&task_id(id), 0.0));
    ledger.record_created(&task_id(1_000), &Rc::default(), 5_000.0);
    assert!(ledger.scopes(&task_id(2)).is_some());
    ledger.record_created(&task_id(1_001), &Rc::default(), 6_000.0);
    ledger.record_created(&task_id(1_002), &Rc::default(), 6_000.0);
    assert!(ledger.scopes(&task_id(2)).is_none(), "now they are many");
}

/// Otherwise a clean-up would let a wait exceed its 120 requests, or break the gap.
#[test]
fn a_task_in_use_is_not_forgotten() {
    let mut ledger = PollLedger::default();
    ledger.record_created(&task_id(TASK_ID), &Rc::default(), 1_000.0);
    for second in (2..=900_u32).step_by(2) {
        let now = f64::from(second) * 1_000.0;
        ledger.begin_poll(&task_id(TASK_ID), now);
        ledger.end_poll(&task_id(TASK_ID), now);
        if second <= 238 {
            assert_eq!(
                ledger.next_poll(&task_id(TASK_ID), 2_000.0, now),
                NextPoll::At(now + 2_000.0)
            );
        } else {
            assert_eq!(
                ledger.next_poll(&task_id(TASK_ID), 2_000.0, now),
                NextPoll::Exhausted,
                "{second} s"
            );
        }
    }
    assert_eq!(ledger.created_at(&task_id(TASK_ID)), Some(1_000.0));
}

/// A clean-up looks at every task, so it must not be part of every request.
#[test]
fn tasks_are_forgotten_every_5_minutes_only() {
    let mut ledger = PollLedger::default();
    let is_known = |ledger: &PollLedger, id| ledger.created_at(&task_id(id)).is_some();
    ledger.record_created(&task_id(1), &Rc::default(), 1_000.0);
    ledger.record_created(&task_id(2), &Rc::default(), 2_000.0);
    ledger.record_created(&task_id(3), &Rc::default(), 301_000.0);
    assert!(!is_known(&ledger, 1), "its 5 minutes are over");
    assert!(is_known(&ledger, 2));
    ledger.record_created(&task_id(3), &Rc::default(), 601_000.0);
    assert!(is_known(&ledger, 2), "the last clean-up is only 5 minutes ago");
    ledger.record_created(&task_id(3), &Rc::default(), 601_001.0);
    assert!(!is_known(&ledger, 2));
}

#[test]
fn result_requests_in_a_tight_loop_keep_the_gap() {
    for scripts in [
        vec![processing()],
        vec![processing().after(3_500.0)],
        vec![network()],
        vec![page(500, "")],
    ] {
        let world = server().poll(scripts).world();
        let client = world.client();
        for _ in 0..5 {
            let _ = world.result(TASK_ID).by(&client).run();
        }
        assert_eq!(world.count("getTaskResult"), 5);
        assert_spaced(&world.sent());
    }
}

#[test]
fn the_gap_is_per_task() {
    let world = server().poll([processing()]).world();
    let client = world.client();
    world.result(TASK_ID).by(&client).run().unwrap();
    let before = world.now();
    world.result(OTHER_ID).by(&client).run().unwrap();
    assert_eq!(world.sent()[1].start, before);
}

#[test]
fn two_waits_for_one_task_share_its_gap_and_its_120_requests() {
    let world = server().poll([processing()]).world();
    let client = world.client();
    let wait = Call::Wait(TASK_ID);
    let options = json!({ "timeoutMs": 299_000 });
    let log = Log::default();
    let flows = (0..2).map(|_| wait.with(&client, options.clone(), &log));
    for outcome in world.run(together(flows)) {
        let failure = refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
        assert_eq!(failure.task_id, Some(task_id(TASK_ID)));
    }
    assert_eq!(world.sent().len(), 120);
    assert_spaced(&world.sent());
}

#[test]
fn concurrent_calls_for_one_task_take_turns() {
    let world = server().poll([processing().after(700.0)]).world();
    let client = world.client();
    let calls =
        [Call::Result(TASK_ID), Call::Result(TASK_ID), Call::Wait(TASK_ID), Call::Result(TASK_ID)];
    let options = json!({ "timeoutMs": 60_000 });
    let log = Log::default();
    let flows = calls.iter().map(|call| call.with(&client, options.clone(), &log));
    let outcomes = world.run(together(flows));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert_spaced(&world.sent());
}

#[test]
fn a_wait_after_a_solve_shares_its_120_requests() {
    let world = server().poll([processing()]).world();
    let client = world.client();
    for call in [Call::Solve(token_task()), Call::Wait(TASK_ID), Call::Wait(TASK_ID)] {
        let options = json!({ "timeoutMs": 95_000 });
        let outcome = world.run(call.with(&client, options, &Log::default()));
        refused(outcome, Class::SolveTimeout, "SOLVE_TIMEOUT");
    }
    assert_eq!(world.count("getTaskResult"), 120);
    assert_spaced(&world.sent_to("getTaskResult"));
}
