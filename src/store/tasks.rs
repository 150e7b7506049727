//! Tasks: what was asked, how it stands, what came of it. The queue itself; what a task does is the engine's.

use super::Store;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// Waits for its turn.
    Enqueued,
    /// Is being worked on.
    Processing,
    /// Done.
    Succeeded,
    /// Ended by an error.
    Failed,
    /// Ended because somebody wanted it to.
    Canceled,
}

impl TaskStatus {
    const ALL: [Self; 5] = [Self::Enqueued, Self::Processing, Self::Succeeded, Self::Failed, Self::Canceled];

    /// The name, as in requests and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enqueued => "enqueued",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Enqueued | Self::Processing)
    }

    fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.name() == name).unwrap_or(Self::Failed)
    }
}

/// A task as stored. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRow {
    /// Its number.
    pub uid: i64,
    /// The collection it is about, if it is about one.
    pub collection: Option<String>,
    /// What is to be done: `train`, `index` …
    pub kind: String,
    /// How it stands.
    pub status: TaskStatus,
    /// What was asked.
    pub details: Map<String, Value>,
    /// What came of it so far.
    pub result: Option<Value>,
    /// Why it failed.
    pub error: Option<Value>,
    /// Whether somebody wants it to stop.
    pub cancel: bool,
    /// When it was asked for.
    pub enqueued_at: i64,
    /// When it was begun, last.
    pub started_at: Option<i64>,
    /// When it ended.
    pub finished_at: Option<i64>,
}

/// Which tasks; an empty list lets all through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskFilter {
    /// How they stand.
    pub statuses: Vec<TaskStatus>,
    /// What they do.
    pub kinds: Vec<String>,
    /// What they are about.
    pub collections: Vec<String>,
    /// Only this number and lower ones.
    pub from: Option<i64>,
}

/// Tasks that are remembered once they have ended.
const KEPT: i64 = 10_000;

const COLUMNS: &str = "uid, collection, type, status, details, result, error, cancel, enqueued_at, started_at, \
                       finished_at";

