//! Word vectors straight from text, without a collection: into a folder, as `vectors.fifu` with `vocab.bin`, and as
//! word2vec's binary `vectors.bin`.
//!
//! What a run needs to go on after it was stopped stands in `unfinished/` beside the output: the encoded corpus, the
//! checkpoint, and what both were made from. The same call takes it up; when it has ended, the folder is gone.

use super::build::lock_file;
use super::context::Over;
use super::ingestion::BadLines;
use super::model::Learned;
use super::{ModelInfo, TrainSettings, TrainingEstimate, context, model, starters};
use crate::bilm;
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::progress::Progress;
use crate::text::{Document, Documents, ReadOptions};
use crate::vectors::formats::{self, Export, Format};
use crate::vectors::{VECTORS_FILE, VOCABULARY_FILE};
use crate::vocab::corpus::{self, Corpus, CorpusEncoder, EncoderSettings};
use crate::vocab::phrases::{PhraseSettings, join_phrases};
use crate::word2vec::Checkpoint;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Word vectors in word2vec's binary form.
const WORD2VEC_FILE: &str = "vectors.bin";
/// Text encoded by one thread at a time, in bytes.
const BATCH_BYTES: usize = 1 << 20;

/// What to train on, how, and where to put it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standalone {
    /// A file or folder of text, or `-` for standard input.
    pub corpus: PathBuf,
    /// The folder for the result, created if need be.
    pub output: PathBuf,
    /// How to train.
    pub train: TrainSettings,
    /// Passes that join words to phrases; none if 0.
    pub phrase_passes: usize,
    /// Passes over the corpus between two checkpoints; none are written if `None`.
    pub checkpoint_every: Option<usize>,
}

/// What a training without a collection made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StandaloneReport {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Whether an earlier run was taken up at its checkpoint.
    pub resumed: bool,
    /// Documents of the corpus.
    pub documents: u64,
    /// Lines of it that could not be read.
    pub bad_lines: u64,
    /// The first of them, with file, line and reason.
    pub bad_lines_told: Vec<String>,
    /// Kinds of phrases joined, for each pass.
    pub phrases: Vec<usize>,
    /// The word vectors.
    pub model: ModelInfo,
}

/// From what the encoded corpus was made: another text or setting makes another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Plan {
    corpus: PathBuf,
    bytes: u64,
    modified_ms: u64,
    min_count: Option<u64>,
    phrase_passes: usize,
}

/// What is known once the corpus is encoded.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Encoded {
    plan: Plan,
    min_count: u64,
    bad_lines: u64,
    bad_lines_told: Vec<String>,
    phrases: Vec<usize>,
}

