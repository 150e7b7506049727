//! Vectors of texts, asked for as OpenAI's clients ask.

use super::route::{Route, Scope};
use crate::engine::EmbeddingsRequest;
use crate::error::Error;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/embeddings",
            Scope::Search,
            "Vectors of texts; the model is the name of a collection",
        )
        .body(|engine, asked, body: EmbeddingsRequest| {
            asked.check_collection(&body.model)?;
            let (got, most) = (body.input.len(), asked.service().limits.embeddings);
            if got > most {
                let cure = "send them in several requests";
                return Err(Error::invalid("input", format!("at most {most} texts"), got, cure));
            }
            engine.embeddings(&body)
        }),
    ]
}
