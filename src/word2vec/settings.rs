//! Settings of the trainer, their ranges, and the defaults that depend on the size of the corpus.

use super::subwords::Subwords;
use crate::error::{Error, Result};

/// What predicts what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Algorithm {
    /// Each word predicts the words around it, one by one (Mikolov et al. 2013b).
    #[default]
    SkipGram,
    /// The mean of the words around a place predicts the word there (Mikolov et al. 2013a).
    Cbow,
}

/// How word vectors are trained. `None` means: chosen from the size of the corpus (see [`Settings::resolve`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Skip-gram or CBOW; default skip-gram.
    pub algorithm: Algorithm,
    /// Dimension of the vectors, `D`; 1 to 4096, default 200.
    pub dim: usize,
    /// Farthest distance, in words, between two words that are taken as each other's context, `c`; 1 to 64,
    /// default 5, and 15 for corpora below 300,000 words, which have too few pairs otherwise. In skip-gram a pair at
    /// distance `d` weighs in proportion to `1 / d`; CBOW draws widths evenly from 1 to `c`.
    pub window: Option<usize>,
    /// Negative samples for each pair of words, `k`; 1 to 100, default 5. They are shared: see
    /// `shared_negatives`.
    pub negative_samples: usize,
    /// Negative samples drawn for a block of places and shared by all of its pairs, each weighing `k · pairs
    /// / shared`; 8 to 128, a multiple of 8, default 24 for skip-gram, 16 for CBOW. More is slower and closer
    /// to fresh samples for each pair.
    pub shared_negatives: Option<usize>,
    /// Exponent of the word counts from which negatives are drawn; 0 (all words alike) to 1, default 0.75.
    pub negative_exponent: f64,
    /// Words with a larger share of the corpus than this are randomly left out, the more so the more
    /// frequent, `t`; 0 (never) to 1, default 1e-4.
    pub subsample: f64,
    /// Passes over the corpus; 1 to 10,000, chosen by its size: 40 for 25,000 words, falling to 8 from 1.4
    /// million on.
    pub epochs: Option<usize>,
    /// Learning rate at the start; above 0, up to 1, default 0.05 for skip-gram (0.025 for corpora below 300,000 words,
    /// whose few words take many steps at once), 0.075 for CBOW. It falls evenly to a ten-thousandth of itself.
    pub learning_rate: Option<f64>,
    /// Whether windows reach over the ends of sentences (never over those of documents); default true.
    pub across_sentences: bool,
    /// Character n-grams as parts of words; default none. Several times slower, several times the memory.
    pub subwords: Option<Subwords>,
    /// Seed of every random choice; default 1.
    pub seed: u64,
    /// Threads; 1 to 1024; `None`: all processors. With one, the same corpus and settings give the same bytes.
    pub threads: Option<usize>,
    /// Refuse to start when the estimate of [`Settings::memory_bytes`] is above this; default 8 GiB.
    pub memory_budget_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::SkipGram,
            dim: 200,
            window: None,
            negative_samples: 5,
            shared_negatives: None,
            negative_exponent: 0.75,
            subsample: 1e-4,
            epochs: None,
            learning_rate: None,
            across_sentences: true,
            subwords: None,
            seed: 1,
            threads: None,
            memory_budget_bytes: 8 << 30,
        }
    }
}

impl Settings {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the setting.
    pub fn check(&self) -> Result<()> {
        Error::unless_within("dim", self.dim, 1, 4096)?;
        Error::unless_within("window", self.window.unwrap_or(5), 1, 64)?;
        Error::unless_within("negative_samples", self.negative_samples, 1, 100)?;
        let shared = self.shared_negatives.unwrap_or(8);
        Error::unless_within("shared_negatives", shared, 8, 128)?;
        if !shared.is_multiple_of(8) {
            return Err(Error::invalid("shared_negatives", "a multiple of 8", shared, "round it up"));
        }
        Error::unless_within("negative_exponent", self.negative_exponent, 0.0, 1.0)?;
        Error::unless_within("subsample", self.subsample, 0.0, 1.0)?;
        Error::unless_within("epochs", self.epochs.unwrap_or(1), 1, 10_000)?;
        Error::unless_within("learning_rate", self.learning_rate.unwrap_or(0.05), f64::MIN_POSITIVE, 1.0)?;
        Error::unless_within("threads", self.threads.unwrap_or(1), 1, 1024)?;
        self.subwords.map_or(Ok(()), |subwords| subwords.check())
    }

