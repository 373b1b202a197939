//! Tests of each rule in virtual time.

use super::*;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

mod bans;
mod properties;

const SOLVE: u64 = 3000;
const IMAGE: [u8; 200] = [9; 200];

/// A sandbox with a clock that the test moves.
struct Trial {
    sandbox: Sandbox,
    now: u64,
    service: Service,
    address: &'static str,
}

impl Trial {
    fn new(service: Service) -> Self {
        let mut sandbox = Sandbox::new(Duration::from_millis(SOLVE));
        sandbox.add_captcha(IMAGE.to_vec(), "w7kq".into());
        Self { sandbox, now: 0, service, address: "here" }
    }

    fn send(&mut self, method: &str, body: &[u8]) -> Value {
        let (service, address) = (self.service, self.address);
        let now = Duration::from_millis(self.now);
        self.sandbox.handle(now, Request { service, method, address, body })
    }

    fn call(&mut self, method: &str, body: Value) -> Value {
        self.send(method, body.to_string().as_bytes())
    }

    fn create(&mut self, task: Value) -> Value {
        self.call("createTask", json!({ "clientKey": SANDBOX_KEY, "task": task }))
    }

    fn create_drawn(&mut self) -> Value {
        let body = BASE64_STANDARD.encode(IMAGE);
        self.create(json!({ "type": "ImageToTextTask", "body": body }))["taskId"].clone()
    }

    fn result(&mut self, id: &Value) -> Value {
        self.call("getTaskResult", json!({ "clientKey": SANDBOX_KEY, "taskId": id }))
    }

    fn balance(&mut self) -> Value {
        self.call("getBalance", json!({ "clientKey": SANDBOX_KEY }))["balance"].clone()
    }

    fn wrong_key(&mut self) -> Value {
        self.call("getBalance", json!({ "clientKey": "nobody" }))
    }
}

fn both(check: impl Fn(Trial)) {
    Service::ALL.map(Trial::new).into_iter().for_each(check);
}

