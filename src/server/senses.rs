//! The routes of senses, below a collection.

use super::route::{Route, Scope};
use crate::engine::{SensesBatch, SensesRequest};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/collections/{collection}/senses",
            Scope::Search,
            "Which sense of its words a text means",
        )
        .body(|engine, asked, body: SensesRequest| engine.senses(Some(asked.name("collection")), &body)),
        Route::post(
            "/v1/collections/{collection}/senses/batch",
            Scope::Search,
            "Which senses many texts mean",
        )
        .body(|engine, asked, body: SensesBatch| engine.senses_batch(Some(asked.name("collection")), &body)),
        Route::get(
            "/v1/collections/{collection}/words/{word}/senses",
            Scope::Search,
            "The senses that the collection's own corpus tells apart for a word",
        )
        .plain(|engine, asked| engine.word_senses(asked.name("collection"), asked.name("word"))),
    ]
}
