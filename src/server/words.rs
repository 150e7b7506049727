//! The routes of words, below a collection.

use super::routes::{Answer, ask};
use crate::engine::{
    AnalogyRequest, CollocatesRequest, Engine, NearestRequest, SimilarRequest, WordsRequest,
};
use actix_web::{HttpRequest, web};

type WordPath = web::Path<(String, String)>;

/// Registers them in the scope of all collections.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/{collection}/words/{word}", web::get().to(word))
        .route("/{collection}/words/{word}/similar", web::get().to(similar))
        .route("/{collection}/words/{word}/collocates", web::get().to(collocates))
        .route("/{collection}/analogy", web::post().to(analogy))
        .route("/{collection}/similarity", web::post().to(similarity))
        .route("/{collection}/odd-one-out", web::post().to(odd_one_out))
        .route("/{collection}/nearest", web::post().to(nearest));
}

async fn word(engine: web::Data<Engine>, request: HttpRequest, path: WordPath) -> Answer {
    ask(engine, &request, move |engine| engine.word(&path.0, &path.1)).await
}

async fn similar(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: WordPath,
    query: web::Query<SimilarRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.similar(&path.0, &path.1, &query)).await
}

async fn collocates(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: WordPath,
    query: web::Query<CollocatesRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.collocates(&path.0, &path.1, &query)).await
}

async fn analogy(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<AnalogyRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.analogy(&path, &body)).await
}

async fn similarity(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<WordsRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.similarity(&path, &body)).await
}

async fn odd_one_out(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<WordsRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.odd_one_out(&path, &body)).await
}

async fn nearest(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<NearestRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.nearest(&path, &body)).await
}
