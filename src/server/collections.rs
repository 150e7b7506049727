//! The routes of collections and their documents.

use super::route::{Route, Scope};
use crate::engine::answers::CollectionInfo;
use serde::Serialize;
use utoipa::ToSchema;

/// All that there are.
#[derive(Serialize, ToSchema)]
struct Collections {
    /// By name.
    results: Vec<CollectionInfo>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/collections", Scope::Search, "All collections that the key is for").plain(
            |engine, asked| {
                let mut results = engine.collections()?;
                results.retain(|info| asked.may_use(&info.name));
                Ok(Collections { results })
            },
        ),
        Route::get("/v1/collections/{collection}", Scope::Search, "One collection")
            .plain(|engine, asked| engine.collection(asked.name("collection"))),
        Route::get("/v1/collections/{collection}/documents/{id:.+}", Scope::Search, "A document by its id")
            .plain(|engine, asked| engine.document(asked.name("collection"), asked.name("id"))),
    ]
}
