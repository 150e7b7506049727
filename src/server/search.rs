//! The routes that take a text, below a collection.

use super::route::{Route, Scope};
use crate::engine::{ContrastRequest, JudgedRequest, SearchRequest, TuneRequest};
use serde::Deserialize;
use utoipa::ToSchema;

/// A text to analyse.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnalyzeRequest {
    /// At most 64 KiB.
    text: String,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/collections/{collection}/search", Scope::Search, "Documents that answer a query")
            .body(|engine, asked, body: SearchRequest| {
                let answer = engine.search(asked.name("collection"), &body)?;
                asked.service().metrics.mode_took(answer.mode.name(), answer.processing_time_ms);
                Ok(answer)
            }),
        Route::post(
            "/v1/collections/{collection}/contrast",
            Scope::Search,
            "A query read several ways, side by side",
        )
        .body(|engine, asked, body: ContrastRequest| {
            let contrast = engine.contrast(asked.name("collection"), &body)?;
            for answer in &contrast.answers {
                asked.service().metrics.mode_took(answer.mode.name(), answer.processing_time_ms);
            }
            Ok(contrast)
        }),
        Route::post(
            "/v1/collections/{collection}/contrast/judged",
            Scope::Search,
            "Judged queries read several ways: quality by mode and kind of query",
        )
        .body(|engine, asked, body: JudgedRequest| engine.contrast_judged(asked.name("collection"), &body)),
        Route::post(
            "/v1/collections/{collection}/tune",
            Scope::Train,
            "Fit the weights of mode hybrid to judged queries",
        )
        .body(|engine, asked, body: TuneRequest| engine.tune(asked.name("collection"), body)),
        Route::post("/v1/collections/{collection}/analyze", Scope::Search, "A text as every part sees it")
            .body(|engine, asked, body: AnalyzeRequest| engine.analyze(asked.name("collection"), &body.text)),
    ]
}
