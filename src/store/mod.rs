//! What was acknowledged, and what has been built from it?
//!
//! Collections and documents in SQLite (write-ahead log, full sync). The database is the source of truth: every index is a
//! view of it, built to a numbered change, and can be rebuilt. SQL lives here alone, behind functions named by intent.
//!
//! The functions block; the database has a runtime of its own, so call them from any thread that may wait.

mod changes;
mod documents;
mod keys;
mod tasks;

pub use changes::{Later, Standing};
pub use documents::{Changes, Committed, Snapshot, StoredDocument, Writer};
pub use keys::KeyRow;
pub use tasks::{TaskFilter, TaskRow, TaskStatus};

use crate::error::{Error, Result};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, QueryBuilder, Row, SqlStr};
use std::borrow::Cow;
use std::fs::File;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Number, name and text of every migration. sqlx has a macro for it, which compiles SQLite a second time.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "collections and documents", include_str!("../../migrations/0001_collections_and_documents.sql")),
    (2, "tasks", include_str!("../../migrations/0002_tasks.sql")),
    (3, "keys", include_str!("../../migrations/0003_keys.sql")),
    (4, "changes", include_str!("../../migrations/0004_changes.sql")),
    (5, "collection settings", include_str!("../../migrations/0005_collection_settings.sql")),
];

fn migrator() -> Migrator {
    let migration = |(number, name, sql): &(i64, &'static str, &'static str)| {
        let (name, sql) = (Cow::Borrowed(*name), SqlStr::from_static(sql));
        Migration::new(*number, name, MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// A collection as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionRow {
    /// Key in the store.
    pub key: i64,
    /// Name, as in URLs.
    pub name: String,
    /// Number of the last committed write.
    pub last_change: i64,
    /// Folder of the generation that answers, if one has been built.
    pub generation: Option<String>,
    /// Number of documents.
    pub documents: u64,
    /// How it is indexed, a JSON object.
    pub settings: String,
}

/// Connections to the database, and by that reads at a time.
const CONNECTIONS: u32 = 8;

const COLLECTION_ROWS: &str = "SELECT c.id, c.name, c.last_change, c.generation, c.settings,
    (SELECT count(*) FROM documents d WHERE d.collection = c.id) AS documents FROM collections c";

/// The document store of one data directory.
pub struct Store {
    runtime: Runtime,
    pool: SqlitePool,
    path: PathBuf,
    /// Held by the write in progress.
    writing: Mutex<()>,
}

impl Store {
    /// Opens the database at `path`, creating it with the current schema, or bringing an older one up to it.
    ///
    /// # Errors
    /// [`Error::Store`] if it is no database or locked for long, [`Error::NotReady`] if its schema is newer than this
    /// program.
    pub fn open(path: &Path) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store")
            .enable_time()
            .build()
            .map_err(Error::io("start threads for", path))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging(); // a statement slow on a busy machine is no news to users
        // SQLite does not make two programs wait that bring the same database up to the schema. Where folders cannot be locked, they do not wait.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let _lock = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
        // The first alone: several at once that make a database's log would lock each other out, and are not made to wait for that.
        let mut first = runtime.block_on(options.connect()).map_err(failed(path))?;
        runtime.block_on(check_schema(path, &mut first))?;
        // All at once: each has a thread, which takes the priority of whoever opens it, and questions must not wait for a low one.
        let pool = SqlitePoolOptions::new()
            .min_connections(CONNECTIONS)
            .max_connections(CONNECTIONS)
            .idle_timeout(None)
            .max_lifetime(None)
            // A commit that fails on a full disk ends the transaction without sqlx's knowing: such a connection would refuse every later one.
            .before_acquire(|connection, _| {
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            });
        let pool = runtime.block_on(pool.connect_with(options)).map_err(failed(path))?;
        runtime.block_on(first.close()).map_err(failed(path))?;
        runtime.block_on(migrator().run(&pool)).map_err(|error| migration_error(path, &error))?;
        Ok(Self { runtime, pool, path: path.to_path_buf(), writing: Mutex::new(()) })
    }

    /// All collections by name.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn collections(&self) -> Result<Vec<CollectionRow>> {
        self.run(async {
            let mut query = QueryBuilder::new(COLLECTION_ROWS);
            let rows = query.push(" ORDER BY c.name").build().fetch_all(&self.pool).await?;
            rows.iter().map(collection_row).collect()
        })
    }

    /// A collection by name.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the names there are, [`Error::Store`] if the database fails.
    pub fn collection(&self, name: &str) -> Result<CollectionRow> {
        let found = self.run(async {
            let mut query = QueryBuilder::new(COLLECTION_ROWS);
            query.push(" WHERE c.name = ").push_bind(name);
            query.build().fetch_optional(&self.pool).await?.as_ref().map(collection_row).transpose()
        })?;
        match found {
            Some(found) => Ok(found),
            None => Err(self.no_collection(name)?),
        }
    }

    fn no_collection(&self, name: &str) -> Result<Error> {
        let mut nearest: Vec<String> = self.collections()?.into_iter().map(|row| row.name).collect();
        nearest.sort_by_cached_key(|known| strsim::damerau_levenshtein(known, name));
        nearest.truncate(3);
        Ok(Error::NotFound { kind: "collection", name: name.to_owned(), nearest })
    }

    /// Removes a collection and its documents.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn delete_collection(&self, key: i64) -> Result<()> {
        self.run(async {
            sqlx::query("DELETE FROM collections WHERE id = ?").bind(key).execute(&self.pool).await?;
            Ok(())
        })
    }

    /// Sets how a collection is indexed, from the next build on.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn set_settings(&self, key: i64, settings: &str) -> Result<()> {
        self.run(async {
            sqlx::query("UPDATE collections SET settings = ? WHERE id = ?")
                .bind(settings)
                .bind(key)
                .execute(&self.pool)
                .await
                .map(drop)
        })
    }

    /// A number that no build of this collection has had before, for the name of its folder.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn next_build(&self, key: i64) -> Result<i64> {
        self.run(async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let number = sqlx::query_scalar(
                "UPDATE collections SET last_build = last_build + 1 WHERE id = ? RETURNING last_build",
            )
            .bind(key)
            .fetch_one(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(number)
        })
    }

    /// Makes a generation the one that answers; it shows the writes up to number `change`.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn switch_generation(&self, key: i64, generation: &str, change: i64) -> Result<()> {
        self.run(async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query("UPDATE collections SET generation = ? WHERE id = ?")
                .bind(generation)
                .bind(key)
                .execute(&mut *transaction)
                .await?;
            // Nobody catches up from before this generation any more.
            sqlx::query("DELETE FROM deletions WHERE collection = ? AND change <= ?")
                .bind(key)
                .bind(change)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await
        })
    }

    /// A copy of the database as it is now, in a new file.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails or the disk is full.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let name = path.to_string_lossy().into_owned();
        self.run(async { sqlx::query("VACUUM INTO ?").bind(name).execute(&self.pool).await.map(drop) })
    }

    /// What the database itself finds wrong with its file.
    ///
    /// # Errors
    /// [`Error::Store`] if it cannot be read at all.
    pub fn problems(&self) -> Result<Vec<String>> {
        let found: Vec<String> =
            self.run(async { sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&self.pool).await })?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Builds the database's own indexes anew from its tables.
    ///
    /// # Errors
    /// [`Error::Store`] if it cannot be read.
    pub fn rebuild_indexes(&self) -> Result<()> {
        self.run(async { sqlx::query("REINDEX").execute(&self.pool).await.map(drop) })
    }

    /// Closes the database, so that all of it stands in its one file.
    pub fn close(self) {
        self.runtime.block_on(self.pool.close());
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn run<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T> {
        self.runtime.block_on(work).map_err(failed(&self.path))
    }
}

