//! The routes of keys.

use super::route::{Route, Scope};
use crate::engine::{KeyInfo, KeyRequest};
use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// All that there are.
#[derive(Serialize, ToSchema)]
struct Keys {
    /// The oldest first; revoked and expired ones too.
    results: Vec<KeyInfo>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/keys", Scope::Admin, "All keys, without what makes them keys")
            .plain(|engine, _| Ok(Keys { results: engine.keys()? })),
        Route::post("/v1/keys", Scope::Admin, "Make a key; it is shown this once")
            .status(StatusCode::CREATED)
            .body(|engine, asked, body: KeyRequest| {
                let made = engine.create_key(&body)?;
                asked.service().door.refresh(engine)?;
                Ok(made)
            }),
        Route::delete("/v1/keys/{id}", Scope::Admin, "Revoke a key").plain(|engine, asked| {
            let revoked = engine.revoke_key(asked.name("id"))?;
            asked.service().door.refresh(engine)?;
            Ok(revoked)
        }),
    ]
}
