//! Builds: documents into the store, then a new generation from it.
//!
//! A generation is built aside in a folder whose name begins with a dot; whatever stops it leaves the one that answers as it was,
//! and the next build clears the rest away.

use super::context::{self, Contextual, Over, Sampler, TrainingEstimate};
use super::generation::{
    self, CONTEXT_FILES, CORPUS, KEYWORD, Manifest, ModelManifest, STATIC_FILES, VectorFiles,
};
use super::model::Learned;
use super::starters::{self, Start};
use super::word_graph::{self, WORD_GRAPH};
use super::{Engine, ModelInfo, Origin, memory, model, next, rows, senses};
use crate::bilm;
use crate::encoder::{ContextualEncoder, Mix, StaticEncoder};
use crate::error::{Error, Result};
use crate::failpoint;
use crate::files::sync_folder;
use crate::index::keyword::{IndexSettings, KeywordBuilder};
use crate::index::{BuildSettings, Hnsw, Matrix};
use crate::linalg;
use crate::ngram::NGRAMS_FILE;
use crate::progress::{Progress, Silent};
use crate::sense::induction::{InducedSenses, SENSES_FILE};
use crate::store::{CollectionRow, Snapshot, StoredDocument};
use crate::text::{Analysis, Analyzer};
use crate::vectors::formats::Format;
use crate::vectors::{NEIGHBOURS_FILE, Neighbours, VECTORS_FILE, VOCABULARY_FILE, WordVectors};
use crate::vocab::Chunk;
use crate::vocab::corpus::{self, Corpus, CorpusEncoder, EncoderReport, EncoderSettings};
use crate::word2vec;
use rayon::prelude::*;
use serde::Serialize;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Documents analysed at a time.
const BATCH: u32 = 1000;

/// Documents by which the language is told.
const STEMMING_SAMPLE: usize = 100;

/// Fewer documents are scanned: that takes less than half a millisecond, and is exact.
const GRAPH_ROWS_MIN: usize = 20_000;

/// How long a build waits for another one of the same collection: most are over in no time.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long a task waits for another build of the same collection: nobody looks on.
pub(super) const TASK_PATIENCE: Duration = Duration::from_secs(3600);

/// What a build made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BuildReport {
    /// The generation that answers now.
    pub generation: String,
    /// Documents in it.
    pub documents: u64,
    /// Its static model, if it has one.
    pub model: Option<ModelInfo>,
}

/// How a collection's word vectors are trained.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrainSettings {
    /// The trainer's own.
    pub word2vec: word2vec::Settings,
    /// Least count of a word in the vocabulary; `None` chooses by the size of the corpus.
    pub min_count: Option<u64>,
    /// A vector file to start from, of the dimension that is trained; its words that the corpus lacks stay as they are.
    pub init: Option<PathBuf>,
    /// What training begins with, if not with such a file.
    pub start: Start,
    /// Whether a contextual model is trained over them.
    pub contextual: Contextual,
    /// How.
    pub context: bilm::Settings,
}

impl TrainSettings {
    /// With no more memory than there is: a training that is refused is better than a process that the system kills.
    pub(super) fn within_free_memory(&self) -> Self {
        let mut settings = self.clone();
        let free = memory::free().unwrap_or(u64::MAX);
        for budget in [&mut settings.word2vec.memory_budget_bytes, &mut settings.context.memory_budget_bytes]
        {
            *budget = free.min(*budget);
        }
        settings
    }

    /// Refuses what needs more memory than it may take however few the words are; all of it is known once these are counted.
    pub(super) fn check_memory(&self) -> Result<()> {
        let (needed_bytes, budget_bytes) =
            (self.word2vec.memory_bytes(0), self.within_free_memory().word2vec.memory_budget_bytes);
        if needed_bytes <= budget_bytes {
            return Ok(());
        }
        let cure = "lower the dimension, leave subwords out, or raise the memory budget".to_owned();
        Err(Error::TooLarge {
            what: "training, whatever the words,".to_owned(),
            needed_bytes,
            budget_bytes,
            cure,
        })
    }
}

impl Engine {
    /// Builds the indexes of all documents anew; the word vectors, if there are any, stay. Does nothing if the indexes show
    /// the last write already.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotReady`] while another process is building; [`Error::Cancelled`]; [`Error::Io`].
    pub fn index(&self, collection: &str, progress: &dyn Progress) -> Result<BuildReport> {
        let row = self.row(collection)?;
        if let Some(generation) = row.generation
            && let Ok(manifest) = Manifest::read(&self.folder(collection).join(&generation), collection)
            && manifest.change == row.last_change
            && self.generation(collection).is_ok()
        {
            let model = manifest.model.map(|model| model.info);
            return Ok(BuildReport { generation, documents: row.documents, model });
        }
        self.reindex(collection, progress)
    }

