//! Long work while serving: asked for, queued, worked off one after the other, watched, cancelled.
//!
//! The queue is in the store, so that a task outlives the process: one that was interrupted begins again at the next start, a training at
//! its last checkpoint. Two threads work it off, one for trainings and one for everything else, so that neither waits for the other.

use super::build::lock_file;
use super::{Engine, TrainRequest, priority};
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
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
}

impl TaskKind {
    const ALL: [Self; 3] = [Self::Train, Self::Index, Self::Snapshot];

    /// The name, as in requests and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Index => "index",
            Self::Snapshot => "snapshot",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

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
    /// [`Error::NotFound`]; [`Error::Invalid`] for settings out of range; [`Error::TooLarge`] if too many tasks wait.
    pub fn enqueue_train(&self, collection: &str, request: &TrainRequest) -> Result<TaskInfo> {
        self.row(collection)?;
        request.settings()?.word2vec.check()?;
        let details = serde_json::to_value(request).ok().and_then(|value| value.as_object().cloned());
        self.enqueue(TaskKind::Train, Some(collection), details.unwrap_or_default())
    }

    /// Queues a build of a collection's indexes.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::TooLarge`] if too many tasks wait.
    pub fn enqueue_index(&self, collection: &str) -> Result<TaskInfo> {
        self.row(collection)?;
        self.enqueue(TaskKind::Index, Some(collection), Map::new())
    }

    /// Queues a snapshot of everything.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if too many tasks wait.
    pub fn enqueue_snapshot(&self) -> Result<TaskInfo> {
        let name = format!("{}.sememe", timestamp(now()).replace([':', '.'], "-"));
        self.enqueue(TaskKind::Snapshot, None, Map::from_iter([("name".to_owned(), name.into())]))
    }

    fn enqueue(
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
        std::thread::scope(|scope| {
            for is_training in [true, false] {
                scope.spawn(move || self.work_lane(is_training, stop));
            }
        });
        Ok(())
    }

    fn work_lane(&self, is_training: bool, stop: &AtomicBool) {
        priority::lower();
        while !stop.load(Ordering::Relaxed) {
            match self.store.begin_task(&[TaskKind::Train.name()], !is_training, now()) {
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
        let ended = match done {
            Ok(result) => self.store.end_task(uid, TaskStatus::Succeeded, Some(&result), None, now()),
            // Told to stop by the end of the process: it goes on at the next start.
            Err(Error::Cancelled) if !is_cancelled && stop.load(Ordering::Relaxed) => Ok(()),
            Err(Error::Cancelled) => self.store.end_task(uid, TaskStatus::Canceled, None, None, now()),
            Err(error) => {
                tracing::warn!(uid, %error, "task failed");
                let error = json!({"code": code(&error), "message": error.to_string()});
                self.store.end_task(uid, TaskStatus::Failed, None, Some(&error), now())
            }
        };
        if let Err(error) = ended {
            tracing::error!(uid, %error, "cannot note how a task ended");
        }
        self.running.tasks.lock().unwrap_or_else(PoisonError::into_inner).remove(&uid);
        tracing::info!(uid, "task ended");
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
                let report =
                    priority::pool(half_of_processors())?.install(|| self.reindex(collection, watch));
                value(serde_json::to_value(report?))
            }
            Some(TaskKind::Snapshot) => {
                let name = task.details.get("name").and_then(Value::as_str).unwrap_or_default();
                value(serde_json::to_value(self.snapshot(name, watch)?))
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
    /// The phase, and when it began.
    phase: Mutex<(String, Option<Instant>)>,
    /// When the store was last asked whether another process wants it to stop.
    asked: Mutex<Instant>,
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
        if phase.0 != step.phase || phase.1.is_none() {
            *phase = (step.phase.to_owned(), Some(Instant::now()));
        }
        let seconds = phase.1.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        let rate = if seconds > 0.0 { step.done as f64 / seconds } else { 0.0 };
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
        _ => "internal",
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// RFC 3339 in UTC, of milliseconds since 1970.
fn timestamp(ms: i64) -> String {
    let (seconds, ms) = (ms.div_euclid(1000), ms.rem_euclid(1000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// Year, month and day of a day since 1970 (Hinnant 2021, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_rfc_3339() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(timestamp(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(timestamp(1_795_456_800_123), "2026-11-23T18:00:00.123Z");
    }
}
