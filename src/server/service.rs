//! What all requests share: the engine, the settings, the door, the queue, the disk, the counters.

use super::access::Door;
use super::metrics::Metrics;
use super::problem::Problem;
use crate::config::Config;
use crate::engine::{BodyLimits, Engine};
use crate::error::{Error, Result};
use actix_web::HttpRequest;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Questions at once, for each processor, unless the settings say otherwise: some wait for the disk.
const QUESTIONS_A_PROCESSOR: usize = 4;

/// What all requests share.
pub(super) struct Service {
    pub(super) engine: Arc<Engine>,
    pub(super) config: Config,
    pub(super) limits: Limits,
    pub(super) door: Door,
    pub(super) questions: Questions,
    pub(super) writes: Questions,
    pub(super) disk: Disk,
    pub(super) metrics: Metrics,
    pub(super) state: State,
}

/// The limits that every request meets, out of the settings once.
pub(super) struct Limits {
    pub(super) body_bytes: usize,
    pub(super) decompressed_bytes: usize,
    pub(super) upload_bytes: u64,
    pub(super) json_depth: usize,
    pub(super) body_time: Duration,
    pub(super) query_bytes: usize,
    pub(super) k: u64,
    pub(super) embeddings: usize,
    pub(super) documents: BodyLimits,
}

impl Service {
    pub(super) fn new(engine: Arc<Engine>, config: Config) -> Result<Self> {
        let limits = Limits {
            body_bytes: config.size("body_bytes_max"),
            decompressed_bytes: config.size("decompressed_bytes_max"),
            upload_bytes: config.number("upload_bytes_max"),
            json_depth: config.size("json_depth_max"),
            body_time: config.duration("body_ms_max"),
            query_bytes: config.size("query_bytes_max"),
            k: config.number("k_max"),
            embeddings: config.size("embeddings_max"),
            documents: BodyLimits {
                bytes_max: config.number("documents_bytes_max"),
                record_bytes_max: config.size("document_bytes_max"),
                documents_max: config.number("documents_max"),
                fields_max: config.size("fields_max"),
            },
        };
        Ok(Self {
            door: Door::new(&engine, &config)?,
            questions: Questions::new(&config),
            // Writes wait for each other, and must not keep questions waiting by that.
            writes: Questions::new(&config),
            disk: Disk::new(engine.data_dir().to_path_buf(), config.number("disk_free_bytes_min")),
            metrics: Metrics::new(),
            state: State::default(),
            limits,
            engine,
            config,
        })
    }

    /// What is done now and then: generations and keys of other processes are taken up, the disk is looked at.
    pub(super) fn refresh(&self) {
        self.state.loaded(self.engine.refresh().err());
        if let Err(error) = self.engine.enqueue_merges() {
            tracing::warn!(%error, "cannot queue builds");
        }
        if let Err(error) = self.door.refresh(&self.engine) {
            tracing::warn!(%error, "cannot read the keys");
        }
        self.disk.look();
        self.engine.prepare();
    }
}

/// Whether the service can answer, and if not, why.
#[derive(Default)]
pub(super) struct State {
    loaded: AtomicBool,
    failed: Mutex<Option<String>>,
    /// Set once the process is told to stop: who waits is answered, what works in the background ends.
    pub(super) stopping: Arc<AtomicBool>,
}

impl State {
    fn loaded(&self, error: Option<Error>) {
        let error = error.map(|error| error.to_string());
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        // Told once, not twice a second.
        if let Some(error) = error.as_ref().filter(|error| failed.as_ref() != Some(error)) {
            tracing::warn!(error, "cannot take up new generations");
        }
        *failed = error;
        self.loaded.store(true, Ordering::Release);
    }

    /// Whether the process has been told to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether all generations have been opened once, and what was wrong with them the last time.
    pub(super) fn generations(&self) -> (bool, Option<String>) {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.loaded.load(Ordering::Acquire), failed)
    }
}

/// Questions wait for their turn here, but not for ever, and not too many of them.
pub(super) struct Questions {
    permits: Arc<Semaphore>,
    at_once: usize,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait_max: Duration,
}

impl Questions {
    fn new(config: &Config) -> Self {
        let at_once = match config.size("questions_max") {
            0 => std::thread::available_parallelism().map_or(1, usize::from) * QUESTIONS_A_PROCESSOR,
            number => number,
        };
        Self {
            permits: Arc::new(Semaphore::new(at_once)),
            at_once,
            waiting: AtomicUsize::new(0),
            waiting_max: config.size("queue_max"),
            wait_max: config.duration("queue_ms_max"),
        }
    }

    /// Waits for a turn; it lasts as long as what is returned is held.
    pub(super) async fn turn(
        &self,
        request: &HttpRequest,
    ) -> std::result::Result<OwnedSemaphorePermit, Problem> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let place = Waiting::join(&self.waiting);
        if place.number > self.waiting_max {
            let detail = format!("{} questions wait already", self.waiting_max);
            return Err(Problem::of("overloaded", detail, request));
        }
        let permit = Arc::clone(&self.permits).acquire_owned();
        match actix_web::rt::time::timeout(self.wait_max, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                let detail = format!("the question waited {} ms for its turn", self.wait_max.as_millis());
                Err(Problem::of("overloaded", detail, request))
            }
        }
    }

    /// Questions that are worked out now, and those that wait.
    pub(super) fn now(&self) -> (usize, usize) {
        let running = self.at_once.saturating_sub(self.permits.available_permits());
        (running, self.waiting.load(Ordering::Relaxed))
    }
}

/// A place in the queue, given up also when whoever asked has gone away.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    number: usize,
}

impl<'a> Waiting<'a> {
    fn join(count: &'a AtomicUsize) -> Self {
        Self { number: count.fetch_add(1, Ordering::Relaxed) + 1, count }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How much is free where the data is, as it was when last looked at.
pub(super) struct Disk {
    path: PathBuf,
    least: u64,
    free: AtomicU64,
}

impl Disk {
    fn new(path: PathBuf, least: u64) -> Self {
        let disk = Self { path, least, free: AtomicU64::new(u64::MAX) };
        disk.look();
        disk
    }

    /// Where the system does not say, writes are let through; they fail by themselves if there is no room.
    fn look(&self) {
        self.free.store(fs4::available_space(&self.path).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Bytes free.
    pub(super) fn free(&self) -> u64 {
        self.free.load(Ordering::Relaxed)
    }

    /// Bytes that have to be free.
    pub(super) fn least(&self) -> u64 {
        self.least
    }

    /// Whether there is room for a write.
    pub(super) fn has_room(&self) -> bool {
        self.free() >= self.least
    }
}
