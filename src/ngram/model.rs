//! Questions to the tables: the probability of a word after others, and which words come next.

use super::discounts::{Discounts, discounted};
use super::keys::Packing;
use crate::index::mapped::Array;
use crate::vocab::{Distribution, Next, WordId};
use std::ops::Range;

/// The sections of a file. N-grams of 2, 3 … words stand one after the other, each length sorted, so that those with the same first words
/// stand together.
#[derive(Debug)]
pub(super) struct Tables {
    pub packing: Packing,
    /// Bytes of a word's id.
    pub width: usize,
    /// Of n-grams of 1, 2 … words.
    pub discounts: Vec<Discounts>,
    /// Counts of words, `<unk>` and `</s>`.
    pub unigrams: Array<u32>,
    /// Last words of n-grams.
    pub words: Array<u8>,
    /// Their counts, up to 254; 255 stands for one in `large`.
    pub counts: Array<u8>,
    /// For each context where its n-grams begin; contexts of 1 word first, and behind each length where the last ones end.
    pub starts: Array<u32>,
    /// Positions of large counts, and these.
    pub large: Vec<Array<u32>>,
    /// Number of n-grams of 2, 3 … words.
    pub lens: Vec<usize>,
}

/// Counted n-grams, open.
#[derive(Debug)]
pub struct NGrams {
    tables: Tables,
    /// Probabilities without any context.
    base: Vec<f64>,
}

/// Sum of a context's counts, and the weight of the shorter context.
struct Mass {
    total: f64,
    backoff: f64,
}

impl Tables {
    /// Number of contexts of so many words, and where their starts stand.
    fn contexts(&self, length: usize) -> Range<usize> {
        let of = |length: usize| {
            if length == 1 { self.packing.begin() as usize + 1 } else { self.lens[length - 2] }
        };
        let first = (1..length).map(|shorter| of(shorter) + 1).sum();
        first..first + of(length)
    }

    /// Where the n-grams of each context of so many words begin, and where the last ones end.
    pub(super) fn starts_of(&self, length: usize) -> &[u32] {
        let Range { start, end } = self.contexts(length);
        &self.starts[start..=end]
    }

    /// Where n-grams of so many words stand, two or more.
    pub(super) fn ngrams(&self, length: usize) -> Range<usize> {
        let first = self.lens[..length - 2].iter().sum();
        first..first + self.lens[length - 2]
    }

    fn word(&self, position: usize) -> u32 {
        let mut bytes = [0; 4];
        bytes[..self.width].copy_from_slice(&self.words[position * self.width..][..self.width]);
        u32::from_le_bytes(bytes)
    }

    fn count(&self, position: usize) -> u64 {
        match self.counts[position] {
            super::build::LARGE => self.large_count(position),
            count => u64::from(count),
        }
    }

    fn large_count(&self, position: usize) -> u64 {
        let at = self.large[0].binary_search(&(position as u32));
        at.map_or(u64::from(super::build::LARGE), |at| u64::from(self.large[1][at]))
    }

    /// The n-grams that begin with `context`; empty if it was never followed by anything.
    fn following(&self, context: &[u32]) -> Range<usize> {
        let Some(first) = context.first().filter(|first| **first <= self.packing.begin()) else {
            return 0..0;
        };
        let mut number = *first as usize;
        for (length, token) in (1..).zip(&context[1..]) {
            let Some(position) = self.find(self.range(length, number), *token) else { return 0..0 };
            number = position - self.ngrams(length + 1).start;
        }
        self.range(context.len(), number)
    }

    /// The n-grams of the `number`th context of so many words.
    fn range(&self, length: usize, number: usize) -> Range<usize> {
        let starts = self.starts_of(length);
        starts[number] as usize..starts[number + 1] as usize
    }