    /// Gives a collection an empty generation, if it has none: what is written to it shows beside that.
    ///
    /// # Errors
    /// As [`Engine::index`].
    pub(super) fn begin_generations(&self, collection: &str, patience: Duration) -> Result<()> {
        let build = Build::begin(self, collection, patience, &Silent)?;
        if build.row.generation.is_some() {
            return Ok(());
        }
        let settings = resolved(build.settings()?, &[]);
        KeywordBuilder::create(&build.folder.path().join(KEYWORD), &settings)?.finish()?;
        generation::write_manifest(build.folder.path(), collection, 0, None)?;
        build.switch(0).map(drop)
    }

    /// The next generation at once, unless another one is being built.
    pub(super) fn begin_anew(&self, collection: &str) -> Result<()> {
        let build = Build::begin(self, collection, Duration::ZERO, &Silent)?;
        let model = build.keep_model(&Silent)?;
        build.finish(model, &Silent).map(drop)
    }

    /// As [`Engine::index`], whether the indexes are up to date or not: for damaged ones.
    ///
    /// # Errors
    /// As [`Engine::index`].
    pub fn reindex(&self, collection: &str, progress: &dyn Progress) -> Result<BuildReport> {
        self.reindex_within(collection, PATIENCE, progress)
    }

    /// As [`reindex`](Self::reindex), waiting so long for another build of the same collection.
    pub(super) fn reindex_within(
        &self,
        collection: &str,
        patience: Duration,
        progress: &dyn Progress,
    ) -> Result<BuildReport> {
        let build = Build::begin(self, collection, patience, progress)?;
        let model = build.keep_model(progress)?;
        build.finish(model, progress)
    }

    /// Trains word vectors on all documents of a collection, and builds its indexes anew with them.
    ///
    /// # Errors
    /// As [`Engine::index`]; [`Error::Invalid`] for settings out of range or a corpus without words; [`Error::TooLarge`].
    pub fn train(
        &self,
        collection: &str,
        settings: &TrainSettings,
        progress: &dyn Progress,
    ) -> Result<BuildReport> {
        settings.word2vec.check()?;
        settings.context.check()?;
        let settings = &settings.within_free_memory();
        let build = Build::begin(self, collection, PATIENCE, progress)?;
        let model = build.train_model(settings, progress)?;
        build.finish(Some(model), progress)
    }

    /// What [`Engine::train`] would take, from a corpus that is counted now; nothing is changed.
    ///
    /// # Errors
    /// As [`Engine::train`].
    pub fn estimate_training(
        &self,
        collection: &str,
        settings: &TrainSettings,
        progress: &dyn Progress,
    ) -> Result<TrainingEstimate> {
        settings.word2vec.check()?;
        settings.context.check()?;
        let build = Build::begin(self, collection, PATIENCE, progress)?;
        let (corpus, report) = build.encode_corpus(Least::For(settings), progress)?;
        let starter = starters::chosen(settings, corpus.vocabulary())?;
        Ok(context::estimate(&corpus, report.min_count, settings, starter.as_ref()))
    }

    /// Takes word vectors from a file (of a format told from its content unless named), and builds the indexes of a
    /// collection anew with them. Where the file has no counts of words, those of the collection's documents are taken.
    ///
    /// # Errors
    /// As [`Engine::index`]; [`Error::BadInput`] if the file is not what it claims; [`Error::Invalid`] if it has no word of the
    /// collection.
    pub fn import_vectors(
        &self,
        collection: &str,
        path: &Path,
        format: Option<Format>,
        progress: &dyn Progress,
    ) -> Result<BuildReport> {
        self.import_within(collection, (path, format), PATIENCE, progress)
    }

    /// As [`import_vectors`](Self::import_vectors), waiting so long for another build of the same collection.
    pub(super) fn import_within(
        &self,
        collection: &str,
        (path, format): (&Path, Option<Format>),
        patience: Duration,
        progress: &dyn Progress,
    ) -> Result<BuildReport> {
        let build = Build::begin(self, collection, patience, progress)?;
        let model = build.import_model(path, format, progress)?;
        build.finish(Some(model), progress)
    }

