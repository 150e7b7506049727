//! Whether the service is there, and which it is.

use super::route::{Route, Shape, Shapes};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

/// The process is there.
#[derive(Serialize, ToSchema)]
struct Alive {
    /// `alive`
    status: &'static str,
}

/// Whether the service can answer.
#[derive(Serialize, ToSchema)]
struct Ready {
    /// `ready`
    status: &'static str,
    /// How many there are.
    collections: usize,
}

/// What is running.
#[derive(Serialize, ToSchema)]
struct Version {
    /// `sememe`
    name: &'static str,
    /// As the program was built.
    version: &'static str,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::open("/livez", "The process is there").raw(json::<Alive>(), || web::to(livez)),
        Route::open("/readyz", "The store answers")
            .plain(|engine, _| Ok(Ready { status: "ready", collections: engine.collections()?.len() })),
        Route::open("/version", "What is running").raw(json::<Version>(), || web::to(version)),
    ]
}

fn json<T: ToSchema>() -> Shapes {
    Shapes { answer: Some(("application/json", Shape::of::<T>())), ..Shapes::default() }
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(Alive { status: "alive" })
}

async fn version() -> HttpResponse {
    HttpResponse::Ok().json(Version { name: "sememe", version: env!("CARGO_PKG_VERSION") })
}
