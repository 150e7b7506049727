//! Files that were sent to be worked on in the background: documents, word vectors. Each is kept in the data directory, flushed before its
//! task is queued, until that task has ended.

use super::build::{PATIENCE, TASK_PATIENCE};
use super::documents::{BodyLimits, BodyShape, Packing, ReceiveReport, WriteReport};
use super::tasks::TaskKind;
use super::{BuildReport, Engine, TaskInfo, check_name};
use crate::error::{Error, Result};
use crate::files::sync_folder;
use crate::progress::Progress;
use crate::store::{TaskFilter, TaskRow, TaskStatus};
use crate::text::Arriving;
use crate::text::source::Arrived;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use crate::vectors::formats::Format as VectorFormat;

const UPLOADS: &str = "uploads";

/// Bytes read at a time.
const PIECE: usize = 256 << 10;

/// What no task names is left alone for so long: it may still be arriving.
const STRAY: Duration = Duration::from_secs(3600);

/// A file on its way. What is not handed to a task is removed again.
pub struct Upload {
    file: BufWriter<tempfile::NamedTempFile>,
}

/// What became of a file of documents, so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestTaskReport {
    /// What was written, what could not be read.
    #[serde(flatten)]
    pub report: ReceiveReport,
    /// Lines, or places of the array, that are dealt with.
    pub lines: u64,
}

/// What an ingestion was asked.
#[derive(Deserialize)]
struct IngestDetails {
    upload: String,
    packing: Packing,
    shape: BodyShape,
    #[serde(default)]
    fields_max: Option<usize>,
}

/// What an import was asked.
#[derive(Deserialize)]
struct ImportDetails {
    upload: String,
    #[serde(default)]
    format: Option<VectorFormat>,
}

