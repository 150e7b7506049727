//! Collections over HTTP: listed, made, removed.

use super::problem::Problem;
use super::routes::{Answer, ask, blocking};
use crate::engine::Engine;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("", web::get().to(list)).service(
        web::resource("/{collection}")
            .route(web::get().to(one))
            .route(web::put().to(create))
            .route(web::delete().to(delete)),
    );
}

#[derive(Serialize)]
pub(super) struct Listed<T> {
    pub results: Vec<T>,
}

async fn list(engine: web::Data<Engine>, request: HttpRequest) -> Answer {
    ask(engine, &request, |engine| Ok(Listed { results: engine.collections()? })).await
}

async fn one(engine: web::Data<Engine>, request: HttpRequest, path: web::Path<String>) -> Answer {
    ask(engine, &request, move |engine| engine.collection(&path)).await
}

/// Settings of a collection: none yet.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CollectionRequest {}

/// 201 for a new one, 200 for one that is there.
async fn create(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    if !body.is_empty() {
        serde_json::from_slice::<CollectionRequest>(&body)
            .map_err(|error| Problem::malformed(&error, &request))?;
    }
    let (info, is_new) = blocking(&request, move || engine.create(&path)).await?;
    let mut response = if is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(info))
}

async fn delete(engine: web::Data<Engine>, request: HttpRequest, path: web::Path<String>) -> Answer {
    blocking(&request, move || engine.delete(&path)).await?;
    Ok(HttpResponse::NoContent().finish())
}
