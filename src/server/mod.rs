//! REST over HTTP, and the page: translation only.
//!
//! A request is let in by [`access`](self), read within its limits, and asked of the engine on the blocking pool when it is its turn, so
//! that no request holds up another; every error becomes a problem document (RFC 9457) in one place, [`problem`].

mod access;
mod ask;
mod collections;
mod context;
mod documents;
mod embeddings;
mod health;
mod keys;
mod limits;
mod metrics;
mod openapi;
mod page;
pub mod problem;
mod route;
mod routes;
mod search;
mod senses;
mod service;
mod tasks;
mod uploads;
mod wordnet;
mod words;

pub use routes::openapi_json;

use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Error, Result};
use access::{Left, request_id};
use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::KeepAlive;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::{App, HttpMessage, HttpServer, web};
use service::Service;
use std::future::poll_fn;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How often generations and keys made by other processes are looked for.
const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// How often memory that is free goes back to the system.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(60);

/// Binds the address of the settings.
///
/// # Errors
/// [`Error::Invalid`] if it is not of this machine alone although there are no keys, and `insecure` is not set: whoever reaches the
/// service could ask it anything. [`Error::NotReady`] if the address is taken; [`Error::Store`].
pub fn bind(engine: &Engine, config: &Config) -> Result<TcpListener> {
    let address: SocketAddr = config.listen()?;
    let open = engine.key_ring(config.text("master_key"))?.is_empty();
    if !address.ip().is_loopback() && open && !config.switch("insecure") {
        let cure = "listen on 127.0.0.1, set SEMEME_MASTER_KEY or make a key (sememe keys create), or pass --insecure behind a \
                    proxy that checks who asks";
        return Err(Error::invalid(
            "--listen",
            "an address of this machine alone, as there are no keys",
            address,
            cure,
        ));
    }
    TcpListener::bind(address).map_err(|error| Error::NotReady {
        what: format!("cannot listen on {address}: {error}"),
        cure: "choose another address with --listen, or stop what holds it".to_owned(),
    })
}

/// What the thread that waits for the end hears.
enum Heard {
    /// The process was told to stop.
    Stopping,
    /// The server has ended.
    Ended(std::io::Result<()>),
}

