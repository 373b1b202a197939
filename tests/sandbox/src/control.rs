//! The paths under `/sandbox`, with which a test or a page controls the sandbox.

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

/// The header that contains the text of a drawn captcha.
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
capwire-sandbox: a local sandbox of two captcha-recognition services, to try and test a client.
It only recognises captchas that it drew itself. Nothing leaves this machine.

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
  GET    /sandbox/captcha?text=&seed=       a new captcha as PNG; its text is in the header x-captcha-text
  GET    /sandbox/captcha.json?text=&seed=  the same as JSON
  POST   /sandbox/script                    set the replies to the next requests
  POST   /sandbox/settings                  {{\"solveMs\": 3000, \"accounts\": {{\"KEY\": 1.5}}}}
  GET    /sandbox/requests                  all requests to the services (DELETE clears the list)
  POST   /sandbox/reset                     restore the initial state

Bans are per IP address. The header x-sandbox-address sets the address a request seems to come from.
"
    )
}

#[derive(Deserialize)]
struct Wanted {
    text: Option<String>,
    seed: Option<u32>,
}

/// Draws a captcha and makes both services recognise it.
fn draw(app: &App, wanted: Wanted) -> Result<(Drawing, u32), BadRequest> {
    let seed = wanted.seed.unwrap_or_else(rand::random);
    // A form with an empty field sends an empty text. Treat it as none.
    let text = wanted.text.as_deref().filter(|text| !text.is_empty());
    let drawing = drawing::draw(text, seed).map_err(bad_request)?;
    app.world().sandbox.add_captcha(drawing.png.clone(), drawing.text.clone());
    Ok((drawing, seed))
}

async fn captcha_image(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, BadRequest> {
    let (drawing, _) = draw(&app, wanted)?;
    let content_type = (CONTENT_TYPE, "image/png".to_owned());
    Ok(([content_type, (CAPTCHA_TEXT, drawing.text)], drawing.png).into_response())
}

async fn captcha_json(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, BadRequest> {
    let (drawing, seed) = draw(&app, wanted)?;
    Ok(Json(json!({
        "text": drawing.text,
        "base64": BASE64_STANDARD.encode(&drawing.png),
        "bytes": drawing.png.len(),
        "seed": seed,
    })))
}

async fn script(State(app): State<Arc<App>>, steps: Bytes) -> Result<Json<Value>, BadRequest> {
    let queued = app.world().scripts.push(&steps).map_err(bad_request)?;
    Ok(Json(json!({ "queued": queued })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    solve_ms: Option<u64>,
    #[serde(default)]
    accounts: HashMap<String, f64>,
}

async fn settings(State(app): State<Arc<App>>, body: Bytes) -> Result<Json<Value>, BadRequest> {
    let settings: Settings = serde_json::from_slice(&body).map_err(bad_request)?;
    if settings.accounts.keys().any(|key| key.is_empty() || key.contains("__")) {
        return Err(bad_request(
            "a key must not be empty or contain \"__\", which separates a key from its suffixes",
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

/// A control request that is wrong, and why.
struct BadRequest(String);

fn bad_request(why: impl ToString) -> BadRequest {
    BadRequest(why.to_string())
}

impl IntoResponse for BadRequest {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": self.0 }))).into_response()
    }
}
