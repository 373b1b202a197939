//! Puts an answer or a fault on the wire.

use crate::app::App;
use crate::codes;
use crate::script::{Place, Reply, Then};
use crate::state::error_body;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_lite::{StreamExt, stream};
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// The beginning of an answer that does not go on.
const BEGINNING: &str = r#"{"errorId":0,"#;

/// How the sandbox ends a connection on its own.
#[derive(Debug)]
pub enum Ending {
    /// As if all had been said (FIN).
    Close,
    /// As if the process had died (RST).
    Reset,
    /// With bytes that HTTP has no say in.
    Raw(Bytes, Then, Watch),
}

impl Ending {
    /// Ends the connection whose socket this is.
    pub async fn carry_out(self, mut stream: TcpStream) {
        let is_reset = match self {
            Self::Close => false,
            Self::Reset => true,
            Self::Raw(bytes, then, mut watch) => {
                // It fails when the client leaves, which the watch notes.
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
                if then == Then::Hold {
                    while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {}
                    return;
                }
                // A reset throws away what the client has not read yet.
                sleep(Duration::from_millis(50)).await;
                watch.done();
                then == Then::Reset
            }
        };
        if is_reset {
            // Closing with unsent data thrown away is what makes it a reset.
            let _ = stream.set_zero_linger();
        }
    }
}

/// A way to the connection that a request came by, from within its handling.
#[derive(Clone, Debug)]
pub struct Line(pub mpsc::Sender<Ending>);

impl Line {
    /// Ends the connection. Whoever calls this is dropped with it and never goes on.
    async fn end<T>(&self, ending: Ending) -> T {
        // The channel can only be full or closed if the connection is ending already.
        let _ = self.0.try_send(ending);
        pending().await
    }
}

/// Notes in the log that the client left, unless it is told first that there was nothing left to come.
///
/// hyper drops the handling of a request whose connection is gone, and that is all one gets to see of it.
#[derive(Debug)]
pub struct Watch {
    app: Arc<App>,
    number: u64,
    done: bool,
}

impl Watch {
    /// Watches over the request of this number.
    pub fn new(app: Arc<App>, number: u64) -> Self {
        Self { app, number, done: false }
    }

    fn done(&mut self) {
        self.done = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.done {
            self.app.world().log.mark_aborted(self.number);
        }
    }
}

/// Carries out a reply to a request of that method.
pub async fn carry_out(reply: Reply, method: &str, line: Line, mut watch: Watch) -> Response {
    match reply {
        // The caller has put the answer of the rules in its place.
        Reply::Rules => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Reply::Error { code, description, status } => {
            watch.done();
            let known = codes::find(&code).map(|code| code.meaning.to_owned());
            let description =
                description.or(known).unwrap_or_else(|| "Ordered by a script.".into());
            (status, Json(error_body(&code, &description, method))).into_response()
        }
        Reply::Json { status, headers, body } => {
            watch.done();
            with_headers((status, Json(body)).into_response(), headers)
        }
        Reply::Text { status, headers, content_type, body } => {
            watch.done();
            let content_type = content_type.unwrap_or_else(|| "text/plain; charset=utf-8".into());
            let response = (status, [(CONTENT_TYPE, content_type)], body).into_response();
            with_headers(response, headers)
        }
        Reply::Redirect { status, location } => {
            watch.done();
            (status, [(LOCATION, location)]).into_response()
        }
        Reply::Hang { at: Place::BeforeHeaders } => hold(watch).await,
        Reply::Hang { at: Place::AfterHeaders } => json_stream(stream::once_future(hold(watch))),
        Reply::Hang { at: Place::InBody } => json_stream(
            stream::once(Bytes::from(BEGINNING)).chain(stream::once_future(hold(watch))),
        ),
        Reply::Reset => {
            watch.done();
            line.end(Ending::Reset).await
        }
        Reply::Cut => {
            let cut = async move {
                // So that the beginning is on its way before the end.
                sleep(Duration::from_millis(50)).await;
                watch.done();
                line.end(Ending::Close).await
            };
            let body = stream::once(Bytes::from(BEGINNING)).chain(stream::once_future(cut));
            ([(CONTENT_LENGTH, "1000")], json_stream(body)).into_response()
        }
        Reply::Drip { body, every_ms } => {
            let text = body.to_string();
            let length = text.len();
            let body = drip(text, Duration::from_millis(every_ms), watch);
            ([(CONTENT_LENGTH, length)], json_stream(body)).into_response()
        }
        Reply::Big { bytes } => json_stream(big(bytes, watch)),
        Reply::Raw { base64, then } => line.end(Ending::Raw(base64, then, watch)).await,
    }
}

/// Waits until the client leaves.
async fn hold<T>(_watch: Watch) -> T {
    pending().await
}

fn with_headers(mut response: Response, headers: HeaderMap) -> Response {
    response.headers_mut().extend(headers);
    response
}

fn json_stream(chunks: impl stream::Stream<Item = Bytes> + Send + 'static) -> Response {
    let body = Body::from_stream(chunks.map(Ok::<_, Infallible>));
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn drip(text: String, every: Duration, watch: Watch) -> impl stream::Stream<Item = Bytes> + Send {
    stream::unfold((Bytes::from(text), watch), move |(mut left, mut watch)| async move {
        if left.is_empty() {
            return None;
        }
        sleep(every).await;
        let byte = left.split_to(1);
        // Not at the end of the stream: hyper stops asking once the promised length is there.
        if left.is_empty() {
            watch.done();
        }
        Some((byte, (left, watch)))
    })
}

fn big(bytes: u64, watch: Watch) -> impl stream::Stream<Item = Bytes> + Send {
    const CHUNK: u64 = 64 * 1024;
    stream::unfold((0, watch), move |(sent, mut watch)| async move {
        let length = CHUNK.min(bytes - sent);
        let mut chunk = vec![b'a'; length as usize];
        if sent == 0
            && let Some(first) = chunk.first_mut()
        {
            *first = b'"';
        }
        if sent + length == bytes {
            if let Some(last) = chunk.last_mut() {
                *last = b'"';
            }
            watch.done();
        }
        (length > 0).then(|| (Bytes::from(chunk), (sent + length, watch)))
    })
}
