//! Long work while serving: asked for, queued, worked off one after the other, watched, cancelled.
//!
//! The queue is in the store, so that a task outlives the process: one that was interrupted begins again at the next start, a training at
//! its last checkpoint, an ingestion after its last write. Three threads work it off: one for what learns, one for documents that come in,
//! one for everything else, so that none waits for another.

use super::build::{TASK_PATIENCE, lock_file};
use super::clock::{now, timestamp};
use super::{Engine, TrainRequest, memory, priority};
use crate::error::{Error, Result};
use crate::progress::{Go, Progress, Step};
use crate::store::{TaskFilter, TaskRow, TaskStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a worker with nothing to do looks at the queue; a task of this process wakes it at once.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often a running task looks whether another process wants it to stop.
const CANCEL_EVERY: Duration = Duration::from_millis(200);

/// How long a build that failed or was cancelled is left alone.
const MERGE_AGAIN_MS: i64 = 60_000;

/// Tasks that may wait; more are refused.
const QUEUE_MAX: u32 = 1000;

/// Tasks that one page of a list may hold.
const PAGE_MAX: usize = 1000;

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// Learns word vectors from a collection's documents.
    Train,
    /// Builds a collection's indexes anew: what was written since becomes part of them.
    Index,
    /// Packs everything into one file.
    Snapshot,
    /// Takes in documents that were sent whole.
    Ingest,
    /// Takes word vectors from a file that was sent.
    Import,
    /// Finds anew the senses that a collection's documents tell apart.
    Senses,
}

impl TaskKind {
    const ALL: [Self; 6] =
        [Self::Train, Self::Index, Self::Snapshot, Self::Ingest, Self::Import, Self::Senses];

    /// The name, as in requests and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Index => "index",
            Self::Snapshot => "snapshot",
            Self::Ingest => "ingest",
            Self::Import => "import",
            Self::Senses => "senses",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Tasks that may wait for each other: what learns for long, what is taken in, and everything else.
#[derive(Clone, Copy)]
enum Lane {
    Learning,
    Ingestion,
    Other,
}

const LEARNING: [&str; 3] = ["train", "import", "senses"];
const INGESTION: [&str; 1] = ["ingest"];

/// A task as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskInfo {
    /// Its number.
    pub uid: i64,
    /// The collection it is about; null if it is about all.
    pub collection: Option<String>,
    /// How it stands.
    pub status: TaskStatus,
    /// What it does.
    #[serde(rename = "type")]
    pub kind: String,
    /// What was asked.
    #[schema(value_type = Object)]
    pub details: Map<String, Value>,
    /// What came of it, once it has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// Why it failed: `code` and `message`.
    #[schema(value_type = Option<Object>)]
    pub error: Option<Value>,
    /// How far it is, while it is processed by the process that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<TaskProgress>,
    /// From its beginning to its end, in milliseconds.
    pub duration_ms: Option<i64>,
    /// RFC 3339, UTC.
    pub enqueued_at: String,
    /// RFC 3339, UTC.
    pub started_at: Option<String>,
    /// RFC 3339, UTC.
    pub finished_at: Option<String>,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskProgress {
    /// What it is doing: `counting words`, `training`, `indexing` …
    pub phase: String,
    /// Units done in this phase.
    pub done: u64,
    /// Units in all; 0 where unknown.
    pub total: u64,
    /// What is counted.
    pub unit: String,
    /// Units a second since the phase began.
    pub rate: f64,
    /// Seconds to the end of the phase at this rate; null where unknown.
    pub eta_s: Option<f64>,
    /// A loss estimate, where the phase has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
}

/// Which tasks; an empty list lets all through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskQuery {
    /// How they stand.
    pub statuses: Vec<TaskStatus>,
    /// What they do.
    pub kinds: Vec<TaskKind>,
    /// What they are about.
    pub collections: Vec<String>,
    /// Only this number and lower ones.
    pub from: Option<i64>,
    /// At most so many; default 20.
    pub limit: Option<usize>,
}

