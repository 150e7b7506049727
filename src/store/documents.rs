//! Documents: written in one transaction, read in one snapshot.

use super::{Store, failed};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::text::Document;
use serde_json::Map;
use sqlx::sqlite::{SqliteExecutor, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite, Transaction};
use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

/// Documents a statement: SQLite takes 32,766 parameters.
const BATCH: usize = 500;

/// A document with its key.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDocument {
    /// Row of the document in every index.
    pub seq: i64,
    /// The document.
    pub document: Document,
}

/// What a write did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Documents that were not there before.
    pub added: u64,
    /// Documents whose content is new.
    pub updated: u64,
    /// Documents that were there already as they came.
    pub unchanged: u64,
    /// Documents that are gone.
    pub deleted: u64,
}

/// What a write did, and its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// What it did.
    pub changes: Changes,
    /// Number of the collection's last write now; an index that shows it shows this one.
    pub change: i64,
}

/// A write in progress: nothing of it is there before [`Writer::commit`].
pub struct Writer<'a> {
    store: &'a Store,
    transaction: Option<Transaction<'static, Sqlite>>,
    collection: i64,
    /// Number of the write, if it changes anything.
    change: i64,
    changes: Changes,
    /// Writers of this process come one after the other, rather than asking the database again and again.
    _turn: MutexGuard<'a, ()>,
}

impl Store {
    /// Begins a write to a collection, which is created with it if need be.
    ///
    /// # Errors
    /// [`Error::NotReady`] if another process has been writing for more than five seconds.
    pub fn write(&self, collection: &str) -> Result<Writer<'_>> {
        let turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.runtime.block_on(async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(busy(self))?;
            sqlx::query("INSERT INTO collections (name) VALUES (?) ON CONFLICT (name) DO NOTHING")
                .bind(collection)
                .execute(&mut *transaction)
                .await
                .map_err(failed(&self.path))?;
            let row = sqlx::query("SELECT id, last_change FROM collections WHERE name = ?")
                .bind(collection)
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed(&self.path))?;
            let taken = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?));
            let (collection, last_change) = taken(&row).map_err(failed(&self.path))?;
            Ok(Writer {
                store: self,
                transaction: Some(transaction),
                collection,
                change: last_change + 1,
                changes: Changes::default(),
                _turn: turn,
            })
        })
    }

    /// A document by the id that its source gave it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, [`Error::Store`] if the database fails.
    pub fn document(&self, collection: i64, id: &str) -> Result<StoredDocument> {
        let found = self.run(async {
            let query = "SELECT seq, id, title, text, fields, checksum FROM documents
                         WHERE collection = ? AND id = ?";
            let row = sqlx::query(query).bind(collection).bind(id).fetch_optional(&self.pool).await?;
            row.as_ref().map(stored_document).transpose()
        })?;
        found.ok_or_else(|| Error::NotFound { kind: "document", name: id.to_owned(), nearest: Vec::new() })
    }

    /// Documents by their rows, in the order asked; those that are gone since are left out.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn documents(&self, seqs: &[i64]) -> Result<Vec<StoredDocument>> {
        let mut found: HashMap<i64, StoredDocument> = HashMap::with_capacity(seqs.len());
        self.run(async {
            for part in seqs.chunks(BATCH) {
                let mut query = QueryBuilder::new(
                    "SELECT seq, id, title, text, fields, checksum FROM documents WHERE seq IN (",
                );
                let mut list = query.separated(", ");
                for seq in part {
                    list.push_bind(*seq);
                }
                query.push(")");
                for row in query.build().fetch_all(&self.pool).await? {
                    let stored = stored_document(&row)?;
                    found.insert(stored.seq, stored);
                }
            }
            Ok(())
        })?;
        Ok(seqs.iter().filter_map(|seq| found.remove(seq)).collect())
    }

    /// The documents after row `after`, by rising row, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn documents_after(&self, collection: i64, after: i64, limit: u32) -> Result<Vec<StoredDocument>> {
        self.run(batch_after(&self.pool, collection, after, limit))
    }

    /// A view of a collection as it is now, whatever is written meanwhile.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn snapshot(&self, collection: i64) -> Result<Snapshot<'_>> {
        self.run(async {
            let mut transaction = self.pool.begin().await?;
            let row = sqlx::query(
                "SELECT last_change, (SELECT count(*) FROM documents WHERE collection = c.id)
                 FROM collections c WHERE c.id = ?",
            )
            .bind(collection)
            .fetch_one(&mut *transaction)
            .await?;
            let (change, documents): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let transaction = Some(transaction);
            Ok(Snapshot {
                store: self,
                transaction,
                collection,
                change,
                documents: documents.unsigned_abs(),
                after: 0,
            })
        })
    }
}

