//! Settings of the contextual model, their ranges, and the defaults that depend on the size of the corpus.

use super::parts::Parts;
use super::shape::Shape;
use crate::error::{Error, Result};
use crate::linalg::gemm::{Gemm, GemmCrate, MatrixMultiply, fastest};

/// What multiplies the matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Backend {
    /// The processor's matrix unit, with sides rounded to bfloat16, where there is one; else as `Gemm`.
    #[default]
    Fastest,
    /// The `gemm` crate, in single precision.
    Gemm,
    /// The `matrixmultiply` crate.
    MatrixMultiply,
}

impl Backend {
    pub(super) fn gemm(self) -> &'static dyn Gemm {
        match self {
            Self::Fastest => fastest(),
            Self::Gemm => &GemmCrate,
            Self::MatrixMultiply => &MatrixMultiply,
        }
    }
}

/// How the contextual model is trained. `None` means: chosen from the size of the corpus (see [`Settings::resolve`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Cells of a layer in one direction, `H`; 8 to 4096, a multiple of 8; default 128, and 64 for corpora below 300,000 words.
    pub hidden: Option<usize>,
    /// Layers in each direction; 1 or 2, default 1.
    pub layers: usize,
    /// Negative samples drawn for half a batch and shared by all of its words, `K`; 16 to 4096, a multiple of 16, default 256.
    pub shared_negatives: usize,
    /// How many samples of its own they are to a word, `k`; above 0, up to 1000, default 10.
    pub negative_samples: f64,
    /// Exponent of the word counts from which negatives are drawn; 0 to 1, default 0.75.
    pub negative_exponent: f64,
    /// Words with a larger share of the corpus than this are predicted less often, the more so the more frequent; they are always
    /// read. 0 (predict all) to 1, default 5e-4.
    pub subsample: f64,
    /// Share of the words read that are replaced by the unknown word; 0 to 0.9; default 0, and 0.2 where a model is gone on from.
    pub word_dropout: Option<f64>,
    /// Passes over the corpus; 1 to 10,000, chosen by its size.
    pub epochs: Option<usize>,
    /// Learning rate of the network (Adam) at the start; it falls evenly to 0. Above 0, up to 1, default 3e-3.
    pub learning_rate: f64,
    /// Learning rate of the output matrix (Adagrad) at the start; it falls alike. Above 0, up to 1, default 0.04.
    pub output_learning_rate: f64,
    /// Greatest length of the network's gradient, averaged over the words predicted; longer ones are cut. 0 never cuts;
    /// default 1.
    pub clip: f64,
    /// Words read in half a batch; 64 to 65,536, chosen by the size of the corpus, at most 1,536.
    pub batch_words: Option<usize>,
    /// Parts of a batch that may be worked on at the same time; 1 to 64, default 2. More processors than this stay idle; the
    /// result depends on it, but not on the number of threads.
    pub batch_parts: usize,
    /// Longer sentences are cut; 8 to 1024 words, default 64.
    pub sentence_words: usize,
    /// Seed of every random choice; default 1.
    pub seed: u64,
    /// Threads; 1 to 1024; `None`: all processors, at most `batch_parts`. The same corpus, settings and seed give the same
    /// bytes whatever their number.
    pub threads: Option<usize>,
    /// Refuse to start when the estimate of [`Settings::memory_bytes`] is above this; default 8 GiB.
    pub memory_budget_bytes: u64,
    /// What multiplies the matrices.
    pub backend: Backend,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hidden: None,
            layers: 1,
            shared_negatives: 256,
            negative_samples: 10.0,
            negative_exponent: 0.75,
            subsample: 5e-4,
            word_dropout: None,
            epochs: None,
            learning_rate: 3e-3,
            output_learning_rate: 0.04,
            clip: 1.0,
            batch_words: None,
            batch_parts: 2,
            sentence_words: 64,
            seed: 1,
            threads: None,
            memory_budget_bytes: 8 << 30,
            backend: Backend::Fastest,
        }
    }
}

impl Settings {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the setting.
    pub fn check(&self) -> Result<()> {
        multiple("hidden", self.hidden.unwrap_or(128), 8, 4096)?;
        Error::unless_within("layers", self.layers, 1, 2)?;
        multiple("shared_negatives", self.shared_negatives, 16, 4096)?;
        Error::unless_within("negative_samples", self.negative_samples, f64::MIN_POSITIVE, 1000.0)?;
        Error::unless_within("negative_exponent", self.negative_exponent, 0.0, 1.0)?;
        Error::unless_within("subsample", self.subsample, 0.0, 1.0)?;
        Error::unless_within("word_dropout", self.word_dropout.unwrap_or(0.0), 0.0, 0.9)?;
        Error::unless_within("epochs", self.epochs.unwrap_or(1), 1, 10_000)?;
        Error::unless_within("learning_rate", self.learning_rate, f64::MIN_POSITIVE, 1.0)?;
        Error::unless_within("output_learning_rate", self.output_learning_rate, f64::MIN_POSITIVE, 1.0)?;
        Error::unless_within("clip", self.clip, 0.0, 1e6)?;
        Error::unless_within("batch_words", self.batch_words.unwrap_or(64), 64, 65_536)?;
        Error::unless_within("batch_parts", self.batch_parts, 1, 64)?;
        Error::unless_within("sentence_words", self.sentence_words, 8, 1024)?;
        Error::unless_within("threads", self.threads.unwrap_or(1), 1, 1024)
    }

