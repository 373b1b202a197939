//! The only Rust that knows JavaScript. The exports here convert and delegate, and nothing else.
//!
//! The border is narrow. The shell starts a call under a number (`call`, `solveAll`, `next`, `parseCallback`) or
//! ends it (`abort`). The module asks `platform.ts` for operations, which end with `complete`, and ends a call
//! with `settle`. No function on either side throws, except for the constructor of [`Core`].

mod batch;
mod call;
mod executor;
mod operation;
mod platform;
mod table;
mod value;

use crate::account::{AccountKey, Accounts};
use crate::callback::read_callback;
use crate::client::Client;
use crate::client::progress::Progress;
use crate::error::Result;
use crate::error_table::TABLE;
use crate::method::Method;
use crate::options::{ClientOptions, catalogue, read_callback_timeout, read_report_kind};
use crate::platform::Platform;
use crate::protocol::read_balance;
use crate::status::{self, AccountStatus};
use crate::task::TaskInput;
use call::{End, Options, Unsettled, fetch_function, is_aborted, present, result, start};
use js_sys::{Array, Function};
use platform::JsPlatform;
use std::cell::RefCell;
use std::rc::Rc;
use value::{Value, id_to_js, to_js};
use wasm_bindgen::prelude::*;

/// Half the size of the standard library's allocator: 2.7 KB less to download, with gzip.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

thread_local! {
    /// The accounts that this process has used.
    static ACCOUNTS: RefCell<Accounts> = {
        let random = || js_sys::Math::random().to_bits();
        RefCell::new(Accounts::new([random(), random()]))
    };
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
        let read =
            ClientOptions::read(&value).and_then(|read| Ok((read, fetch_function(&options)?)));
        match read {
            Ok((options, fetch)) => {
                let base_url = normalize_url(&options.base_url);
                let number = fetch.as_ref().map(fetch_number).unwrap_or_default();
                let account = ACCOUNTS.with_borrow_mut(|accounts| {
                    let key = accounts.key(&options.client_key, &base_url, number);
                    accounts.get_or_insert(key, JsPlatform.now())
                });
                Ok(Self(Rc::new(Client::new(JsPlatform, options, account))))
            }
            Err(failure) => Err(to_js(&failure.rendered(&catalogue(Some(&value))))),
        }
    }

    /// The profile of the service in force.
    #[wasm_bindgen(getter, unchecked_return_type = "ServiceProfile")]
    pub fn service(&self) -> JsValue {
        to_js(&self.0.options().profile())
    }

    /// What is known of the account, as plain data that can be kept.
    #[wasm_bindgen(unchecked_return_type = "AccountStatus")]
    pub fn status(&self) -> JsValue {
        to_js(&self.0.status())
    }

    /// Opens everything that is closed, and returns what was.
    #[wasm_bindgen(js_name = resetGuard, unchecked_return_type = "AccountStatus")]
    pub fn reset_guard(&self) -> JsValue {
        let before = self.status();
        self.0.reset_guard();
        before
    }

    /// Whether the background worker of an extension is kept alive during a call.
    #[wasm_bindgen(getter, js_name = keepAlive)]
    pub fn keep_alive(&self) -> bool {
        self.0.options().keep_alive
    }

    /// Starts a call under a number that no other call has.
    pub fn call(
        &self,
        id: u32,
        #[wasm_bindgen(unchecked_param_type = "CallName")] name: &str,
        argument: JsValue,
        second: JsValue,
        options: JsValue,
    ) {
        let client = Rc::clone(&self.0);
        let name = Name::read(name);
        let catalogue = client.options().messages.clone();
        let is_image = matches!(name, Name::SolveImage);
        let options = Options::read(id, &options, &client.options().service, is_image);
        let work = options.map(|options| {
            let options = options?;
            Some(Box::pin(perform(client, name, Value(argument), Value(second), options))
                as Unsettled)
        });
        start(id, catalogue, work);
    }
}

