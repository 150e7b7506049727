//! What Prometheus reads: requests and their times by route and mode, the queue, the collections, memory and disk.

use super::access::Matched;
use super::ask::blocking;
use super::problem::Problem;
use super::route::{Route, Scope, Shape, Shapes};
use super::service::Service;
use crate::engine::answers::CollectionInfo;
use crate::engine::{Caller, Generation, Standing};
use actix_web::http::Method;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

/// Upper ends of the buckets, in seconds.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfMode {
    mode: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCollection {
    collection: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStatus {
    status: &'static str,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

/// Counters of one service.
pub(super) struct Metrics {
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
    modes: Family<OfMode, Histogram, fn() -> Histogram>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            modes: Family::new_with_constructor(histogram),
        }
    }

    /// Counts an answer. Paths that are no route, and methods that are none of ours, count as one.
    pub(super) fn answered(&self, request: &HttpRequest, status: u16, took: Duration) {
        let route = request.extensions().get::<Matched>().map_or("none", |matched| matched.0);
        let method = match *request.method() {
            Method::GET if route != "none" => "GET",
            Method::POST if route != "none" => "POST",
            Method::PUT if route != "none" => "PUT",
            Method::PATCH if route != "none" => "PATCH",
            Method::DELETE if route != "none" => "DELETE",
            _ => "any",
        };
        let answered = Answered { method, route, status: u32::from(status) };
        self.requests.get_or_create(&answered).inc();
        self.seconds.get_or_create(&Asked { method, route }).observe(took.as_secs_f64());
    }

    /// Counts the time that one mode took to answer a query.
    pub(super) fn mode_took(&self, mode: &str, milliseconds: f64) {
        self.modes.get_or_create(&OfMode { mode: mode.to_owned() }).observe(milliseconds / 1e3);
    }

    /// Everything, with what is true now.
    fn text(&self, service: &Service, standing: &Standing) -> String {
        let mut registry = Registry::with_prefix("sememe");
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register(
            "request_seconds",
            "Time from a request's head to its answer",
            self.seconds.clone(),
        );
        registry.register("mode_seconds", "Time that a mode took to answer a query", self.modes.clone());
        let (running, waiting) = service.questions.now();
        let mut gauge = |name: &str, help: &str, value: u64| {
            let gauge = Gauge::<i64>::default();
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            registry.register(name, help, gauge);
        };
        gauge("questions_running", "Questions that are worked out", running as u64);
        gauge("questions_waiting", "Questions that wait for their turn", waiting as u64);
        let (running, waiting) = service.writes.now();
        gauge("writes_running", "Writes that are worked on", running as u64);
        gauge("writes_waiting", "Writes that wait for their turn", waiting as u64);
        gauge("disk_free_bytes", "Free where the data is", service.disk.free());
        gauge("database_bytes", "Size of the database and its log", standing.database_bytes);
        if let Some((resident, descriptors)) = process() {
            gauge("resident_memory_bytes", "Memory of the process", resident);
            gauge("open_descriptors", "Open files and connections", descriptors);
        }
        of_collections(&mut registry, &standing.collections);
        of_generations(&mut registry, &standing.open);
        of_tasks(&mut registry, &standing.tasks);
        let mut text = String::new();
        let _ = encode(&mut text, &registry); // writing to a String does not fail
        text
    }
}

fn of_collections(registry: &mut Registry, collections: &[CollectionInfo]) {
    let mut family = |name: &str, help: &str, value: &dyn Fn(&CollectionInfo) -> u64| {
        let family = Family::<OfCollection, Gauge>::default();
        for info in collections {
            let gauge = family.get_or_create_owned(&OfCollection { collection: info.name.clone() });
            gauge.set(i64::try_from(value(info)).unwrap_or(i64::MAX));
        }
        registry.register(name, help, family);
    };
    family("documents", "Documents in the store", &|info| info.documents);
    family("indexed_documents", "Documents in the indexes that answer", &|info| info.indexed_documents);
    family("up_to_date", "Whether the indexes show the last write", &|info| u64::from(info.up_to_date));
    family("generation", "Number of the generation that answers; 0 for none", &|info| {
        let name = info.generation.as_deref().unwrap_or_default();
        name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0)
    });
    family("words", "Words with a vector", &|info| info.model.as_ref().map_or(0, |model| model.words as u64));
}

fn of_generations(registry: &mut Registry, open: &[Arc<Generation>]) {
    let mut family = |name: &str, help: &str, value: &dyn Fn(&Generation) -> u64| {
        let family = Family::<OfCollection, Gauge>::default();
        for generation in open {
            let gauge =
                family.get_or_create_owned(&OfCollection { collection: generation.collection().to_owned() });
            gauge.set(i64::try_from(value(generation)).unwrap_or(i64::MAX));
        }
        registry.register(name, help, family);
    };
    family("index_bytes", "Size of the generation that answers", &|generation| generation.bytes());
    family("document_vectors", "Documents with a vector in the indexes that answer", &|generation| {
        let documents = generation.documents().ok().flatten();
        documents.map_or(0, |(index, _)| index.len() as u64)
    });
    family(
        "graph_relinked_nodes",
        "Nodes of graphs that did not find themselves when these were built, and were linked again",
        &|generation| generation.lost().0 as u64,
    );
    family(
        "graph_self_search_failures",
        "Nodes of graphs that still do not find themselves, and are looked at in every search",
        &|generation| generation.lost().1 as u64,
    );
}

fn of_tasks(registry: &mut Registry, counts: &[(String, u64)]) {
    let family = Family::<OfStatus, Gauge>::default();
    for status in ["enqueued", "processing", "succeeded", "failed", "canceled"] {
        let count = counts.iter().find(|(known, _)| known == status).map_or(0, |(_, count)| *count);
        family.get_or_create_owned(&OfStatus { status }).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    registry.register("tasks", "Tasks by how they stand", family);
}

/// Resident bytes and open descriptors, where the system tells them in files.
fn process() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    Some((kilobytes * 1024, descriptors as u64))
}

const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn routes() -> Vec<Route> {
    let shapes =
        Shapes { answer: Some(("application/openmetrics-text", Shape::of::<String>())), ..Shapes::default() };
    vec![
        Route::get("/metrics", Scope::Search, "Counters, as Prometheus reads them")
            .raw(shapes, || web::to(metrics)),
    ]
}

async fn metrics(
    request: HttpRequest,
    service: web::Data<Service>,
) -> std::result::Result<HttpResponse, Problem> {
    let held = service.clone();
    let mut standing = blocking(&request, move || held.engine.standing()).await?;
    let caller = request.extensions().get::<Caller>().cloned();
    let may_use = |name: &str| caller.as_ref().is_none_or(|caller| caller.may_use(name));
    standing.collections.retain(|info| may_use(&info.name));
    standing.open.retain(|generation| may_use(generation.collection()));
    Ok(HttpResponse::Ok().content_type(TEXT).body(service.metrics.text(&service, &standing)))
}