/// Trains word vectors on text, or goes on where an earlier call with the same request was stopped.
///
/// # Errors
/// [`Error::Invalid`] for settings out of range, a corpus without words, or an output folder that holds an unfinished run of
/// another request; [`Error::TooLarge`]; [`Error::NotReady`] while another process works in the folder; [`Error::Io`];
/// [`Error::Cancelled`].
pub fn train_standalone(request: &Standalone, progress: &dyn Progress) -> Result<StandaloneReport> {
    request.train.word2vec.check()?;
    request.train.context.check()?;
    fs::create_dir_all(&request.output).map_err(Error::io("create", &request.output))?;
    let lock_path = request.output.join(".lock");
    let _lock = lock_file(&lock_path, &format!("{}", request.output.display()))?;
    let unfinished = Unfinished { folder: request.output.join("unfinished") };
    let plan = Plan::of(request)?;
    let (corpus, encoded) = match unfinished.take_up(&plan)? {
        Some(found) => found,
        None => unfinished.encode(request, plan, progress)?,
    };
    let path = unfinished.checkpoint();
    let resumed = request.checkpoint_every.is_some() && path.exists();
    let checkpoint = request.checkpoint_every.map(|every_epochs| Checkpoint { path: &path, every_epochs });
    let starter = starters::chosen(&request.train, corpus.vocabulary())?;
    let Learned { vectors, origin, output } =
        model::train(&corpus, &request.train, starter.as_ref(), checkpoint, progress)?;
    vectors.save(&request.output)?;
    let vectors = Arc::new(vectors);
    let path = unfinished.context_checkpoint();
    let checkpoint = request.checkpoint_every.map(|_| bilm::Checkpoint { path: &path, every_windows: 20 });
    let over = Over { corpus: &corpus, vectors: &vectors, starter: starter.as_ref() };
    let context = context::train_into(&request.output, over, output, &request.train, checkpoint, progress)?;
    let binary = request.output.join(WORD2VEC_FILE);
    formats::export(&vectors, &binary, &Export::from(Format::Word2vec), progress)?;
    let report = StandaloneReport {
        files: [VECTORS_FILE, VOCABULARY_FILE, WORD2VEC_FILE]
            .into_iter()
            .chain(context.is_some().then_some(bilm::CONTEXT_FILE))
            .map(|name| request.output.join(name))
            .collect(),
        resumed,
        documents: corpus.documents(),
        bad_lines: encoded.bad_lines,
        bad_lines_told: encoded.bad_lines_told,
        phrases: encoded.phrases,
        model: ModelInfo {
            words: vectors.len(),
            dim: vectors.dim(),
            corpus_words: corpus.words(),
            min_count: encoded.min_count,
            origin,
            context,
        },
    };
    unfinished.remove()?;
    let _ = fs::remove_file(&lock_path); // it says nothing once the run has ended
    Ok(report)
}

/// What [`train_standalone`] would take. The corpus is encoded for it, and kept for the call that trains.
///
/// # Errors
/// As [`train_standalone`].
pub fn estimate_standalone(request: &Standalone, progress: &dyn Progress) -> Result<TrainingEstimate> {
    request.train.word2vec.check()?;
    request.train.context.check()?;
    fs::create_dir_all(&request.output).map_err(Error::io("create", &request.output))?;
    let _lock = lock_file(&request.output.join(".lock"), &format!("{}", request.output.display()))?;
    let unfinished = Unfinished { folder: request.output.join("unfinished") };
    let plan = Plan::of(request)?;
    let (corpus, encoded) = match unfinished.take_up(&plan)? {
        Some(found) => found,
        None => unfinished.encode(request, plan, progress)?,
    };
    let starter = starters::chosen(&request.train, corpus.vocabulary())?;
    Ok(context::estimate(&corpus, encoded.min_count, &request.train, starter.as_ref()))
}

impl Plan {
    fn of(request: &Standalone) -> Result<Self> {
        let is_stream = request.corpus == Path::new("-");
        let corpus = if is_stream {
            request.corpus.clone()
        } else {
            fs::canonicalize(&request.corpus).map_err(Error::io("read", &request.corpus))?
        };
        let metadata = (!is_stream).then(|| fs::metadata(&corpus).map_err(Error::io("read", &corpus)));
        let modified = metadata.transpose()?.and_then(|metadata| metadata.modified().ok());
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let bytes =
            if is_stream { 0 } else { Documents::open(&corpus, ReadOptions::default())?.bytes_total() };
        Ok(Self {
            corpus,
            bytes,
            modified_ms: since.map_or(0, |since| since.as_millis() as u64),
            min_count: request.train.min_count,
            phrase_passes: request.phrase_passes,
        })
    }
}

/// The folder of a run that has not ended.
struct Unfinished {
    folder: PathBuf,
}

impl Unfinished {
    fn corpus(&self) -> PathBuf {
        self.folder.join("corpus.tokens")
    }

    fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    fn context_checkpoint(&self) -> PathBuf {
        self.folder.join("context-checkpoint")
    }

    fn encoded(&self) -> PathBuf {
        self.folder.join("encoded.json")
    }