impl Writer<'_> {
    /// Adds documents, or replaces those with the same id whose content differs.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn put(&mut self, documents: &[Document]) -> Result<()> {
        for part in documents.chunks(BATCH) {
            // The last of several with one id stays, as if they had come one after the other.
            let latest: HashMap<&str, usize> =
                part.iter().enumerate().map(|(at, document)| (document.id.as_str(), at)).collect();
            let part: Vec<&Document> = part
                .iter()
                .enumerate()
                .filter(|(at, document)| latest[document.id.as_str()] == *at)
                .map(|(_, document)| document)
                .collect();
            self.put_batch(&part)?;
        }
        Ok(())
    }

    fn put_batch(&mut self, part: &[&Document]) -> Result<()> {
        let Some(transaction) = self.transaction.as_mut() else { return Ok(()) };
        let (collection, change) = (self.collection, self.change);
        let changes = &mut self.changes;
        self.store.run(async {
            let known = known_documents(transaction, collection, part).await?;
            let mut replaced = Vec::new();
            let mut new = Vec::new();
            for document in part {
                match known.get(&document.id) {
                    Some(stored) if stored.document == **document => changes.unchanged += 1,
                    Some(stored) => {
                        replaced.push(stored.seq);
                        new.push(*document);
                    }
                    None => new.push(*document),
                }
            }
            changes.updated += replaced.len() as u64;
            changes.added += (new.len() - replaced.len()) as u64;
            delete(transaction, (collection, change), &replaced).await?;
            insert(transaction, (collection, change), &new).await
        })
    }

    /// Removes documents; ids that are not there are passed over.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn delete(&mut self, ids: &[String]) -> Result<()> {
        let Some(transaction) = self.transaction.as_mut() else { return Ok(()) };
        let (collection, change) = (self.collection, self.change);
        let changes = &mut self.changes;
        self.store.run(async {
            for part in ids.chunks(BATCH) {
                let mut query = QueryBuilder::new("SELECT seq FROM documents WHERE collection = ");
                query.push_bind(collection).push(" AND id IN (");
                let mut list = query.separated(", ");
                for id in part {
                    list.push_bind(id.as_str());
                }
                query.push(")");
                let rows = query.build().fetch_all(&mut **transaction).await?;
                let seqs: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
                delete(transaction, (collection, change), &seqs).await?;
                changes.deleted += seqs.len() as u64;
            }
            Ok(())
        })
    }

    /// Removes all documents.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn delete_all(&mut self) -> Result<()> {
        let Some(transaction) = self.transaction.as_mut() else { return Ok(()) };
        let (collection, change) = (self.collection, self.change);
        let changes = &mut self.changes;
        self.store.run(async {
            sqlx::query(
                "INSERT INTO deletions (seq, collection, change)
                 SELECT seq, collection, ? FROM documents WHERE collection = ?",
            )
            .bind(change)
            .bind(collection)
            .execute(&mut **transaction)
            .await?;
            let gone = sqlx::query("DELETE FROM documents WHERE collection = ?")
                .bind(collection)
                .execute(&mut **transaction)
                .await?;
            changes.deleted += gone.rows_affected();
            Ok(())
        })
    }

    /// Notes in the same write how far a task has come, so that it goes on from there and does nothing twice.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn note_task(&mut self, uid: i64, so_far: &serde_json::Value) -> Result<()> {
        let Some(transaction) = self.transaction.as_mut() else { return Ok(()) };
        let so_far = so_far.to_string();
        self.store.run(async {
            sqlx::query("UPDATE tasks SET result = ? WHERE uid = ?")
                .bind(so_far)
                .bind(uid)
                .execute(&mut **transaction)
                .await
                .map(drop)
        })
    }

    /// What committing now would answer.
    #[must_use]
    pub fn outcome(&self) -> Committed {
        let Changes { added, updated, deleted, .. } = self.changes;
        let change = if added + updated + deleted > 0 { self.change } else { self.change - 1 };
        Committed { changes: self.changes, change }
    }

    /// Makes the write durable; only now is it there, all of it.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails; then nothing was written.
    pub fn commit(mut self) -> Result<Committed> {
        let outcome = self.outcome();
        let Some(mut transaction) = self.transaction.take() else { return Ok(outcome) };
        failpoint::reach("documents written");
        self.store.run(async {
            if outcome.change == self.change {
                sqlx::query("UPDATE collections SET last_change = ? WHERE id = ?")
                    .bind(self.change)
                    .bind(self.collection)
                    .execute(&mut *transaction)
                    .await?;
            }
            failpoint::reach("before commit");
            transaction.commit().await?;
            failpoint::reach("after commit");
            Ok(())
        })?;
        Ok(outcome)
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if let Some(transaction) = self.transaction.take() {
            // A failed rollback leaves nothing either: the connection is closed, and SQLite forgets the write.
            let _ = self.store.runtime.block_on(transaction.rollback());
        }
    }
}

