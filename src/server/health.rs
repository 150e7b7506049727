//! Whether the service is there, whether it can answer, and which it is.

use super::ask::{Answer, blocking};
use super::route::{Route, Shape, Shapes};
use super::service::Service;
use actix_web::{HttpRequest, HttpResponse, web};
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
    /// `ready`, or `not_ready` with status 503.
    status: &'static str,
    /// How many there are.
    collections: usize,
    /// What was looked at.
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Serialize, ToSchema)]
struct Check {
    /// `store`, `generations`, `disk`; `collections` if some are damaged, `stopping` once told to.
    name: &'static str,
    /// Whether it is as it should be.
    ok: bool,
    /// Whether the service cannot answer without it.
    required: bool,
    /// What was found.
    detail: String,
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
    let ready = Shapes { also: Some((503, Shape::of::<Ready>())), ..json::<Ready>() };
    vec![
        Route::open("/livez", "The process is there").raw(json::<Alive>(), || web::to(livez)),
        Route::open("/readyz", "Whether it can answer, and if not, why").raw(ready, || web::to(readyz)),
        Route::open("/version", "What is running").raw(json::<Version>(), || web::to(version)),
    ]
}

fn json<T: ToSchema>() -> Shapes {
    Shapes { answer: Some(("application/json", Shape::of::<T>())), ..Shapes::default() }
}

/// Never touches the disk.
async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(Alive { status: "alive" })
}

async fn version() -> HttpResponse {
    HttpResponse::Ok().json(Version { name: "sememe", version: env!("CARGO_PKG_VERSION") })
}

async fn readyz(request: HttpRequest, service: web::Data<Service>) -> Answer {
    let ready = blocking(&request, move || Ok(look(&service))).await?;
    let mut response =
        if ready.status == "ready" { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    Ok(response.json(ready))
}

fn look(service: &Service) -> Ready {
    let (collections, store) = match service.engine.collection_count() {
        Ok(count) => (count, Check { name: "store", ok: true, required: true, detail: "answers".to_owned() }),
        Err(error) => (0, Check { name: "store", ok: false, required: true, detail: error.to_string() }),
    };
    let (loaded, failed) = service.state.generations();
    let opened = format!("{} of {collections} collections opened", service.engine.open_count());
    // One damaged collection does not keep the others from answering.
    let generations = Check { name: "generations", ok: loaded, required: true, detail: opened };
    let damaged = failed.map(|detail| Check { name: "collections", ok: false, required: false, detail });
    let (free, least) = (service.disk.free(), service.disk.least());
    let detail = if free == u64::MAX {
        "free space unknown".to_owned()
    } else {
        format!("{free} bytes free, {least} have to be")
    };
    let disk = Check { name: "disk", ok: service.disk.has_room(), required: false, detail };
    let stopping = service.state.is_stopping().then(|| {
        let detail = "told to stop; what is under way is answered".to_owned();
        Check { name: "stopping", ok: false, required: true, detail }
    });
    let checks: Vec<Check> = [store, generations, disk].into_iter().chain(damaged).chain(stopping).collect();
    let ready = checks.iter().all(|check| check.ok || !check.required);
    Ready { status: if ready { "ready" } else { "not_ready" }, collections, checks }
}
