//! A collection's training that goes on where it was stopped: what it needs stands in a folder of its own until the generation made from it
//! answers.

use super::build::{Build, Least, TASK_PATIENCE, encode_corpus};
use super::context::{self, ContextInfo, Contextual, Over};
use super::model::Learned;
use super::starters::{self, Start};
use super::{BuildReport, Engine, TrainSettings, model, tasks};
use crate::bilm;
use crate::error::{Error, Result};
use crate::failpoint;
use crate::files::write_whole;
use crate::progress::Progress;
use crate::vocab::corpus::Corpus;
use crate::word2vec::{Algorithm, Checkpoint, Settings, Subwords};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Running words between two checkpoints, in whole passes: about a second's work, so that small corpora are not only written down.
const CHECKPOINT_WORDS: u64 = 500_000;

/// Memory that a training asked for over REST may take, unless told.
const MEMORY_BUDGET_BYTES: u64 = 4 << 30;

/// How to train; what is left out is chosen as on the command line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainRequest {
    /// `skip-gram` (default) or `cbow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<AlgorithmName>,
    /// Dimension of the vectors, 1 to 4096; default 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dim: Option<usize>,
    /// Farthest distance between a word and its context, 1 to 64; chosen by the size of the corpus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// Negative samples for each pair of words, 1 to 100; default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_samples: Option<usize>,
    /// Share of the corpus above which words are left out at random, 0 to 1; default 1e-4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subsample: Option<f64>,
    /// Least count of a word; chosen by the size of the corpus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u64>,
    /// Passes over the corpus, 1 to 10,000; chosen by its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Learning rate at the start, above 0 up to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Seed of every random choice; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Threads, 1 to 1024; default half of the processors. With one, the same bytes every time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// What training begins with; default `starter`: the starter model of the documents' language, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Start>,
    /// Whether a contextual model is trained over the word vectors; default `auto`: from 300,000 running words
    /// on, and with a starter model always.
    #[serde(default)]
    pub contextual: Contextual,
    /// Learn vectors of character n-grams too, so that unknown words get vectors.
    #[serde(default)]
    pub subwords: bool,
    /// Refuse to start if training needs more memory, in bytes; default 4 GiB, and never more than is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_budget_bytes: Option<u64>,
}

/// A trainer's name in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlgorithmName {
    /// The context from the word.
    SkipGram,
    /// The word from its context.
    Cbow,
}

impl TrainRequest {
    /// As the trainer takes them.
    ///
    /// # Errors
    /// None yet; ranges are checked by the trainer.
    pub fn settings(&self) -> Result<TrainSettings> {
        let default = Settings::default();
        let word2vec = Settings {
            algorithm: match self.algorithm {
                Some(AlgorithmName::Cbow) => Algorithm::Cbow,
                Some(AlgorithmName::SkipGram) | None => default.algorithm,
            },
            dim: self.dim.unwrap_or(default.dim),
            window: self.window,
            negative_samples: self.negative_samples.unwrap_or(default.negative_samples),
            subsample: self.subsample.unwrap_or(default.subsample),
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            seed: self.seed.unwrap_or(default.seed),
            threads: Some(self.threads.unwrap_or_else(tasks::half_of_processors)),
            subwords: self.subwords.then(Subwords::default),
            memory_budget_bytes: self.memory_budget_bytes.unwrap_or(MEMORY_BUDGET_BYTES),
            ..default
        };
        let context = bilm::Settings {
            seed: word2vec.seed,
            threads: word2vec.threads,
            memory_budget_bytes: word2vec.memory_budget_bytes,
            ..bilm::Settings::default()
        };
        let contextual = self.contextual;
        Ok(TrainSettings {
            word2vec,
            min_count: self.min_count,
            init: None,
            start: self.from.unwrap_or(Start::Starter),
            contextual,
            context,
        })
    }
}

/// What is known once the corpus is encoded.
#[derive(Serialize, Deserialize)]
struct Encoded {
    min_count: u64,
}