    /// Fills in what was left to choose, for a corpus of so many running words.
    #[must_use]
    pub fn resolve(&self, words: u64) -> Self {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let small = words < SMALL;
        let (rate, shared) = match self.algorithm {
            Algorithm::SkipGram if small => (0.025, 24),
            Algorithm::SkipGram => (0.05, 24),
            Algorithm::Cbow => (0.075, 16),
        };
        Self {
            window: Some(self.window.unwrap_or(if small { 15 } else { 5 })),
            shared_negatives: Some(self.shared_negatives.unwrap_or(shared)),
            epochs: Some(self.epochs.unwrap_or_else(|| epochs_for(words))),
            learning_rate: Some(self.learning_rate.unwrap_or(rate)),
            threads: Some(self.threads.unwrap_or_else(processors)),
            ..self.clone()
        }
    }

    /// Estimate of the memory that training needs at its peak, in bytes, for so many words in the vocabulary.
    #[must_use]
    pub fn memory_bytes(&self, vocabulary: usize) -> u64 {
        let row_bytes = super::shared::stride(self.dim) as u64 * 4;
        let vocabulary = vocabulary as u64;
        let buckets = self.subwords.map_or(0, |subwords| subwords.buckets as u64);
        let tables = vocabulary * if buckets > 0 { 16 + 4 * 32 } else { 16 };
        let threads = self.threads.unwrap_or(1) as u64;
        let rows_a_thread = 4
            * (super::block::PLACES + 2 * self.window.unwrap_or(15) + self.shared_negatives.unwrap_or(24))
                as u64;
        // The matrices, and once more the larger one while it is handed over without padding.
        (3 * vocabulary + 2 * buckets) * row_bytes
            + tables
            + threads * (rows_a_thread * row_bytes + (4 << 20))
    }
}

/// Below this many running words a corpus is small: on the bundled collections (33,000 and 11,000 words) a window of 15 at half
/// the rate gave static search 33 and 42 nDCG@10 on queries with an ambiguous word, against 29 and 39 with the usual settings.
const SMALL: u64 = 300_000;

/// Passes that suit a corpus of so many running words: 40 for 25,000, 16 for 250,000, never below 8. Found by
/// comparing neighbours learned from parts of an encyclopedia with those learned from all of it, at learning
/// rate 0.05: with half or twice as many passes they agree less.
fn epochs_for(words: u64) -> usize {
    let passes = 40.0 * (25_000.0 / words.max(1) as f64).powf(0.4);
    passes.round().clamp(8.0, 200.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_settings_are_refused_by_name() {
        let absurd = [
            Settings { dim: 0, ..Settings::default() },
            Settings { dim: 100_000, ..Settings::default() },
            Settings { window: Some(0), ..Settings::default() },
            Settings { shared_negatives: Some(12), ..Settings::default() },
            Settings { subsample: f64::NAN, ..Settings::default() },
            Settings { epochs: Some(0), ..Settings::default() },
            Settings { learning_rate: Some(0.0), ..Settings::default() },
            Settings { threads: Some(0), ..Settings::default() },
        ];
        for settings in absurd {
            assert!(matches!(settings.check(), Err(Error::Invalid { .. })), "{settings:?}");
        }
        assert!(Settings::default().check().is_ok());
    }

    #[test]
    fn small_corpora_are_read_more_often() {
        let epochs = [0, 25_000, 250_000, 2_500_000, 10_000_000]
            .map(|words| Settings::default().resolve(words).epochs);
        assert_eq!(epochs, [200, 40, 16, 8, 8].map(Some));
    }
}
