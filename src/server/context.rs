//! The routes of words in their sentence, below a collection.

use super::route::{Route, Scope};
use crate::engine::{ContextNeighboursRequest, EncodeRequest, NextRequest};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/collections/{collection}/encode",
            Scope::Search,
            "A text's words, each by itself and in its sentence",
        )
        .body(|engine, asked, body: EncodeRequest| engine.encode(asked.name("collection"), &body)),
        Route::post(
            "/v1/collections/{collection}/context-neighbours",
            Scope::Search,
            "What is near to a word as its sentence adjusts it: words, and places where words stand",
        )
        .body(|engine, asked, body: ContextNeighboursRequest| {
            engine.context_neighbours(asked.name("collection"), &body)
        }),
        Route::post(
            "/v1/collections/{collection}/next",
            Scope::Search,
            "What could come next after a text: by counted n-grams, and by the left half of the contextual model",
        )
        .body(|engine, asked, body: NextRequest| engine.next(asked.name("collection"), &body)),
    ]
}
