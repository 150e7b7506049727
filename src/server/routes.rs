//! The routes: each takes its arguments apart, asks the engine on the blocking pool, and answers JSON.

use super::problem::Problem;
use super::{collections, documents, page, tasks, wordnet, words};
use crate::engine::{ContrastRequest, Engine, SearchRequest};
use crate::error::{Error, Result};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) type Answer = std::result::Result<HttpResponse, Problem>;

/// Registers all routes.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::scope("/v1/collections")
                .configure(collections::routes)
                .configure(documents::routes)
                .configure(tasks::collection_routes)
                .configure(words::routes)
                .route("/{collection}/search", web::post().to(search))
                .route("/{collection}/contrast", web::post().to(contrast))
                .route("/{collection}/analyze", web::post().to(analyze)),
        )
        .route("/livez", web::get().to(livez))
        .route("/readyz", web::get().to(readyz))
        .route("/version", web::get().to(version))
        .configure(tasks::routes)
        .configure(wordnet::routes)
        .configure(page::routes);
}

/// Asks the engine where waiting is allowed.
pub(super) async fn ask<T: Serialize + Send + 'static>(
    engine: web::Data<Engine>,
    request: &HttpRequest,
    question: impl FnOnce(&Engine) -> Result<T> + Send + 'static,
) -> Answer {
    Ok(HttpResponse::Ok().json(blocking(request, move || question(&engine)).await?))
}

/// Does something where waiting is allowed.
pub(super) async fn blocking<T: Send + 'static>(
    request: &HttpRequest,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> std::result::Result<T, Problem> {
    match web::block(work).await {
        Ok(done) => done.map_err(|error| Problem::new(&error, request)),
        Err(_) => {
            let message = "the question could not be worked out; the log has the reason".to_owned();
            Err(Problem::new(&Error::Library { library: "sememe", message }, request))
        }
    }
}

async fn search(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<SearchRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.search(&path, &body)).await
}

async fn contrast(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<ContrastRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.contrast(&path, &body)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnalyzeRequest {
    text: String,
}

async fn analyze(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<AnalyzeRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.analyze(&path, &body.text)).await
}

/// The process is there.
async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

/// The store answers.
async fn readyz(engine: web::Data<Engine>, request: HttpRequest) -> Answer {
    ask(engine, &request, |engine| Ok(json!({"status": "ready", "collections": engine.collections()?.len()})))
        .await
}

async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({"name": "sememe", "version": env!("CARGO_PKG_VERSION")}))
}

/// Anything else.
pub(super) async fn unknown_route(request: HttpRequest) -> Answer {
    let detail = format!("no route {} {}; see / for what there is", request.method(), request.path());
    Err(Problem::plain(StatusCode::NOT_FOUND, "route_not_found", "No such route", detail, &request))
}
