//! The only Rust that knows JavaScript. The exports here convert and delegate, and nothing else.
//!
//! Every call resolves to an outcome, and rejects only with the reason of an abort. The shell makes the error of
//! a failure itself, so that its stack shows the caller's own code.

mod abort;
mod batch;
mod call;
mod keep_alive;
mod platform;
mod value;

use crate::account::{AccountKey, Accounts};
use crate::callback::read_callback;
use crate::client::Client;
use crate::client::progress::Progress;
use crate::error::{Failure, Result};
use crate::error_table::TABLE;
use crate::method::TaskId;
use crate::options::{ClientOptions, catalogue, check_catalogue_alone, read_report_kind};
use crate::platform::must_be;
use crate::texts;
use call::{Options, Work, function, present, run_to_outcome, to_js, to_value};
use js_sys::{Function, Promise};
use keep_alive::with_keep_alive;
use platform::JsPlatform;
use std::cell::RefCell;
use std::rc::Rc;
use value::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// Half the size of the standard library's allocator: 2.7 KB less to download, with gzip.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

thread_local! {
    /// The accounts that this process has used.
    static ACCOUNTS: RefCell<Accounts<Option<Function>>> = RefCell::default();
}

/// A client, as the shell holds it.
#[wasm_bindgen]
pub struct Core(Rc<Client<JsPlatform>>);

#[wasm_bindgen]
impl Core {
    /// Checks the options; throws a failure record.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> std::result::Result<Core, JsValue> {
        let value = Value(options.clone());
        let read = ClientOptions::read(&value)
            .and_then(|read| function(&options, "fetch").map(|fetch| (read, fetch)));
        match read {
            Ok((options, fetch)) => {
                let key = AccountKey::new(&options.client_key, &options.base_url, fetch.clone());
                let account = ACCOUNTS.with_borrow_mut(|accounts| accounts.get_or_insert(key));
                Ok(Self(Rc::new(Client::new(JsPlatform::new(fetch), options, account))))
            }
            Err(failure) => Err(to_js(&failure.rendered(&catalogue(Some(&value))))?),
        }
    }

    /// The profile of the service in force.
    #[wasm_bindgen(getter, unchecked_return_type = "ServiceProfile")]
    pub fn service(&self) -> std::result::Result<JsValue, JsValue> {
        to_js(&self.0.options().profile())
    }

    /// The account's balance.
    #[wasm_bindgen(js_name = getBalance, unchecked_return_type = "Promise<Outcome<number>>")]
    pub fn get_balance(&self, options: JsValue) -> Promise {
        self.run(options, |client, _| {
            Box::pin(async move { Ok(Value(client.balance().await?.into())) })
        })
    }

    /// Creates a task.
    #[wasm_bindgen(js_name = createTask, unchecked_return_type = "Promise<Outcome<number>>")]
    pub fn create_task(&self, task: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, Options { call, listener, .. }| {
            Box::pin(async move {
                let listener = |event: &Progress| listener.notify(event);
                to_value(&client.create_task(&Value(task), &call, &listener).await?)
            })
        })
    }

    /// One result request.
    #[wasm_bindgen(
        js_name = getTaskResult,
        unchecked_return_type = "Promise<Outcome<TaskResult<unknown>>>"
    )]
    pub fn get_task_result(&self, id: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, _| {
            Box::pin(async move { to_value(&client.task_result(task_id(id)?).await?) })
        })
    }

    /// Waits for a task's result.
    #[wasm_bindgen(
        js_name = waitForResult,
        unchecked_return_type = "Promise<Outcome<Solved<unknown>>>"
    )]
    pub fn wait_for_result(&self, id: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, Options { call, listener, .. }| {
            Box::pin(async move {
                let listener = |event: &Progress| listener.notify(event);
                to_value(&client.wait_for_result(task_id(id)?, &call, &listener).await?)
            })
        })
    }

    /// Solves a task.
    #[wasm_bindgen(unchecked_return_type = "Promise<Outcome<Solved<unknown>>>")]
    pub fn solve(&self, task: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, Options { call, listener, .. }| {
            Box::pin(async move {
                let listener = |event: &Progress| listener.notify(event);
                to_value(&client.solve(&Value(task), &call, &listener).await?)
            })
        })
    }

    /// Reads the text in an image.
    #[wasm_bindgen(js_name = solveImage, unchecked_return_type = "Promise<Outcome<string>>")]
    pub fn solve_image(&self, image: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, Options { call, listener, .. }| {
            Box::pin(async move {
                let listener = |event: &Progress| listener.notify(event);
                let text = client.solve_image(&Value(image), &call, &listener).await?;
                Ok(Value(text.into()))
            })
        })
    }

    /// Reports a wrong answer.
    #[wasm_bindgen(js_name = reportIncorrect, unchecked_return_type = "Promise<Outcome<undefined>>")]
    pub fn report_incorrect(&self, id: JsValue, kind: JsValue, options: JsValue) -> Promise {
        self.run(options, |client, _| {
            Box::pin(async move {
                client.report_incorrect(task_id(id)?, read_report_kind(&Value(kind))?).await?;
                Ok(Value(JsValue::UNDEFINED))
            })
        })
    }

    /// The User-Agent that the service wants in tasks.
    #[wasm_bindgen(js_name = getUserAgent, unchecked_return_type = "Promise<Outcome<string>>")]
    pub fn get_user_agent(&self, options: JsValue) -> Promise {
        self.run(options, |client, _| {
            Box::pin(async move { Ok(Value(client.user_agent().await?.into())) })
        })
    }

    /// Reads the options of a call and starts it.
    fn run(
        &self,
        options: JsValue,
        work: impl FnOnce(Rc<Client<JsPlatform>>, Options) -> Work,
    ) -> Promise {
        let started = Options::read(&options).map(|mut options| {
            let signal = options.signal.take();
            let work = work(Rc::clone(&self.0), options);
            (signal, if self.0.options().keep_alive { with_keep_alive(work) } else { work })
        });
        future_to_promise(run_to_outcome(self.0.options().messages.clone(), started))
    }
}

/// The error table.
#[wasm_bindgen(js_name = errorTable, unchecked_return_type = "ErrorTableRow[]")]
pub fn error_table() -> std::result::Result<JsValue, JsValue> {
    to_js(&TABLE)
}

/// Reads the body that a service has posted to a callbackUrl.
#[wasm_bindgen(
    js_name = parseCallback,
    unchecked_return_type = "Promise<Outcome<TaskState<unknown>>>"
)]
pub fn parse_callback(body: JsValue, options: JsValue) -> Promise {
    let options = present(&options);
    let messages = catalogue(options.as_ref());
    let work: Work = Box::pin(async move {
        check_catalogue_alone(options.as_ref())?;
        to_value(&read_callback(&JsPlatform::new(None), &Value(body)).await?)
    });
    future_to_promise(run_to_outcome(messages, Ok((None, work))))
}

fn task_id(id: JsValue) -> Result<TaskId> {
    let id = Value(id);
    TaskId::read(&id).ok_or_else(|| Failure::field("taskId", must_be(texts::TASK_NUMBER, &id)))
}