#[track_caller]
fn assert_code(answer: &Value, code: Code) {
    assert_eq!(answer["errorId"], 1, "{answer}");
    assert_eq!(answer["errorCode"], code.name, "{answer}");
    assert!(answer["errorDescription"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
}

#[test]
fn a_drawn_captcha_is_solved_and_charged_once() {
    both(|mut trial| {
        let id = trial.create_drawn();
        assert_eq!(trial.balance(), 10.0);
        trial.now = SOLVE;
        let ready = json!({
            "errorId": 0, "errorCode": null, "errorDescription": null,
            "status": "ready", "cost": 0.0003, "solution": { "text": "w7kq" },
        });
        assert_eq!(trial.result(&id), ready);
        assert_eq!(trial.balance(), 9.9997);
        trial.now += 2000;
        assert_eq!(trial.result(&id), ready);
        assert_eq!(trial.balance(), 9.9997);
    });
}

#[test]
fn nothing_is_charged_before_the_result_is_fetched() {
    both(|mut trial| {
        trial.create_drawn();
        trial.now = SOLVE * 2;
        assert_eq!(trial.balance(), 10.0);
    });
}

#[test]
fn an_unknown_image_fails_only_when_it_is_ready_and_costs_nothing() {
    both(|mut trial| {
        let body = BASE64_STANDARD.encode([1; 100]);
        let id = trial.create(json!({ "type": "ImageToTextTask", "body": body }))["taskId"].clone();
        assert_eq!(trial.result(&id)["status"], "processing");
        trial.now = SOLVE;
        let failed = trial.result(&id);
        assert_code(&failed, codes::ERROR_CAPTCHA_UNSOLVABLE);
        assert!(failed.get("taskId").is_none());
        assert_eq!(trial.balance(), 10.0);
    });
}

#[test]
fn a_task_is_ready_exactly_after_the_solve_time() {
    let mut trial = Trial::new(Service::CapMonster);
    let id = trial.create_drawn();
    trial.now = SOLVE - 1;
    assert_eq!(
        trial.result(&id),
        json!({ "errorId": 0, "errorCode": null, "errorDescription": null, "status": "processing" })
    );
    trial.now += 2000;
    assert_eq!(trial.result(&id)["status"], "ready");
}

#[test]
fn a_changed_solve_time_applies_to_new_tasks() {
    let mut trial = Trial::new(Service::CapMonster);
    let before = trial.create_drawn();
    trial.sandbox.set_solve_after(Duration::ZERO);
    let after = trial.create_drawn();
    assert_eq!(trial.result(&before)["status"], "processing");
    assert_eq!(trial.result(&after)["status"], "ready");
}

#[test]
fn brocapgpt_reports_not_ready_in_both_ways() {
    let mut trial = Trial::new(Service::BroCapGpt);
    trial.sandbox.set_solve_after(Duration::from_secs(60));
    let id = trial.create_drawn();
    for _ in 0..3 {
        assert_eq!(trial.result(&id)["status"], "processing");
        trial.now += 2000;
        assert_code(&trial.result(&id), codes::CAPTCHA_NOT_READY);
        trial.now += 2000;
    }
}

#[test]
fn two_result_requests_for_a_task_are_two_seconds_apart() {
    both(|mut trial| {
        let id = trial.create_drawn();
        let other = trial.create_drawn();
        assert_eq!(trial.result(&id)["errorId"], 0);
        assert_eq!(trial.result(&other)["errorId"], 0, "the gap is per task");
        trial.now += 1999;
        assert_code(&trial.result(&id), codes::ERROR_TOO_MUCH_REQUESTS);
        trial.now += 1999;
        assert_code(&trial.result(&id), codes::ERROR_TOO_MUCH_REQUESTS);
        trial.now += 2000;
        assert_eq!(trial.result(&id)["status"], "ready");
    });
}

#[test]
fn a_result_can_be_requested_120_times() {
    both(|mut trial| {
        let id = trial.create_drawn();
        for _ in 0..120 {
            let answer = trial.result(&id);
            assert_ne!(answer["errorCode"], codes::ERROR_TOO_MUCH_REQUESTS.name);
            trial.now += 2000;
        }
        assert_code(&trial.result(&id), codes::ERROR_TOO_MUCH_REQUESTS);
        trial.now += 10_000;
        assert_code(&trial.result(&id), codes::ERROR_TOO_MUCH_REQUESTS);
    });
}

#[test]
fn refused_result_requests_count_too() {
    let mut trial = Trial::new(Service::CapMonster);
    let id = trial.create_drawn();
    for _ in 0..120 {
        trial.result(&id);
    }
    trial.now = 10_000;
    assert_code(&trial.result(&id), codes::ERROR_TOO_MUCH_REQUESTS);
}

#[test]
fn a_task_is_known_for_five_minutes() {
    for (service, unknown) in [
        (Service::CapMonster, codes::ERROR_NO_SUCH_CAPCHA_ID),
        (Service::BroCapGpt, codes::WRONG_CAPTCHA_ID),
    ] {
        let mut trial = Trial::new(service);
        let id = trial.create_drawn();
        trial.now = 300_000;
        assert_eq!(trial.result(&id)["status"], "ready");
        trial.now = 302_001;
        assert_code(&trial.result(&id), unknown);
        // The same after creating another task, which removes expired ones.
        trial.create_drawn();
        assert_code(&trial.result(&id), unknown);
    }
}

#[test]
fn only_the_integer_id_of_a_task_of_this_account_is_known() {
    both(|mut trial| {
        let unknown = trial.service.unknown_task();
        let id = trial.create_drawn();
        let id_text = id.to_string();
        trial.sandbox.set_account("other", Money::from_dollars(1.0));
        let foreign = trial.call("getTaskResult", json!({ "clientKey": "other", "taskId": id }));
        assert_code(&foreign, unknown);
        for wrong in
            [json!(id_text), json!(410_000_001.0), json!(null), json!(0), json!(-1), json!([id])]
        {
            assert_code(&trial.result(&wrong), unknown);
        }
        let missing = trial.call("getTaskResult", json!({ "clientKey": SANDBOX_KEY }));
        assert_code(&missing, unknown);
        assert_eq!(trial.result(&id)["errorId"], 0);
    });
}

#[test]
fn an_id_of_the_other_service_is_unknown() {
    let mut trial = Trial::new(Service::CapMonster);
    let id = trial.create_drawn();
    trial.service = Service::BroCapGpt;
    assert_code(&trial.result(&id), codes::WRONG_CAPTCHA_ID);
    assert_ne!(trial.create_drawn(), id);
}

#[test]
fn ids_have_nine_digits_and_increase() {
    both(|mut trial| {
        let ids = [(); 3].map(|()| trial.create_drawn().as_u64().unwrap());
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.to_string().len() == 9));
    });
}

#[test]
fn a_key_must_be_a_known_string() {
    for body in [
        json!({}),
        json!({ "clientKey": null }),
        json!({ "clientKey": 5 }),
        json!({ "clientKey": "" }),
        json!({ "clientKey": SANDBOX_KEY.to_uppercase() }),
        json!({ "clientKey": format!(" {SANDBOX_KEY}") }),
        json!([]),
        json!(null),
    ] {
        for method in ["createTask", "getTaskResult", "getBalance", "reportIncorrectImageCaptcha"] {
            let mut trial = Trial::new(Service::CapMonster);
            assert_code(&trial.call(method, body.clone()), codes::ERROR_KEY_DOES_NOT_EXIST);
        }
    }
}

