//! Settings of the trainer, their ranges, and the defaults that depend on the size of the corpus.

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
    /// Farthest distance, in words, between two words that are taken as each other's context, `c`; 1 to 64, default 5.
    /// A place uses a distance drawn evenly from 1 to `c`, so that near words count more.
    pub window: usize,
    /// Negative samples for each pair of words, `k`; 1 to 100, default 5. They are shared: see `shared_negatives`.
    pub negative_samples: usize,
    /// Negative samples drawn for a block of places and shared by all of its pairs, each weighing `k · pairs / shared`;
    /// 4 to 128, a multiple of 4, default 24. More is slower and closer to fresh samples for each pair.
    pub shared_negatives: usize,
    /// Exponent of the word counts from which negatives are drawn; 0 (all words alike) to 1, default 0.75.
    pub negative_exponent: f64,
    /// Words with a larger share of the corpus than this are randomly left out, the more so the more frequent, `t`;
    /// 0 (never) to 1, default 1e-4.
    pub subsample: f64,
    /// Passes over the corpus; 1 to 10,000.
    pub epochs: Option<usize>,
    /// Learning rate at the start; above 0, up to 1. It falls evenly to a ten-thousandth of itself.
    pub learning_rate: Option<f64>,
    /// Whether windows reach over the ends of sentences (never over those of documents); default true.
    pub across_sentences: bool,
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
            window: 5,
            negative_samples: 5,
            shared_negatives: 24,
            negative_exponent: 0.75,
            subsample: 1e-4,
            epochs: None,
            learning_rate: None,
            across_sentences: true,
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
        within("dim", self.dim, 1, 4096)?;
        within("window", self.window, 1, 64)?;
        within("negative_samples", self.negative_samples, 1, 100)?;
        within("shared_negatives", self.shared_negatives, 4, 128)?;
        if !self.shared_negatives.is_multiple_of(4) {
            let cure = "round it up";
            return Err(Error::invalid("shared_negatives", "a multiple of 4", self.shared_negatives, cure));
        }
        within("negative_exponent", self.negative_exponent, 0.0, 1.0)?;
        within("subsample", self.subsample, 0.0, 1.0)?;
        within("epochs", self.epochs.unwrap_or(1), 1, 10_000)?;
        within("learning_rate", self.learning_rate.unwrap_or(0.05), f64::MIN_POSITIVE, 1.0)?;
        within("threads", self.threads.unwrap_or(1), 1, 1024)
    }

    /// Fills in what was left to choose, for a corpus of so many running words.
    #[must_use]
    pub fn resolve(&self, words: u64) -> Self {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            epochs: Some(self.epochs.unwrap_or_else(|| epochs_for(words))),
            learning_rate: Some(self.learning_rate.unwrap_or(0.05)),
            threads: Some(self.threads.unwrap_or_else(processors)),
            ..self.clone()
        }
    }

    /// Estimate of the memory that training needs at its peak, in bytes, for so many words in the vocabulary.
    #[must_use]
    pub fn memory_bytes(&self, vocabulary: usize) -> u64 {
        let row_bytes = super::shared::stride(self.dim) as u64 * 4;
        let tables = 16 * vocabulary as u64;
        let threads = self.threads.unwrap_or(1) as u64;
        let rows_a_thread = (2 * (64 + 2 * self.window) + 64 + 128) as u64 * 2;
        2 * vocabulary as u64 * row_bytes + tables + threads * (rows_a_thread * row_bytes + (4 << 20))
    }
}

/// So many passes that some 50 million places are seen, within 5 to 200.
fn epochs_for(words: u64) -> usize {
    (50_000_000 / words.max(1)).clamp(5, 200) as usize
}

fn within<T: PartialOrd + std::fmt::Display>(what: &str, value: T, least: T, most: T) -> Result<()> {
    if value >= least && value <= most {
        return Ok(());
    }
    Err(Error::invalid(what, format!("{least} to {most}"), value, "choose a value within"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_settings_are_refused_by_name() {
        let absurd = [
            Settings { dim: 0, ..Settings::default() },
            Settings { dim: 100_000, ..Settings::default() },
            Settings { window: 0, ..Settings::default() },
            Settings { shared_negatives: 6, ..Settings::default() },
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
}
