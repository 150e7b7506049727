//! Information content: how much it says that a thing is of this kind. IC(c) = −ln p(c), where p(c) is the share of all
//! counted meanings that are c or fall under it.
//!
//! Source: Resnik 1995, "Using information content to evaluate semantic similarity in a taxonomy". Counts come from the
//! user's own corpus, each word shared out evenly among its senses, or from WordNet's tag counts. Every ancestor is
//! counted once for each count below it (NLTK's own counter counts some twice where paths of equal length meet).

use super::taxonomy::Ancestors;
use super::{PartOfSpeech, Synset, WordNet};
use crate::error::{Error, Result};

/// Counts of all synsets, with those below them.
#[derive(Debug, Clone)]
pub struct InformationContent {
    counts: Vec<f64>,
    totals: [f64; 4],
}

impl InformationContent {
    /// From the counts of tagged senses that come with WordNet; each synset starts from `smoothing`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a negative or infinite `smoothing`.
    pub fn from_tag_counts(wordnet: &WordNet, smoothing: f64) -> Result<Self> {
        let mut information = Self::smoothed(wordnet, smoothing)?;
        for pos in PartOfSpeech::ALL {
            for synset in wordnet.all(pos) {
                information.add(synset, synset.tag_count() as f64);
            }
        }
        Ok(information)
    }

    /// From the words of a corpus with their counts, in `language`; each synset starts from `smoothing`. Words that are
    /// not in WordNet are passed over.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a negative or infinite `smoothing`, [`Error::NotFound`] for a language that was not added.
    pub fn from_word_counts<'w>(
        wordnet: &WordNet,
        words: impl IntoIterator<Item = (&'w str, u64)>,
        language: &str,
        smoothing: f64,
    ) -> Result<Self> {
        let mut information = Self::smoothed(wordnet, smoothing)?;
        for (word, count) in words {
            let synsets = wordnet.synsets(word, None, language)?;
            let share = count as f64 / synsets.len().max(1) as f64;
            for synset in synsets {
                information.add(synset, share);
            }
        }
        Ok(information)
    }

    fn smoothed(wordnet: &WordNet, smoothing: f64) -> Result<Self> {
        if !(0.0..=1e9).contains(&smoothing) {
            return Err(Error::invalid("smoothing", "a number from 0 to 1e9", smoothing, "1 is usual"));
        }
        Ok(Self { counts: vec![smoothing; wordnet.len()], totals: [smoothing; 4] })
    }

    fn add(&mut self, synset: Synset<'_>, count: f64) {
        if count == 0.0 {
            return;
        }
        for (number, ..) in Ancestors::of(synset).found {
            self.counts[number.index()] += count;
        }
        self.totals[synset.pos().index()] += count;
    }

    /// IC of a synset in nats: 0 for a root that all was counted under, infinite for what was never counted.
    #[must_use]
    pub fn of(&self, synset: Synset<'_>) -> f64 {
        let count = self.counts.get(synset.number.index()).copied().unwrap_or(0.0);
        if count == 0.0 { f64::INFINITY } else { -(count / self.totals[synset.pos().index()]).ln() }
    }

    /// The common subsumer that says most, with its IC.
    #[must_use]
    pub fn most_informative_subsumer<'a>(&self, a: Synset<'a>, b: Synset<'a>) -> Option<(Synset<'a>, f64)> {
        let scored = a.common_subsumers(b).into_iter().map(|synset| (synset, self.of(synset)));
        scored.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}
