//! REST over HTTP, and the page: translation only.
//!
//! Every question goes to the engine on the blocking pool, so that no request holds up another; every error becomes a
//! problem document (RFC 9457) in one place, [`problem`].

mod collections;
mod documents;
mod page;
pub mod problem;
mod routes;
mod tasks;
mod wordnet;
mod words;

use crate::engine::Engine;
use crate::error::{Error, Result};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpMessage, HttpServer, web};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Largest request body, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// How often generations built by other processes are looked for.
const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// How long requests in flight may take after a signal to stop.
const SHUTDOWN_SECONDS: u64 = 10;

/// Binds the address.
///
/// # Errors
/// [`Error::Invalid`] if it is not of this machine alone and `insecure` is not set: there are no keys yet, so whoever
/// reaches the service may ask it anything. [`Error::NotReady`] if the address is taken.
pub fn bind(address: SocketAddr, insecure: bool) -> Result<TcpListener> {
    if !address.ip().is_loopback() && !insecure {
        let cure = "listen on 127.0.0.1, or pass --insecure behind a proxy that checks who asks";
        return Err(Error::invalid("--listen", "an address of this machine alone", address, cure));
    }
    TcpListener::bind(address).map_err(|error| Error::NotReady {
        what: format!("cannot listen on {address}: {error}"),
        cure: "choose another address with --listen, or stop what holds it".to_owned(),
    })
}

/// Serves until the process is told to stop (SIGINT, SIGTERM); requests in flight are answered first.
///
/// # Errors
/// [`Error::Library`] if the server cannot start.
pub fn serve(engine: Arc<Engine>, listener: TcpListener) -> Result<()> {
    let failed = |error: std::io::Error| Error::Library { library: "actix-web", message: error.to_string() };
    let data = web::Data::from(Arc::clone(&engine));
    let stop = Arc::new(AtomicBool::new(false));
    let worker = work_in_background(Arc::clone(&engine), Arc::clone(&stop));
    let refresher = refresh_in_background(engine, Arc::clone(&stop));
    let served = actix_web::rt::System::new().block_on(async move {
        HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(problem::json_config())
                .app_data(problem::query_config())
                .app_data(problem::path_config())
                .wrap(from_fn(with_request_id))
                .configure(routes::routes)
                .default_service(web::to(routes::unknown_route))
        })
        .listen(listener)
        .map_err(failed)?
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .run()
        .await
        .map_err(failed)
    });
    stop.store(true, Ordering::Relaxed);
    let _ = refresher.join();
    let _ = worker.join();
    served
}

/// Works off the queue of tasks; should another process do so already, takes over when it has ended.
fn work_in_background(engine: Arc<Engine>, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            match engine.work(&stop) {
                Ok(()) => return,
                Err(Error::NotReady { .. }) => {}
                Err(error) => tracing::warn!(%error, "cannot work off the queue of tasks"),
            }
            std::thread::park_timeout(REFRESH_EVERY);
        }
    })
}

fn refresh_in_background(engine: Arc<Engine>, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        crate::engine::warm_up();
        match engine.wordnet() {
            Ok(_) => {}
            Err(error @ Error::NotReady { .. }) => tracing::info!("without WordNet: {error}"),
            Err(error) => tracing::warn!(%error, "without WordNet"),
        }
        while !stop.load(Ordering::Relaxed) {
            if let Err(error) = engine.refresh() {
                tracing::warn!(%error, "cannot take up new generations");
            }
            if let Err(error) = engine.enqueue_merges() {
                tracing::warn!(%error, "cannot queue builds");
            }
            engine.prepare();
            engine.wait_for_writes(REFRESH_EVERY);
        }
    })
}

/// Identifies a request in answers and logs.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(String);

async fn with_request_id(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = format!("{:x}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let start = Instant::now();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.call(request).await?;
    let ms = start.elapsed().as_secs_f64() * 1e3;
    tracing::info!(request_id = %id, %method, path, status = response.status().as_u16(), ms, "answered");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}
