//! Tagged occurrences by sense, as vectors: what a word in a new sentence is compared with.
//!
//! A sense is as likely as its examples are near: `log(½·e^-rank + Σ e^{τ·cos})` over them (a kernel estimate, with the order of
//! WordNet's senses as its prior). A sense without examples borrows the mean of those of its synset, of its hypernyms, or of its
//! lexicographer file, at a fraction of their weight (the order in which LMMS fills in; Loureiro and Jorge 2019). The mean is not
//! brought to length 1: its product with an occurrence is then the mean of the cosines, on the scale of the examples themselves.

use super::context::ContextEncoder;
use super::tagged::TaggedSentence;
use crate::error::Result;
use crate::linalg::{add_scaled, dot};
use crate::progress::Progress;
use crate::wordnet::{Sense, WordNet};
use std::collections::HashMap;

/// Sentences read at a time.
const BATCH: usize = 512;
/// Weight of what a sense borrows: of its synset, hypernyms, lexicographer file.
const BORROWED: [f32; 3] = [0.5, 0.2, 0.05];

/// Examples by sense key, and the means of those of wider fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examples {
    pub(super) dim: usize,
    pub(super) of_sense: HashMap<String, Vec<Row>>,
    pub(super) of_synset: HashMap<u32, Vec<f32>>,
    pub(super) of_file: HashMap<&'static str, Vec<f32>>,
}

/// A vector of length 1 in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub scale: f32,
    pub codes: Box<[i8]>,
}

impl Row {
    pub fn new(vector: &[f32]) -> Self {
        let largest = vector.iter().fold(1e-9f32, |largest, value| largest.max(value.abs()));
        let codes = vector.iter().map(|value| (value / largest * 127.0).round() as i8).collect();
        Self { scale: largest / 127.0, codes }
    }

    fn dot(&self, vector: &[f32]) -> f32 {
        let sum: f32 = self.codes.iter().zip(vector).map(|(code, value)| f32::from(*code) * value).sum();
        sum * self.scale
    }

    fn to_vec(&self) -> Vec<f32> {
        self.codes.iter().map(|code| f32::from(*code) * self.scale).collect()
    }
}

/// A mean that is being added up.
#[derive(Default)]
struct Mean {
    sum: Vec<f32>,
    count: usize,
}

impl Mean {
    fn add(&mut self, row: &[f32]) {
        self.sum.resize(row.len(), 0.0);
        add_scaled(&mut self.sum, 1.0, row);
        self.count += 1;
    }

    fn taken(mut self) -> Vec<f32> {
        let count = self.count.max(1) as f32;
        self.sum.iter_mut().for_each(|value| *value /= count);
        self.sum
    }
}

impl Examples {
    /// Reads tagged sentences.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`].
    pub fn fit(
        sentences: &[TaggedSentence],
        context: &ContextEncoder,
        wordnet: &WordNet,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let mut of_sense: HashMap<String, Vec<Row>> = HashMap::new();
        for (batch, some) in sentences.chunks(BATCH).enumerate() {
            progress.step("reading examples", (batch * BATCH) as u64, sentences.len() as u64, "sentences")?;
            let cuts: Vec<_> = some.iter().map(TaggedSentence::cut).collect();
            let tokens: Vec<Vec<&str>> = cuts.iter().map(super::tagged::Cut::tokens).collect();
            let targets = some.iter().zip(&cuts).map(|(sentence, cut)| {
                let tagged = sentence.words.iter().zip(&cut.words);
                let tagged = tagged.filter(|(word, tokens)| !word.keys.is_empty() && !tokens.is_empty());
                tagged.map(|(word, tokens)| (word, tokens.clone())).collect::<Vec<_>>()
            });
            let targets: Vec<_> = targets.collect();
            let asked: Vec<(&[&str], Vec<_>)> = tokens
                .iter()
                .zip(&targets)
                .map(|(tokens, targets)| {
                    (&tokens[..], targets.iter().map(|(_, tokens)| tokens.clone()).collect())
                })
                .collect();
            for (views, targets) in context.all_views(&asked).into_iter().zip(targets) {
                for (view, (word, _)) in views.into_iter().zip(targets) {
                    let Some(vector) = view.joined() else { continue };
                    for key in &word.keys {
                        of_sense.entry(key.clone()).or_default().push(Row::new(&vector));
                    }
                }
            }
        }
        Ok(Self::of(context.dim(), of_sense, wordnet))
    }

    pub(super) fn of(dim: usize, of_sense: HashMap<String, Vec<Row>>, wordnet: &WordNet) -> Self {
        let mut of_synset: HashMap<u32, Mean> = HashMap::new();
        let mut of_file: HashMap<&'static str, Mean> = HashMap::new();
        let mut keys: Vec<&String> = of_sense.keys().collect();
        keys.sort(); // sums do not depend on the order of a map
        for key in keys {
            let Some(sense) = wordnet.sense_by_key(key) else { continue };
            let synset = sense.synset();
            for row in of_sense[key].iter().map(Row::to_vec) {
                of_synset.entry(synset.number().index() as u32).or_default().add(&row);
                of_file.entry(synset.lexicographer_file()).or_default().add(&row);
            }
        }
        let of_synset = of_synset.into_iter().map(|(number, mean)| (number, mean.taken())).collect();
        let of_file = of_file.into_iter().map(|(file, mean)| (file, mean.taken())).collect();
        Self { dim, of_sense, of_synset, of_file }
    }

    /// Number of values of a vector.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Senses with examples of their own.
    #[must_use]
    pub fn senses(&self) -> usize {
        self.of_sense.len()
    }

    /// All examples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of_sense.values().map(Vec::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_sense.is_empty()
    }

    /// `Σ e^{τ·cos}` over the examples of a sense, or what it borrows.
    pub(super) fn kernel(&self, sense: Sense<'_>, vector: &[f32], sharpness: f32) -> f32 {
        if let Some(rows) = self.of_sense.get(&sense.key()) {
            return rows.iter().map(|row| (sharpness * row.dot(vector)).exp()).sum();
        }
        let near = |mean: &Vec<f32>| (sharpness * dot(mean, vector)).exp();
        let synset = sense.synset();
        let of = |number: usize| self.of_synset.get(&(number as u32));
        if let Some(mean) = of(synset.number().index()) {
            return BORROWED[0] * near(mean);
        }
        if let Some(mean) = synset.parents().find_map(|parent| of(parent.number().index())) {
            return BORROWED[1] * near(mean);
        }
        self.of_file.get(synset.lexicographer_file()).map_or(0.0, |mean| BORROWED[2] * near(mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::normalize;

    #[test]
    fn rows_in_bytes_keep_their_directions() {
        let mut vector: Vec<f32> = (0..64).map(|at| (at as f32 * 0.37).sin()).collect();
        normalize(&mut vector);
        let row = Row::new(&vector);
        assert!((row.dot(&vector) - 1.0).abs() < 0.01);
        assert!(dot(&row.to_vec(), &vector) > 0.99);
    }

    #[test]
    fn what_is_borrowed_is_on_the_scale_of_the_examples() {
        // Two examples at right angles: their mean is as near to one of them as they are on average, not nearer.
        let mut mean = Mean::default();
        mean.add(&[1.0, 0.0]);
        mean.add(&[0.0, 1.0]);
        assert!((dot(&mean.taken(), &[1.0, 0.0]) - 0.5).abs() < 1e-6);
    }
}