/// The methods of the client that a call may name.
enum Name {
    GetBalance,
    CreateTask,
    GetTaskResult,
    WaitForResult,
    Solve,
    SolveImage,
    ReportIncorrect,
    GetUserAgent,
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The methods of the client that a call may name. */
export type CallName = "getBalance" | "createTask" | "getTaskResult" | "waitForResult" | "solve" | "solveImage" | "reportIncorrect" | "getUserAgent";
"#;

impl Name {
    fn read(name: &str) -> Self {
        match name {
            "getBalance" => Self::GetBalance,
            "createTask" => Self::CreateTask,
            "getTaskResult" => Self::GetTaskResult,
            "waitForResult" => Self::WaitForResult,
            "solveImage" => Self::SolveImage,
            "reportIncorrect" => Self::ReportIncorrect,
            "getUserAgent" => Self::GetUserAgent,
            _ => Self::Solve,
        }
    }
}

/// Performs a call. One future for all of them, because each has code of its own to be driven by.
async fn perform(
    client: Rc<Client<JsPlatform>>,
    name: Name,
    argument: Value,
    second: Value,
    options: Options,
) -> Result<End> {
    let Options { call, fields, listener } = options;
    let listener = |event: &Progress| listener.notify(event, None);
    let id = match name {
        Name::GetTaskResult | Name::WaitForResult | Name::ReportIncorrect => {
            Some(client.read_id(&argument)?)
        }
        _ => None,
    };
    let is_image = matches!(name, Name::SolveImage);
    let method = match (name, &id) {
        (Name::CreateTask, _) => {
            return Ok(End::Value(id_to_js(
                &client.create_task(argument, &call, &listener).await?,
            )));
        }
        (Name::Solve | Name::SolveImage, _) => {
            let input = if is_image {
                TaskInput::Image(argument, fields)
            } else {
                TaskInput::Task(argument)
            };
            let solved = client.solve(input, &call, &listener).await?;
            let text = is_image.then(|| client.text_of(&solved)).transpose()?;
            return Ok(text.map_or_else(|| result(&solved), |text| End::Value(text.into())));
        }
        (Name::GetTaskResult, Some(id)) => return Ok(result(&client.task_result(id).await?)),
        (Name::WaitForResult, Some(id)) => {
            return Ok(result(&client.wait_for_result(id, &call, &listener).await?));
        }
        (Name::ReportIncorrect, _) => read_report_kind(&second)?.method(),
        (Name::GetUserAgent, _) => Method::GetUserAgent,
        _ => Method::GetBalance,
    };
    let answer = client.ask(method, id.as_ref()).await?;
    Ok(End::Value(match method {
        Method::GetBalance => read_balance(&answer)?.into(),
        Method::GetUserAgent => answer.0,
        _ => JsValue::UNDEFINED,
    }))
}

/// Ends a call: its requests and timers are cancelled, and it never settles.
#[wasm_bindgen]
pub fn abort(id: u32) {
    executor::abort(id);
}

/// What is known of all accounts, as plain data for a module that is started after this one has crashed.
#[wasm_bindgen]
pub fn books() -> Array {
    let books = Array::new();
    let push = |number: f64| {
        books.push(&number.into());
    };
    ACCOUNTS.with_borrow(|accounts| {
        for part in accounts.seed() {
            push(f64::from_bits(part));
        }
        let now = JsPlatform.now();
        accounts.each_book(now, &mut |AccountKey(key), account| {
            #[allow(clippy::cast_precision_loss)] // it is exact
            for part in key {
                push(part as f64);
            }
            books.push(&to_js(&AccountStatus { account, now }));
        });
    });
    books
}

/// Begins with the books of a module that has ended, which were closed at `closed_at`, and empties them. Called before
/// anything else.
#[wasm_bindgen]
pub fn restore(books: Array, closed_at: f64) {
    let number = || books.shift().as_f64().unwrap_or_default();
    ACCOUNTS.with_borrow_mut(|accounts| {
        *accounts = Accounts::new([number().to_bits(), number().to_bits()]);
        while books.length() > 0 {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is exact
            let key = AccountKey([number() as u64, number() as u64]);
            let account = accounts.get_or_insert(key, closed_at);
            status::restore(&mut account.borrow_mut(), &Value(books.shift()), closed_at);
        }
    });
}

/// The error table.
#[wasm_bindgen(js_name = errorTable, unchecked_return_type = "ErrorTableRow[]")]
pub fn error_table() -> Array {
    TABLE.iter().map(|row| to_js(*row)).collect()
}

/// Reads the body that a service has posted to a callbackUrl, as a call.
#[wasm_bindgen(js_name = parseCallback)]
pub fn parse_callback(id: u32, body: JsValue, options: JsValue) {
    let given = present(&options);
    let messages = catalogue(given.as_ref());
    let work = read_callback_timeout(given.as_ref()).and_then(|timeout_ms| {
        let work: Unsettled = Box::pin(async move {
            Ok(result(&read_callback(&JsPlatform, &Value(body), timeout_ms).await?))
        });
        Ok((!is_aborted(id)?).then_some(work))
    });
    start(id, messages, work);
}

#[wasm_bindgen(raw_module = "./platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = normalizeUrl)]
    fn normalize_url(url: &str) -> String;
    /// A number for each function, from 1.
    #[wasm_bindgen(js_name = fetchNumber)]
    fn fetch_number(fetch: &Function) -> u32;
}
