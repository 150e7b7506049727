//! The whole library behind one type.
//!
//! An [`Engine`] is one data directory: the document store, and for each collection the generation of indexes that
//! answers. A question takes one generation and keeps it to its end; a build writes a new one aside and switches.
//!
//! The functions block. Logging, clocks and the like begin here; below, everything is a function of its arguments.

pub mod answers;
mod build;
mod check;
mod clock;
mod context;
mod contrast;
mod demo;
mod documents;
mod embeddings;
mod evaluate;
mod generation;
mod held;
mod highlight;
mod ingestion;
mod keys;
mod live;
mod map;
mod memory;
mod model;
mod next;
mod priority;
mod questions;
mod requests;
mod retrieval;
mod rows;
mod senses;
mod settings;
mod snapshot;
mod standalone;
mod starters;
mod tasks;
mod texts;
mod training;
mod tuning;
mod uploads;
mod word_contrast;
mod word_graph;
mod wordnet;
mod words;

pub use crate::store::TaskStatus;
pub use build::{BuildReport, TrainSettings};
pub use check::{CheckReport, CollectionCheck};
pub use context::{
    ContextInfo, ContextNeighbours, ContextNeighboursRequest, Contextual, EncodeAnswer, EncodeRequest,
    EncodedToken, Estimate, LayerWeights, Occurrence, SubstituteAnswer, TrainingEstimate, WordChange,
};
pub use demo::DEMO_COLLECTIONS;
pub use documents::{
    BodyLimits, BodyShape, Document, DocumentPage, Packing, ReceiveReport, Receiving, Rejected, WriteReport,
    fields_of,
};
pub use embeddings::{
    Embedding, EmbeddingVector, EmbeddingsAnswer, EmbeddingsInput, EmbeddingsRequest, EmbeddingsUsage,
    EncodingFormat,
};
pub use evaluate::{WordSetReport, evaluate_words};
pub use generation::{Generation, ModelInfo, Origin};
pub use ingestion::{IngestReport, Ingestion};
pub use keys::{Caller, KeyInfo, KeyRequest, KeyRing, NewKey, Scope};
pub use map::{MapRequest, PlaceRequest};
pub(crate) use memory::share_arenas;
pub use next::{LstmNext, NextAnswer, NextRequest, NextToken, NextWord, NgramNext};
pub use requests::{ContrastRequest, HighlightRequest, KeywordRequest, OFFSET_MAX, SearchRequest, Syntax};
pub use retrieval::{JudgedRequest, RetrievalRequest};
pub use senses::{
    FitReport, Inventory, PriorReport, SenseModel, SenseSet, SensesBatch, SensesEvaluation, SensesRequest,
};
pub use settings::SettingsAnswer;
pub use snapshot::{SnapshotInfo, restore};
pub use standalone::{Standalone, StandaloneReport, estimate_standalone, train_standalone};
pub use starters::{Start, starter_of, unpack_starter};
pub use tasks::{TaskInfo, TaskKind, TaskPage, TaskProgress, TaskQuery};
pub use training::{AlgorithmName, TrainRequest};
pub use tuning::{TuneReport, TuneRequest};
pub use uploads::{IngestTaskReport, Upload, VectorFormat};
pub use word_contrast::{LinkedWord, WordContrastAnswer, WordContrastRequest};
pub use wordnet::{ExpansionRequest, HyponymsRequest, PathRequest, WordNetRequest, WordNetSimilarityRequest};
pub use words::{AnalogyRequest, CollocatesRequest, NearestRequest, SimilarRequest, WordsRequest};

pub use crate::index::keyword::IndexSettings;
pub use crate::text::analyzer::warm_up;

use crate::error::{Error, Result};
use crate::progress::Silent;
use crate::store::{CollectionRow, Store};
use answers::CollectionInfo;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// One data directory, open for questions and builds. Cheap to share between threads.
pub struct Engine {
    data_dir: PathBuf,
    store: Store,
    open: RwLock<HashMap<String, Arc<Generation>>>,
    live: live::Slots,
    running: tasks::Running,
    wordnet: wordnet::Shelf,
    senses: senses::Shelf,
}

impl Engine {
    /// Opens a data directory, creating it if need be.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be created, and those of [`Store::open`].
    pub fn open(data_dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(data_dir).map_err(Error::io("create", data_dir))?;
        let store = Store::open(&data_dir.join("sememe.db"))?;
        Ok(Self {
            data_dir: data_dir.to_path_buf(),
            store,
            open: RwLock::default(),
            live: live::Slots::default(),
            running: tasks::Running::default(),
            wordnet: Default::default(),
            senses: Default::default(),
        })
    }

