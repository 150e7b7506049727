//! The routes of long work: asked for, listed, waited for, watched as server-sent events, cancelled.

use super::ask::{self, Answer, blocking};
use super::problem::Problem;
use super::route::{Route, Scope, Shape, Shapes};
use super::service::Service;
use crate::engine::{Engine, TaskInfo, TaskKind, TaskPage, TaskQuery, TaskStatus, TrainRequest};
use crate::error::{Error, Result};
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, channel};
use utoipa::ToSchema;

/// The longest that an answer waits for a task, in milliseconds.
const WAIT_MS_MAX: u64 = 60_000;

/// How often a task is looked at for whoever waits for it or watches it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks after which a watcher hears something even if nothing changed, so that nobody in between hangs up.
const QUIET_LOOKS: u32 = 150;

const JSON: &str = "application/json";

pub(super) fn routes() -> Vec<Route> {
    let events = Shapes { answer: Some(("text/event-stream", Shape::any())), ..Shapes::default() };
    vec![
        Route::post(
            "/v1/collections/{collection}/train",
            Scope::Train,
            "Learn word vectors from all documents, in the background",
        )
        .status(StatusCode::ACCEPTED)
        .raw(shapes(Some(Shape::of::<TrainRequest>())), || web::to(train)),
        Route::post(
            "/v1/collections/{collection}/index",
            Scope::Train,
            "Build the next generation of indexes, in the background",
        )
        .status(StatusCode::ACCEPTED)
        .raw(shapes(None), || web::to(index)),
        Route::post("/v1/snapshots", Scope::Admin, "Pack everything into one file, in the background")
            .status(StatusCode::ACCEPTED)
            .raw(shapes(None), || web::to(snapshot)),
        Route::get("/v1/tasks", Scope::Train, "Tasks, the latest first").or(Scope::Ingest).query(
            |engine, asked, query: ListQuery| -> Result<TaskPage> {
                let mut page = engine.tasks(&query.tasks()?)?;
                page.results.retain(|task| task.collection.as_deref().is_none_or(|name| asked.may_use(name)));
                Ok(page)
            },
        ),
        Route::get("/v1/tasks/{uid}", Scope::Train, "One task, when it has ended or the wait is over")
            .or(Scope::Ingest)
            .raw(shapes(None), || web::to(one)),
        Route::delete("/v1/tasks/{uid}", Scope::Train, "Forget a task that has ended").plain(
            |engine, asked| {
                let task = of_caller(engine.task(uid(asked.name("uid"))?)?, |name| asked.may_use(name))?;
                engine.forget_task(task.uid)?;
                Ok(Forgotten { forgotten: task.uid })
            },
        ),
        Route::post("/v1/tasks/{uid}/cancel", Scope::Train, "Stop a task").plain(|engine, asked| {
            let task = of_caller(engine.task(uid(asked.name("uid"))?)?, |name| asked.may_use(name))?;
            engine.cancel_task(task.uid)
        }),
        Route::get("/v1/tasks/{uid}/events", Scope::Train, "A task as it goes on, as server-sent events")
            .or(Scope::Ingest)
            .raw(events, || web::to(events_of)),
    ]
}

fn shapes(body: Option<Shape>) -> Shapes {
    Shapes {
        query: Some(Shape::of::<TaskWait>()),
        body: body.map(|shape| (JSON, shape)),
        answer: Some((JSON, Shape::of::<TaskInfo>())),
        ..Shapes::default()
    }
}

/// What is forgotten.
#[derive(Serialize, ToSchema)]
struct Forgotten {
    /// Its number.
    forgotten: i64,
}

/// How long to wait.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskWait {
    /// Milliseconds to wait for the end of the task, 0 to 60,000; what has not ended by then is answered as it stands.
    pub(super) wait: Option<u64>,
}

impl TaskWait {
    fn duration(self) -> Result<Duration> {
        let wait = self.wait.unwrap_or(0);
        if wait > WAIT_MS_MAX {
            let cure = "ask again after that, or watch its events";
            return Err(Error::invalid("wait", format!("0 to {WAIT_MS_MAX} ms"), wait, cure));
        }
        Ok(Duration::from_millis(wait))
    }
}

/// Which tasks; lists are separated by commas.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// `enqueued`, `processing`, `succeeded`, `failed`, `canceled`
    statuses: Option<String>,
    /// `train`, `index`, `snapshot`, `ingest`, `import`, `senses`
    types: Option<String>,
    /// Names.
    collections: Option<String>,
    /// `next` of the page before.
    from: Option<i64>,
    /// How many; default 20.
    limit: Option<usize>,
}

