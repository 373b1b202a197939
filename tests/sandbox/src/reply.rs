//! Sends a reply or a fault.

use crate::app::App;
use crate::codes;
use crate::script::{HangPoint, Reply, Then};
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

/// The beginning of an answer that is never completed.
const BEGINNING: &str = r#"{"errorId":0,"#;

/// How the sandbox ends a connection.
#[derive(Debug)]
pub enum Ending {
    /// Normally (FIN).
    Close,
    /// As if the process had crashed (RST).
    Reset,
    /// After sending raw bytes, bypassing HTTP.
    Raw(Bytes, Then, Watch),
}

impl Ending {
    /// Ends the connection with this socket.
    pub async fn carry_out(self, mut stream: TcpStream) {
        let is_reset = match self {
            Self::Close => false,
            Self::Reset => true,
            Self::Raw(bytes, then, mut watch) => {
                // Writing fails when the client disconnects. The watch records that.
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
                if then == Then::Hold {
                    while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {}
                    return;
                }
                // A reset discards what the client has not read yet, so give it time to read.
                sleep(Duration::from_millis(50)).await;
                watch.done();
                then == Then::Reset
            }
        };
        if is_reset {
            // With zero linger, closing discards unsent data and sends a reset.
            let _ = stream.set_zero_linger();
        }
    }
}

/// Lets a request handler end the connection that the request came from.
#[derive(Clone, Debug)]
pub struct ConnectionHandle(pub mpsc::Sender<Ending>);

impl ConnectionHandle {
    /// Ends the connection. This never returns: the handler is dropped together with the connection.
    async fn end<T>(&self, ending: Ending) -> T {
        // The channel is only full or closed if the connection is already ending.
        let _ = self.0.try_send(ending);
        pending().await
    }
}

/// Records in the log that the client disconnected, unless [`Watch::done`] was called before.
///
/// The only sign of a lost connection is that hyper drops the request's handler.
#[derive(Debug)]
pub struct Watch {
    app: Arc<App>,
    number: u64,
    done: bool,
}

impl Watch {
    /// Watches the request with this number.
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

/// Sends a reply to a request of this method.
pub async fn carry_out(
    reply: Reply,
    method: &str,
    connection: ConnectionHandle,
    mut watch: Watch,
) -> Response {
    match reply {
        // The caller replaces this with the rules' answer.
        Reply::Rules => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Reply::Error { code, description, status } => {
            watch.done();
            let known = codes::find(&code).map(|code| code.meaning.to_owned());
            let description = description.or(known).unwrap_or_else(|| "Sent by a script.".into());
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
        Reply::Hang { at: HangPoint::BeforeHeaders } => hold(watch).await,
        Reply::Hang { at: HangPoint::AfterHeaders } => {
            json_stream(stream::once_future(hold(watch)))
        }
        Reply::Hang { at: HangPoint::InBody } => json_stream(
            stream::once(Bytes::from(BEGINNING)).chain(stream::once_future(hold(watch))),
        ),
        Reply::Reset => {
            watch.done();
            connection.end(Ending::Reset).await
        }
        Reply::Cut => {
            let cut = async move {
                // Let the beginning reach the client first.
                sleep(Duration::from_millis(50)).await;
                watch.done();
                connection.end(Ending::Close).await
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
        Reply::Raw { base64, then } => connection.end(Ending::Raw(base64, then, watch)).await,
    }
}

/// Waits until the client disconnects.
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
        // Not at the end of the stream: hyper stops polling once the promised length has been sent.
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