    /// Where everything is kept.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// All collections by name. One whose indexes are damaged has none here; asked for by itself, it says what is wrong.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn collections(&self) -> Result<Vec<CollectionInfo>> {
        let info = |row: &CollectionRow| match self.info(row) {
            Err(Error::Damaged { .. } | Error::Io { .. }) => Ok(info_of(row, None)),
            info => info,
        };
        self.store.collections()?.iter().map(info).collect()
    }

    /// What stands in the directory and waits to be done, as a monitor wants to know it.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn standing(&self) -> Result<Standing> {
        let database = ["sememe.db", "sememe.db-wal"].map(|name| self.data_dir.join(name));
        let size = |path: &PathBuf| path.metadata().map_or(0, |about| about.len());
        Ok(Standing {
            collections: self.collections()?,
            tasks: self.store.task_counts()?,
            open: self.opened().values().cloned().collect(),
            database_bytes: database.iter().map(size).sum(),
        })
    }

    /// How many collections there are.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn collection_count(&self) -> Result<usize> {
        Ok(self.store.collections()?.len())
    }

    /// How many generations are open.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.opened().len()
    }

    /// One collection.
    ///
    /// # Errors
    /// [`Error::NotFound`] with the nearest names; [`Error::Invalid`] for what cannot be a name.
    pub fn collection(&self, name: &str) -> Result<CollectionInfo> {
        self.info(&self.row(name)?)
    }

    fn info(&self, row: &CollectionRow) -> Result<CollectionInfo> {
        let generation = match &row.generation {
            Some(_) => Some(self.generation(&row.name)?),
            None => None,
        };
        Ok(info_of(row, generation.as_deref()))
    }

    /// The generation that answers for a collection now. Hold on to it for the whole of a question.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotReady`] if nothing has been built yet; [`Error::Damaged`].
    pub fn generation(&self, name: &str) -> Result<Arc<Generation>> {
        if let Some(generation) = self.opened().get(name) {
            return Ok(Arc::clone(generation));
        }
        check_name(name)?;
        self.take_up(name)
    }

    /// Removes a collection with its documents and indexes.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]; [`Error::NotReady`] while it is being built.
    pub fn delete(&self, name: &str) -> Result<()> {
        let row = self.row(name)?;
        let lock = self.lock(name, Duration::ZERO, &Silent)?;
        self.store.delete_collection(row.key)?;
        self.forget(name);
        let folder = self.folder(name);
        std::fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        drop(lock);
        Ok(())
    }

    /// Makes now what the first questions about words would otherwise wait for, in all generations that are open.
    pub fn prepare(&self) {
        let open: Vec<Arc<Generation>> = self.opened().values().cloned().collect();
        open.iter().filter_map(|generation| generation.encoder().ok()).for_each(|e| e.vectors().prepare());
    }

    /// Gives memory that is free again back to the system. Now and then, and never in a question: it takes some milliseconds.
    pub fn give_back_memory(&self) {
        memory::give_back();
    }

    fn opened(&self) -> std::sync::RwLockReadGuard<'_, HashMap<String, Arc<Generation>>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn row(&self, name: &str) -> Result<CollectionRow> {
        check_name(name)?;
        self.store.collection(name)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.data_dir.join("collections").join(name)
    }
}

/// What a monitor wants to know.
pub struct Standing {
    /// By name.
    pub collections: Vec<CollectionInfo>,
    /// How many tasks stand how.
    pub tasks: Vec<(String, u64)>,
    /// The generations that answer.
    pub open: Vec<Arc<Generation>>,
    /// The database and its log, in bytes.
    pub database_bytes: u64,
}

fn info_of(row: &CollectionRow, generation: Option<&Generation>) -> CollectionInfo {
    let is_as_set = |g: &Generation| settings::read(row).is_ok_and(|settings| settings == *g.settings());
    CollectionInfo {
        name: row.name.clone(),
        documents: row.documents,
        indexed_documents: generation.map_or(0, |g| g.keyword().len()),
        up_to_date: generation.is_some_and(|g| g.change() == row.last_change && is_as_set(g)),
        generation: row.generation.clone(),
        index_bytes: generation.map_or(0, Generation::bytes),
        model: generation.and_then(|g| g.model_info().cloned()),
    }
}

/// Collection names are `[a-z0-9][a-z0-9_-]{0,62}`: safe in URLs and as folders.
///
/// # Errors
/// [`Error::Invalid`] for any other.
pub fn check_name(name: &str) -> Result<()> {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let rest = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    if first && rest && name.len() <= 63 {
        return Ok(());
    }
    let expected = "1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit";
    Err(Error::invalid("collection name", expected, format!("{name:?}"), "choose another name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_as_folders() {
        for good in ["a", "demo-en", "0_x", &"a".repeat(63)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "_a", "A", "a.b", "../x", "a/b", "a%2e", "a\0", "ä", &"a".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
