//! A word as its sentence shows it: the vectors by which two occurrences of a word are compared.
//!
//! Not the word's own vector, which is the same wherever it stands. With a contextual model, an occurrence is `[c̃ ; ã]`: what the
//! model expects in its place, and the average of its sentence, both half-whitened; without one `ã` alone. The word itself is left
//! out of the average: all that is compared has it in common (on words in context, one cosine and a threshold are right 64.7
//! times of 100 without it, 60.3 with it). Where a whole text is there, `d̃`, the same average of what is around, stands beside them.

use crate::bilm::Model;
use crate::bilm::whiten::Whitening;
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::linalg::{add_scaled, dot, normalize};
use crate::vectors::WordVectors;
use std::ops::Range;

/// Tokens to each side that an average of the window takes.
const WINDOW: usize = 5;
/// Sentences from which the half-whitening is learned.
pub const SAMPLE: usize = 5000;
/// Weight of the sentence against the context.
const SENTENCE_WEIGHT: f32 = 1.0;
/// Weight of the surroundings against context and sentence, in a small corpus. A text means a word in one sense throughout, mostly (Gale,
/// Church & Yarowsky 1992b), and where occurrences are few, what is talked about tells more than the sentence does: of 660 occurrences
/// of the bundled collection's ambiguous words, two of a sense are more alike than two of different ones 66 times of 100 by
/// `[c̃ ; ã]`, 77 with the surroundings.
const SURROUNDINGS_WEIGHT: f32 = 2.0;
/// Running words up to which that holds, and from which on surroundings do not count: with hundreds of occurrences they split words of one
/// sense by what their texts are about (of single words 76 of 100 are left whole, 94 without).
const SURROUNDINGS_WORDS: [f32; 2] = [100_000.0, 2_000_000.0];
/// Words to each side that surroundings are taken from, and how many of them: the rarest, which decide the average anyway.
pub const REACH: usize = 100;
const RAREST: usize = 40;
/// Weight of context and sentence against a word's static vector.
const SHIFT: f32 = 0.2;

/// One occurrence of a word, several ways; each of length 1 but where it says otherwise, `None` where nothing around it has a vector.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Views {
    /// The weighted mean of the five tokens to each side.
    pub window: Option<Vec<f32>>,
    /// `ã`: the weighted mean of the sentence without the word, half-whitened.
    pub sentence: Option<Vec<f32>>,
    /// `c̃`: what the contextual model expects in the word's place, half-whitened.
    pub context: Option<Vec<f32>>,
    /// `c`: the same as it was trained, at its own length: its product with a word's output vector tells how much that word is favoured there.
    pub expected: Option<Vec<f32>>,
    /// `δ·d̃`: the weighted mean of the text around, half-whitened, and not of length 1 but of its weight; where it was asked for and counts.
    pub surroundings: Option<Vec<f32>>,
}

/// Makes [`Views`].
#[derive(Debug, Clone)]
pub struct ContextEncoder {
    encoder: StaticEncoder,
    sentences: Whitening,
    surroundings: Whitening,
    surroundings_weight: f32,
    model: Option<Box<Model>>,
}

impl ContextEncoder {
    /// Learns what sentences of a corpus of `words` running words share from a sample of them, and what surroundings share from a sample
    /// of these. Without samples, a contextual model knows it.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] if a vector holds a value that is not finite.
    pub fn new<'a, S: IntoIterator<Item = &'a str>>(
        encoder: &StaticEncoder,
        model: Option<Model>,
        [sentences, surroundings]: [Vec<S>; 2],
        words: u64,
    ) -> Result<Self> {
        let encoder = StaticEncoder::plain(encoder.vectors().clone()).listed_only();
        let fitted = |texts: Vec<S>| {
            let rows: Vec<f32> =
                texts.into_iter().filter_map(|tokens| encoder.text(tokens)).flatten().collect();
            match &model {
                Some(model) if rows.is_empty() => Ok(model.averages().clone()),
                _ => Whitening::fit(&rows, encoder.dim()),
            }
        };
        let (sentences, surroundings) = (fitted(sentences)?, fitted(surroundings)?);
        let [few, many] = SURROUNDINGS_WORDS;
        let small = (many / words.max(1) as f32).ln() / (many / few).ln();
        let surroundings_weight = SURROUNDINGS_WEIGHT * small.clamp(0.0, 1.0);
        Ok(Self { encoder, sentences, surroundings, surroundings_weight, model: model.map(Box::new) })
    }

