//! Serves the services, the control paths and static files on a socket of the loopback interface.
//!
//! It has its own accept loop instead of `axum::serve`, because a scripted reset needs the socket below HTTP.

use crate::app::App;
use crate::log::Entry;
use crate::options::{Mount, Options};
use crate::reply::{ConnectionHandle, Watch, carry_out};
use crate::script::Reply;
use crate::service::Service;
use crate::state::{self, error_body};
use crate::{codes, control};
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tower_http::cors::{Any, CorsLayer};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The largest body that is read. The largest image that a service accepts is 0.7 MB in base64.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The User-Agent reported as current. It ends with a newline, like a file; clients must trim it.
const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36\n";

/// The header that replaces the client's address, so that a test can try bans without being banned itself.
const ADDRESS: HeaderName = HeaderName::from_static("x-sandbox-address");

/// Opens the socket, on loopback only because the sandbox tells everyone its keys.
pub async fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Answers requests until the process ends.
pub async fn run(listener: TcpListener, options: &Options) {
    let router = router(Arc::new(App::new(options.solve_after)), &options.mounts);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(connection(stream, peer.ip(), router.clone()));
            }
            // The client disconnected at once, or too many files are open. Exiting would not help either.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

#[derive(Clone, Debug)]
struct Peer {
    address: IpAddr,
    connection: ConnectionHandle,
}

async fn connection(stream: TcpStream, address: IpAddr, router: Router) {
    let (sender, mut endings) = mpsc::channel(1);
    let peer = Peer { address, connection: ConnectionHandle(sender) };
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    // Otherwise a dripped byte waits until the previous one is acknowledged.
    let _ = stream.set_nodelay(true);
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // How the client ends the connection does not matter here; the log has what matters.
        _ = &mut connection => {}
        Some(ending) = endings.recv() => {
            ending.carry_out(connection.into_parts().io.into_inner()).await;
        }
    }
}

fn router(app: Arc<App>, mounts: &[Mount]) -> Router {
    let mut router = control::routes().layer(DefaultBodyLimit::max(BODY_LIMIT)).layer(no_store());
    for service in Service::ALL {
        router = router.route(
            &format!("/{}/{{*method}}", service.name()),
            any(async move |State(app), Extension(peer), Path(method), request| {
                serve(app, service, peer, method, request).await
            }),
        );
    }
    let mut router = router.fallback(not_found);
    for mount in mounts {
        router = serve_files(router, mount);
    }
    router.layer(cors()).with_state(app)
}

fn serve_files(router: Router<Arc<App>>, Mount { path, directory }: &Mount) -> Router<Arc<App>> {
    let files = ServeDir::new(directory).redirect_path_prefix(path);
    let files = Router::new().fallback_service(files).layer(no_store());
    if path.is_empty() {
        return router.fallback_service(files);
    }
    let slashed = format!("{path}/");
    router
        .nest_service(&slashed, files)
        // Without the slash, a page's relative links would point outside the folder.
        .route(path, get(async move || Redirect::temporary(&slashed)))
}

fn no_store() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// Any page or extension may call the sandbox. Other headers, such as `Authorization`, are refused here, as the
/// services refuse them as far as we know.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::DELETE, Method::OPTIONS])
        .allow_headers([CONTENT_TYPE, ADDRESS])
        .expose_headers([RETRY_AFTER, control::CAPTCHA_TEXT])
        .max_age(Duration::from_secs(600))
        .allow_private_network(true)
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Nothing here. See /sandbox for what this server offers.\n")
        .into_response()
}

/// Handles a request to one of the services.
async fn serve(
    app: Arc<App>,
    service: Service,
    peer: Peer,
    method: String,
    request: axum::extract::Request,
) -> Response {
    let arrived = app.now();
    let (head, body) = request.into_parts();
    // One of the known clients posts to paths with a trailing slash, and the services answer it.
    let method = method.strip_suffix('/').unwrap_or(&method);
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, Body::empty()).into_response();
    };
    let address = match head.headers.get(ADDRESS) {
        Some(value) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        None => peer.address.to_string(),
    };

    let (number, reply, delay) = {
        let mut world = app.world();
        let scripted = world.scripts.take(service, method);
        let number = world.log.push(Entry {
            at: arrived.as_secs_f64() * 1000.0,
            service,
            method: method.to_owned(),
            headers: joined(&head.headers),
            body: serde_json::from_slice(&body)
                .unwrap_or_else(|_| String::from_utf8_lossy(&body).into()),
            scripted: scripted.is_some(),
            aborted: false,
        });
        let (reply, delay) = scripted.unwrap_or((Reply::Rules, Duration::ZERO));
        let reply = match reply {
            Reply::Rules
                if head.method == Method::GET && service.user_agent_path() == Some(method) =>
            {
                let (status, headers) = (StatusCode::OK, HeaderMap::new());
                Reply::Text { status, headers, content_type: None, body: USER_AGENT.into() }
            }
            Reply::Rules if head.method != Method::POST => {
                let why = "Call the services' methods with POST.";
                let body = error_body(codes::ERROR_NO_SUCH_METHOD.name, why, method);
                json(StatusCode::METHOD_NOT_ALLOWED, body)
            }
            Reply::Rules => {
                let request = state::Request { service, method, address: &address, body: &body };
                json(StatusCode::OK, world.sandbox.handle(arrived, request))
            }
            other => other,
        };
        (number, reply, delay)
    };

    let watch = Watch::new(app.clone(), number);
    tokio::time::sleep((arrived + delay).saturating_sub(app.now())).await;
    carry_out(reply, method, peer.connection, watch).await
}

fn json(status: StatusCode, body: Value) -> Reply {
    Reply::Json { status, headers: HeaderMap::new(), body }
}

fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let all = joined.entry(name.to_string()).or_default();
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(&value);
    }
    joined
}
