//! The routes of collections and their documents.

use super::route::{Route, Scope};
use crate::engine::IndexSettings;
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
        Route::get("/v1/collections/{collection}/settings", Scope::Search, "How a collection is indexed")
            .plain(|engine, asked| engine.settings(asked.name("collection"))),
        Route::put(
            "/v1/collections/{collection}/settings",
            Scope::Admin,
            "Sets how a collection is indexed, from its next build on",
        )
        .body(|engine, asked, body: IndexSettings| engine.set_settings(asked.name("collection"), &body)),
        Route::get("/v1/collections/{collection}/documents/{id:.+}", Scope::Search, "A document by its id")
            .plain(|engine, asked| engine.document(asked.name("collection"), asked.name("id"))),
    ]
}