/// Serves until the process is told to stop (SIGINT, SIGTERM); requests in flight are answered first. What is still under way when
/// `shutdown_ms` are over is left where it is: whatever was acknowledged is in the database, and tasks go on at the next start.
///
/// # Errors
/// [`Error::Library`] if the server cannot start; [`Error::Store`].
pub fn serve(engine: Arc<Engine>, listener: TcpListener, config: Config) -> Result<()> {
    let failed = |error: std::io::Error| Error::Library { library: "actix-web", message: error.to_string() };
    let patience = config.duration("shutdown_ms");
    let service = web::Data::new(Service::new(engine, config)?);
    let stop = Arc::clone(&service.state.stopping);
    let background = [
        work_in_background(Arc::clone(&service.engine), Arc::clone(&stop)),
        refresh_in_background(service.clone()),
        prepare_in_background(Arc::clone(&service.engine)),
    ];
    let (tell, heard) = std::sync::mpsc::channel();
    let told = tell.clone();
    std::thread::spawn(move || {
        let served = actix_web::rt::System::new().block_on(http(service, listener, told));
        let _ = tell.send(Heard::Ended(served));
    });
    let first = heard.recv();
    stop.store(true, Ordering::Relaxed);
    let end = Instant::now() + patience;
    let served = match first {
        Ok(Heard::Ended(served)) => served.map_err(failed),
        _ => match heard.recv_timeout(patience) {
            Ok(Heard::Ended(served)) => served.map_err(failed),
            _ => Ok(()),
        },
    };
    while background.iter().any(|thread| !thread.is_finished()) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
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

/// When the process is told to stop.
#[cfg(unix)]
async fn told_to_stop() -> std::io::Result<()> {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let (mut terminate, mut quit) = (signal(SignalKind::terminate())?, signal(SignalKind::quit())?);
    let mut interrupt = signal(SignalKind::interrupt())?;
    poll_fn(|context| {
        let signals = [&mut terminate, &mut quit, &mut interrupt];
        let is_told = signals.into_iter().any(|signal| signal.poll_recv(context).is_ready());
        if is_told { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    Ok(())
}

/// The same elsewhere.
#[cfg(not(unix))]
async fn told_to_stop() -> std::io::Result<()> {
    actix_web::rt::signal::ctrl_c().await
}

async fn http(
    service: web::Data<Service>,
    listener: TcpListener,
    tell: Sender<Heard>,
) -> std::io::Result<()> {
    let table = Arc::new(routes::table());
    let config = service.config.clone();
    let origins = config.texts("cors_origins");
    let stopping = Arc::clone(&service.state.stopping);
    let workers = match config.size("workers") {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        number => number,
    };
    let app = move || {
        let table = Arc::clone(&table);
        App::new()
            .app_data(service.clone())
            .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
            .wrap(from_fn(attend))
            .configure(|config| routes::register(&table, config))
            .default_service(web::to(routes::unknown_route))
    };
    let keep_alive = match config.duration("keep_alive_ms") {
        Duration::ZERO => KeepAlive::Disabled,
        time => KeepAlive::Timeout(time),
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .max_connections(config.size("connections_max").div_ceil(workers))
        .client_request_timeout(config.duration("header_ms_max"))
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(keep_alive)
        .shutdown_timeout(config.duration("shutdown_ms").as_secs_f64().ceil() as u64)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        if told_to_stop().await.is_ok() {
            stopping.store(true, Ordering::Relaxed); // before connections are waited for: some of them wait too
            let _ = tell.send(Heard::Stopping);
            handle.stop(true).await;
        }
    });
    server.await
}

/// Pages elsewhere may ask if their origin is named. They send keys themselves; there are no cookies.
fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers(["authorization", "api-key", "content-type", "content-encoding", "x-request-id"])
        .expose_headers([
            "x-request-id",
            "retry-after",
            "ratelimit-limit",
            "ratelimit-remaining",
            "ratelimit-reset",
            "location",
        ])
        .block_on_origin_mismatch(false)
        .max_age(3600);
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Makes what the first questions would otherwise wait for. In a thread of its own: a new data directory's WordNet takes many seconds, in
/// which documents are to be shown all the same.
fn prepare_in_background(engine: Arc<Engine>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        crate::engine::warm_up();
        match engine.wordnet() {
            Ok(_) => {}
            Err(error @ Error::NotReady { .. }) => tracing::info!("without WordNet: {error}"),
            Err(error) => tracing::warn!(%error, "without WordNet"),
        }
    })
}

fn refresh_in_background(service: web::Data<Service>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        service.refresh();
        let mut given_back = Instant::now();
        while !service.state.is_stopping() {
            service.engine.wait_for_writes(REFRESH_EVERY);
            service.refresh();
            if given_back.elapsed() >= GIVE_BACK_EVERY {
                service.engine.give_back_memory();
                given_back = Instant::now();
            }
        }
    })
}

/// Identifies a request in answers and logs.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(String);

/// Gives every request its id, counts it, and says in the log how it was answered.
async fn attend(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = request_id(&request, || {
        format!("{:x}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
    });
    let start = Instant::now();
    request.extensions_mut().insert(id.clone());
    let mut response = next.call(request).await?;
    let (took, status) = (start.elapsed(), response.status().as_u16());
    let asked = response.request();
    if let Some(service) = asked.app_data::<web::Data<Service>>() {
        service.metrics.answered(asked, status, took);
    }
    let key = asked.extensions().get::<crate::engine::Caller>().map(|caller| caller.id.clone());
    let (method, path, ms) = (asked.method(), asked.path(), took.as_secs_f64() * 1e3);
    tracing::info!(request_id = %id.0, %method, path, status, ms, key, "answered");
    let left = asked.extensions().get::<Left>().copied();
    let headers = response.headers_mut();
    left.into_iter().for_each(|left| left.tell(headers));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}