/// Some tasks, the latest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskPage {
    /// The tasks.
    pub results: Vec<TaskInfo>,
    /// What to pass as `from` for the next page; null after the last.
    pub next: Option<i64>,
}

/// The tasks that this process is working on.
#[derive(Default)]
pub(super) struct Running {
    tasks: Mutex<HashMap<i64, Watched>>,
}

#[derive(Default)]
struct Watched {
    progress: Option<TaskProgress>,
    is_cancelled: bool,
}

impl Running {
    fn with<T>(&self, uid: i64, what: impl FnOnce(Option<&mut Watched>) -> T) -> T {
        what(self.tasks.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&uid))
    }
}

impl Engine {
    /// Queues a training; it learns in the background, and goes on at its last pass should the process be stopped.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for settings out of range; [`Error::TooLarge`] for more memory than it may take;
    /// [`Error::NotReady`] if too many tasks wait.
    pub fn enqueue_train(&self, collection: &str, request: &TrainRequest) -> Result<TaskInfo> {
        self.row(collection)?;
        let settings = request.settings()?;
        settings.word2vec.check()?;
        settings.check_memory()?;
        let details = serde_json::to_value(request).ok().and_then(|value| value.as_object().cloned());
        self.enqueue(TaskKind::Train, Some(collection), details.unwrap_or_default())
    }

    /// Queues a build of a collection's indexes.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotReady`] if too many tasks wait.
    pub fn enqueue_index(&self, collection: &str) -> Result<TaskInfo> {
        self.row(collection)?;
        self.enqueue(TaskKind::Index, Some(collection), Map::new())
    }

    /// Queues a snapshot of everything.
    ///
    /// # Errors
    /// [`Error::NotReady`] if too many tasks wait.
    pub fn enqueue_snapshot(&self) -> Result<TaskInfo> {
        let name = format!("{}.sememe", timestamp(now()).replace([':', '.'], "-"));
        self.enqueue(TaskKind::Snapshot, None, Map::from_iter([("name".to_owned(), name.into())]))
    }

    pub(super) fn enqueue(
        &self,
        kind: TaskKind,
        collection: Option<&str>,
        details: Map<String, Value>,
    ) -> Result<TaskInfo> {
        let waiting = TaskFilter { statuses: vec![TaskStatus::Enqueued], ..Default::default() };
        if self.store.tasks(&waiting, QUEUE_MAX)?.len() as u32 >= QUEUE_MAX {
            return Err(Error::NotReady {
                what: format!("{QUEUE_MAX} tasks wait already"),
                cure: "wait until some are done, or cancel some".to_owned(),
            });
        }
        let uid = self.store.enqueue(kind.name(), collection, &details, now())?;
        self.task(uid)
    }

