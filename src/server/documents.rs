//! Documents over HTTP: one by one, as an array, or as a stream of JSON lines, packed or not. Answered means stored and flushed.

use super::problem::Problem;
use super::routes::{Answer, ask, blocking};
use crate::engine::{Engine, Packing, ReceiveReport, Receiving, Shape, WriteReport};
use crate::error::{Error, Result};
use actix_web::body::{BodyStream, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes that are gathered before they are read where waiting is allowed.
const PIECE_BYTES: usize = 256 << 10;

/// How long a write waits to be shown by the indexes; afterwards it answers that it is not yet.
const WAIT_LONGEST: Duration = Duration::from_secs(30);
const WAIT_STEP: Duration = Duration::from_millis(5);

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/{collection}/documents")
                .route(web::get().to(list))
                .route(web::post().to(put))
                .route(web::put().to(put))
                .route(web::delete().to(delete_all)),
        )
        .service(web::resource("/{collection}/documents/delete").route(web::post().to(delete_some)))
        .service(
            web::resource("/{collection}/documents/{id:.+}")
                .route(web::get().to(one))
                .route(web::put().to(put_one))
                .route(web::delete().to(delete)),
        );
}

/// What is waited for before the answer.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitQuery {
    wait: Option<Wait>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wait {
    /// Until every mode finds what was written.
    Indexed,
}

#[derive(Serialize)]
struct Written<T> {
    #[serde(flatten)]
    report: T,
    /// Whether every mode finds what was written.
    indexed: bool,
    /// Time taken, in milliseconds.
    processing_time_ms: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    after: Option<i64>,
    limit: Option<usize>,
}

async fn list(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<PageQuery>,
) -> Answer {
    ask(engine, &request, move |engine| engine.documents(&path, query.after, query.limit.unwrap_or(20))).await
}

async fn one(engine: web::Data<Engine>, request: HttpRequest, path: web::Path<(String, String)>) -> Answer {
    ask(engine, &request, move |engine| engine.document(&path.0, &path.1)).await
}

async fn put(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<WaitQuery>,
    payload: web::Payload,
) -> Answer {
    let start = Instant::now();
    let engine = engine.into_inner();
    let (packing, shape) = (packing(&request)?, shape(&request)?);
    let receiving = engine.receive(&path, packing, shape).map_err(|error| Problem::new(&error, &request))?;
    let report = receive(receiving, payload, &request).await?;
    if report.rejected > 0 && report.written == WriteReport::default() {
        let wrong = report.errors.iter().map(|rejected| (rejected.line, rejected.reason.as_str()));
        return Err(Problem::items(wrong, report.rejected, &request));
    }
    let change = report.written.change;
    answer(&engine, &path, report, change, query.wait, start).await
}

/// Gathers pieces without holding a thread while the network is slow; reads them where waiting is allowed.
async fn receive(
    mut receiving: Receiving,
    payload: web::Payload,
    request: &HttpRequest,
) -> std::result::Result<ReceiveReport, Problem> {
    let mut stream = pin!(BodyStream::new(payload));
    let mut piece: Vec<u8> = Vec::new();
    while let Some(bytes) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        let bytes = bytes.map_err(|error| {
            let detail = format!("the body broke off: {error}");
            Problem::plain(StatusCode::BAD_REQUEST, "body_broken", "Body broken off", detail, request)
        })?;
        piece.extend_from_slice(&bytes);
        if piece.len() >= PIECE_BYTES {
            let whole = std::mem::take(&mut piece);
            receiving = blocking(request, move || {
                receiving.push(&whole)?;
                Ok(receiving)
            })
            .await
            .map_err(Problem::as_body)?;
        }
    }
    let done = blocking(request, move || {
        receiving.push(&piece)?;
        receiving.finish()
    });
    done.await.map_err(Problem::as_body)
}

