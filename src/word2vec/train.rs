//! The passes over the corpus: pieces are handed to threads, learning rate and progress follow.

use super::block::{Loss, Model, Stream, Worker};
use super::checkpoint::Checkpoint;
use super::kernel::Kernel;
use super::settings::Settings;
use super::shared::SharedMatrix;
use crate::error::{Error, Result};
use crate::progress::{Go, Progress, Step};
use crate::vocab::Vocabulary;
use crate::vocab::chunk::{END_OF_DOCUMENT, END_OF_SENTENCE, UNKNOWN};
use crate::vocab::corpus::Corpus;
use crate::vocab::sampling::{Rng, Subsampling};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Vectors to start from instead of random ones; words that are not in the vocabulary are passed over.
#[derive(Debug, Clone, Copy)]
pub struct Init<'a> {
    /// The words, one for each row.
    pub words: &'a [&'a str],
    /// Their input vectors, `words.len()` × `dim`, row-major, of the dimension that is trained.
    pub rows: &'a [f32],
    /// Their output vectors, of the same shape; without them these begin at 0.
    pub output: Option<&'a [f32]>,
}

/// What to start from and how.
#[derive(Debug, Clone, Copy)]
pub struct Training<'a> {
    /// The encoded corpus.
    pub corpus: &'a Corpus,
    /// Settings; what is `None` is chosen from the size of the corpus.
    pub settings: &'a Settings,
    /// Vectors to continue from.
    pub init: Option<Init<'a>>,
    /// Where the run is put aside, and taken up again if it was interrupted.
    pub checkpoint: Option<Checkpoint<'a>>,
}

/// Trained vectors.
#[derive(Debug, Clone)]
pub struct Trained {
    /// Input vectors `v_w`, `V × D`, row-major, by word id: the static vectors.
    pub input: Vec<f32>,
    /// Output vectors `u_w`, `V × D`, row-major, by word id.
    pub output: Vec<f32>,
    /// With subwords: one vector for each bucket, `buckets × D`, row-major; else empty. An unknown word's
    /// vector is the mean of those of [`Subwords::buckets_of`](super::Subwords::buckets_of).
    pub buckets: Vec<f32>,
    /// The dimension, `D`.
    pub dim: usize,
    /// The settings with everything chosen.
    pub settings: Settings,
    /// Running words seen, over all passes, before subsampling.
    pub words_trained: u64,
    /// Estimate of the mean loss of a pair (one positive, `k` negatives), in nats, over the last pass.
    pub loss: f64,
}

/// Entries of the token stream in one piece of work at most.
const PIECE: u64 = 100_000;

/// Trains vectors for the vocabulary of the corpus.
///
/// # Errors
/// [`Error::Invalid`] on settings out of range, an `init` of another shape, or vectors that grew beyond all
/// bounds (a learning rate too high); [`Error::TooLarge`] if the memory budget is too small;
/// [`Error::Cancelled`]; those of reading the corpus.
pub fn train(training: Training<'_>, progress: &dyn Progress) -> Result<Trained> {
    training.settings.check()?;
    let settings = training.settings.resolve(training.corpus.words());
    let vocabulary = training.corpus.vocabulary();
    if vocabulary.is_empty() {
        return Err(Error::invalid(
            "corpus",
            "at least one word",
            "none",
            "add text or lower the minimum count",
        ));
    }
    check_memory(&settings, vocabulary.len())?;
    let input = start_vectors(&settings, vocabulary, training.init)?;
    let output = SharedMatrix::zeros(vocabulary.len(), settings.dim)?;
    if let Some(Init { words, output: Some(rows), .. }) = training.init {
        set_vectors(&output, settings.dim, vocabulary, (words, rows))?;
    }
    let model = Model::new(input, output, vocabulary, &settings);
    let passes = Passes {
        corpus: training.corpus,
        model: &model,
        subsampling: Subsampling::new(vocabulary.counts(), settings.subsample),
        settings: &settings,
        progress,
    };
    let loss = passes.all(training.checkpoint)?;
    let vectors = model.into_vectors(vocabulary.len());
    Ok(Trained {
        input: vectors.input,
        output: vectors.output,
        buckets: vectors.buckets,
        dim: settings.dim,
        words_trained: training.corpus.words() * settings.epochs.unwrap_or(1) as u64,
        settings,
        loss,
    })
}

