//! The paths under `/sandbox`, by which a test or a page directs the sandbox.

use crate::app::App;
use crate::drawing::{self, Drawing};
use crate::state::{EMPTY_KEY, Money, SANDBOX_KEY};
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The header that tells what is written in a drawn captcha.
pub const CAPTCHA_TEXT: HeaderName = HeaderName::from_static("x-captcha-text");

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/sandbox", get(about))
        .route("/sandbox/captcha", get(captcha_image))
        .route("/sandbox/captcha.json", get(captcha_json))
        .route("/sandbox/script", post(script))
        .route("/sandbox/settings", post(settings))
        .route("/sandbox/requests", get(requests).delete(forget_requests))
        .route("/sandbox/reset", post(reset))
}

async fn about() -> String {
    format!(
        "\
capwire-sandbox: a stand-in of two captcha-recognition services, for trying and testing a client.
It recognises the captchas that it drew itself and no others. Nothing leaves this machine.

Services (POST, JSON)
  /capmonster/createTask    /brocapgpt/createTask
  /capmonster/getTaskResult /brocapgpt/getTaskResult
  /capmonster/getBalance    /brocapgpt/getBalance
  /capmonster/reportIncorrectImageCaptcha, reportIncorrectTokenCaptcha, reportIncorrectRecaptcha
  /capmonster/api/useragent/actual (GET, plain text, no key)

Keys
  {SANDBOX_KEY}  $10
  {EMPTY_KEY}  $0

Control
  GET    /sandbox/captcha?text=&seed=       a new captcha as PNG; x-captcha-text says what is in it
  GET    /sandbox/captcha.json?text=&seed=  the same as JSON
  POST   /sandbox/script                    the replies to the next requests
  POST   /sandbox/settings                  {{\"solveMs\": 3000, \"accounts\": {{\"KEY\": 1.5}}}}
  GET    /sandbox/requests                  what the services were asked (DELETE forgets it)
  POST   /sandbox/reset                     back to the initial state

The header x-sandbox-address stands for the address a request comes from: bans are by address.
"
    )
}

#[derive(Deserialize)]
struct Wanted {
    text: Option<String>,
    seed: Option<u32>,
}

/// Draws a captcha and makes both services know it.
fn draw(app: &App, wanted: Wanted) -> Result<(Drawing, u32), Refused> {
    let seed = wanted.seed.unwrap_or_else(rand::random);
    // A form with an empty field sends an empty text; it means none.
    let text = wanted.text.as_deref().filter(|text| !text.is_empty());
    let drawing = drawing::draw(text, seed).map_err(refuse)?;
    app.world().sandbox.learn(drawing.png.clone(), drawing.text.clone());
    Ok((drawing, seed))
}

async fn captcha_image(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refused> {
    let (drawing, _) = draw(&app, wanted)?;
    let content_type = (CONTENT_TYPE, "image/png".to_owned());
    Ok(([content_type, (CAPTCHA_TEXT, drawing.text)], drawing.png).into_response())
}

async fn captcha_json(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Refused> {
    let (drawing, seed) = draw(&app, wanted)?;
    Ok(Json(json!({
        "text": drawing.text,
        "base64": BASE64_STANDARD.encode(&drawing.png),
        "bytes": drawing.png.len(),
        "seed": seed,
    })))
}

async fn script(State(app): State<Arc<App>>, orders: Bytes) -> Result<Json<Value>, Refused> {
    let queued = app.world().scripts.push(&orders).map_err(refuse)?;
    Ok(Json(json!({ "queued": queued })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    solve_ms: Option<u64>,
    #[serde(default)]
    accounts: HashMap<String, f64>,
}

async fn settings(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, Refused> {
    let settings: Settings = serde_json::from_slice(&body).map_err(refuse)?;
    if settings.accounts.keys().any(|key| key.is_empty() || key.contains("__")) {
        return Err(refuse(
            "a key is not empty and has no double underscore: what follows one is not part of it",
        ));
    }
    let sandbox = &mut app.world().sandbox;
    if let Some(ms) = settings.solve_ms {
        sandbox.set_solve_after(Duration::from_millis(ms));
    }
    for (key, dollars) in settings.accounts {
        sandbox.set_account(&key, Money::from_dollars(dollars));
    }
    Ok(Json(json!({ "ok": true })))
}

async fn requests(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.world().log.entries().map(|entry| json!(entry)).collect())
}

async fn forget_requests(State(app): State<Arc<App>>) -> Json<Value> {
    app.world().log.clear();
    Json(json!({ "ok": true }))
}

async fn reset(State(app): State<Arc<App>>) -> Json<Value> {
    app.reset();
    Json(json!({ "ok": true }))
}

/// An order that can't be followed, and why.
struct Refused(String);

fn refuse(why: impl ToString) -> Refused {
    Refused(why.to_string())
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": self.0 }))).into_response()
    }
}
