//! The routes of documents: one by one, as an array, or as a stream of JSON lines, packed or not. Answered means stored and flushed.

use super::ask::{self, Answer, Encoding, blocking};
use super::problem::Problem;
use super::route::{Route, Scope, Shape, Shapes};
use super::service::Service;
use crate::engine::{
    BodyShape, Document, DocumentPage, Engine, Packing, ReceiveReport, Receiving, WriteReport, fields_of,
};
use crate::error::{Error, Result};
use actix_web::body::{BodyStream, MessageBody};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Bytes that are gathered before they are read where waiting is allowed.
const PIECE_BYTES: usize = 256 << 10;

/// How long a write waits to be shown by the indexes; afterwards it answers that it is not yet.
const WAIT_LONGEST: Duration = Duration::from_secs(30);
const WAIT_STEP: Duration = Duration::from_millis(5);

const JSON: &str = "application/json";
const ALL: &str = "/v1/collections/{collection}/documents";
const ONE: &str = "/v1/collections/{collection}/documents/{id:.+}";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(ALL, Scope::Search, "Documents in the order in which they came").query(
            |engine, asked, page: PageQuery| -> Result<DocumentPage> {
                engine.documents(asked.name("collection"), page.after, page.limit.unwrap_or(20))
            },
        ),
        Route::post(ALL, Scope::Ingest, "Add or replace documents; a JSON array, or JSON lines")
            .raw(many_shapes(), || web::to(put)),
        Route::put(ALL, Scope::Ingest, "Add or replace documents, as with POST")
            .raw(many_shapes(), || web::to(put)),
        Route::delete(ALL, Scope::Ingest, "Remove all documents; the collection and its model stay")
            .raw(shapes::<Written>(None), || web::to(delete_all)),
        Route::post(
            "/v1/collections/{collection}/documents/delete",
            Scope::Ingest,
            "Remove some documents; ids that are not there are passed over",
        )
        .raw(shapes::<Written>(Some(Shape::of::<DeleteRequest>())), || web::to(delete_some)),
        Route::get(ONE, Scope::Search, "A document by its id")
            .plain(|engine, asked| engine.document(asked.name("collection"), asked.name("id"))),
        Route::put(ONE, Scope::Ingest, "Add or replace one document")
            .raw(shapes::<Written>(Some(Shape::of::<OneDocument>())), || web::to(put_one)),
        Route::delete(ONE, Scope::Ingest, "Remove one document")
            .raw(shapes::<Written>(None), || web::to(delete_one)),
    ]
}

fn shapes<A: ToSchema>(body: Option<Shape>) -> Shapes {
    Shapes {
        query: Some(Shape::of::<WaitQuery>()),
        body: body.map(|shape| (JSON, shape)),
        answer: Some((JSON, Shape::of::<A>())),
        ..Shapes::default()
    }
}

fn many_shapes() -> Shapes {
    shapes::<Received>(Some(Shape::of::<Vec<Document>>()))
}

/// A page of documents.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    /// `next` of the page before.
    after: Option<i64>,
    /// How many; default 20.
    limit: Option<usize>,
}

/// What is waited for before the answer.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WaitQuery {
    /// `indexed`: until every mode finds what was written.
    wait: Option<Wait>,
}

#[derive(Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Wait {
    /// Until every mode finds what was written.
    Indexed,
}

/// Which documents.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeleteRequest {
    /// Their ids.
    ids: Vec<String>,
}

/// A document whose id stands in the address; all other fields are kept.
#[derive(Deserialize, ToSchema)]
struct OneDocument {
    /// As in the address, if it is there at all.
    #[serde(default)]
    id: Option<String>,
    /// Title, where there is one.
    #[serde(default)]
    title: Option<String>,
    /// The text that is searched and learned from.
    text: String,
    #[serde(flatten)]
    #[schema(ignore)]
    fields: Map<String, Value>,
}