fn check_memory(settings: &Settings, vocabulary: usize) -> Result<()> {
    let needed_bytes = settings.memory_bytes(vocabulary);
    if needed_bytes <= settings.memory_budget_bytes {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: format!("training {vocabulary} words in {} dimensions", settings.dim),
        needed_bytes,
        budget_bytes: settings.memory_budget_bytes,
        cure: "lower the dimension, raise the minimum count, or raise the memory budget".into(),
    })
}

/// Input vectors as word2vec.c starts them, even over ±1/(2D), or as given.
fn start_vectors(
    settings: &Settings,
    vocabulary: &Vocabulary,
    init: Option<Init<'_>>,
) -> Result<SharedMatrix> {
    let dim = settings.dim;
    let buckets = settings.subwords.map_or(0, |subwords| subwords.buckets);
    let matrix = SharedMatrix::zeros(vocabulary.len() + buckets, dim)?;
    let mut rng = Rng::new(settings.seed, u64::MAX);
    let mut row = vec![0.0; dim];
    for id in 0..matrix.rows() {
        row.iter_mut().for_each(|value| *value = (rng.unit() - 0.5) / dim as f32);
        matrix.set(id, &row);
    }
    if let Some(init) = init {
        set_vectors(&matrix, dim, vocabulary, (init.words, init.rows))?;
    }
    Ok(matrix)
}

fn set_vectors(
    matrix: &SharedMatrix,
    dim: usize,
    vocabulary: &Vocabulary,
    (words, rows): (&[&str], &[f32]),
) -> Result<()> {
    if words.len().checked_mul(dim) != Some(rows.len()) {
        let expected = format!("{} rows of dimension {dim}", words.len());
        let got = format!("{} values", rows.len());
        return Err(Error::invalid(
            "init",
            expected,
            got,
            "train with the dimension of the vectors to continue",
        ));
    }
    for (word, row) in words.iter().zip(rows.chunks_exact(dim)) {
        if row.iter().any(|value| !value.is_finite()) {
            let got = format!("NaN or infinity at {word:?}");
            return Err(Error::invalid("init", "finite values", got, "leave the word out"));
        }
        if let Some(id) = vocabulary.id(word) {
            matrix.set(id.index(), row);
        }
    }
    Ok(())
}

struct Passes<'a> {
    corpus: &'a Corpus,
    model: &'a Model,
    subsampling: Subsampling,
    settings: &'a Settings,
    progress: &'a dyn Progress,
}

/// What the threads of one pass share.
#[derive(Default)]
struct Pass {
    next: AtomicU64,
    loss: Mutex<Loss>,
    failed: Mutex<Option<Error>>,
}

