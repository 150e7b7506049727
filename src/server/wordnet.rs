//! The routes of WordNet.

use super::route::{Route, Scope};
use crate::engine::{HyponymsRequest, PathRequest, WordNetRequest, WordNetSimilarityRequest};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SynsetQuery {
    /// Language of the answer; default `eng`.
    lang: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/wordnet", Scope::Search, "Which WordNet there is")
            .plain(|engine, _| engine.wordnet_info()),
        Route::get("/v1/wordnet/words/{word}", Scope::Search, "What a word means: its synsets")
            .query(|engine, asked, query: WordNetRequest| engine.wordnet_word(asked.name("word"), &query)),
        Route::get("/v1/wordnet/synsets/{id}", Scope::Search, "A synset by id, name or sense key").query(
            |engine, asked, query: SynsetQuery| {
                engine.wordnet_synset(asked.name("id"), query.lang.as_deref())
            },
        ),
        Route::get("/v1/wordnet/synsets/{id}/words", Scope::Search, "What falls under a synset, by the page")
            .query(|engine, asked, query: HyponymsRequest| engine.wordnet_hyponyms(asked.name("id"), &query)),
        Route::get("/v1/wordnet/path", Scope::Search, "How two words or synsets hang together")
            .query(|engine, _, query: PathRequest| engine.wordnet_path(&query)),
        Route::get("/v1/wordnet/similarity", Scope::Search, "How alike two words or synsets are").query(
            |engine, asked, query: WordNetSimilarityRequest| {
                query.collection.as_deref().map_or(Ok(()), |name| asked.check_collection(name))?;
                engine.wordnet_similarity(&query)
            },
        ),
    ]
}