    /// The next generation with the same vectors, and senses told apart by all documents as they are now.
    pub(super) fn build_senses(
        &self,
        collection: &str,
        patience: Duration,
        progress: &dyn Progress,
    ) -> Result<BuildReport> {
        let build = Build::begin(self, collection, patience, progress)?;
        let model = build.keep_model(progress)?;
        if let Some(model) = &model {
            let folder = build.folder.path();
            // Links to the files of the generation before: to be replaced, not written into.
            for file in [CORPUS, SENSES_FILE, NGRAMS_FILE]
                .map(|name| folder.join(name))
                .iter()
                .filter(|file| file.exists())
            {
                fs::remove_file(file).map_err(Error::io("remove", file))?;
            }
            build.encode_corpus(Least::Of(model.info.min_count), progress)?;
        }
        build.finish(model, progress)
    }

    /// Held while a collection is built; the system releases it whatever happens to the process.
    pub(super) fn lock(&self, collection: &str, patience: Duration, progress: &dyn Progress) -> Result<File> {
        let folder = self.folder(collection);
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let begun = Instant::now();
        loop {
            match lock_file(&folder.join(".lock"), &format!("collection {collection:?}")) {
                Err(Error::NotReady { .. }) if begun.elapsed() < patience => {
                    progress.step("waiting", 0, 0, "builds")?;
                    thread::sleep(PATIENCE / 20);
                }
                held => return held,
            }
        }
    }
}

/// Locks a file, created if need be, for as long as it is open.
pub(super) fn lock_file(path: &Path, what: &str) -> Result<File> {
    let file = File::create(path).map_err(Error::io("create", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::NotReady {
            what: format!("{what} is being built by another process"),
            cure: "wait until it is done, then repeat".to_owned(),
        }),
        Err(fs::TryLockError::Error(error)) => Err(Error::io("lock", path)(error)),
    }
}

/// Word vectors of the generation to be, and what they were made from.
pub(super) struct NewModel {
    vectors: WordVectors,
    pub(super) info: ModelInfo,
}

/// A generation in the making.
pub(super) struct Build<'a> {
    engine: &'a Engine,
    row: CollectionRow,
    /// Where it is written, below the collection's folder, and removed from if it is not finished.
    folder: tempfile::TempDir,
    name: String,
    _lock: File,
}

impl<'a> Build<'a> {
    /// Waits so long for another build of the same collection.
    pub(super) fn begin(
        engine: &'a Engine,
        collection: &str,
        patience: Duration,
        progress: &dyn Progress,
    ) -> Result<Self> {
        engine.row(collection)?;
        let lock = engine.lock(collection, patience, progress)?;
        let row = engine.row(collection)?;
        let parent = engine.folder(collection);
        remove_others(&parent, |name| name.starts_with(".building-"));
        let name = format!("g{:06}", engine.store.next_build(row.key)?);
        let folder = tempfile::Builder::new()
            .prefix(&format!(".building-{name}-"))
            .tempdir_in(&parent)
            .map_err(Error::io("create a folder in", &parent))?;
        Ok(Self { engine, row, folder, name, _lock: lock })
    }

    /// How the documents are indexed, noted in the generation.
    fn settings(&self) -> Result<IndexSettings> {
        let settings = super::settings::read(&self.row)?;
        super::settings::save(self.folder.path(), &settings)?;
        Ok(settings)
    }

