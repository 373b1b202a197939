//! An abort drops a call at any await: no timer and no request is left, and the poll ledger is right.

use capwire_testkit::*;
use futures_lite::future;

/// Drops a call after each number of polls until it completes, and checks the world after each drop.
///
/// With a ticking clock beside it, the call may also be dropped within an exchange or a pause.
fn drop_everywhere(server: &Server, call: &Call, mut check: impl FnMut(&World, &Client<World>)) {
    for tick in [1e9, 37.0] {
        let mut polls = 0;
        loop {
            let world = server.clone().world();
            let client = world.client_with(json!({ "requestTimeoutMs": 4_000 }));
            let options = json!({ "timeoutMs": 60_000 });
            let log = Log::default();
            let flow = async { drop(call.with(&client, options, &log).await) };
            if world.run_for(future::or(flow, world.ticks(tick)), polls).is_some() {
                break;
            }
            let left = (world.timers(), world.in_flight());
            assert_eq!(left, (0, 0), "after {polls} polls of {call:?}");
            check(&world, &client);
            polls += 1;
        }
        assert!(polls > 1, "{call:?} has no await to be dropped at");
    }
}

/// A server that causes every kind of wait: a repeated createTask, the first delay, a result request that hangs,
/// one that fails, a widened interval.
fn eventful() -> Server {
    server().create([page(503, "").after(120.0), created()]).poll([
        processing().after(150.0),
        hang(),
        network(),
        error("ERROR_TOO_MUCH_REQUESTS"),
        ready(),
    ])
}

fn calls() -> [Call; 6] {
    let blob = Js::blob([7; 200], 90.0);
    [
        Call::Balance,
        Call::Create(token_task()),
        Call::Result(TASK_ID),
        Call::Wait(TASK_ID),
        Call::SolveImage(blob.clone()),
        Call::Solve(object([
            ("type", "ComplexImageTask".into()),
            ("class", "other".into()),
            ("imagesBase64", Js::List(vec![blob.clone(), blob])),
        ])),
    ]
}

#[test]
fn a_call_dropped_at_any_await_leaves_no_timer_and_no_request() {
    for call in calls() {
        drop_everywhere(&eventful(), &call, |_, _| {});
    }
}

#[test]
fn a_client_works_after_a_drop_and_keeps_the_gap_from_it() {
    for call in calls() {
        drop_everywhere(&eventful(), &call, |world, client| {
            let (dropped, before) = (world.now(), world.sent().len());
            let solved = world.wait(TASK_ID).by(client).timeout_ms(60_000).run().unwrap();
            assert_eq!(solved["solution"]["text"], "w7kq");
            assert_spaced(&world.sent_to("getTaskResult"));
            // The next result request waits no longer than the gap.
            assert!(world.sent()[before].start <= dropped + POLL_GAP_MS);
            world.balance().by(client).run().unwrap();
            world.solve(image_task()).by(client).run().unwrap();
        });
    }
}

#[test]
fn dropped_result_requests_count_towards_the_120() {
    let world = server().poll([hang()]).world();
    let client = world.client();
    for _ in 0..150 {
        // One poll for the pause before it, and one to send it.
        let _ = world.run_for(Call::Result(TASK_ID).make(&client), 3);
    }
    assert_eq!(world.sent().len(), 120);
    assert_spaced(&world.sent());
    let outcome = world.result(TASK_ID).by(&client).run();
    refused_locally(outcome, Class::RateLimit, "ERROR_TOO_MUCH_REQUESTS");
}

#[test]
fn one_of_two_waits_can_be_dropped() {
    let world = server().poll([processing().after(900.0)]).world();
    let client = world.client();
    let wait = Call::Wait(TASK_ID);
    let log = Log::default();
    let short = async {
        let dropped = async {
            world.sleep(4_100).await;
            None
        };
        future::or(async { Some(wait.make(&client).await) }, dropped).await
    };
    let options = json!({ "timeoutMs": 30_000 });
    let long = wait.with(&client, options, &log);
    let (short, long) = world.run(future::zip(short, long));
    assert!(short.is_none());
    refused(long, Class::SolveTimeout, "SOLVE_TIMEOUT");
    assert_eq!((world.timers(), world.in_flight()), (0, 0));
    assert_spaced(&world.sent());
    assert!(world.sent().len() > 7, "the other wait continues: {}", world.sent().len());
}

/// A slow report, and a slow request for the User-Agent.
#[test]
fn a_smaller_method_dropped_at_any_await_leaves_no_timer_and_no_request() {
    for call in [Call::Report(TASK_ID, ReportKind::Image), Call::UserAgent] {
        let mut polls = 0;
        loop {
            let slow = [page(503, "").after(120.0), reported().after(90.0)];
            let agent = [page(200, USER_AGENT).after(90.0)];
            let world = server().report(slow).user_agent(agent).world();
            let client = world.client();
            let flow = async { drop(call.make(&client).await) };
            if world.run_for(future::or(flow, world.ticks(37.0)), polls).is_some() {
                break;
            }
            assert_eq!((world.timers(), world.in_flight()), (0, 0), "after {polls} polls");
            world.balance().by(&client).run().unwrap();
            polls += 1;
        }
        assert!(polls > 1, "{call:?} has no await to be dropped at");
    }
}