impl Engine {
    /// As [`Engine::train`], with all that is needed to go on in `work`, a folder beside the collection's generations. The collection
    /// may be written to and its indexes built anew while it learns; those documents are indexed, but not learned from.
    pub(super) fn train_resumable(
        &self,
        collection: &str,
        settings: &TrainSettings,
        work: &Path,
        progress: &dyn Progress,
    ) -> Result<BuildReport> {
        settings.word2vec.check()?;
        let settings = &settings.within_free_memory();
        fs::create_dir_all(work).map_err(Error::io("create", work))?;
        let (corpus, min_count) = self.corpus_of_run(collection, settings, work, progress)?;
        failpoint::reach("corpus encoded");
        let path = work.join("checkpoint");
        let every_epochs = (CHECKPOINT_WORDS / corpus.words().max(1)).max(1) as usize;
        let checkpoint = Checkpoint { path: &path, every_epochs };
        let starter = starters::chosen(settings, corpus.vocabulary())?;
        let starter = starter.as_ref();
        let trained = match model::train(&corpus, settings, starter, Some(checkpoint), progress) {
            // Written by a disk that failed: better from the beginning than not at all.
            Err(Error::Damaged { .. }) => {
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
                model::train(&corpus, settings, starter, Some(checkpoint), progress)
            }
            trained => trained,
        };
        let Learned { vectors, origin, output } = trained?;
        failpoint::reach("trained");
        let vectors = Arc::new(vectors);
        let over = Over { corpus: &corpus, vectors: &vectors, starter };
        let context = train_context(work, over, output, settings, progress)?;
        let build = Build::begin(self, collection, TASK_PATIENCE, progress)?;
        build.take_corpus(&work.join(CORPUS))?;
        let mut model = build.place(Arc::unwrap_or_clone(vectors), origin, (&corpus, min_count), progress)?;
        if context.is_some() {
            build.take_context(&work.join(bilm::CONTEXT_FILE))?;
        }
        model.info.context = context;
        build.finish(Some(model), progress)
    }

    /// The corpus of the run so far, or of the documents as they are now.
    fn corpus_of_run(
        &self,
        collection: &str,
        settings: &TrainSettings,
        work: &Path,
        progress: &dyn Progress,
    ) -> Result<(Corpus, u64)> {
        let (path, note) = (work.join(CORPUS), work.join("encoded.json"));
        let encoded: Option<Encoded> =
            fs::read(&note).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(encoded) = encoded
            && let Ok(corpus) = Corpus::open(&path)
        {
            return Ok((corpus, encoded.min_count));
        }
        for left in [&note, &path, &work.join("checkpoint"), &work.join("context-checkpoint")] {
            remove_if_there(left)?;
        }
        let key = self.row(collection)?.key;
        let (corpus, report) =
            encode_corpus(self.store.snapshot(key)?, &path, Least::For(settings), progress)?;
        let min_count = report.min_count;
        write_whole(&note, |to| {
            serde_json::to_writer(to, &Encoded { min_count })
                .map_err(|error| Error::io("write", &note)(std::io::Error::other(error)))
        })?;
        Ok((corpus, min_count))
    }
}

/// The contextual model over the vectors, if it is wanted, in `work`: the part that takes longest, so it goes on where it was.
fn train_context(
    work: &Path,
    over: Over<'_>,
    output: Vec<f32>,
    settings: &TrainSettings,
    progress: &dyn Progress,
) -> Result<Option<ContextInfo>> {
    let path = work.join("context-checkpoint");
    let checkpoint = bilm::Checkpoint { path: &path, every_windows: 1 };
    let again = path.exists().then(|| output.clone());
    match (context::train_into(work, over, output, settings, Some(checkpoint), progress), again) {
        // As above: better from the beginning.
        (Err(Error::Damaged { .. }), Some(output)) => {
            remove_if_there(&path)?;
            context::train_into(work, over, output, settings, Some(checkpoint), progress)
        }
        (trained, _) => trained,
    }
}

const CORPUS: &str = "corpus.tokens";

fn remove_if_there(path: &PathBuf) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}