    fn snapshot(&self) -> Result<Snapshot<'a>> {
        self.engine.store.snapshot(self.row.key)
    }

    /// The model of the generation that answers, linked into the new one; a damaged one is left behind.
    fn keep_model(&self, progress: &dyn Progress) -> Result<Option<NewModel>> {
        let Some(current) = &self.row.generation else { return Ok(None) };
        let (from, to) = (self.engine.folder(&self.row.name).join(current), self.folder.path());
        let manifest = Manifest::read(&from, &self.row.name);
        let Some(info) = manifest.ok().and_then(|manifest| manifest.model).map(|model| model.info) else {
            return Ok(None);
        };
        let model = [VOCABULARY_FILE, VECTORS_FILE, bilm::CONTEXT_FILE];
        let files = model.into_iter().chain([CORPUS, SENSES_FILE, NGRAMS_FILE, bilm::NEXT_FILE]);
        let files: Vec<&str> = files.collect();
        for file in files.iter().filter(|file| from.join(file).exists()) {
            link_or_copy(&from.join(file), &to.join(file))?;
        }
        let starter = info.origin.starter().map(str::to_owned);
        let starter = starter.as_deref();
        let Ok(vectors) = model::open(to, starter) else {
            files.iter().for_each(|file| drop(fs::remove_file(to.join(file))));
            return Ok(None);
        };
        let table = Neighbours::open(&from);
        if table.is_ok_and(|table| table.belongs_to(&vectors)) {
            link_or_copy(&from.join(NEIGHBOURS_FILE), &to.join(NEIGHBOURS_FILE))?;
            return Ok(Some(NewModel { vectors: model::open(to, starter)?, info }));
        }
        if from.join(WORD_GRAPH).exists() && word_graph::attach(vectors.clone(), &from).is_ok() {
            link_or_copy(&from.join(WORD_GRAPH), &to.join(WORD_GRAPH))?;
            return Ok(Some(NewModel { vectors: word_graph::attach(vectors, to)?, info }));
        }
        Ok(Some(NewModel { vectors: model::with_neighbours(vectors, to, starter, progress)?, info }))
    }

    fn train_model(&self, settings: &TrainSettings, progress: &dyn Progress) -> Result<NewModel> {
        let (corpus, report) = self.encode_corpus(Least::For(settings), progress)?;
        let starter = starters::chosen(settings, corpus.vocabulary())?;
        let Learned { vectors, origin, output } =
            model::train(&corpus, settings, starter.as_ref(), None, progress)?;
        let mut model = self.place(vectors, origin, (&corpus, report.min_count), progress)?;
        let vectors = Arc::new(model.vectors.clone());
        let over = Over { corpus: &corpus, vectors: &vectors, starter: starter.as_ref() };
        model.info.context = context::train_into(self.folder.path(), over, output, settings, None, progress)?;
        Ok(model)
    }

    fn import_model(&self, path: &Path, format: Option<Format>, progress: &dyn Progress) -> Result<NewModel> {
        let (corpus, report) = self.encode_corpus(Least::Of(1), progress)?;
        let (vectors, origin) = model::import(path, format, corpus.vocabulary(), progress)?;
        self.place(vectors, origin, (&corpus, report.min_count), progress)
    }

    /// The encoded corpus of a training that was made elsewhere.
    pub(super) fn take_corpus(&self, from: &Path) -> Result<()> {
        link_or_copy(from, &self.folder.path().join(CORPUS))
    }

    pub(super) fn take_context(&self, from: &Path) -> Result<()> {
        link_or_copy(from, &self.folder.path().join(bilm::CONTEXT_FILE))
    }

    pub(super) fn place(
        &self,
        vectors: WordVectors,
        origin: Origin,
        (corpus, min_count): (&Corpus, u64),
        progress: &dyn Progress,
    ) -> Result<NewModel> {
        let info = ModelInfo {
            words: vectors.len(),
            dim: vectors.dim(),
            corpus_words: corpus.words(),
            min_count,
            origin,
            context: None,
        };
        let starter = info.origin.starter();
        let vectors = model::place(vectors, self.folder.path(), starter, progress)?;
        Ok(NewModel { vectors, info })
    }

    /// The collection's documents as numbers, kept in the generation for whoever counts or learns later.
    fn encode_corpus(&self, least: Least<'_>, progress: &dyn Progress) -> Result<(Corpus, EncoderReport)> {
        encode_corpus(self.snapshot()?, &self.folder.path().join(CORPUS), least, progress)
    }

    /// Reads all documents once, writes the indexes, and switches to them.
    pub(super) fn finish(self, model: Option<NewModel>, progress: &dyn Progress) -> Result<BuildReport> {
        let weighed_by = model.as_ref().and_then(|model| model.info.origin.starter().map(str::to_owned));
        let encoder = model.as_ref().map(|model| {
            let plain = StaticEncoder::plain(Arc::new(model.vectors.clone()));
            generation::weighed(plain, weighed_by.as_deref())
        });
        let contextual = match &model {
            Some(model) if self.folder.path().join(bilm::CONTEXT_FILE).exists() => {
                let context = bilm::Model::open(self.folder.path(), Arc::new(model.vectors.clone()))?;
                Some(ContextualEncoder::new(context, Mix::default())?)
            }
            _ => None,
        };
        let mut sampler = contextual.as_ref().map(Sampler::new);
        if let Some(model) = &model {
            let context = contextual.as_ref().map(ContextualEncoder::model);
            self.induce_senses(&model.vectors, context, progress)?;
            next::build_into(self.folder.path(), context, progress)?;
        }
        let (change, documents, [vectors, contexts]) =
            self.read_documents(encoder.as_ref(), sampler.as_mut(), progress)?;
        let mut context_direction = Vec::new();
        if let Some(sampler) = sampler {
            sampler.save(self.folder.path())?;
            context_direction = self.write_vectors(contexts, CONTEXT_FILES, sampler.dim(), progress)?;
        }
        let model = match model {
            Some(model) => {
                let direction = self.write_vectors(vectors, STATIC_FILES, model.vectors.dim(), progress)?;
                Some(ModelManifest { info: model.info, direction, context_direction, weighed_by })
            }
            None => None,
        };
        let info = model.as_ref().map(|model| model.info.clone());
        generation::write_manifest(self.folder.path(), &self.row.name, change, model)?;
        let generation = self.switch(change)?;
        Ok(BuildReport { generation, documents, model: info })
    }

    /// The senses that the corpus tells apart, unless those of the generation before still hold.
    fn induce_senses(
        &self,
        vectors: &WordVectors,
        model: Option<&bilm::Model>,
        progress: &dyn Progress,
    ) -> Result<()> {
        let (folder, corpus) = (self.folder.path(), self.folder.path().join(CORPUS));
        let dim = vectors.dim() * if model.is_some() { 2 } else { 1 };
        let kept = InducedSenses::open(folder, vectors.len());
        if kept.is_ok_and(|kept| kept.belong_to(vectors) && (kept.is_empty() || kept.dim() == dim))
            || !corpus.exists()
        {
            return Ok(());
        }
        senses::induce_into(folder, vectors, model, &Corpus::open(&corpus)?, progress)
    }

    fn read_documents(
        &self,
        encoder: Option<&StaticEncoder>,
        mut sampler: Option<&mut Sampler<'_>>,
        progress: &dyn Progress,
    ) -> Result<(i64, u64, [DocumentVectors; 2])> {
        let mut snapshot = self.snapshot()?;
        let (change, total) = (snapshot.change(), snapshot.documents());
        let mut next = snapshot.next_batch(BATCH)?;
        let settings = resolved(self.settings()?, next.as_deref().unwrap_or_default());
        let mut keyword = KeywordBuilder::create(&self.folder.path().join(KEYWORD), &settings)?;
        let [mut vectors, mut contexts] = [DocumentVectors::default(), DocumentVectors::default()];
        let mut done = 0;
        while let Some(batch) = next {
            let layout = keyword.layout();
            let ready: Vec<_> = batch
                .par_iter()
                .map(|stored| {
                    let analysis = Analyzer.analyze(&stored.document.full_text());
                    let vector = encoder.and_then(|e| e.text(analysis.tokens().map(|token| token.text)));
                    let read = sampler.as_ref().map(|sampler| sampler.of(stored.seq, &analysis));
                    let seq = stored.seq.cast_unsigned();
                    (layout.document_with_fields(seq, &stored.document, &analysis), vector, read)
                })
                .collect();
            for (stored, (document, vector, read)) in batch.iter().zip(ready) {
                keyword.add(document)?;
                if let (Some(sampler), Some((occurrences, vector))) = (&mut sampler, read) {
                    sampler.add(occurrences);
                    contexts.add(stored.seq, vector);
                }
                vectors.add(stored.seq, vector);
            }
            done += batch.len() as u64;
            progress.step("indexing", done, total, "documents")?;
            next = snapshot.next_batch(BATCH)?;
        }
        keyword.finish()?;
        Ok((change, total, [vectors, contexts]))
    }

    /// Removes the direction that all documents share, writes what is left, and returns the direction.
    fn write_vectors(
        &self,
        mut vectors: DocumentVectors,
        files: VectorFiles,
        dim: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<f32>> {
        let direction = vectors.remove_common_direction(dim);
        rows::save(&self.folder.path().join(files.rows), &vectors.seqs)?;
        if !vectors.seqs.is_empty() {
            let matrix = Matrix::from_rows(&vectors.rows, dim)?;
            matrix.save(self.folder.path().join(files.vectors), 0)?;
            if matrix.len() >= GRAPH_ROWS_MIN {
                let graph = Hnsw::build(matrix, &BuildSettings::default(), progress)?;
                graph.save(self.folder.path().join(files.graph), 0)?;
            }
        }
        Ok(direction)
    }

    fn switch(self, change: i64) -> Result<String> {
        let parent = self.engine.folder(&self.row.name);
        failpoint::reach("generation written");
        sync_files(self.folder.path())?;
        failpoint::reach("generation flushed");
        let built = self.folder.keep();
        let place = parent.join(&self.name);
        fs::rename(&built, &place).map_err(Error::io("rename", &built))?;
        failpoint::reach("generation renamed");
        sync_folder(&parent)?;
        failpoint::reach("before switch");
        self.engine.store.switch_generation(self.row.key, &self.name, change)?;
        failpoint::reach("after switch");
        self.engine.take_up(&self.row.name)?;
        failpoint::reach("generation taken up");
        // Those that somebody still reads stay until that is over.
        self.engine.remove_outdated(&self.row.name, &self.name);
        failpoint::reach("outdated removed");
        Ok(self.name)
    }
}

