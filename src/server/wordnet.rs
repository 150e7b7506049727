//! The routes of WordNet.

use super::routes::{Answer, ask};
use crate::engine::{Engine, HyponymsRequest, PathRequest, WordNetRequest, WordNetSimilarityRequest};
use actix_web::{HttpRequest, web};
use serde::Deserialize;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/v1/wordnet")
            .route("", web::get().to(info))
            .route("/words/{word}", web::get().to(word))
            .route("/synsets/{id}", web::get().to(synset))
            .route("/synsets/{id}/words", web::get().to(hyponyms))
            .route("/path", web::get().to(path))
            .route("/similarity", web::get().to(similarity)),
    );
}

async fn info(engine: web::Data<Engine>, request: HttpRequest) -> Answer {
    ask(engine, &request, Engine::wordnet_info).await
}

async fn word(
    engine: web::Data<Engine>,
    request: HttpRequest,
    word: web::Path<String>,
    query: web::Query<WordNetRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.wordnet_word(&word, &query)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SynsetQuery {
    lang: Option<String>,
}

async fn synset(
    engine: web::Data<Engine>,
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<SynsetQuery>,
) -> Answer {
    ask(engine, &request, move |engine| engine.wordnet_synset(&id, query.lang.as_deref())).await
}

async fn hyponyms(
    engine: web::Data<Engine>,
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<HyponymsRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.wordnet_hyponyms(&id, &query)).await
}

async fn path(engine: web::Data<Engine>, request: HttpRequest, query: web::Query<PathRequest>) -> Answer {
    ask(engine, &request, move |engine| engine.wordnet_path(&query)).await
}

async fn similarity(
    engine: web::Data<Engine>,
    request: HttpRequest,
    query: web::Query<WordNetSimilarityRequest>,
) -> Answer {
    ask(engine, &request, move |engine| engine.wordnet_similarity(&query)).await
}