    /// The word vectors that it stands on.
    #[must_use]
    pub fn vectors(&self) -> &WordVectors {
        self.encoder.vectors()
    }

    /// The contextual model, if there is one.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        self.model.as_deref()
    }

    /// Number of values of [`Views::joined`].
    #[must_use]
    pub fn dim(&self) -> usize {
        self.encoder.dim() * if self.model().is_some() { 2 } else { 1 }
    }

    /// The words around a place of a text, for [`Self::in_text`]: the rarest of a hundred to each side, in their order, without
    /// the word that stands there and those of which `count` knows nothing.
    #[must_use]
    pub fn around<T: Copy + PartialEq>(text: &[T], at: usize, count: impl Fn(&T) -> Option<u64>) -> Vec<T> {
        let near = &text[at.saturating_sub(REACH)..(at + REACH + 1).min(text.len())];
        let mut around: Vec<(u64, usize)> = near
            .iter()
            .enumerate()
            .filter(|(_, word)| **word != text[at])
            .filter_map(|(place, word)| Some((count(word)?, place)))
            .collect();
        around.sort_unstable();
        around.truncate(RAREST);
        around.sort_unstable_by_key(|(_, place)| *place);
        around.into_iter().map(|(_, place)| near[place]).collect()
    }

    /// Whether surroundings count.
    #[must_use]
    pub fn reads_surroundings(&self) -> bool {
        self.surroundings_weight > 0.0
    }

    /// Whether surroundings count as much as the sentence does, or more: in a corpus of up to some 450,000 words.
    #[must_use]
    pub fn is_of_a_small_corpus(&self) -> bool {
        self.surroundings_weight >= SENTENCE_WEIGHT
    }

    /// What these words around add to the views of an occurrence.
    #[must_use]
    pub fn in_text<'a>(&self, views: Views, around: impl IntoIterator<Item = &'a str>) -> Views {
        if !self.reads_surroundings() {
            return views;
        }
        let average = self.encoder.text(around).map(|vector| self.surroundings.apply(&vector));
        let mut surroundings = average.unwrap_or_else(|| vec![0.0; self.encoder.dim()]);
        surroundings.iter_mut().for_each(|value| *value *= self.surroundings_weight);
        Views { surroundings: Some(surroundings), ..views }
    }

    /// The static vector of a word's tokens, of length 1, `None` if none of them is known.
    #[must_use]
    pub fn word(&self, tokens: &[String]) -> Option<Vec<f32>> {
        self.encoder.text(tokens.iter().map(String::as_str))
    }

    /// How the word at `target` appears in its sentence.
    #[must_use]
    pub fn views(&self, tokens: &[&str], target: &Range<usize>) -> Views {
        self.all_views(&[(tokens, vec![target.clone()])])
            .pop()
            .and_then(|mut views| views.pop())
            .unwrap_or_default()
    }

    /// The same for several words of each of many sentences, in batches.
    #[must_use]
    pub fn all_views(&self, sentences: &[(&[&str], Vec<Range<usize>>)]) -> Vec<Vec<Views>> {
        let tokens: Vec<&[&str]> = sentences.iter().map(|(tokens, _)| *tokens).collect();
        let read = self.model.as_ref().map(|model| model.sentences(&tokens));
        let one = |(at, (tokens, targets)): (usize, &(&[&str], Vec<Range<usize>>))| {
            let read = read.as_ref().map(|read| &read[at]);
            let dim = self.encoder.dim();
            let views = |target: &Range<usize>| Views {
                window: self.window(tokens, target),
                sentence: self.rest(tokens, target),
                context: read.and_then(|read| unit_mean(&read.white_contexts, dim, target)),
                expected: read.and_then(|read| mean(&read.contexts, dim, target)),
                surroundings: None,
            };
            targets.iter().map(views).collect()
        };
        sentences.iter().enumerate().map(one).collect()
    }

    /// The sentence without the word, which says nothing about which of its senses is meant.
    fn rest(&self, tokens: &[&str], target: &Range<usize>) -> Option<Vec<f32>> {
        let others = tokens.iter().enumerate().filter(|(at, _)| !target.contains(at));
        self.encoder.text(others.map(|(_, token)| *token)).map(|vector| self.sentences.apply(&vector))
    }

    fn window(&self, tokens: &[&str], target: &Range<usize>) -> Option<Vec<f32>> {
        let near = target.start.saturating_sub(WINDOW)..(target.end + WINDOW).min(tokens.len());
        self.encoder.text(near.filter(|at| !target.contains(at)).map(|at| tokens[at]))
    }
}