/// A view of a collection at one moment.
pub struct Snapshot<'a> {
    store: &'a Store,
    transaction: Option<Transaction<'static, Sqlite>>,
    collection: i64,
    change: i64,
    documents: u64,
    after: i64,
}

impl Snapshot<'_> {
    /// Number of the last write that it shows: the watermark of what is built from it.
    #[must_use]
    pub fn change(&self) -> i64 {
        self.change
    }

    /// How many documents it shows.
    #[must_use]
    pub fn documents(&self) -> u64 {
        self.documents
    }

    /// The next documents by row, at most `limit`; `None` after the last.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn next_batch(&mut self, limit: u32) -> Result<Option<Vec<StoredDocument>>> {
        let (collection, after) = (self.collection, self.after);
        let Some(transaction) = self.transaction.as_mut() else { return Ok(None) };
        let batch = self.store.run(batch_after(&mut **transaction, collection, after, limit))?;
        self.after = batch.last().map_or(after, |stored| stored.seq);
        Ok((!batch.is_empty()).then_some(batch))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Some(transaction) = self.transaction.take() {
            // Nothing was written, so nothing can be lost.
            let _ = self.store.runtime.block_on(transaction.rollback());
        }
    }
}

/// Documents by rising row, as the pool or a transaction sees them.
async fn batch_after(
    from: impl SqliteExecutor<'_>,
    collection: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<StoredDocument>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT seq, id, title, text, fields, checksum FROM documents
         WHERE collection = ? AND seq > ? ORDER BY seq LIMIT ?",
    )
    .bind(collection)
    .bind(after)
    .bind(limit)
    .fetch_all(from)
    .await?;
    stored_documents(&rows)
}

async fn known_documents(
    transaction: &mut Transaction<'static, Sqlite>,
    collection: i64,
    part: &[&Document],
) -> Result<HashMap<String, StoredDocument>, sqlx::Error> {
    let mut query =
        QueryBuilder::new("SELECT seq, id, title, text, fields, checksum FROM documents WHERE collection = ");
    query.push_bind(collection).push(" AND id IN (");
    let mut list = query.separated(", ");
    for document in part {
        list.push_bind(document.id.as_str());
    }
    query.push(")");
    let rows = query.build().fetch_all(&mut **transaction).await?;
    let known = stored_documents(&rows)?;
    Ok(known.into_iter().map(|stored| (stored.document.id.clone(), stored)).collect())
}

