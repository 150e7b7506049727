//! The routes of collections.

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

/// What is gone.
#[derive(Serialize, ToSchema)]
struct Deleted {
    /// Its name.
    deleted: String,
}

pub(super) fn routes() -> Vec<Route> {
    const ONE: &str = "/v1/collections/{collection}";
    vec![
        Route::get("/v1/collections", Scope::Search, "All collections that the key is for").plain(
            |engine, asked| {
                let mut results = engine.collections()?;
                results.retain(|info| asked.may_use(&info.name));
                Ok(Collections { results })
            },
        ),
        Route::get(ONE, Scope::Search, "One collection")
            .plain(|engine, asked| engine.collection(asked.name("collection"))),
        Route::get("/v1/collections/{collection}/settings", Scope::Search, "How a collection is indexed")
            .plain(|engine, asked| engine.settings(asked.name("collection"))),
        Route::put(
            "/v1/collections/{collection}/settings",
            Scope::Admin,
            "Sets how a collection is indexed, from its next build on",
        )
        .body(|engine, asked, body: IndexSettings| engine.set_settings(asked.name("collection"), &body)),
        Route::put(ONE, Scope::Ingest, "Make a collection, if there is none of that name")
            .plain(|engine, asked| Ok(engine.create(asked.name("collection"))?.0)),
        Route::delete(ONE, Scope::Admin, "Remove a collection with its documents and indexes").plain(
            |engine, asked| {
                engine.delete(asked.name("collection"))?;
                Ok(Deleted { deleted: asked.name("collection").to_owned() })
            },
        ),
    ]
}