    /// Queues builds for the collections whose changes are worth it, unless one is on its way or has just failed.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn enqueue_merges(&self) -> Result<()> {
        for collection in self.to_be_merged() {
            let of_it = TaskFilter {
                kinds: vec![TaskKind::Index.name().to_owned()],
                collections: vec![collection.clone()],
                ..TaskFilter::default()
            };
            let last = self.store.tasks(&of_it, 1)?.pop();
            let is_soon = |task: &TaskRow| {
                let since = task.finished_at.map(|end| now() - end);
                task.status != TaskStatus::Succeeded && since.is_none_or(|since| since < MERGE_AGAIN_MS)
            };
            if !last.as_ref().is_some_and(is_soon) {
                self.enqueue_index(&collection)?;
            }
        }
        Ok(())
    }

    /// A task as it stands.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub fn task(&self, uid: i64) -> Result<TaskInfo> {
        Ok(self.task_info(self.store.task(uid)?))
    }

    /// Tasks, the latest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a limit out of range; [`Error::Store`].
    pub fn tasks(&self, query: &TaskQuery) -> Result<TaskPage> {
        let limit = query.limit.unwrap_or(20);
        if !(1..=PAGE_MAX).contains(&limit) {
            let cure = "take the pages one by one";
            return Err(Error::invalid("limit", format!("1 to {PAGE_MAX}"), limit, cure));
        }
        let filter = TaskFilter {
            statuses: query.statuses.clone(),
            kinds: query.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            collections: query.collections.clone(),
            from: query.from,
        };
        let mut rows = self.store.tasks(&filter, limit as u32 + 1)?;
        let next = (rows.len() > limit).then(|| rows[limit].uid);
        rows.truncate(limit);
        Ok(TaskPage { results: rows.into_iter().map(|row| self.task_info(row)).collect(), next })
    }

    /// Wants a task to stop: one that waits has ended by this, one that is processed ends as soon as it can.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub fn cancel_task(&self, uid: i64) -> Result<TaskInfo> {
        let row = self.store.cancel_task(uid, now())?;
        self.running.with(uid, |watched| {
            if let Some(watched) = watched {
                watched.is_cancelled = true;
            }
        });
        if row.status.is_final() {
            self.drop_upload(&row);
        }
        Ok(self.task_info(row))
    }

    /// Forgets a task that has ended.
    ///
    /// # Errors
    /// [`Error::NotReady`] if it has not; [`Error::NotFound`], [`Error::Store`].
    pub fn forget_task(&self, uid: i64) -> Result<()> {
        self.store.forget_task(uid)
    }

    fn task_info(&self, row: TaskRow) -> TaskInfo {
        let progress = self.running.with(row.uid, |watched| watched.and_then(|w| w.progress.clone()));
        TaskInfo {
            uid: row.uid,
            collection: row.collection,
            status: row.status,
            kind: row.kind,
            details: row.details,
            result: row.result,
            error: row.error,
            progress,
            duration_ms: row.started_at.zip(row.finished_at).map(|(start, end)| end - start),
            enqueued_at: timestamp(row.enqueued_at),
            started_at: row.started_at.map(timestamp),
            finished_at: row.finished_at.map(timestamp),
        }
    }

    /// Works tasks off until told to stop; what is being worked on then goes on at the next start. Blocks.
    ///
    /// # Errors
    /// [`Error::NotReady`] if another process works on this data directory; [`Error::Store`].
    pub fn work(&self, stop: &AtomicBool) -> Result<()> {
        let _lock = lock_file(&self.data_dir.join(".tasks.lock"), "the queue of tasks")?;
        match self.store.requeue_tasks()? {
            0 => {}
            count => tracing::info!(count, "tasks that were interrupted go on"),
        }
        self.drop_stray_uploads();
        std::thread::scope(|scope| {
            for lane in [Lane::Learning, Lane::Ingestion, Lane::Other] {
                scope.spawn(move || self.work_lane(lane, stop));
            }
        });
        Ok(())
    }

    fn work_lane(&self, lane: Lane, stop: &AtomicBool) {
        let (kinds, not): (Vec<&str>, bool) = match lane {
            Lane::Learning => (LEARNING.to_vec(), false),
            Lane::Ingestion => (INGESTION.to_vec(), false),
            Lane::Other => ([&LEARNING[..], &INGESTION[..]].concat(), true),
        };
        // A write that others wait for is not to be slow.
        if !matches!(lane, Lane::Ingestion) {
            priority::lower();
        }
        while !stop.load(Ordering::Relaxed) {
            match self.store.begin_task(&kinds, not, now()) {
                Ok(Some(task)) => self.work_on(&task, stop),
                Ok(None) => std::thread::park_timeout(LOOK_EVERY),
                Err(error) => {
                    tracing::warn!(%error, "cannot look at the queue of tasks");
                    std::thread::park_timeout(LOOK_EVERY);
                }
            }
        }
    }

    fn work_on(&self, task: &TaskRow, stop: &AtomicBool) {
        let uid = task.uid;
        tracing::info!(uid, kind = task.kind, collection = task.collection, "task begun");
        self.running
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(uid, Watched { is_cancelled: task.cancel, ..Watched::default() });
        let watch =
            Watch { engine: self, uid, stop, phase: Mutex::default(), asked: Mutex::new(Instant::now()) };
        let done = catch_unwind(AssertUnwindSafe(|| self.perform(task, &watch))).unwrap_or_else(|_| {
            let message = "the task broke off; the log has the reason".to_owned();
            Err(Error::Library { library: "sememe", message })
        });
        let is_cancelled = self.running.with(uid, |watched| watched.is_some_and(|w| w.is_cancelled));
        match done {
            // Told to stop by the end of the process: it goes on at the next start.
            Err(Error::Cancelled) if !is_cancelled && stop.load(Ordering::Relaxed) => {}
            done => self.note_end(uid, done, stop),
        }
        if self.store.task(uid).is_ok_and(|task| task.status.is_final()) {
            self.drop_upload(task);
        }
        self.running.tasks.lock().unwrap_or_else(PoisonError::into_inner).remove(&uid);
        memory::give_back();
        tracing::info!(uid, "task ended");
    }

    /// Until it is noted, as long as need be: a full disk is not to leave a task that seems to run for ever.
    fn note_end(&self, uid: i64, done: Result<Value>, stop: &AtomicBool) {
        let (status, result, error) = match done {
            Ok(result) => (TaskStatus::Succeeded, Some(result), None),
            Err(Error::Cancelled) => (TaskStatus::Canceled, None, None),
            Err(error) => {
                tracing::warn!(uid, %error, "task failed");
                let error = json!({"code": code(&error), "message": error.to_string()});
                (TaskStatus::Failed, None, Some(error))
            }
        };
        let end = now();
        let mut tries = 0;
        while let Err(error) = self.store.end_task(uid, status, result.as_ref(), error.as_ref(), end) {
            if tries == 0 {
                tracing::error!(uid, %error, "cannot note how a task ended; trying again");
            }
            tries += 1;
            if stop.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn perform(&self, task: &TaskRow, watch: &Watch<'_>) -> Result<Value> {
        let collection = task.collection.as_deref().unwrap_or_default();
        let value = |result: std::result::Result<Value, serde_json::Error>| {
            result.map_err(|error| Error::Library { library: "serde_json", message: error.to_string() })
        };
        match TaskKind::of(&task.kind) {
            Some(TaskKind::Train) => {
                let request: TrainRequest = serde_json::from_value(Value::Object(task.details.clone()))
                    .map_err(|error| {
                        Error::invalid("details", "settings of a training", error, "ask again")
                    })?;
                let settings = request.settings()?;
                let threads = settings.word2vec.threads.unwrap_or(1);
                let work = self.training_folder(collection, task.uid);
                let report = priority::pool(threads)?
                    .install(|| self.train_resumable(collection, &settings, &work, watch));
                // What is left of a run that was cancelled or failed is of no use to the next.
                if !matches!(report, Err(Error::Cancelled)) || !watch.is_ending() {
                    let _ = std::fs::remove_dir_all(&work);
                }
                value(serde_json::to_value(report?))
            }
            Some(TaskKind::Index) => {
                let report = priority::pool(half_of_processors())?
                    .install(|| self.reindex_within(collection, TASK_PATIENCE, watch));
                value(serde_json::to_value(report?))
            }
            Some(TaskKind::Snapshot) => {
                let name = task.details.get("name").and_then(Value::as_str).unwrap_or_default();
                value(serde_json::to_value(self.snapshot(name, watch)?))
            }
            Some(TaskKind::Ingest) => value(serde_json::to_value(self.ingest_upload(task, watch)?)),
            Some(TaskKind::Import) => {
                let report =
                    priority::pool(half_of_processors())?.install(|| self.import_upload(task, watch));
                value(serde_json::to_value(report?))
            }
            Some(TaskKind::Senses) => {
                let report = priority::pool(half_of_processors())?
                    .install(|| self.build_senses(collection, TASK_PATIENCE, watch));
                value(serde_json::to_value(report?))
            }
            None => {
                let expected = TaskKind::ALL.map(TaskKind::name).join(", ");
                Err(Error::invalid("task type", expected, &task.kind, "a later sememe knows it"))
            }
        }
    }

    fn training_folder(&self, collection: &str, uid: i64) -> PathBuf {
        self.folder(collection).join(format!(".training-{uid}"))
    }
}

/// Half of the processors, at least one: what background work takes unless told.
pub(super) fn half_of_processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| (count.get() / 2).max(1))
}