impl Store {
    /// Puts a task at the end of the queue, and says its number.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn enqueue(
        &self,
        kind: &str,
        collection: Option<&str>,
        details: &Map<String, Value>,
        now: i64,
    ) -> Result<i64> {
        // A transaction: a row that is returned is not yet a row that is written, on a disk that is full.
        self.run(async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let uid: i64 = sqlx::query_scalar(
                "INSERT INTO tasks (type, collection, status, details, enqueued_at)
                 VALUES (?, ?, 'enqueued', ?, ?) RETURNING uid",
            )
            .bind(kind)
            .bind(collection)
            .bind(Value::Object(details.clone()).to_string())
            .bind(now)
            .fetch_one(&mut *transaction)
            .await?;
            sqlx::query("DELETE FROM tasks WHERE uid <= ? AND status NOT IN ('enqueued', 'processing')")
                .bind(uid - KEPT)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(uid)
        })
    }

    /// A task.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`] if the database fails.
    pub fn task(&self, uid: i64) -> Result<TaskRow> {
        let row = self.run(async {
            let mut query = QueryBuilder::new("SELECT ");
            query.push(COLUMNS).push(" FROM tasks WHERE uid = ").push_bind(uid);
            query.build().fetch_optional(&self.pool).await?.as_ref().map(task_row).transpose()
        })?;
        row.ok_or_else(|| Error::NotFound { kind: "task", name: uid.to_string(), nearest: Vec::new() })
    }

    /// Tasks, the latest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn tasks(&self, filter: &TaskFilter, limit: u32) -> Result<Vec<TaskRow>> {
        self.run(async {
            let mut query = QueryBuilder::new("SELECT ");
            query.push(COLUMNS).push(" FROM tasks WHERE uid <= ").push_bind(filter.from.unwrap_or(i64::MAX));
            let statuses: Vec<&str> = filter.statuses.iter().map(|status| status.name()).collect();
            let kinds: Vec<&str> = filter.kinds.iter().map(String::as_str).collect();
            let collections: Vec<&str> = filter.collections.iter().map(String::as_str).collect();
            for (column, wanted) in [("status", statuses), ("type", kinds), ("collection", collections)] {
                if !wanted.is_empty() {
                    query.push(" AND ").push(column).push(" IN (");
                    let mut list = query.separated(", ");
                    for value in wanted {
                        list.push_bind(value.to_owned());
                    }
                    query.push(")");
                }
            }
            query.push(" ORDER BY uid DESC LIMIT ").push_bind(limit);
            query.build().fetch_all(&self.pool).await?.iter().map(task_row).collect()
        })
    }

    /// How many tasks stand how; those of which there are none are left out.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn task_counts(&self) -> Result<Vec<(String, u64)>> {
        let counts: Vec<(String, i64)> = self.run(async {
            sqlx::query_as("SELECT status, count(*) FROM tasks GROUP BY status").fetch_all(&self.pool).await
        })?;
        Ok(counts.into_iter().map(|(status, count)| (status, count.unsigned_abs())).collect())
    }

    /// Takes the oldest waiting task whose type `kinds` names (all others if `not`), and marks it as begun.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn begin_task(&self, kinds: &[&str], not: bool, now: i64) -> Result<Option<TaskRow>> {
        // Looked at often: an update that finds nothing would still wait for whoever writes.
        let waiting = TaskFilter { statuses: vec![TaskStatus::Enqueued], ..TaskFilter::default() };
        if self.tasks(&waiting, 1)?.is_empty() {
            return Ok(None);
        }
        self.run(async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let mut query = QueryBuilder::new("UPDATE tasks SET status = 'processing', started_at = ");
            query
                .push_bind(now)
                .push(" WHERE uid = (SELECT uid FROM tasks WHERE status = 'enqueued' AND type ");
            query.push(if not { "NOT IN (" } else { "IN (" });
            let mut list = query.separated(", ");
            for kind in kinds {
                list.push_bind((*kind).to_owned());
            }
            query.push(") ORDER BY uid LIMIT 1) RETURNING ").push(COLUMNS);
            let task = query.build().fetch_optional(&mut *transaction).await?;
            transaction.commit().await?;
            task.as_ref().map(task_row).transpose()
        })
    }

    /// Notes how a task ended; without a result, the one noted on the way stays.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn end_task(
        &self,
        uid: i64,
        status: TaskStatus,
        result: Option<&Value>,
        error: Option<&Value>,
        now: i64,
    ) -> Result<()> {
        self.run(async {
            sqlx::query("UPDATE tasks SET status = ?, result = coalesce(?, result), error = ?, finished_at = ? WHERE uid = ?")
                .bind(status.name())
                .bind(result.map(ToString::to_string))
                .bind(error.map(ToString::to_string))
                .bind(now)
                .bind(uid)
                .execute(&self.pool)
                .await
                .map(drop)
        })
    }

    /// Notes that a task is to stop; one that waits has ended by this.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`] if the database fails.
    pub fn cancel_task(&self, uid: i64, now: i64) -> Result<TaskRow> {
        self.run(async {
            sqlx::query("UPDATE tasks SET cancel = 1 WHERE uid = ? AND status = 'processing'")
                .bind(uid)
                .execute(&self.pool)
                .await?;
            sqlx::query(
                "UPDATE tasks SET cancel = 1, status = 'canceled', finished_at = ?
                 WHERE uid = ? AND status = 'enqueued'",
            )
            .bind(now)
            .bind(uid)
            .execute(&self.pool)
            .await
        })?;
        self.task(uid)
    }

    /// Puts tasks back in the queue that were being worked on by a process that is gone.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn requeue_tasks(&self) -> Result<u64> {
        self.run(async {
            sqlx::query("UPDATE tasks SET status = 'enqueued', started_at = NULL WHERE status = 'processing'")
                .execute(&self.pool)
                .await
                .map(|done| done.rows_affected())
        })
    }

    /// Ends all tasks that have not: for a copy of the database, in which nobody will work them off.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn cancel_all_tasks(&self) -> Result<()> {
        self.run(async {
            let query = "UPDATE tasks SET status = 'canceled' WHERE status IN ('enqueued', 'processing')";
            sqlx::query(query).execute(&self.pool).await.map(drop)
        })
    }

    /// Forgets a task that has ended.
    ///
    /// # Errors
    /// [`Error::NotReady`] if it has not; [`Error::NotFound`], [`Error::Store`] if the database fails.
    pub fn forget_task(&self, uid: i64) -> Result<()> {
        let gone = self.run(async {
            sqlx::query("DELETE FROM tasks WHERE uid = ? AND status NOT IN ('enqueued', 'processing')")
                .bind(uid)
                .execute(&self.pool)
                .await
        })?;
        if gone.rows_affected() > 0 {
            return Ok(());
        }
        let what = format!("task {uid} is {}", self.task(uid)?.status.name());
        Err(Error::NotReady { what, cure: "cancel it first".to_owned() })
    }
}