fn collection_row(row: &SqliteRow) -> sqlx::Result<CollectionRow> {
    let documents: i64 = row.try_get("documents")?;
    Ok(CollectionRow {
        key: row.try_get("id")?,
        name: row.try_get("name")?,
        last_change: row.try_get("last_change")?,
        generation: row.try_get("generation")?,
        documents: documents.unsigned_abs(),
        settings: row.try_get("settings")?,
    })
}

/// That a damaged file's tables are described in UTF-8 at least: sqlx takes it for granted, and its thread ends where they are not.
async fn check_schema(path: &Path, connection: &mut SqliteConnection) -> Result<()> {
    let described = sqlx::query_scalar::<_, Option<Vec<u8>>>("SELECT CAST(sql AS BLOB) FROM sqlite_schema");
    let described = described.fetch_all(connection).await.map_err(failed(path))?;
    if described.iter().flatten().all(|sql| std::str::from_utf8(sql).is_ok()) {
        return Ok(());
    }
    let cure = "restore the last backup: sememe restore";
    Err(Error::damaged(path, "tables described in UTF-8", "other bytes", cure))
}

fn failed(path: &Path) -> impl FnOnce(sqlx::Error) -> Error {
    let path = path.to_path_buf();
    move |error| Error::Store { path, message: error.to_string() }
}