impl Upload {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Error::Io`]; the disk may be full.
    pub fn push(&mut self, piece: &[u8]) -> Result<()> {
        let path = self.file.get_ref().path().to_path_buf();
        self.file.write_all(piece).map_err(Error::io("write", path))
    }

    /// Flushed to the disk; its name and size.
    fn keep(self) -> Result<(PathBuf, u64)> {
        let path = self.file.get_ref().path().to_path_buf();
        let failed = |error| Error::io("flush", &path)(error);
        let file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        let (file, kept) = file.keep().map_err(|error| failed(error.error))?;
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok((kept, file.metadata().map_err(failed)?.len()))
    }
}

impl Engine {
    /// Begins to take in a file for [`enqueue_ingest`](Self::enqueue_ingest) or [`enqueue_import`](Self::enqueue_import).
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn upload(&self) -> Result<Upload> {
        let folder = self.data_dir.join(UPLOADS);
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let file = tempfile::Builder::new().prefix("upload-").rand_bytes(16).tempfile_in(&folder);
        Ok(Upload { file: BufWriter::new(file.map_err(Error::io("create a file in", &folder))?) })
    }

    /// Queues the ingestion of a file of documents into a collection, which is created if need be: a thousand at a time, each thousand one
    /// write. Interrupted, it goes on after its last write, and does nothing twice.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be a name; [`Error::NotReady`] if too many tasks wait; [`Error::Io`].
    pub fn enqueue_ingest(
        &self,
        collection: &str,
        upload: Upload,
        (packing, shape): (Packing, BodyShape),
        fields_max: usize,
    ) -> Result<TaskInfo> {
        check_name(collection)?;
        let details = json!({"packing": packing, "shape": shape, "fields_max": fields_max});
        self.enqueue_upload(TaskKind::Ingest, collection, upload, details)
    }

    /// Queues what [`import_vectors`](Self::import_vectors) does.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotReady`] if too many tasks wait; [`Error::Io`].
    pub fn enqueue_import(
        &self,
        collection: &str,
        upload: Upload,
        format: Option<VectorFormat>,
    ) -> Result<TaskInfo> {
        self.row(collection)?;
        let details = format.map_or_else(|| json!({}), |format| json!({"format": format}));
        self.enqueue_upload(TaskKind::Import, collection, upload, details)
    }

    /// Queues what [`induce_senses`](Self::induce_senses) does.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotReady`] without a model, or if too many tasks wait.
    pub fn enqueue_senses(&self, collection: &str) -> Result<TaskInfo> {
        self.generation(collection)?.encoder()?;
        self.enqueue(TaskKind::Senses, Some(collection), Map::new())
    }

    fn enqueue_upload(
        &self,
        kind: TaskKind,
        collection: &str,
        upload: Upload,
        details: Value,
    ) -> Result<TaskInfo> {
        let (path, bytes) = upload.keep()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut details = details.as_object().cloned().unwrap_or_default();
        details.insert("upload".to_owned(), name.into());
        details.insert("bytes".to_owned(), bytes.into());
        crate::failpoint::reach("upload kept");
        self.enqueue(kind, Some(collection), details).inspect_err(|_| drop(fs::remove_file(&path)))
    }

    /// Works off a file of documents, from where the task was.
    pub(super) fn ingest_upload(&self, task: &TaskRow, progress: &dyn Progress) -> Result<IngestTaskReport> {
        let collection = task.collection.as_deref().unwrap_or_default();
        let details: IngestDetails = details(task)?;
        let mut file = self.open_upload(&details.upload)?;
        let total = file.metadata().map_or(0, |metadata| metadata.len());
        let so_far = task.result.clone().and_then(|value| serde_json::from_value(value).ok());
        let so_far = Mutex::new(so_far.unwrap_or_default());
        let taker = |arrived: &mut Vec<Arrived>| {
            let mut so_far = so_far.lock().unwrap_or_else(PoisonError::into_inner);
            self.take_in_once(collection, task.uid, &mut so_far, arrived)
        };
        let default = BodyLimits::default();
        let fields_max = details.fields_max.unwrap_or(default.fields_max);
        let limits = BodyLimits { bytes_max: u64::MAX, fields_max, ..default };
        let mut arriving = Arriving::new(details.packing, details.shape, limits, Box::new(taker))?;
        let (mut piece, mut done) = (vec![0; PIECE], 0);
        loop {
            let count = file.read(&mut piece).map_err(Error::io("read", &details.upload))?;
            if count == 0 {
                break;
            }
            arriving.push(&piece[..count])?;
            done += count as u64;
            progress.step("ingesting", done, total, "bytes")?;
        }
        arriving.finish()?;
        Ok(so_far.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// One write, which notes in itself how far the task has come.
    fn take_in_once(
        &self,
        collection: &str,
        uid: i64,
        so_far: &mut IngestTaskReport,
        arrived: &mut Vec<Arrived>,
    ) -> Result<()> {
        let mut next = so_far.clone();
        let done = next.lines;
        next.lines = arrived.last().map_or(done, |(line, _)| *line).max(done);
        let documents = next.report.sort(arrived.drain(..).filter(|(line, _)| *line > done));
        if next == *so_far {
            return Ok(()); // seen before the task was interrupted
        }
        self.write(collection, |writer| {
            writer.put(&documents)?;
            next.report.written.and(&WriteReport::of(writer.outcome()));
            writer.note_task(uid, &serde_json::to_value(&next).unwrap_or_default())
        })?;
        crate::failpoint::reach("batch ingested");
        *so_far = next;
        Ok(())
    }

    pub(super) fn import_upload(&self, task: &TaskRow, progress: &dyn Progress) -> Result<BuildReport> {
        let collection = task.collection.as_deref().unwrap_or_default();
        let details: ImportDetails = details(task)?;
        let path = self.upload_path(&details.upload)?;
        self.import_within(collection, (&path, details.format), TASK_PATIENCE, progress)
    }

    /// Finds anew, in all documents as they are now, the senses that a collection tells apart, with the vectors that it has.
    ///
    /// # Errors
    /// As [`Engine::index`]; [`Error::NotReady`] without a model.
    pub fn induce_senses(&self, collection: &str, progress: &dyn Progress) -> Result<BuildReport> {
        self.generation(collection)?.encoder()?;
        self.build_senses(collection, PATIENCE, progress)
    }

    fn upload_path(&self, name: &str) -> Result<PathBuf> {
        let is_ours =
            name.starts_with("upload-") && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if is_ours {
            return Ok(self.data_dir.join(UPLOADS).join(name));
        }
        Err(Error::invalid("upload", "a name that was given here", name, "send the file again"))
    }

    fn open_upload(&self, name: &str) -> Result<File> {
        let path = self.upload_path(name)?;
        File::open(&path).map_err(Error::io("open", path))
    }

    /// A task has ended, and needs its file no more.
    pub(super) fn drop_upload(&self, task: &TaskRow) {
        let name = task.details.get("upload").and_then(Value::as_str);
        if let Some(path) = name.and_then(|name| self.upload_path(name).ok()) {
            let _ = fs::remove_file(path); // if not now, then at the next start
        }
    }

    /// Removes files that no task will work on: of a service that died between the two.
    pub(super) fn drop_stray_uploads(&self) {
        let open = TaskFilter {
            statuses: vec![TaskStatus::Enqueued, TaskStatus::Processing],
            ..TaskFilter::default()
        };
        let Ok(tasks) = self.store.tasks(&open, u32::MAX) else { return };
        let wanted = |path: &PathBuf| {
            tasks
                .iter()
                .filter_map(|task| task.details.get("upload")?.as_str())
                .any(|name| path.ends_with(name))
        };
        let is_old = |path: &PathBuf| {
            let modified = path.metadata().and_then(|metadata| metadata.modified()).ok();
            modified.and_then(|time| time.elapsed().ok()).is_some_and(|age| age > STRAY)
        };
        let entries = self.data_dir.join(UPLOADS).read_dir().into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| !wanted(path) && is_old(path)) {
            let _ = fs::remove_file(path);
        }
    }
}

fn details<T: for<'de> Deserialize<'de>>(task: &TaskRow) -> Result<T> {
    serde_json::from_value(Value::Object(task.details.clone()))
        .map_err(|error| Error::invalid("details", "those of such a task", error, "ask again"))
}