/// What a write did, and whether it shows.
#[derive(Serialize, ToSchema)]
struct Written {
    #[serde(flatten)]
    report: WriteReport,
    /// Whether every mode finds what was written.
    indexed: bool,
    /// Time taken, in milliseconds.
    processing_time_ms: f64,
}

/// What became of a body of documents, and whether it shows.
#[derive(Serialize, ToSchema)]
struct Received {
    #[serde(flatten)]
    report: ReceiveReport,
    /// Whether every mode finds what was written.
    indexed: bool,
    /// Time taken, in milliseconds.
    processing_time_ms: f64,
}

type Refused<T> = std::result::Result<T, Problem>;

/// Does a write where waiting is allowed, when it is its turn.
async fn write<T: Send + 'static>(
    service: &Service,
    request: &HttpRequest,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Refused<T> {
    let turn = service.writes.turn(request).await?;
    blocking(request, move || {
        let done = work();
        drop(turn);
        done
    })
    .await
}

async fn put(request: HttpRequest, service: web::Data<Service>, payload: web::Payload) -> Answer {
    let start = Instant::now();
    let wait: WaitQuery = ask::query(&request)?;
    let collection = ask::name(&request, "collection");
    let packing = match ask::encoding(&request)? {
        Encoding::Plain => Packing::Plain,
        Encoding::Gzip => Packing::Gzip,
        Encoding::Zstd => Packing::Zstd,
    };
    let (how, limits) = ((packing, body_shape(&request)?), service.limits.documents);
    let receiving = service.engine.receive(&collection, how, limits);
    let receiving = receiving.map_err(|error| Problem::new(&error, &request))?;
    let report = receive(receiving, payload, &service, &request).await?;
    if report.rejected > 0 && report.written == WriteReport::default() {
        let wrong = report.errors.iter().map(|rejected| (rejected.line, rejected.reason.as_str()));
        return Err(Problem::items(wrong, report.rejected, &request));
    }
    let indexed = shown(&service, &collection, report.written.change, wait, start).await;
    let processing_time_ms = start.elapsed().as_secs_f64() * 1e3;
    Ok(HttpResponse::Ok().json(Received { report, indexed, processing_time_ms }))
}

/// Reads documents where waiting is allowed, without holding a thread while the network is slow.
async fn receive(
    receiving: Receiving,
    payload: web::Payload,
    service: &Service,
    request: &HttpRequest,
) -> Refused<ReceiveReport> {
    let receiving = pieces(payload, receiving, service, request, async |mut receiving, piece: Vec<u8>| {
        let pushed = write(service, request, move || {
            receiving.push(&piece)?;
            Ok(receiving)
        });
        pushed.await.map_err(|problem| problem.of_a_body(request))
    });
    let receiving = receiving.await?;
    let done = write(service, request, move || receiving.finish());
    done.await.map_err(|problem| problem.of_a_body(request))
}

/// Hands a body on in pieces, the last one smaller: `take` is given what all pieces before have made, and gives it back.
pub(super) async fn pieces<T>(
    payload: web::Payload,
    mut taken: T,
    service: &Service,
    request: &HttpRequest,
    mut take: impl AsyncFnMut(T, Vec<u8>) -> Refused<T>,
) -> Refused<T> {
    let mut stream = pin!(BodyStream::new(payload));
    let mut piece: Vec<u8> = Vec::new();
    let time = service.limits.body_time;
    loop {
        let next = poll_fn(|context| stream.as_mut().poll_next(context));
        let Ok(next) = actix_web::rt::time::timeout(time, next).await else {
            let detail = format!("nothing of the body came for {} ms", time.as_millis());
            return Err(Problem::of("body_too_slow", detail, request));
        };
        let Some(bytes) = next else { break };
        let broken = |error| Problem::of("malformed_body", format!("the body broke off: {error}"), request);
        piece.extend_from_slice(&bytes.map_err(broken)?);
        if piece.len() >= PIECE_BYTES {
            taken = take(taken, std::mem::take(&mut piece)).await?;
        }
    }
    take(taken, piece).await
}