impl Passes<'_> {
    /// All passes that are not done yet; returns the mean loss of a pair in the last.
    fn all(&self, checkpoint: Option<Checkpoint<'_>>) -> Result<f64> {
        let epochs = self.settings.epochs.unwrap_or(1);
        let (first, mut loss) = match checkpoint {
            Some(checkpoint) => {
                checkpoint.check()?;
                checkpoint.load(self.model, self.settings, self.corpus)?
            }
            None => (0, f64::NAN),
        };
        for epoch in first..epochs {
            loss = self.pass(epoch)?;
            let done = epoch + 1;
            match checkpoint {
                Some(checkpoint) if done % checkpoint.every_epochs == 0 || done == epochs => {
                    checkpoint.save(self.model, self.settings, self.corpus, (done, loss))?;
                }
                _ => {}
            }
        }
        Ok(loss)
    }

    fn piece_len(&self) -> u64 {
        (self.corpus.tokens() / 64).clamp(1000, PIECE)
    }

    fn pieces(&self) -> u64 {
        self.corpus.tokens().div_ceil(self.piece_len()).max(1)
    }

    /// One pass over all pieces, in an order of its own; returns the mean loss of a pair.
    fn pass(&self, epoch: usize) -> Result<f64> {
        let mut order: Vec<u64> = (0..self.pieces()).collect();
        let mut rng = Rng::new(self.settings.seed, !(epoch as u64));
        for last in (1..order.len()).rev() {
            order.swap(last, rng.below(last as u32 + 1) as usize);
        }
        let pass = Pass::default();
        let threads = self.settings.threads.unwrap_or(1).min(order.len());
        std::thread::scope(|scope| {
            for _ in 1..threads {
                // Should the system refuse another thread, fewer do the work.
                let spawned =
                    std::thread::Builder::new().spawn_scoped(scope, || self.work(epoch, &order, &pass));
                if spawned.is_err() {
                    break;
                }
            }
            self.work(epoch, &order, &pass);
        });
        if let Some(error) = pass.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let loss = pass.loss.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mean = loss.sum / loss.pairs.max(1e-9);
        if mean.is_finite() {
            return Ok(mean);
        }
        let (rate, cure) = (self.settings.learning_rate.unwrap_or(0.0), "lower it");
        Err(Error::invalid("learning_rate", "one under which the loss stays finite", rate, cure))
    }

    fn work(&self, epoch: usize, order: &[u64], pass: &Pass) {
        let mut worker = Worker::new(self.model, Kernel::available()[0]);
        let (mut tokens, mut stream) = (Vec::new(), Stream::default());
        loop {
            let turn = pass.next.fetch_add(1, Relaxed);
            let Some(&piece) = order.get(turn as usize) else { break };
            let done = self.piece(&mut worker, &mut tokens, &mut stream, epoch, (turn, piece));
            if let Err(error) = done.and_then(|()| self.report(epoch, turn, worker.loss)) {
                pass.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                pass.next.store(order.len() as u64, Relaxed);
                break;
            }
        }
        let mut loss = pass.loss.lock().unwrap_or_else(PoisonError::into_inner);
        loss.sum += worker.loss.sum;
        loss.pairs += worker.loss.pairs;
    }

    fn piece(
        &self,
        worker: &mut Worker<'_>,
        tokens: &mut Vec<u32>,
        stream: &mut Stream,
        epoch: usize,
        (turn, piece): (u64, u64),
    ) -> Result<()> {
        let len = self.piece_len();
        self.corpus.read(piece * len, len as usize, tokens)?;
        let mut rng = Rng::new(self.settings.seed, epoch as u64 * self.pieces() + piece);
        self.keep(tokens, stream, &mut rng);
        let rate = self.rate(epoch as u64 * self.pieces() + turn);
        worker.train(self.settings.algorithm, stream, rate, &mut rng);
        Ok(())
    }

    /// Subsamples a piece and numbers the stretches that windows stay within.
    fn keep(&self, tokens: &[u32], stream: &mut Stream, rng: &mut Rng) {
        stream.clear();
        let mut stretch = 0;
        for &token in tokens {
            match token {
                END_OF_DOCUMENT => stretch += 1,
                END_OF_SENTENCE if self.settings.across_sentences => {}
                END_OF_SENTENCE => stretch += 1,
                UNKNOWN => {}
                id if self.subsampling.keeps(id, rng) => stream.push(id, stretch),
                _ => {}
            }
        }
        stream.close();
    }

    /// The learning rate of a piece: falls evenly with the pieces begun.
    fn rate(&self, begun: u64) -> f32 {
        let total = self.pieces() * self.settings.epochs.unwrap_or(1) as u64;
        let left = 1.0 - begun as f64 / total as f64;
        (self.settings.learning_rate.unwrap_or(0.05) * left.max(1e-4)) as f32
    }

    /// Tells the listener about four hundred times in all.
    fn report(&self, epoch: usize, turn: u64, loss: Loss) -> Result<()> {
        let pieces = self.pieces();
        let total = pieces * self.settings.epochs.unwrap_or(1) as u64;
        let done = epoch as u64 * pieces + turn + 1;
        if done * 400 / total == (done - 1) * 400 / total {
            return Ok(());
        }
        let words = u128::from(self.corpus.words());
        let step = Step {
            phase: "training",
            done: (words * u128::from(done) / u128::from(pieces)) as u64,
            total: (words * u128::from(total) / u128::from(pieces)) as u64,
            unit: "words",
            loss: (loss.pairs > 0.0).then(|| loss.sum / loss.pairs),
        };
        match self.progress.report(&step) {
            Go::On => Ok(()),
            Go::Stop => Err(Error::Cancelled),
        }
    }
}