/// Notes the progress of a task, and whether it shall stop.
struct Watch<'a> {
    engine: &'a Engine,
    uid: i64,
    stop: &'a AtomicBool,
    phase: Mutex<Phase>,
    /// When the store was last asked whether another process wants it to stop.
    asked: Mutex<Instant>,
}

/// A phase of a task; one that is taken up again begins where it was.
#[derive(Default)]
struct Phase {
    name: String,
    begun: Option<Instant>,
    done_before: u64,
}

impl Phase {
    /// Units a second since it began here.
    fn rate(&mut self, step: &Step<'_>, at: Instant) -> f64 {
        if self.name != step.phase || step.done < self.done_before {
            *self = Self { name: step.phase.to_owned(), begun: None, done_before: step.done };
        }
        let seconds = at.duration_since(*self.begun.get_or_insert(at)).as_secs_f64();
        let done = step.done - self.done_before;
        if done > 0 && seconds > 0.0 { done as f64 / seconds } else { 0.0 }
    }
}

impl Watch<'_> {
    fn is_ending(&self) -> bool {
        let is_cancelled = self.engine.running.with(self.uid, |w| w.is_some_and(|w| w.is_cancelled));
        self.stop.load(Ordering::Relaxed) && !is_cancelled
    }

    fn is_cancelled_elsewhere(&self) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.elapsed() < CANCEL_EVERY {
            return false;
        }
        *asked = Instant::now();
        self.engine.store.task(self.uid).is_ok_and(|task| task.cancel)
    }

    fn progress(&self, step: &Step<'_>) -> TaskProgress {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = phase.rate(step, Instant::now());
        let left = step.total.saturating_sub(step.done) as f64;
        TaskProgress {
            phase: step.phase.to_owned(),
            done: step.done,
            total: step.total,
            unit: step.unit.to_owned(),
            rate,
            eta_s: (step.total > 0 && rate > 0.0).then(|| left / rate),
            loss: step.loss.filter(|loss| loss.is_finite()),
        }
    }
}

