//! Keys: stored as hashes.

use super::Store;
use crate::error::Result;
use sqlx::Row;

/// A key as stored. Scopes and collections are JSON arrays of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The part of the key that may be shown.
    pub id: String,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    /// What it is for.
    pub name: String,
    /// JSON array of scopes.
    pub scopes: String,
    /// JSON array of collections; none for all.
    pub collections: Option<String>,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds since 1970.
    pub expires_at: Option<i64>,
    /// Seconds since 1970.
    pub revoked_at: Option<i64>,
}

impl Store {
    /// All keys, revoked and expired ones too, the oldest first.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) if the database fails.
    pub fn keys(&self) -> Result<Vec<KeyRow>> {
        self.run(async {
            let rows =
                sqlx::query("SELECT * FROM keys ORDER BY created_at, id").fetch_all(&self.pool).await?;
            rows.iter().map(key_row).collect()
        })
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) if the database fails.
    pub fn add_key(&self, key: &KeyRow) -> Result<()> {
        self.run(async {
            sqlx::query(
                "INSERT INTO keys (id, hash, name, scopes, collections, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&key.id)
            .bind(&key.hash)
            .bind(&key.name)
            .bind(&key.scopes)
            .bind(&key.collections)
            .bind(key.created_at)
            .bind(key.expires_at)
            .execute(&self.pool)
            .await?;
            Ok(())
        })
    }

    /// Revokes a key, once; answers whether there is such a key.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) if the database fails.
    pub fn revoke_key(&self, id: &str, now: i64) -> Result<bool> {
        self.run(async {
            let done = sqlx::query("UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?")
                .bind(now)
                .bind(id)
                .execute(&self.pool)
                .await?;
            Ok(done.rows_affected() > 0)
        })
    }
}

fn key_row(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<KeyRow> {
    Ok(KeyRow {
        id: row.try_get("id")?,
        hash: row.try_get("hash")?,
        name: row.try_get("name")?,
        scopes: row.try_get("scopes")?,
        collections: row.try_get("collections")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}