#[test]
fn a_key_may_carry_suffixes() {
    both(|mut trial| {
        for suffix in ["", "__nocache", "__solvemedia__recognizingthreshold_70", "__"] {
            let answer =
                trial.call("getBalance", json!({ "clientKey": format!("{SANDBOX_KEY}{suffix}") }));
            assert_eq!(answer, json!({ "errorId": 0, "balance": 10.0 }));
        }
    });
}

#[test]
fn an_empty_account_cannot_create_tasks() {
    both(|mut trial| {
        let mut create = || {
            let body = json!({ "clientKey": EMPTY_KEY, "task": { "type": "TurnstileTask" } });
            trial.call("createTask", body)
        };
        let refused = create();
        assert_code(&refused, codes::ERROR_ZERO_BALANCE);
        assert_eq!(refused["taskId"], 0);
        let balance = trial.call("getBalance", json!({ "clientKey": EMPTY_KEY }));
        assert_eq!(balance, json!({ "errorId": 0, "balance": 0.0 }));
        trial.sandbox.set_account(EMPTY_KEY, Money::from_dollars(0.0001));
        let body = json!({ "clientKey": EMPTY_KEY, "task": { "type": "TurnstileTask" } });
        assert_eq!(trial.call("createTask", body)["errorId"], 0);
    });
}

#[test]
fn a_task_must_be_a_json_object() {
    both(|mut trial| {
        for body in ["", "{", "not json", "\u{feff}{}"] {
            let refused = trial.send("createTask", body.as_bytes());
            assert_code(&refused, codes::ERROR_TASK_ABSENT);
            assert_eq!(refused["taskId"], 0);
        }
        assert_code(&trial.send("createTask", &[0xff, 0xfe]), codes::ERROR_TASK_ABSENT);
        for task in [json!(null), json!([]), json!("ImageToTextTask")] {
            assert_code(&trial.create(task), codes::ERROR_TASK_ABSENT);
        }
        let absent = trial.call("createTask", json!({ "clientKey": SANDBOX_KEY }));
        assert_code(&absent, codes::ERROR_TASK_ABSENT);
        assert_code(&trial.create(json!({})), codes::ERROR_TASK_NOT_SUPPORTED);
    });
}

#[test]
fn a_refused_task_uses_up_no_id() {
    let mut trial = Trial::new(Service::CapMonster);
    let refused = trial.create(json!({ "type": "ImageToTextTask", "body": "" }));
    assert_code(&refused, codes::ERROR_ZERO_CAPTCHA_FILESIZE);
    assert_eq!(refused["taskId"], 0);
    assert_eq!(trial.create_drawn(), 410_000_001);
}

#[test]
fn an_unknown_path_is_not_a_method() {
    both(|mut trial| {
        for method in ["", "nothing", "CreateTask", "createTask/x"] {
            assert_code(&trial.call(method, json!({})), codes::ERROR_NO_SUCH_METHOD);
        }
    });
}

#[test]
fn reports_are_accepted_for_own_tasks_of_the_right_kind() {
    let mut trial = Trial::new(Service::CapMonster);
    let image = trial.create_drawn();
    let token = trial.create(json!({ "type": "RecaptchaV2Task" }))["taskId"].clone();
    let mut report = |method: &str, id: &Value| {
        trial.call(method, json!({ "clientKey": SANDBOX_KEY, "taskId": id }))
    };
    let accepted = json!({ "errorId": 0, "status": "success" });
    assert_eq!(report("reportIncorrectImageCaptcha", &image), accepted);
    assert_eq!(report("reportIncorrectTokenCaptcha", &token), accepted);
    assert_eq!(report("reportIncorrectRecaptcha", &token), accepted);
    for (method, id) in [
        ("reportIncorrectImageCaptcha", &token),
        ("reportIncorrectTokenCaptcha", &image),
        ("reportIncorrectRecaptcha", &json!(1)),
    ] {
        let refused = report(method, id);
        assert_code(&refused, codes::ERROR_NO_SUCH_CAPCHA_ID);
        assert!(refused.get("status").is_none());
    }
}

#[test]
fn brocapgpt_accepts_no_reports() {
    let mut trial = Trial::new(Service::BroCapGpt);
    let id = trial.create_drawn();
    let body = json!({ "clientKey": SANDBOX_KEY, "taskId": id });
    assert_code(&trial.call("reportIncorrectImageCaptcha", body), codes::ERROR_NO_SUCH_METHOD);
}