/// The document named by the address.
async fn put_one(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: web::Query<WaitQuery>,
    body: web::Json<serde_json::Map<String, serde_json::Value>>,
) -> Answer {
    let start = Instant::now();
    let (engine, (collection, id)) = (engine.into_inner(), path.into_inner());
    let mut object = body.into_inner();
    match object.get("id") {
        Some(other) if other.as_str() != Some(&id) => {
            let error = Error::invalid("id", format!("{id:?}, as in the address"), other, "leave it out");
            return Err(Problem::new(&error, &request));
        }
        _ => drop(object.insert("id".to_owned(), id.into())),
    }
    let work = {
        let (engine, collection) = (Arc::clone(&engine), collection.clone());
        move || -> Result<ReceiveReport> {
            let mut receiving = engine.receive(&collection, Packing::Plain, Shape::Json)?;
            receiving.push(serde_json::Value::Object(object).to_string().as_bytes())?;
            receiving.finish()
        }
    };
    let report = blocking(&request, work).await?;
    if let Some(rejected) = report.errors.first() {
        let wrong = std::iter::once((rejected.line, rejected.reason.as_str()));
        return Err(Problem::items(wrong, 1, &request));
    }
    let change = report.written.change;
    answer(&engine, &collection, report.written, change, query.wait, start).await
}

async fn delete(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: web::Query<WaitQuery>,
) -> Answer {
    let (collection, id) = path.into_inner();
    let gone = move |engine: &Engine, collection: &str| {
        engine.document(collection, &id)?;
        engine.delete_documents(collection, &[id])
    };
    remove(engine, &request, collection, query.wait, gone).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteRequest {
    ids: Vec<String>,
}

async fn delete_some(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<WaitQuery>,
    body: web::Json<DeleteRequest>,
) -> Answer {
    let gone = move |engine: &Engine, collection: &str| engine.delete_documents(collection, &body.ids);
    remove(engine, &request, path.into_inner(), query.wait, gone).await
}

async fn delete_all(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<WaitQuery>,
) -> Answer {
    remove(engine, &request, path.into_inner(), query.wait, Engine::delete_all_documents).await
}

async fn remove(
    engine: web::Data<Engine>,
    request: &HttpRequest,
    collection: String,
    wait: Option<Wait>,
    gone: impl FnOnce(&Engine, &str) -> Result<WriteReport> + Send + 'static,
) -> Answer {
    let start = Instant::now();
    let engine = engine.into_inner();
    let work = {
        let (engine, collection) = (Arc::clone(&engine), collection.clone());
        move || gone(&engine, &collection)
    };
    let report = blocking(request, work).await?;
    let change = report.change;
    answer(&engine, &collection, report, change, wait, start).await
}

/// Waits, if asked to, without holding a thread.
async fn answer<T: Serialize>(
    engine: &Engine,
    collection: &str,
    report: T,
    change: i64,
    wait: Option<Wait>,
    start: Instant,
) -> Answer {
    let mut indexed = engine.shows(collection, change);
    while wait == Some(Wait::Indexed) && !indexed && start.elapsed() < WAIT_LONGEST {
        actix_web::rt::time::sleep(WAIT_STEP).await;
        indexed = engine.shows(collection, change);
    }
    let processing_time_ms = start.elapsed().as_secs_f64() * 1e3;
    Ok(HttpResponse::Ok().json(Written { report, indexed, processing_time_ms }))
}

fn packing(request: &HttpRequest) -> std::result::Result<Packing, Problem> {
    match header(request, &CONTENT_ENCODING).as_str() {
        "" | "identity" => Ok(Packing::Plain),
        "gzip" | "x-gzip" => Ok(Packing::Gzip),
        "zstd" => Ok(Packing::Zstd),
        other => Err(unsupported("expected Content-Encoding gzip or zstd, or none", other, request)),
    }
}

fn shape(request: &HttpRequest) -> std::result::Result<Shape, Problem> {
    match header(request, &CONTENT_TYPE).split(';').next().unwrap_or_default().trim() {
        "application/json" => Ok(Shape::Json),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            Ok(Shape::Lines)
        }
        other => {
            let expected = "expected Content-Type application/json or application/x-ndjson";
            Err(unsupported(expected, other, request))
        }
    }
}

fn header(request: &HttpRequest, name: &actix_web::http::header::HeaderName) -> String {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

fn unsupported(expected: &str, got: &str, request: &HttpRequest) -> Problem {
    let got: String = got.chars().take(80).collect();
    let detail = format!("{expected}, got {got:?}");
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Problem::plain(status, "unsupported_media_type", "Unsupported media type", detail, request)
}
