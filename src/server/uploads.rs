//! The routes of long work on what is sent: a body is taken in whole, and a task is answered.

use super::ask::{self, Answer, Encoding, blocking};
use super::documents::{body_shape, pieces};
use super::problem::Problem;
use super::route::{Route, Scope, Shape, Shapes};
use super::service::Service;
use super::tasks::{TaskWait, accepted};
use crate::engine::{Document, Engine, Packing, TaskInfo, Upload, VectorFormat};
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn routes() -> Vec<Route> {
    let json = |body| Shapes { answer: Some(("application/json", Shape::of::<TaskInfo>())), ..body };
    let ingest = Shapes {
        query: Some(Shape::of::<TaskWait>()),
        body: Some(("application/json", Shape::of::<Vec<Document>>())),
        ..Shapes::default()
    };
    let vectors = Shapes {
        query: Some(Shape::of::<ImportQuery>()),
        body: Some(("application/octet-stream", Shape::of::<String>())),
        ..Shapes::default()
    };
    let senses = Shapes { query: Some(Shape::of::<TaskWait>()), ..Shapes::default() };
    vec![
        Route::post(
            "/v1/collections/{collection}/ingest",
            Scope::Ingest,
            "Add or replace documents, in the background: a JSON array, or JSON lines",
        )
        .status(StatusCode::ACCEPTED)
        .raw(json(ingest), || web::to(enqueue_ingest)),
        Route::post(
            "/v1/collections/{collection}/vectors",
            Scope::Train,
            "Take word vectors from a file, in the background",
        )
        .status(StatusCode::ACCEPTED)
        .raw(json(vectors), || web::to(enqueue_import)),
        Route::post(
            "/v1/collections/{collection}/senses/induce",
            Scope::Train,
            "Tell senses apart anew by all documents, in the background",
        )
        .status(StatusCode::ACCEPTED)
        .raw(json(senses), || web::to(enqueue_senses)),
    ]
}

/// Which file, and how long to wait.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportQuery {
    /// What the file is; told from its content unless named.
    format: Option<VectorFormat>,
    /// Milliseconds to wait for the end of the task, 0 to 60,000; what has not ended by then is answered as it stands.
    wait: Option<u64>,
}

async fn enqueue_ingest(request: HttpRequest, service: web::Data<Service>, payload: web::Payload) -> Answer {
    let wait: TaskWait = ask::query(&request)?;
    let collection = ask::name(&request, "collection");
    let shape = body_shape(&request)?;
    let packing = match ask::encoding(&request)? {
        Encoding::Plain => Packing::Plain,
        Encoding::Gzip => Packing::Gzip,
        Encoding::Zstd => Packing::Zstd,
    };
    let upload = taken_in(&request, &service, payload).await?;
    let fields_max = service.limits.documents.fields_max;
    let enqueue =
        move |engine: &Engine| engine.enqueue_ingest(&collection, upload, (packing, shape), fields_max);
    accepted(request, service, wait, enqueue).await
}

async fn enqueue_import(request: HttpRequest, service: web::Data<Service>, payload: web::Payload) -> Answer {
    let ImportQuery { format, wait } = ask::query(&request)?;
    let collection = ask::name(&request, "collection");
    if ask::encoding(&request)? != Encoding::Plain {
        let detail = "a file of vectors has to come as it is, without Content-Encoding".to_owned();
        return Err(Problem::of("unsupported_encoding", detail, &request));
    }
    let upload = taken_in(&request, &service, payload).await?;
    let enqueue = move |engine: &Engine| engine.enqueue_import(&collection, upload, format);
    accepted(request, service, TaskWait { wait }, enqueue).await
}

async fn enqueue_senses(request: HttpRequest, service: web::Data<Service>) -> Answer {
    let wait: TaskWait = ask::query(&request)?;
    let collection = ask::name(&request, "collection");
    accepted(request, service, wait, move |engine| engine.enqueue_senses(&collection)).await
}

/// The body in a file of the data directory, within the limits of size, time and disk.
async fn taken_in(
    request: &HttpRequest,
    service: &web::Data<Service>,
    payload: web::Payload,
) -> std::result::Result<Upload, Problem> {
    let engine = std::sync::Arc::clone(&service.engine);
    let upload = blocking(request, move || engine.upload()).await?;
    let most = service.limits.upload_bytes;
    let mut taken = 0;
    pieces(payload, upload, service, request, async |mut upload: Upload, piece: Vec<u8>| {
        taken += piece.len() as u64;
        if taken > most {
            let detail = format!("the body is larger than {most} bytes");
            return Err(Problem::of("body_too_large", detail, request));
        }
        if !service.disk.has_room() {
            let error = Error::io("write", "uploads")(std::io::ErrorKind::StorageFull.into());
            return Err(Problem::new(&error, request).after(10));
        }
        blocking(request, move || {
            upload.push(&piece)?;
            Ok(upload)
        })
        .await
    })
    .await
}
