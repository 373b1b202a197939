//! The next calls of the same client, after each run.

use crate::answers::Meaning;
use crate::check::{MOST_POLLS, assert_failure, bounds, is_poll};
use crate::play::{Entry, Run, TINY};
use capwire_testkit::*;

const BAN_MS: f64 = 600_000.0;

/// Checks the next calls of the same client: requests that lead to a ban are refused locally, and a task that still
/// exists can be waited for. Returns the end of the row's outcome.
pub(crate) fn afterwards(run: &Run<'_>, meanings: &[Meaning], id: Option<u64>) -> &'static str {
    let (world, client, scene) = (&run.world, &run.client, run.scene);
    let make = |call: &Call| {
        world.run(call.with(client, json!({ "timeoutMs": 400_000 }), &Log::default()))
    };
    let locally = |call: Call, class: Class, code: &str, span: Option<f64>| {
        let failure = make(&call).expect_err(code);
        assert_failure(&failure);
        let found = (failure.class, &*failure.code, failure.origin);
        assert_eq!(found, (class, code, Origin::Client), "{failure:#?}");
        // A result request waits for its gap before it is refused.
        let left = span.map(|span| span - (world.now() - run.end));
        let reported = failure.retry_after_ms;
        assert_eq!(reported.is_some(), left.is_some(), "{failure:#?}");
        // Rounded up; adding fractions is not exact.
        let over = reported.zip(left).map_or(0.0, |(reported, left)| reported - left);
        assert!((-TINY..=1.0 + TINY).contains(&over), "{over} ms too much: {failure:#?}");
        assert_eq!(world.sent().len(), run.sent.len(), "sent after {code}");
    };
    let same_call = || scene.call();
    let new_solve = || Call::Solve(token_task());
    let refused = "; the next call is refused locally";
    match meanings.last() {
        Some(Meaning::Refused(class @ Class::Key, code)) => {
            for call in [same_call(), new_solve(), Call::Balance, Call::Wait(TASK_ID + 1)] {
                locally(call, *class, code, None);
            }
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Access, code)) => {
            for call in [same_call(), new_solve(), Call::Balance, Call::Wait(TASK_ID + 1)] {
                locally(call, *class, code, Some(BAN_MS));
            }
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Balance, code)) => {
            locally(new_solve(), *class, code, Some(BAN_MS));
            return refused;
        }
        Some(Meaning::Refused(class @ Class::TaskNotFound, code)) if id.is_some() => {
            locally(Call::Result(TASK_ID), *class, code, None);
            if run.end + POLL_GAP_MS < bounds(run).1 {
                locally(Call::Wait(TASK_ID), *class, code, None);
            }
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Domain, code)) if scene.entry == Entry::Solve => {
            locally(new_solve(), *class, code, None);
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Proxy, code @ "ERROR_PROXY_BANNED"))
            if scene.entry == Entry::Solve =>
        {
            locally(new_solve(), *class, code, Some(BAN_MS));
            return refused;
        }
        Some(Meaning::Ready) => return "",
        Some(Meaning::Refused(..) | Meaning::Broken(_) | Meaning::Lost(_)) => {}
        _ if id.is_some() && !matches!(run.outcome, Some(Ok(_))) => {
            return go_on(run, &make(&Call::Wait(TASK_ID)));
        }
        _ => {}
    }
    // Other calls are not refused.
    make(&Call::Balance).unwrap();
    ""
}

/// A paid task is waited for again, and both calls together keep the rules.
fn go_on(run: &Run<'_>, outcome: &Outcome) -> &'static str {
    let polls = run.world.sent_to("getTaskResult");
    assert_spaced(&polls);
    assert!(polls.len() <= MOST_POLLS);
    let before = run.sent.iter().filter(|sent| is_poll(sent)).count();
    // A client that did not create the task does not know its age.
    let life = if run.scene.entry == Entry::Wait { f64::INFINITY } else { bounds(run).1 };
    for poll in &polls {
        assert!(poll.start < life, "asked for a task that is gone");
    }
    match outcome {
        Ok(solved) => {
            assert_eq!(solved["solution"]["text"], "w7kq");
            "; the next waitForResult() gets the result if the task still exists"
        }
        Err(failure) => {
            assert_failure(failure);
            assert_eq!(
                (failure.class, failure.task_id.map(u64::from)),
                (Class::SolveTimeout, Some(TASK_ID))
            );
            let gap = polls.last().map_or(0.0, |poll| poll.end.unwrap() + POLL_GAP_MS);
            assert!(
                before == MOST_POLLS || run.end.max(gap) >= life,
                "not waited for: {failure:#?}"
            );
            ""
        }
    }
}