/// The document named by the address.
async fn put_one(request: HttpRequest, service: web::Data<Service>, payload: web::Payload) -> Answer {
    let start = Instant::now();
    let wait: WaitQuery = ask::query(&request)?;
    let (collection, id) = (ask::name(&request, "collection"), ask::name(&request, "id"));
    let document: OneDocument = ask::body(&request, payload).await?;
    if let Some(other) = document.id.as_ref().filter(|other| **other != id) {
        let error = Error::invalid("id", format!("{id:?}, as in the address"), other, "leave it out");
        return Err(Problem::new(&error, &request));
    }
    let OneDocument { title, text, fields, .. } = document;
    let most = service.limits.documents.fields_max;
    if fields_of(&fields) > most {
        let error = Error::invalid("fields", format!("at most {most}"), fields_of(&fields), "leave some out");
        return Err(Problem::new(&error, &request));
    }
    let document = Document { id, title: title.filter(|title| !title.is_empty()), text, fields };
    let work = {
        let (engine, collection) = (std::sync::Arc::clone(&service.engine), collection.clone());
        move || engine.put(&collection, &[document])
    };
    let report = write(&service, &request, work).await?;
    written(&service, &collection, report, wait, start).await
}

async fn delete_one(request: HttpRequest, service: web::Data<Service>) -> Answer {
    let id = ask::name(&request, "id");
    remove(&request, service, move |engine, collection| {
        engine.document(collection, &id)?;
        engine.delete_documents(collection, &[id])
    })
    .await
}

async fn delete_some(request: HttpRequest, service: web::Data<Service>, payload: web::Payload) -> Answer {
    let body: DeleteRequest = ask::body(&request, payload).await?;
    remove(&request, service, move |engine, collection| engine.delete_documents(collection, &body.ids)).await
}

async fn delete_all(request: HttpRequest, service: web::Data<Service>) -> Answer {
    remove(&request, service, Engine::delete_all_documents).await
}

async fn remove(
    request: &HttpRequest,
    service: web::Data<Service>,
    gone: impl FnOnce(&Engine, &str) -> Result<WriteReport> + Send + 'static,
) -> Answer {
    let start = Instant::now();
    let wait: WaitQuery = ask::query(request)?;
    let collection = ask::name(request, "collection");
    let work = {
        let (engine, collection) = (std::sync::Arc::clone(&service.engine), collection.clone());
        move || gone(&engine, &collection)
    };
    let report = write(&service, request, work).await?;
    written(&service, &collection, report, wait, start).await
}

async fn written(
    service: &Service,
    collection: &str,
    report: WriteReport,
    wait: WaitQuery,
    start: Instant,
) -> Answer {
    let indexed = shown(service, collection, report.change, wait, start).await;
    let processing_time_ms = start.elapsed().as_secs_f64() * 1e3;
    Ok(HttpResponse::Ok().json(Written { report, indexed, processing_time_ms }))
}

/// Whether a write shows; waits for it, if asked to, without holding a thread.
async fn shown(service: &Service, collection: &str, change: i64, wait: WaitQuery, start: Instant) -> bool {
    let mut indexed = service.engine.shows(collection, change);
    let waits = || start.elapsed() < WAIT_LONGEST && !service.state.is_stopping();
    while wait.wait == Some(Wait::Indexed) && !indexed && waits() {
        actix_web::rt::time::sleep(WAIT_STEP).await;
        indexed = service.engine.shows(collection, change);
    }
    indexed
}

pub(super) fn body_shape(request: &HttpRequest) -> Refused<BodyShape> {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        JSON => Ok(BodyShape::Json),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            Ok(BodyShape::Lines)
        }
        _ => {
            let detail = "the body has to be JSON or JSON lines, and to say so: Content-Type: application/json or \
                          application/x-ndjson";
            Err(Problem::of("not_json", detail.to_owned(), request))
        }
    }
}
