//! Long work over HTTP: asked for, listed, waited for, watched as server-sent events, cancelled.

use super::problem::Problem;
use super::routes::{Answer, ask, blocking};
use crate::engine::{Engine, TaskInfo, TaskKind, TaskQuery, TaskStatus, TrainRequest};
use crate::error::{Error, Result};
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, channel};

/// The longest that an answer waits for a task, in milliseconds.
const WAIT_MS_MAX: u64 = 60_000;

/// How often a task is looked at for whoever waits for it or watches it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks after which a watcher hears something even if nothing changed, so that nobody in between hangs up.
const QUIET_LOOKS: u32 = 150;

/// Routes below a collection.
pub(super) fn collection_routes(config: &mut web::ServiceConfig) {
    config
        .route("/{collection}/train", web::post().to(train))
        .route("/{collection}/index", web::post().to(index));
}

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/v1/snapshots", web::post().to(snapshot))
        .route("/v1/tasks", web::get().to(list))
        .service(web::resource("/v1/tasks/{uid}").route(web::get().to(one)).route(web::delete().to(forget)))
        .route("/v1/tasks/{uid}/cancel", web::post().to(cancel))
        .route("/v1/tasks/{uid}/events", web::get().to(events));
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitQuery {
    /// Milliseconds to wait for the end of the task; what has not ended by then is answered as it stands.
    wait: Option<u64>,
}

impl WaitQuery {
    fn duration(self) -> Result<Duration> {
        let wait = self.wait.unwrap_or(0);
        if wait > WAIT_MS_MAX {
            let cure = "ask again after that, or watch its events";
            return Err(Error::invalid("wait", format!("0 to {WAIT_MS_MAX} ms"), wait, cure));
        }
        Ok(Duration::from_millis(wait))
    }
}

async fn train(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<WaitQuery>,
    body: Bytes,
) -> Answer {
    let settings: TrainRequest = if body.is_empty() {
        TrainRequest::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| Problem::malformed(&error, &request))?
    };
    accepted(engine, request, *query, move |engine| engine.enqueue_train(&path, &settings)).await
}

async fn index(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<WaitQuery>,
) -> Answer {
    accepted(engine, request, *query, move |engine| engine.enqueue_index(&path)).await
}

async fn snapshot(engine: web::Data<Engine>, request: HttpRequest, query: web::Query<WaitQuery>) -> Answer {
    accepted(engine, request, *query, Engine::enqueue_snapshot).await
}

/// 202 with the task and where to find it.
async fn accepted(
    engine: web::Data<Engine>,
    request: HttpRequest,
    query: WaitQuery,
    enqueue: impl FnOnce(&Engine) -> Result<TaskInfo> + Send + 'static,
) -> Answer {
    let wait = query.duration().map_err(|error| Problem::new(&error, &request))?;
    let engine = engine.into_inner();
    let asked = Arc::clone(&engine);
    let task = blocking(&request, move || enqueue(&asked)).await?;
    let location = format!("/v1/tasks/{}", task.uid);
    let task = if wait.is_zero() { task } else { waited(&engine, &request, task.uid, wait).await? };
    Ok(HttpResponse::Accepted().insert_header((LOCATION, location)).json(task))
}

/// Lists are separated by commas.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    statuses: Option<String>,
    types: Option<String>,
    collections: Option<String>,
    from: Option<i64>,
    limit: Option<usize>,
}

async fn list(engine: web::Data<Engine>, request: HttpRequest, query: web::Query<ListQuery>) -> Answer {
    let query = query.into_inner();
    let statuses: Result<Vec<TaskStatus>> = named("statuses", query.statuses.as_deref());
    let kinds: Result<Vec<TaskKind>> = named("types", query.types.as_deref());
    let tell = |error: Error| Problem::new(&error, &request);
    let query = TaskQuery {
        statuses: statuses.map_err(tell)?,
        kinds: kinds.map_err(tell)?,
        collections: split(query.collections.as_deref()).map(str::to_owned).collect(),
        from: query.from,
        limit: query.limit,
    };
    ask(engine, &request, move |engine| engine.tasks(&query)).await
}

fn split(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty())
}

fn named<T: serde::de::DeserializeOwned>(what: &str, list: Option<&str>) -> Result<Vec<T>> {
    let value = |name: &str| {
        serde_json::from_value(name.into())
            .map_err(|error| Error::invalid(what, "known names, separated by commas", error, "leave it out"))
    };
    split(list).map(value).collect()
}

async fn one(
    engine: web::Data<Engine>,
    request: HttpRequest,
    path: web::Path<i64>,
    query: web::Query<WaitQuery>,
) -> Answer {
    let wait = query.duration().map_err(|error| Problem::new(&error, &request))?;
    Ok(HttpResponse::Ok().json(waited(&engine.into_inner(), &request, *path, wait).await?))
}

/// The task when it has ended, or as it stands after so long. No thread is held meanwhile.
async fn waited(
    engine: &Arc<Engine>,
    request: &HttpRequest,
    uid: i64,
    wait: Duration,
) -> std::result::Result<TaskInfo, Problem> {
    let start = Instant::now();
    loop {
        let asked = Arc::clone(engine);
        let task = blocking(request, move || asked.task(uid)).await?;
        let left = wait.saturating_sub(start.elapsed());
        if task.status.is_final() || left.is_zero() {
            return Ok(task);
        }
        actix_web::rt::time::sleep(LOOK_EVERY.min(left)).await;
    }
}

async fn cancel(engine: web::Data<Engine>, request: HttpRequest, path: web::Path<i64>) -> Answer {
    ask(engine, &request, move |engine| engine.cancel_task(*path)).await
}

async fn forget(engine: web::Data<Engine>, request: HttpRequest, path: web::Path<i64>) -> Answer {
    blocking(&request, move || engine.forget_task(*path)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// An event each time that the task stands differently, the last one when it has ended.
async fn events(engine: web::Data<Engine>, request: HttpRequest, path: web::Path<i64>) -> Answer {
    let (engine, uid) = (engine.into_inner(), *path);
    let asked = Arc::clone(&engine);
    blocking(&request, move || asked.task(uid)).await?; // 404 rather than an empty stream
    let (sender, receiver) = channel::<Bytes>(4);
    actix_web::rt::spawn(async move {
        let (mut last, mut quiet) = (String::new(), 0);
        loop {
            let asked = Arc::clone(&engine);
            let Ok(Ok(task)) = web::block(move || asked.task(uid)).await else { return };
            let text = serde_json::to_string(&task).unwrap_or_default();
            quiet += 1;
            if text != last {
                let event = format!("event: {}\ndata: {text}\n\n", task.status.name());
                if sender.send(event.into()).await.is_err() {
                    return; // nobody watches any more
                }
                (last, quiet) = (text, 0);
            } else if quiet >= QUIET_LOOKS {
                quiet = 0;
                if sender.send(Bytes::from_static(b": still here\n\n")).await.is_err() {
                    return;
                }
            }
            if task.status.is_final() {
                return;
            }
            actix_web::rt::time::sleep(LOOK_EVERY).await;
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(Stream(receiver)))
}

/// A body that is made while it is sent.
struct Stream(Receiver<Bytes>);

impl MessageBody for Stream {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Bytes, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(Ok))
    }
}
