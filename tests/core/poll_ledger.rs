//! The poll counters of tasks: how long they are kept.

use capwire::poll_ledger::PollLedger;
use capwire_testkit::*;

#[test]
fn finished_tasks_are_forgotten_early_where_there_are_many() {
    let mut ledger = PollLedger::default();
    let is_known = |ledger: &PollLedger, id| ledger.created_at(task_id(id)).is_some();
    for id in 1..=1_500 {
        ledger.record_created(task_id(id), &[], 0.0);
    }
    (1..=1_000).for_each(|id| ledger.record_finished(task_id(id), 0.0));
    ledger.begin_poll(task_id(2), 0.0);
    // Not before 2 s: who finishes a thousand tasks at once asks for some of them again.
    ledger.record_created(task_id(9_999), &[], 2_000.0);
    assert!(is_known(&ledger, 1));
    ledger.record_created(task_id(9_999), &[], 5_000.0);
    assert!(!is_known(&ledger, 1) && !is_known(&ledger, 1_000));
    assert!(is_known(&ledger, 2), "its request is still out");
    assert!(
        is_known(&ledger, 1_001) && is_known(&ledger, 1_500),
        "their results may still be wanted"
    );
    ledger.record_created(task_id(9_999), &[], 400_000.0);
    assert!(!is_known(&ledger, 1_001), "the service has forgotten it");
}