impl ListQuery {
    fn tasks(&self) -> Result<TaskQuery> {
        let statuses: Vec<TaskStatus> = named("statuses", self.statuses.as_deref())?;
        let kinds: Vec<TaskKind> = named("types", self.types.as_deref())?;
        let collections = split(self.collections.as_deref()).map(str::to_owned).collect();
        Ok(TaskQuery { statuses, kinds, collections, from: self.from, limit: self.limit })
    }
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

fn uid(text: &str) -> Result<i64> {
    let not_found = || Error::NotFound { kind: "task", name: text.to_owned(), nearest: Vec::new() };
    text.parse().map_err(|_| not_found())
}

/// As if there were no such task, for those who may not know of its collection.
fn of_caller(task: TaskInfo, may_use: impl Fn(&str) -> bool) -> Result<TaskInfo> {
    if task.collection.as_deref().is_none_or(may_use) {
        return Ok(task);
    }
    Err(Error::NotFound { kind: "task", name: task.uid.to_string(), nearest: Vec::new() })
}

async fn train(request: HttpRequest, service: web::Data<Service>, payload: web::Payload) -> Answer {
    let is_empty = request.headers().get("content-length").is_none_or(|length| length.as_bytes() == b"0");
    let settings: TrainRequest =
        if is_empty { TrainRequest::default() } else { ask::body(&request, payload).await? };
    let collection = ask::name(&request, "collection");
    let wait = ask::query(&request)?;
    accepted(request, service, wait, move |engine| engine.enqueue_train(&collection, &settings)).await
}

async fn index(request: HttpRequest, service: web::Data<Service>) -> Answer {
    let collection = ask::name(&request, "collection");
    let wait = ask::query(&request)?;
    accepted(request, service, wait, move |engine| engine.enqueue_index(&collection)).await
}

async fn snapshot(request: HttpRequest, service: web::Data<Service>) -> Answer {
    if !service.disk.has_room() {
        let detail = format!("less than {} bytes are free; a snapshot takes some", service.disk.least());
        return Err(Problem::of("disk_full", detail, &request).after(10));
    }
    let wait = ask::query(&request)?;
    accepted(request, service, wait, Engine::enqueue_snapshot).await
}

/// 202 with the task and where to find it.
pub(super) async fn accepted(
    request: HttpRequest,
    service: web::Data<Service>,
    wait: TaskWait,
    enqueue: impl FnOnce(&Engine) -> Result<TaskInfo> + Send + 'static,
) -> Answer {
    let wait = wait.duration().map_err(|error| Problem::new(&error, &request))?;
    let engine = Arc::clone(&service.engine);
    let task = blocking(&request, move || enqueue(&engine)).await?;
    let location = format!("/v1/tasks/{}", task.uid);
    let task = if wait.is_zero() { task } else { waited(&service, &request, task.uid, wait).await? };
    Ok(HttpResponse::Accepted().insert_header((LOCATION, location)).json(task))
}

async fn one(request: HttpRequest, service: web::Data<Service>) -> Answer {
    let wait: TaskWait = ask::query(&request)?;
    let told = |error: Error| Problem::new(&error, &request);
    let (uid, wait) = (uid(&ask::name(&request, "uid")).map_err(told)?, wait.duration().map_err(told)?);
    Ok(HttpResponse::Ok().json(waited(&service, &request, uid, wait).await?))
}

/// The task when it has ended, or as it stands after so long, or when the service ends. No thread is held meanwhile.
async fn waited(
    service: &web::Data<Service>,
    request: &HttpRequest,
    uid: i64,
    wait: Duration,
) -> std::result::Result<TaskInfo, Problem> {
    let start = Instant::now();
    let caller = ask::caller(request);
    loop {
        let asked = Arc::clone(&service.engine);
        let task = blocking(request, move || asked.task(uid)).await?;
        let task =
            of_caller(task, |name| caller.may_use(name)).map_err(|error| Problem::new(&error, request))?;
        let left = wait.saturating_sub(start.elapsed());
        if task.status.is_final() || left.is_zero() || service.state.is_stopping() {
            return Ok(task);
        }
        actix_web::rt::time::sleep(LOOK_EVERY.min(left)).await;
    }
}

/// An event each time that the task stands differently, the last one when it has ended.
async fn events_of(request: HttpRequest, service: web::Data<Service>) -> Answer {
    let uid = uid(&ask::name(&request, "uid")).map_err(|error| Problem::new(&error, &request))?;
    waited(&service, &request, uid, Duration::ZERO).await?; // 404 rather than an empty stream
    let (sender, receiver) = channel::<Bytes>(4);
    actix_web::rt::spawn(async move {
        let (mut last, mut quiet) = (String::new(), 0);
        loop {
            let asked = Arc::clone(&service.engine);
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
            if task.status.is_final() || service.state.is_stopping() {
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