/// How often a word must occur to be learned.
#[derive(Clone, Copy)]
pub(super) enum Least<'a> {
    Of(u64),
    /// As a training with these settings has it.
    For(&'a TrainSettings),
}

impl Least<'_> {
    /// An encoder with it, for a corpus that will be `path`.
    pub(super) fn encoder(self, path: &Path) -> Result<CorpusEncoder> {
        let (min_count, known) = match self {
            Least::Of(count) => (Some(count), Vec::new()),
            // A word with a vector to begin with needs no second occurrence to learn from.
            Least::For(settings) if settings.min_count.is_none() && settings.init.is_some() => {
                (Some(1), Vec::new())
            }
            Least::For(settings) => (settings.min_count, starters::known(settings)),
        };
        Ok(CorpusEncoder::create(path, EncoderSettings { min_count, ..Default::default() })?.known(known))
    }
}

/// A snapshot's documents as numbers, in a file.
pub(super) fn encode_corpus(
    mut snapshot: Snapshot<'_>,
    path: &Path,
    least: Least<'_>,
    progress: &dyn Progress,
) -> Result<(Corpus, EncoderReport)> {
    let batches = std::iter::from_fn(|| snapshot.next_batch(BATCH).transpose());
    corpus::encode(batches, encode_documents, least.encoder(path)?, progress)
}

