//! Tagged occurrences by sense, as vectors: what a word in a new sentence is compared with.
//!
//! A sense is as likely as its examples are near: `log(½·e^-rank + Σ e^{τ·cos})` over them (a kernel estimate, with the order of
//! WordNet's senses as its prior). A sense without examples borrows the mean of those of its synset, of its hypernyms, or of its
//! lexicographer file, at a fraction of their weight (the order in which LMMS fills in; Loureiro and Jorge 2019).

use super::context::ContextEncoder;
use super::tagged::TaggedSentence;
use crate::error::Result;
use crate::linalg::{add_scaled, dot, normalize};
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
        let mut of_synset: HashMap<u32, Vec<f32>> = HashMap::new();
        let mut of_file: HashMap<&'static str, Vec<f32>> = HashMap::new();
        let mut keys: Vec<&String> = of_sense.keys().collect();
        keys.sort(); // sums do not depend on the order of a map
        for key in keys {
            let Some(sense) = wordnet.sense_by_key(key) else { continue };
            let synset = sense.synset();
            for row in of_sense[key].iter().map(Row::to_vec) {
                let number = synset.number().index() as u32;
                add_scaled(of_synset.entry(number).or_insert_with(|| vec![0.0; dim]), 1.0, &row);
                add_scaled(
                    of_file.entry(synset.lexicographer_file()).or_insert_with(|| vec![0.0; dim]),
                    1.0,
                    &row,
                );
            }
        }
        let scale = |vector: &mut Vec<f32>| {
            normalize(vector);
        };
        of_synset.values_mut().for_each(scale);
        of_file.values_mut().for_each(scale);
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

    #[test]
    fn rows_in_bytes_keep_their_directions() {
        let mut vector: Vec<f32> = (0..64).map(|at| (at as f32 * 0.37).sin()).collect();
        normalize(&mut vector);
        let row = Row::new(&vector);
        assert!((row.dot(&vector) - 1.0).abs() < 0.01);
        assert!(dot(&row.to_vec(), &vector) > 0.99);
    }
}
