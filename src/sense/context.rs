//! A word as its sentence shows it: the vectors by which two occurrences of a word are compared.
//!
//! Not the word's own vector, which is the same wherever it stands. With a contextual model, an occurrence is `[c̃ ; ã]`: what the
//! model expects in its place, and the average of its sentence, both half-whitened; without one `ã` alone. The word itself is left
//! out of the average: all that is compared has it in common (on words in context, one cosine and a threshold are right 64.7
//! times of 100 without it, 60.3 with it).

use crate::bilm::Model;
use crate::bilm::whiten::Whitening;
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::linalg::{add_scaled, dot, normalize};
use std::ops::Range;

/// Tokens to each side that an average of the window takes.
const WINDOW: usize = 5;
/// Sentences from which the half-whitening is learned.
pub const SAMPLE: usize = 5000;
/// Weight of the sentence against the context.
const SENTENCE_WEIGHT: f32 = 1.0;
/// Weight of context and sentence against a word's static vector.
const SHIFT: f32 = 0.2;

/// One occurrence of a word, several ways; each of length 1, `None` where nothing around it has a vector.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Views {
    /// The weighted mean of the five tokens to each side.
    pub window: Option<Vec<f32>>,
    /// `ã`: the weighted mean of the sentence without the word, half-whitened.
    pub sentence: Option<Vec<f32>>,
    /// `c̃`: what the contextual model expects in the word's place, half-whitened.
    pub context: Option<Vec<f32>>,
}

/// Makes [`Views`].
#[derive(Debug, Clone)]
pub struct ContextEncoder {
    encoder: StaticEncoder,
    sentences: Whitening,
    model: Option<Box<Model>>,
}

impl ContextEncoder {
    /// Learns what sentences of a corpus share from a sample of them. Without a sample, a contextual model knows it.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] if a vector holds a value that is not finite.
    pub fn new<'a, S: IntoIterator<Item = &'a str>>(
        encoder: &StaticEncoder,
        model: Option<Model>,
        sentences: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let encoder = StaticEncoder::plain(encoder.vectors().clone());
        let rows: Vec<f32> =
            sentences.into_iter().filter_map(|tokens| encoder.text(tokens)).flatten().collect();
        let sentences = match &model {
            Some(model) if rows.is_empty() => model.averages().clone(),
            _ => Whitening::fit(&rows, encoder.dim())?,
        };
        Ok(Self { encoder, sentences, model: model.map(Box::new) })
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
            let contexts = read.as_ref().map(|read| read[at].white_contexts.as_slice());
            let views = |target: &Range<usize>| Views {
                window: self.window(tokens, target),
                sentence: self.around(tokens, target),
                context: contexts.and_then(|contexts| mean(contexts, self.encoder.dim(), target)),
            };
            targets.iter().map(views).collect()
        };
        sentences.iter().enumerate().map(one).collect()
    }

    /// The sentence without the word, which says nothing about which of its senses is meant.
    fn around(&self, tokens: &[&str], target: &Range<usize>) -> Option<Vec<f32>> {
        let others = tokens.iter().enumerate().filter(|(at, _)| !target.contains(at));
        self.encoder.text(others.map(|(_, token)| *token)).map(|vector| self.sentences.apply(&vector))
    }

    fn window(&self, tokens: &[&str], target: &Range<usize>) -> Option<Vec<f32>> {
        let near = target.start.saturating_sub(WINDOW)..(target.end + WINDOW).min(tokens.len());
        self.encoder.text(near.filter(|at| !target.contains(at)).map(|at| tokens[at]))
    }
}

/// The mean of some rows at length 1; rows beyond the end (sentences have a limit) are passed over.
fn mean(rows: &[f32], dim: usize, which: &Range<usize>) -> Option<Vec<f32>> {
    let mut mean = vec![0.0; dim];
    which
        .clone()
        .filter_map(|at| rows.get(at * dim..(at + 1) * dim))
        .for_each(|row| add_scaled(&mut mean, 1.0, row));
    (normalize(&mut mean) > 0.0).then_some(mean)
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

    /// One vector for the occurrence, of length 1: all parts that there are, one behind the other.
    #[must_use]
    pub fn joined(&self) -> Option<Vec<f32>> {
        let Some(context) = &self.context else { return self.sentence.clone() };
        let sentence = self.sentence.as_ref()?;
        let mut joined: Vec<f32> =
            context.iter().copied().chain(sentence.iter().map(|value| value * SENTENCE_WEIGHT)).collect();
        normalize(&mut joined);
        Some(joined)
    }
}

/// Cosine of two vectors of length 1, 0 if one is missing.
#[must_use]
pub fn similarity(a: Option<&Vec<f32>>, b: Option<&Vec<f32>>) -> f32 {
    match (a, b) {
        (Some(a), Some(b)) => dot(a, b),
        _ => 0.0,
    }
}
