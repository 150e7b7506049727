//! What was written later than an index shows: documents that came, rows that are gone.

use super::Store;
use super::documents::{StoredDocument, stored_documents};
use crate::error::Result;
use sqlx::{Row, Sqlite, Transaction};

/// How a collection stands: what a running service looks at again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Key in the store.
    pub key: i64,
    /// Name, as in URLs.
    pub name: String,
    /// Number of the last committed write.
    pub last_change: i64,
    /// Folder of the generation that answers, if one has been built.
    pub generation: Option<String>,
}

/// The writes after one, as they stood at one moment.
pub struct Later<'a> {
    store: &'a Store,
    transaction: Option<Transaction<'static, Sqlite>>,
    collection: i64,
    /// Change and row of the last document given out.
    after: (i64, i64),
    standing: Standing,
}

impl Store {
    /// How every collection stands, without counting.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) if the database fails.
    pub fn standings(&self) -> Result<Vec<Standing>> {
        self.run(async {
            let rows = sqlx::query("SELECT id, name, last_change, generation FROM collections ORDER BY id")
                .fetch_all(&self.pool)
                .await?;
            rows.iter().map(standing).collect()
        })
    }

    /// How one collection stands.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) with the nearest names, [`Error::Store`](crate::Error::Store) if the database
    /// fails.
    pub fn collection_standing(&self, name: &str) -> Result<Standing> {
        let found = self.run(async {
            sqlx::query("SELECT id, name, last_change, generation FROM collections WHERE name = ?")
                .bind(name)
                .fetch_optional(&self.pool)
                .await?
                .as_ref()
                .map(standing)
                .transpose()
        })?;
        found.map_or_else(|| Err(self.no_collection(name)?), Ok)
    }

    /// The writes to a collection after number `change`, whatever is written meanwhile; `None` if the collection is gone.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) if the database fails.
    pub fn later(&self, key: i64, change: i64) -> Result<Option<Later<'_>>> {
        self.run(async {
            let mut transaction = self.pool.begin().await?;
            let row = sqlx::query("SELECT id, name, last_change, generation FROM collections WHERE id = ?")
                .bind(key)
                .fetch_optional(&mut *transaction)
                .await?;
            let Some(row) = row else { return Ok(None) };
            let (standing, after) = (standing(&row)?, (change, i64::MAX));
            Ok(Some(Later { store: self, transaction: Some(transaction), collection: key, after, standing }))
        })
    }
}

impl Later<'_> {
    /// How the collection stands in this view.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// How many documents came, at most `limit` of them counted.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) if the database fails.
    pub fn count(&mut self, limit: u32) -> Result<u64> {
        let (collection, after) = (self.collection, self.after);
        let Some(transaction) = self.transaction.as_mut() else { return Ok(0) };
        let count: i64 = self.store.run(async {
            sqlx::query_scalar(
                "SELECT count(*) FROM (SELECT 1 FROM documents WHERE collection = ? AND change > ? LIMIT ?)",
            )
            .bind(collection)
            .bind(after.0)
            .bind(limit)
            .fetch_one(&mut **transaction)
            .await
        })?;
        Ok(count.unsigned_abs())
    }

    /// Rows that are gone since.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) if the database fails.
    pub fn deleted(&mut self) -> Result<Vec<i64>> {
        let (collection, after) = (self.collection, self.after);
        let Some(transaction) = self.transaction.as_mut() else { return Ok(Vec::new()) };
        self.store.run(async {
            sqlx::query_scalar("SELECT seq FROM deletions WHERE collection = ? AND change > ? ORDER BY seq")
                .bind(collection)
                .bind(after.0)
                .fetch_all(&mut **transaction)
                .await
        })
    }

    /// The next documents by rising row, at most `limit`; `None` after the last.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) if the database fails.
    pub fn next_batch(&mut self, limit: u32) -> Result<Option<Vec<StoredDocument>>> {
        let (collection, after) = (self.collection, self.after);
        let Some(transaction) = self.transaction.as_mut() else { return Ok(None) };
        let (last, batch) = self.store.run(async {
            let rows = sqlx::query(
                "SELECT seq, id, title, text, fields, checksum, change FROM documents
                 WHERE collection = ? AND (change, seq) > (?, ?) ORDER BY change, seq LIMIT ?",
            )
            .bind(collection)
            .bind(after.0)
            .bind(after.1)
            .bind(limit)
            .fetch_all(&mut **transaction)
            .await?;
            let last = match rows.last() {
                Some(last) => (last.try_get("change")?, last.try_get("seq")?),
                None => after,
            };
            Ok((last, stored_documents(&rows)?))
        })?;
        self.after = last;
        Ok((!batch.is_empty()).then_some(batch))
    }
}

impl Drop for Later<'_> {
    fn drop(&mut self) {
        if let Some(transaction) = self.transaction.take() {
            // Nothing was written, so nothing can be lost.
            let _ = self.store.runtime.block_on(transaction.rollback());
        }
    }
}

fn standing(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Standing> {
    Ok(Standing {
        key: row.try_get(0)?,
        name: row.try_get(1)?,
        last_change: row.try_get(2)?,
        generation: row.try_get(3)?,
    })
}