/// The mean of some rows; rows beyond the end (sentences have a limit) are passed over.
fn mean(rows: &[f32], dim: usize, which: &Range<usize>) -> Option<Vec<f32>> {
    let rows: Vec<&[f32]> = which.clone().filter_map(|at| rows.get(at * dim..(at + 1) * dim)).collect();
    let mut mean = vec![0.0; dim];
    rows.iter().for_each(|row| add_scaled(&mut mean, 1.0 / rows.len() as f32, row));
    (!rows.is_empty()).then_some(mean)
}

/// The same at length 1.
fn unit_mean(rows: &[f32], dim: usize, which: &Range<usize>) -> Option<Vec<f32>> {
    mean(rows, dim, which).and_then(|mut mean| (normalize(&mut mean) > 0.0).then_some(mean))
}

impl Views {
    /// `[v ; 0.2·c̃ ; 0.2·ã]` at length 1 for a word of static vector `v`: the point that words are compared by, moved a little in its
    /// sentence.
    #[must_use]
    pub fn contextual(&self, own: &[f32]) -> Option<Vec<f32>> {
        let mut vector = own.to_vec();
        for part in [&self.context, &self.sentence] {
            match part {
                Some(part) => vector.extend(part.iter().map(|value| SHIFT * value)),
                None => vector.extend(vec![0.0; own.len()]),
            }
        }
        (normalize(&mut vector) > 0.0).then_some(vector)
    }

    /// One vector for the occurrence in its sentence, of length 1: `[c̃ ; ã]`.
    #[must_use]
    pub fn joined(&self) -> Option<Vec<f32>> {
        self.joined_by(SENTENCE_WEIGHT)
    }

    /// The same with another weight of the sentence: `[c̃ ; weight·ã]`.
    #[must_use]
    pub fn joined_by(&self, weight: f32) -> Option<Vec<f32>> {
        let Some(context) = &self.context else { return self.sentence.clone() };
        Some(side_by_side(&[(context, 1.0), (self.sentence.as_ref()?, weight)]))
    }

    /// One vector for the occurrence in its text, of length 1: `[c̃ ; ã ; δ·d̃]`.
    #[must_use]
    pub fn in_text(&self) -> Option<Vec<f32>> {
        let Some(surroundings) = &self.surroundings else { return self.joined() };
        let context = self.context.as_ref().map(|context| (context, 1.0));
        let others = [(self.sentence.as_ref()?, SENTENCE_WEIGHT), (surroundings, 1.0)];
        Some(side_by_side(&context.into_iter().chain(others).collect::<Vec<_>>()))
    }
}

/// Vectors times their weights, one behind the other, at length 1.
fn side_by_side(parts: &[(&Vec<f32>, f32)]) -> Vec<f32> {
    let mut joined: Vec<f32> =
        parts.iter().flat_map(|(part, weight)| part.iter().map(move |value| value * weight)).collect();
    normalize(&mut joined);
    joined
}

/// Cosine of two vectors of length 1, 0 if one is missing.
#[must_use]
pub fn similarity(a: Option<&Vec<f32>>, b: Option<&Vec<f32>>) -> f32 {
    match (a, b) {
        (Some(a), Some(b)) => dot(a, b),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn around_a_place_are_the_rarest_of_a_hundred_words_to_each_side() {
        // Word 150 at place 150, and again at 160; of the others, those of even numbers are rare.
        let text: Vec<u64> = (0..400).map(|at| if at == 160 { 150 } else { at }).collect();
        let around = ContextEncoder::around(&text, 150, |word| Some(if word % 2 == 0 { 1 } else { 1000 }));
        assert_eq!(around.len(), RAREST);
        assert_eq!((around[0], around[39]), (50, 128)); // equally rare ones as they stand; 50 to 128 are forty even numbers
        let few = ContextEncoder::around(&[7, 8, 7, 9, 10], 0, |word| (*word < 10).then_some(*word));
        assert_eq!(few, [8, 9]);
        assert!(ContextEncoder::around(&[7], 0, |word| Some(*word)).is_empty());
    }
}