impl Progress for Watch<'_> {
    fn report(&self, step: &Step<'_>) -> Go {
        let progress = self.progress(step);
        let elsewhere = self.is_cancelled_elsewhere();
        let stop = self.engine.running.with(self.uid, |watched| {
            let Some(watched) = watched else { return true };
            watched.progress = Some(progress);
            watched.is_cancelled |= elsewhere;
            watched.is_cancelled
        });
        if stop || self.stop.load(Ordering::Relaxed) { Go::Stop } else { Go::On }
    }
}

/// What kind of error, for programs.
fn code(error: &Error) -> &'static str {
    match error {
        Error::Invalid { .. } => "invalid_request",
        Error::BadInput { .. } => "bad_input",
        Error::Damaged { .. } => "damaged",
        Error::NotFound { .. } => "not_found",
        Error::NotReady { .. } => "not_ready",
        Error::TooLarge { .. } => "too_large",
        error if error.is_disk_full() => "disk_full",
        _ => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_before_a_restart_is_not_of_this_rate() {
        let step = |phase, done| Step { phase, done, total: 5000, unit: "words", loss: None };
        let (mut phase, start) = (Phase::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(phase.rate(&step("training", 1000), start), 0.0, "taken up where it was");
        assert_eq!(phase.rate(&step("training", 1500), after(1)), 500.0);
        assert_eq!(phase.rate(&step("indexing", 10), after(2)), 0.0);
        assert_eq!(phase.rate(&step("indexing", 30), after(4)), 10.0);
    }
}