fn task_row(row: &SqliteRow) -> sqlx::Result<TaskRow> {
    let status: String = row.try_get("status")?;
    Ok(TaskRow {
        uid: row.try_get("uid")?,
        collection: row.try_get("collection")?,
        kind: row.try_get("type")?,
        status: TaskStatus::of(&status),
        details: json(row, "details")?.and_then(|value| value.as_object().cloned()).unwrap_or_default(),
        result: json(row, "result")?,
        error: json(row, "error")?,
        cancel: row.try_get::<i64, _>("cancel")? != 0,
        enqueued_at: row.try_get("enqueued_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

/// Written here alone, so that it is JSON; anything else reads as nothing.
fn json(row: &SqliteRow, column: &str) -> sqlx::Result<Option<Value>> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sememe.db")).unwrap();
        (folder, store)
    }

    fn status(store: &Store, uid: i64) -> TaskStatus {
        store.task(uid).unwrap().status
    }

    #[test]
    fn tasks_go_through_the_queue_in_order_by_lane() {
        let (_folder, store) = store();
        let details = Map::from_iter([("dim".to_owned(), Value::from(7))]);
        let train = store.enqueue("train", Some("a"), &details, 1).unwrap();
        let index = store.enqueue("index", Some("a"), &Map::new(), 2).unwrap();
        let begun = store.begin_task(&["train"], true, 3).unwrap().unwrap();
        assert_eq!((begun.uid, begun.status, begun.started_at), (index, TaskStatus::Processing, Some(3)));
        let begun = store.begin_task(&["train"], false, 4).unwrap().unwrap();
        assert_eq!((begun.uid, begun.details["dim"].as_i64()), (train, Some(7)));
        assert_eq!(store.begin_task(&["train"], false, 5).unwrap(), None);
        store.end_task(train, TaskStatus::Succeeded, Some(&Value::from(1)), None, 6).unwrap();
        assert_eq!(store.task(train).unwrap().result, Some(Value::from(1)));
        let done = TaskFilter { statuses: vec![TaskStatus::Succeeded], ..Default::default() };
        assert_eq!(store.tasks(&done, 9).unwrap().len(), 1);
        assert!(store.forget_task(index).is_err() && store.forget_task(train).is_ok());
        assert!(matches!(store.task(train), Err(Error::NotFound { .. })));
    }

    #[test]
    fn waiting_tasks_are_cancelled_at_once_and_interrupted_ones_wait_again() {
        let (_folder, store) = store();
        let first = store.enqueue("train", None, &Map::new(), 1).unwrap();
        let second = store.enqueue("train", None, &Map::new(), 1).unwrap();
        store.begin_task(&["train"], false, 2).unwrap();
        assert_eq!(store.cancel_task(second, 3).unwrap().status, TaskStatus::Canceled);
        let running = store.cancel_task(first, 3).unwrap();
        assert_eq!((running.status, running.cancel), (TaskStatus::Processing, true));
        assert_eq!(store.requeue_tasks().unwrap(), 1);
        assert_eq!(
            (status(&store, first), status(&store, second)),
            (TaskStatus::Enqueued, TaskStatus::Canceled)
        );
    }
}