/// Takes rows away, and notes the write that did.
async fn delete(
    transaction: &mut Transaction<'static, Sqlite>,
    (collection, change): (i64, i64),
    seqs: &[i64],
) -> Result<(), sqlx::Error> {
    if seqs.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("DELETE FROM documents WHERE seq IN (");
    let mut list = query.separated(", ");
    for seq in seqs {
        list.push_bind(*seq);
    }
    query.push(")");
    query.build().execute(&mut **transaction).await?;
    let mut query = QueryBuilder::new("INSERT INTO deletions (seq, collection, change) ");
    query.push_values(seqs, |mut row, seq| {
        row.push_bind(*seq).push_bind(collection).push_bind(change);
    });
    query.build().execute(&mut **transaction).await?;
    Ok(())
}

async fn insert(
    transaction: &mut Transaction<'static, Sqlite>,
    (collection, change): (i64, i64),
    documents: &[&Document],
) -> Result<(), sqlx::Error> {
    if documents.is_empty() {
        return Ok(());
    }
    let mut query =
        QueryBuilder::new("INSERT INTO documents (collection, id, title, text, fields, change, checksum) ");
    query.push_values(documents, |mut row, document| {
        let fields = serde_json::Value::Object(document.fields.clone()).to_string();
        let sum = checksum(&document.id, document.title.as_deref(), &document.text, &fields);
        row.push_bind(collection)
            .push_bind(document.id.as_str())
            .push_bind(document.title.as_deref())
            .push_bind(document.text.as_str())
            .push_bind(fields)
            .push_bind(change)
            .push_bind(sum);
    });
    query.build().execute(&mut **transaction).await?;
    Ok(())
}

/// CRC-32 of a document, each part after its length: the database itself does not notice a changed byte of text.
fn checksum(id: &str, title: Option<&str>, text: &str, fields: &str) -> i64 {
    let mut sum = crc32fast::Hasher::new();
    for part in [id, title.unwrap_or_default(), text, fields] {
        sum.update(&(part.len() as u64).to_le_bytes());
        sum.update(part.as_bytes());
    }
    i64::from(sum.finalize())
}

pub(super) fn stored_documents(rows: &[SqliteRow]) -> Result<Vec<StoredDocument>, sqlx::Error> {
    rows.iter().map(stored_document).collect()
}

fn stored_document(row: &SqliteRow) -> Result<StoredDocument, sqlx::Error> {
    let (id, title, text): (String, Option<String>, String) =
        (row.try_get("id")?, row.try_get("title")?, row.try_get("text")?);
    let fields: String = row.try_get("fields")?;
    let expected: Option<i64> = row.try_get("checksum")?;
    if expected.is_some_and(|expected| expected != checksum(&id, title.as_deref(), &text, &fields)) {
        let message =
            format!("document {id:?} is not as it was written; restore it from a backup, or write it again");
        return Err(sqlx::Error::Decode(message.into()));
    }
    // Written by `insert` alone, so it is an object; anything else reads as no fields.
    let fields = serde_json::from_str(&fields).unwrap_or_else(|_| Map::new());
    Ok(StoredDocument { seq: row.try_get("seq")?, document: Document { id, title, text, fields } })
}

fn busy(store: &Store) -> impl FnOnce(sqlx::Error) -> Error {
    let path = store.path.clone();
    move |error| match &error {
        sqlx::Error::Database(inner) if inner.message().contains("locked") => Error::NotReady {
            what: format!("another process is writing to {}", path.display()),
            cure: "wait until it is done, then repeat".to_owned(),
        },
        _ => failed(&path)(error),
    }
}
