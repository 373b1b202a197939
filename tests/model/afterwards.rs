//! The next calls of the same client, after each run.

use crate::answers::{Meaning, is_accepted};
use crate::check::{MOST_POLLS, assert_failure, bounds, is_poll};
use crate::play::{Entry, Run, TINY};
use capwire_testkit::*;

const BAN_MS: f64 = 600_000.0;
const HOUR_MS: f64 = 3_600_000.0;
const DAY_MS: f64 = 86_400_000.0;
const PAUSE_MS: f64 = 2_000.0;

/// Checks the next calls of the same client: requests that lead to a ban are refused locally, and a task that still
/// exists can be waited for. Returns the end of the row's outcome.
pub(crate) fn afterwards(run: &Run<'_>, meanings: &[Meaning], id: Option<TaskId>) -> &'static str {
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
        Some(Meaning::Refused(class @ (Class::Key | Class::Access), code)) => {
            let span = if *class == Class::Key { HOUR_MS } else { BAN_MS };
            if is_proven(run) {
                return after_one_refusal(run, *class, code);
            }
            for call in [same_call(), new_solve(), Call::Balance, Call::Wait(TASK_ID + 1)] {
                locally(call, *class, code, Some(span));
            }
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Balance, code)) => {
            locally(new_solve(), *class, code, Some(BAN_MS));
            return refused;
        }
        Some(Meaning::Refused(class @ Class::TaskNotFound, code)) if id.is_some() => {
            let id = id.unwrap();
            locally(Call::ResultOf(id.clone()), *class, code, Some(HOUR_MS));
            if run.end + POLL_GAP_MS < bounds(run).1 {
                locally(Call::WaitFor(id), *class, code, Some(HOUR_MS));
            }
            return refused;
        }
        Some(Meaning::Refused(class @ Class::Domain, code)) if scene.entry == Entry::Solve => {
            locally(new_solve(), *class, code, Some(DAY_MS));
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
            let id = id.unwrap();
            return go_on(run, &id, &make(&Call::WaitFor(id.clone())));
        }
        _ => {}
    }
    // Other calls are not refused.
    make(&Call::Balance).unwrap();
    ""
}

/// Whether the service has accepted the key.
fn is_proven(run: &Run<'_>) -> bool {
    let moves = &run.play.borrow().moves;
    run.sent.iter().zip(moves).any(|(sent, it)| is_accepted(sent, &it.choice.case, it.delay))
}

/// The service accepted the key before it refused it: a ban ends new tasks, but the paid ones are asked for, 2 s later.
fn after_one_refusal(run: &Run<'_>, class: Class, code: &str) -> &'static str {
    let (world, client) = (&run.world, &run.client);
    if matches!(code, "ERROR_IP_BANNED" | "ERROR_IP_BLOCKED") {
        for call in [Call::Solve(token_task()), Call::Balance] {
            refused_locally(world.run(call.make(client)), class, code);
        }
    }
    assert_eq!(world.sent().len(), run.sent.len(), "sent after {code}");
    world.run(Call::Result(TASK_ID + 1).make(client)).unwrap();
    let sent = world.sent();
    assert_eq!(sent.len(), run.sent.len() + 1);
    let pause = sent.last().unwrap().start - run.end;
    assert!((PAUSE_MS - TINY..PAUSE_MS + 1.0).contains(&pause), "{pause} ms after {code}");
    // It was accepted.
    world.run(Call::Balance.make(client)).unwrap();
    "; the next result request is sent 2 s later, and opens the account if it is accepted"
}

/// A paid task is waited for again, and both calls together keep the rules.
fn go_on(run: &Run<'_>, id: &TaskId, outcome: &Outcome) -> &'static str {
    let polls = run.world.sent_to("getTaskResult");
    assert_spaced(&polls);
    assert!(polls.len() <= MOST_POLLS);
    let before = run.sent.iter().filter(|sent| is_poll(sent)).count();
    // A client that did not create the task does not know its age.
    let life = if run.scene.entry == Entry::Wait { f64::INFINITY } else { bounds(run).1 };
    // Unless it was never asked for.
    for poll in polls.iter().skip(1) {
        assert!(poll.start < life, "asked for a task that is gone");
    }
    match outcome {
        Ok(solved) => {
            assert_eq!(solved["solution"]["text"], "w7kq");
            "; the next waitForResult() gets the result if the task still exists"
        }
        Err(failure) => {
            assert_failure(failure);
            assert_eq!((failure.class, failure.task_id.as_ref()), (Class::SolveTimeout, Some(id)));
            let gap = polls.last().map_or(0.0, |poll| poll.end.unwrap() + POLL_GAP_MS);
            assert!(
                before == MOST_POLLS || run.end.max(gap) >= life,
                "not waited for: {failure:#?}"
            );
            ""
        }
    }
}