    /// Fills in what was left to choose, for a corpus of so many running words.
    #[must_use]
    pub fn resolve(&self, words: u64) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from).min(self.batch_parts);
        let (hidden, epochs, batch) = match words {
            0..300_000 => (64, 20, 256),
            300_000..3_000_000 => (128, 8, 512),
            3_000_000..20_000_000 => (128, 4, 1536),
            20_000_000..100_000_000 => (128, 2, 1536),
            _ => (128, 1, 1536),
        };
        Self {
            hidden: Some(self.hidden.unwrap_or(hidden)),
            epochs: Some(self.epochs.unwrap_or(epochs)),
            batch_words: Some(self.batch_words.unwrap_or(batch)),
            threads: Some(self.threads.unwrap_or(processors)),
            word_dropout: Some(self.word_dropout.unwrap_or(0.0)),
            ..self.clone()
        }
    }

    /// As [`Settings::resolve`], for a model to go on from: its sizes, and words left out at random, which lets a small text be read more often before it is
    /// learned by heart. Hidden words of held-out abstracts are then guessed at 15.7 of 100 (mean reciprocal rank) after 1.5 million words, without it at 15.1.
    pub(crate) fn going_on_from(&self, start: &Parts, words: u64) -> Self {
        let epochs = match words {
            0..3_000_000 => 8,
            3_000_000..20_000_000 => 2,
            _ => 1,
        };
        let (hidden, layers, negative_exponent) = (Some(start.hidden), start.layers, start.exponent);
        let epochs = Some(self.epochs.unwrap_or(epochs));
        let word_dropout = Some(self.word_dropout.unwrap_or(0.2));
        Self { hidden, layers, negative_exponent, epochs, word_dropout, ..self.resolve(words) }
    }

    pub(super) fn shape(&self, dim: usize) -> Shape {
        Shape { dim, hidden: self.hidden.unwrap_or(128), layers: self.layers }
    }

    /// Estimate of the memory that training needs at its peak beside the word vectors, in bytes, for so many words in the
    /// vocabulary, of dimension `dim`.
    #[must_use]
    pub fn memory_bytes(&self, vocabulary: usize, dim: usize) -> u64 {
        let (shape, parts) = (self.shape(dim), self.batch_parts as u64);
        // Output matrix, its squares, and the best so far; the network, its copies, two moments, the best; a gradient for each part.
        let matrices = 3 * 4 * (vocabulary * dim) as u64;
        let weights = (6 + parts) * 4 * shape.len() as u64;
        let rows = self.batch_words.unwrap_or(1536) as u64;
        let a_row = (2 * dim + 2 * shape.layers * 8 * shape.hidden + 6 * shape.hidden + 3 * dim) as u64;
        let buffers = parts * rows * 4 * (a_row + self.shared_negatives as u64);
        let held_out = 4 * 1024 * (super::heldout::VOCABULARY_BLOCK as u64) + (16 << 20);
        matrices + weights + buffers + held_out
    }

    /// Floating-point operations of training on one running word: with the throughput of a machine, an estimate of the time.
    #[must_use]
    pub fn operations_per_word(&self, dim: usize) -> f64 {
        let shape = self.shape(dim);
        let layer = |layer: usize| 8 * shape.hidden * (shape.input(layer) + shape.hidden);
        let stacks = 2 * (0..shape.layers).map(layer).sum::<usize>();
        let merge = 2 * 2 * shape.hidden * dim + 2 * dim * self.shared_negatives;
        3.0 * (stacks + merge) as f64
    }
}

fn multiple(what: &str, value: usize, of: usize, most: usize) -> Result<()> {
    Error::unless_within(what, value, of, most)?;
    if value.is_multiple_of(of) {
        return Ok(());
    }
    Err(Error::invalid(what, format!("a multiple of {of}"), value, "round it up"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_settings_are_refused_by_name() {
        let absurd = [
            Settings { hidden: Some(0), ..Settings::default() },
            Settings { hidden: Some(100), ..Settings::default() },
            Settings { layers: 3, ..Settings::default() },
            Settings { shared_negatives: 100, ..Settings::default() },
            Settings { negative_samples: f64::NAN, ..Settings::default() },
            Settings { clip: -1.0, ..Settings::default() },
            Settings { batch_parts: 0, ..Settings::default() },
            Settings { sentence_words: 1, ..Settings::default() },
        ];
        for settings in absurd {
            assert!(matches!(settings.check(), Err(Error::Invalid { .. })), "{settings:?}");
        }
        assert!(Settings::default().check().is_ok());
    }

    #[test]
    fn operations_by_hand() {
        // D = H = 256, K = 256: 2 stacks of 8·256·512, merge 2·512·256, scores 2·256·256, three times: 7,471,104.
        let settings = Settings { hidden: Some(256), ..Settings::default() };
        assert_eq!(settings.operations_per_word(256), 3.0 * (2_097_152.0 + 262_144.0 + 131_072.0));
    }
}