fn migration_error(path: &Path, error: &MigrateError) -> Error {
    match error {
        MigrateError::VersionMissing(version) => Error::NotReady {
            what: format!("{} has schema version {version}, newer than this program", path.display()),
            cure: "use the sememe that wrote it, or a later one".to_owned(),
        },
        error => Error::Store { path: path.to_path_buf(), message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Document;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sememe.db")).unwrap();
        (folder, store)
    }

    fn document(id: &str, text: &str) -> Document {
        Document { id: id.to_owned(), text: text.to_owned(), ..Document::default() }
    }

    fn put(store: &Store, name: &str, documents: &[Document]) -> Changes {
        let mut writer = store.write(name).unwrap();
        writer.put(documents).unwrap();
        writer.commit().unwrap().changes
    }

    #[test]
    fn tables_that_are_described_in_other_bytes_are_told() {
        let (folder, store) = store();
        put(&store, "a", &[document("1", "one")]);
        let path = folder.path().join("copy.db");
        store.copy_to(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let described = bytes.windows(7).position(|part| part == b"INTEGER").unwrap();
        bytes[described] ^= 0x80;
        std::fs::write(&path, &bytes).unwrap();
        let error = Store::open(&path).err().unwrap().to_string();
        assert!(error.contains("tables described in UTF-8"), "{error}");
    }

    #[test]
    fn an_upsert_counts_what_it_did_and_keeps_what_did_not_change() {
        let (_folder, store) = store();
        let first = put(&store, "a", &[document("1", "one"), document("2", "two")]);
        assert_eq!((first.added, first.updated, first.unchanged), (2, 0, 0));
        let second = put(&store, "a", &[document("1", "one"), document("2", "deux"), document("3", "three")]);
        assert_eq!((second.added, second.updated, second.unchanged), (1, 1, 1));
        assert_eq!(store.collection("a").unwrap().documents, 3);
    }

    #[test]
    fn the_last_of_two_with_one_id_stays() {
        let (_folder, store) = store();
        put(&store, "a", &[document("1", "old"), document("1", "new")]);
        let key = store.collection("a").unwrap().key;
        assert_eq!(store.document(key, "1").unwrap().document.text, "new");
        assert_eq!(store.collection("a").unwrap().documents, 1);
    }

    #[test]
    fn nothing_stays_of_a_write_that_was_not_committed() {
        let (_folder, store) = store();
        put(&store, "a", &[document("1", "one")]);
        let mut writer = store.write("a").unwrap();
        writer.put(&[document("2", "two")]).unwrap();
        drop(writer);
        let mut writer = store.write("b").unwrap();
        writer.put(&[document("2", "two")]).unwrap();
        drop(writer);
        assert_eq!(store.collection("a").unwrap().documents, 1);
        assert!(store.collection("b").is_err());
    }

    #[test]
    fn a_transaction_that_the_database_gave_up_by_itself_holds_no_later_one_up() {
        let (_folder, store) = store();
        for _ in 0..2 * CONNECTIONS {
            let failed = store.run(async {
                let mut transaction = store.pool.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::query("ROLLBACK").execute(&mut *transaction).await?; // as SQLite does when the disk is full
                transaction.commit().await
            });
            assert!(failed.is_err());
        }
        put(&store, "a", &[document("1", "one")]);
        assert_eq!(store.collection("a").unwrap().documents, 1);
    }

    #[test]
    fn only_a_write_that_changed_something_is_a_change() {
        let (_folder, store) = store();
        put(&store, "a", &[document("1", "one")]);
        let before = store.collection("a").unwrap().last_change;
        put(&store, "a", &[document("1", "one")]);
        assert_eq!(store.collection("a").unwrap().last_change, before);
    }

    #[test]
    fn a_snapshot_gives_every_document_in_order_with_its_change() {
        let (_folder, store) = store();
        let many: Vec<Document> = (0..2500).map(|i| document(&i.to_string(), "text")).collect();
        put(&store, "a", &many);
        let row = store.collection("a").unwrap();
        let mut seen = Vec::new();
        let mut snapshot = store.snapshot(row.key).unwrap();
        assert_eq!((snapshot.change(), snapshot.documents()), (row.last_change, 2500));
        put(&store, "a", &[document("later", "not seen")]);
        while let Some(batch) = snapshot.next_batch(1000).unwrap() {
            seen.extend(batch.into_iter().map(|stored| stored.document.id));
        }
        assert_eq!(seen, many.iter().map(|d| d.id.clone()).collect::<Vec<_>>());
    }

    #[test]
    fn an_unknown_collection_names_the_near_ones() {
        let (_folder, store) = store();
        put(&store, "demo-en", &[document("1", "one")]);
        let error = store.collection("demo-eng").unwrap_err().to_string();
        assert_eq!(error, "collection \"demo-eng\" not found; nearest: demo-en");
    }

    #[test]
    fn several_may_make_the_same_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sememe.db");
        let opened: Vec<Result<Store>> = std::thread::scope(|scope| {
            let open = |_| scope.spawn(|| Store::open(&path));
            let threads: Vec<_> = (0..6).map(open).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        opened.into_iter().for_each(|store| assert!(store.unwrap().collections().unwrap().is_empty()));
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let (folder, store) = store();
        let path = folder.path().join("sememe.db");
        store
            .run(async {
                sqlx::query(
                    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (9999, 'later', 1, x'00', 0)",
                )
                .execute(&store.pool)
                .await
            })
            .unwrap();
        drop(store);
        let error = Store::open(&path).err().unwrap().to_string();
        assert!(error.contains("schema version 9999, newer than this program"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_database_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sememe.db");
        std::fs::write(&path, vec![7; 5000]).unwrap();
        assert!(matches!(Store::open(&path), Err(Error::Store { .. })));
    }
}