    /// The encoded corpus of an earlier run with the same plan. What another has left is removed, unless a checkpoint is
    /// among it.
    fn take_up(&self, plan: &Plan) -> Result<Option<(Corpus, Encoded)>> {
        let bytes = fs::read(self.encoded()).unwrap_or_default();
        let encoded: Option<Encoded> = serde_json::from_slice(&bytes).ok();
        if let Some(encoded) = encoded.filter(|encoded| encoded.plan == *plan && plan.bytes > 0) {
            match Corpus::open(&self.corpus()) {
                Ok(corpus) => return Ok(Some((corpus, encoded))),
                Err(Error::Damaged { .. }) => {} // encoded again below
                Err(error) => return Err(error),
            }
        } else if self.checkpoint().exists() {
            let expected = "a folder without an unfinished run of another corpus or other settings";
            let cure = format!("repeat the call that began it, or remove {}", self.folder.display());
            return Err(Error::invalid("output", expected, self.folder.display(), cure));
        }
        self.remove()?;
        Ok(None)
    }

    fn remove(&self) -> Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &self.folder)(error))
            }
            _ => Ok(()),
        }
    }

    fn encode(&self, request: &Standalone, plan: Plan, progress: &dyn Progress) -> Result<(Corpus, Encoded)> {
        fs::create_dir_all(&self.folder).map_err(Error::io("create", &self.folder))?;
        let mut documents = Documents::open(&request.corpus, ReadOptions::default())?;
        let mut bad = BadLines::default();
        let batches = std::iter::from_fn(|| next_batch(&mut documents, &mut bad).transpose());
        let settings = EncoderSettings { min_count: request.train.min_count, ..Default::default() };
        // Two words that stand side by side once are no phrase.
        let known = if request.phrase_passes > 0 { Vec::new() } else { starters::known(&request.train) };
        let words = if request.phrase_passes > 0 { self.folder.join("words.tokens") } else { self.corpus() };
        let encoder = CorpusEncoder::create(&words, settings)?.known(known);
        let encoded = corpus::encode(
            batches,
            |batch: Vec<Document>, chunk| {
                batch.iter().for_each(|document| model::encode_document(document, chunk));
                Ok(())
            },
            encoder,
            progress,
        );
        let (mut corpus, report) = encoded.map_err(|error| bad.blame(error))?;
        let mut phrases = Vec::new();
        if request.phrase_passes > 0 {
            let passes = request.phrase_passes;
            let settings = PhraseSettings { passes, min_count: report.min_count, ..Default::default() };
            let (joined, found) = join_phrases(&corpus, &self.corpus(), &settings, progress)?;
            (corpus, phrases) = (joined, found.phrases);
            fs::remove_file(&words).map_err(Error::io("remove", &words))?;
        }
        let BadLines { count: bad_lines, told: bad_lines_told } = bad;
        let encoded = Encoded { plan, min_count: report.min_count, bad_lines, bad_lines_told, phrases };
        self.note(&encoded)?;
        Ok((corpus, encoded))
    }

    fn note(&self, encoded: &Encoded) -> Result<()> {
        let path = self.encoded();
        write_whole(&path, |to| {
            serde_json::to_writer_pretty(to, encoded)
                .map_err(|error| Error::io("write", &path)(std::io::Error::other(error)))
        })
    }
}

/// The next documents, about [`BATCH_BYTES`] of them; `None` at the end.
fn next_batch(documents: &mut Documents, bad: &mut BadLines) -> Result<Option<Vec<Document>>> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while bytes < BATCH_BYTES {
        match documents.next() {
            Some(Ok(document)) => {
                bytes += document.text.len();
                batch.push(document);
            }
            Some(Err(error @ Error::BadInput { .. })) => bad.note(&error),
            Some(Err(error)) => return Err(error),
            None if batch.is_empty() => return Ok(None),
            None => break,
        }
    }
    Ok(Some(batch))
}