    fn find(&self, range: Range<usize>, token: u32) -> Option<usize> {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low.midpoint(high);
            if self.word(middle) < token { low = middle + 1 } else { high = middle }
        }
        (low < range.end && self.word(low) == token).then_some(low)
    }

    fn mass(&self, range: Range<usize>, discounts: &Discounts) -> Mass {
        // How many count so much; three and more stand at 3.
        let (mut kinds, mut total) = ([0u64; 4], 0);
        for count in &self.counts[range.clone()] {
            kinds[usize::from(*count).min(3)] += 1;
            total += u64::from(*count);
        }
        let first = self.large[0].partition_point(|position| (*position as usize) < range.start);
        let large = self.large[0][first..].iter().zip(&self.large[1][first..]);
        let large = large.take_while(|(position, _)| (**position as usize) < range.end);
        total += large.map(|(_, count)| u64::from(*count) - u64::from(super::build::LARGE)).sum::<u64>();
        let left: f64 =
            kinds[1..].iter().zip(discounts).map(|(kind, discount)| *kind as f64 * discount).sum();
        Mass { total: total as f64, backoff: left / total as f64 }
    }
}

impl NGrams {
    pub(super) fn new(tables: Tables) -> Self {
        let counts = tables.unigrams.iter().map(|count| u64::from(*count));
        let discounts = &tables.discounts[0];
        let total = counts.clone().sum::<u64>().max(1) as f64;
        let kept: Vec<f64> = counts.map(|count| discounted(count, discounts) / total).collect();
        // What the discounts took, shared out evenly.
        let even = (1.0 - kept.iter().sum::<f64>()) / kept.len() as f64;
        let base = kept.into_iter().map(|kept| kept + even).collect();
        Self { tables, base }
    }

    /// Words of the longest n-grams.
    #[must_use]
    pub fn order(&self) -> usize {
        self.tables.discounts.len()
    }

    /// Words of the vocabulary, `V`.
    #[must_use]
    pub fn words(&self) -> usize {
        self.tables.packing.words as usize
    }

    /// Number of different n-grams of 2, 3 … words.
    #[must_use]
    pub fn lens(&self) -> &[usize] {
        &self.tables.lens
    }

    /// What can come next after the words of a sentence from its beginning (`None` for one outside of the vocabulary), and how many words
    /// the longest n-grams that had a say have: 1 if the last token was never followed by anything.
    #[must_use]
    pub fn predict(&self, sentence: &[Option<WordId>]) -> (Distribution, usize) {
        let context = self.context(sentence);
        let mut probabilities = self.base.clone();
        for length in 1..=context.len() {
            let range = self.tables.following(&context[context.len() - length..]);
            if range.is_empty() {
                return (Distribution(probabilities), length);
            }
            let discounts = &self.tables.discounts[length];
            let Mass { total, backoff } = self.tables.mass(range.clone(), discounts);
            probabilities.iter_mut().for_each(|probability| *probability *= backoff);
            for position in range {
                let word = self.tables.word(position) as usize;
                if let Some(probability) = probabilities.get_mut(word) {
                    *probability += discounted(self.tables.count(position), discounts) / total;
                }
            }
        }
        (Distribution(probabilities), context.len() + 1)
    }

    /// The probability of one token after the words of a sentence from its beginning; the same as [`predict`](Self::predict) gives.
    #[must_use]
    pub fn probability(&self, sentence: &[Option<WordId>], next: Next) -> f64 {
        let (context, token) = (self.context(sentence), self.token(next));
        let mut probability = self.base.get(token as usize).copied().unwrap_or_default();
        for length in 1..=context.len() {
            let range = self.tables.following(&context[context.len() - length..]);
            if range.is_empty() {
                break;
            }
            let discounts = &self.tables.discounts[length];
            let Mass { total, backoff } = self.tables.mass(range.clone(), discounts);
            let count = self.tables.find(range, token).map_or(0, |position| self.tables.count(position));
            probability = discounted(count, discounts) / total + backoff * probability;
        }
        probability
    }

    /// The last tokens of a sentence so far, as many as n-grams have before their last word.
    fn context(&self, sentence: &[Option<WordId>]) -> Vec<u32> {
        let packing = self.tables.packing;
        let most = self.order() - 1;
        let words = sentence[sentence.len().saturating_sub(most)..].iter();
        let words = words.map(|word| self.token(word.map_or(Next::Unknown, Next::Word)));
        let begin = (sentence.len() < most).then_some(packing.begin());
        begin.into_iter().chain(words).collect()
    }

    fn token(&self, next: Next) -> u32 {
        let packing = self.tables.packing;
        match next {
            Next::Word(word) => word.0.min(packing.unknown()),
            Next::Unknown => packing.unknown(),
            Next::End => packing.end(),
        }
    }
}
