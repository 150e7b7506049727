//! The routes of words, below a collection.

use super::route::{Route, Scope};
use crate::engine::{
    AnalogyRequest, CollocatesRequest, MapRequest, NearestRequest, SimilarRequest, WordContrastRequest,
    WordsRequest,
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/collections/{collection}/words/{word}/similar",
            Scope::Search,
            "The words nearest to a word",
        )
        .query_at_once(
            |engine, asked, query: &SimilarRequest| {
                engine.similar_at_once(asked.name("collection"), asked.name("word"), query)
            },
            |engine, asked, query| engine.similar(asked.name("collection"), asked.name("word"), &query),
        ),
        Route::get(
            "/v1/collections/{collection}/words/{word}",
            Scope::Search,
            "What the collection knows of a word",
        )
        .plain(|engine, asked| engine.word(asked.name("collection"), asked.name("word"))),
        Route::get(
            "/v1/collections/{collection}/words/{word}/collocates",
            Scope::Search,
            "The words that stand near a word more often than by chance",
        )
        .query(|engine, asked, query: CollocatesRequest| {
            engine.collocates(asked.name("collection"), asked.name("word"), &query)
        }),
        Route::get(
            "/v1/collections/{collection}/words/{word}/contrast",
            Scope::Search,
            "A word as collocates, WordNet and vectors see it",
        )
        .query(|engine, asked, query: WordContrastRequest| {
            engine.contrast_word(asked.name("collection"), asked.name("word"), &query)
        }),
        Route::post("/v1/collections/{collection}/analogy", Scope::Search, "What is to c as b is to a")
            .body(|engine, asked, body: AnalogyRequest| engine.analogy(asked.name("collection"), &body)),
        Route::post("/v1/collections/{collection}/similarity", Scope::Search, "How alike words are")
            .body(|engine, asked, body: WordsRequest| engine.similarity(asked.name("collection"), &body)),
        Route::post(
            "/v1/collections/{collection}/odd-one-out",
            Scope::Search,
            "The word that fits least among others",
        )
        .body(|engine, asked, body: WordsRequest| engine.odd_one_out(asked.name("collection"), &body)),
        Route::post(
            "/v1/collections/{collection}/nearest",
            Scope::Search,
            "The words nearest to a weighted sum of words",
        )
        .body(|engine, asked, body: NearestRequest| engine.nearest(asked.name("collection"), &body)),
        Route::post(
            "/v1/collections/{collection}/map",
            Scope::Search,
            "Words and their neighbours on a plane",
        )
        .body(|engine, asked, body: MapRequest| engine.map(asked.name("collection"), &body)),
    ]
}