/// The settings with the language of the first documents.
fn resolved(settings: IndexSettings, first: &[StoredDocument]) -> IndexSettings {
    let sample = first.iter().take(STEMMING_SAMPLE);
    let sample: Vec<Analysis> = sample.map(|stored| Analyzer.analyze(&stored.document.full_text())).collect();
    IndexSettings { stemming: settings.stemming.resolved(&sample), ..settings }
}

fn encode_documents(batch: Vec<StoredDocument>, chunk: &mut Chunk) -> Result<()> {
    batch.iter().for_each(|stored| model::encode_document(&stored.document, chunk));
    Ok(())
}

#[derive(Default)]
struct DocumentVectors {
    seqs: Vec<i64>,
    /// One row of length 1 for each of `seqs`.
    rows: Vec<f32>,
}

impl DocumentVectors {
    /// Fewer documents have no direction in common that is more than their topic.
    const LEAST: usize = 10;

    fn add(&mut self, seq: i64, vector: Option<Vec<f32>>) {
        if let Some(vector) = vector {
            self.seqs.push(seq);
            self.rows.extend_from_slice(&vector);
        }
    }

    fn remove_common_direction(&mut self, dim: usize) -> Vec<f32> {
        if self.seqs.len() < Self::LEAST {
            return vec![0.0; dim];
        }
        let direction = linalg::first_direction(&self.rows, dim);
        let (mut seqs, mut rows) = (Vec::new(), Vec::with_capacity(self.rows.len()));
        for (seq, row) in self.seqs.iter().zip(self.rows.chunks_exact_mut(dim)) {
            linalg::remove_direction(row, &direction);
            if linalg::normalize(row) > 1e-6 {
                seqs.push(*seq);
                rows.extend_from_slice(row);
            }
        }
        (self.seqs, self.rows) = (seqs, rows);
        direction
    }
}

pub(super) fn link_or_copy(from: &Path, to: &Path) -> Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(|_| ()).map_err(Error::io("copy", from))
}

/// Every file of a folder is on the disk before the folder gets its name.
pub(super) fn sync_files(folder: &Path) -> Result<()> {
    for entry in folder.read_dir().map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        if path.is_dir() {
            sync_files(&path)?;
        } else {
            File::open(&path).and_then(|file| file.sync_all()).map_err(Error::io("flush", &path))?;
        }
    }
    sync_folder(folder)
}

/// Best effort: what cannot be removed now is removed by a later build.
fn remove_others(parent: &Path, unwanted: impl Fn(&str) -> bool) {
    for entry in parent.read_dir().into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(&unwanted) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
