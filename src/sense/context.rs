//! A word as its sentence shows it: the vectors by which two occurrences of a word are compared.
//!
//! Not the word's own vector, which is the same wherever it stands. With a contextual model, an occurrence is `[c̃ ; 1.5·ã]`: what the
//! model expects in its place, and the average of its sentence, both half-whitened; without one `ã` alone.

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
const SENTENCE_WEIGHT: f32 = 1.5;

/// One occurrence of a word, several ways; each of length 1, `None` where nothing around it has a vector.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Views {
    /// The weighted mean of the five tokens to each side.
    pub window: Option<Vec<f32>>,
    /// `ã`: the weighted mean of the whole sentence, half-whitened.
    pub sentence: Option<Vec<f32>>,
    /// `c̃`: what the contextual model expects in the word's place, half-whitened.
    pub context: Option<Vec<f32>>,
}

/// Makes [`Views`].
#[derive(Debug, Clone)]
pub struct ContextEncoder {
    encoder: StaticEncoder,
    from: From,
}

#[derive(Debug, Clone)]
enum From {
    Words(Whitening),
    Model(Box<Model>),
}

impl ContextEncoder {
    /// Without a contextual model: learns what sentences of a corpus share from a sample of them.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] if a vector holds a value that is not finite.
    pub fn new<'a, S: IntoIterator<Item = &'a str>>(
        encoder: &StaticEncoder,
        sentences: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let encoder = StaticEncoder::plain(encoder.vectors().clone());
        let rows: Vec<f32> =
            sentences.into_iter().filter_map(|tokens| encoder.text(tokens)).flatten().collect();
        let whitening = Whitening::fit(&rows, encoder.dim())?;
        Ok(Self { encoder, from: From::Words(whitening) })
    }

    /// With a contextual model, which knows all this already.
    #[must_use]
    pub fn contextual(model: Model) -> Self {
        let encoder = StaticEncoder::plain(model.vectors().clone());
        Self { encoder, from: From::Model(Box::new(model)) }
    }

    /// The contextual model, if there is one.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        match &self.from {
            From::Words(_) => None,
            From::Model(model) => Some(model),
        }
    }

    /// Number of values of [`Views::joined`].
    #[must_use]
    pub fn dim(&self) -> usize {
        self.encoder.dim() * if self.model().is_some() { 2 } else { 1 }
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
        match &self.from {
            From::Words(whitening) => sentences
                .iter()
                .map(|(tokens, targets)| {
                    let sentence =
                        self.encoder.text(tokens.iter().copied()).map(|vector| whitening.apply(&vector));
                    let views = |target| Views {
                        window: self.window(tokens, target),
                        sentence: sentence.clone(),
                        context: None,
                    };
                    targets.iter().map(views).collect()
                })
                .collect(),
            From::Model(model) => {
                let tokens: Vec<&[&str]> = sentences.iter().map(|(tokens, _)| *tokens).collect();
                let read = model.sentences(&tokens);
                let one =
                    |(read, (tokens, targets)): (crate::bilm::Sentence, &(&[&str], Vec<Range<usize>>))| {
                        let some =
                            |vector: &[f32]| (crate::linalg::norm(vector) > 0.5).then(|| vector.to_vec());
                        let views = |target: &Range<usize>| Views {
                            window: self.window(tokens, target),
                            sentence: some(&read.white_average),
                            context: mean(&read.white_contexts, self.encoder.dim(), target),
                        };
                        targets.iter().map(views).collect()
                    };
                read.into_iter().zip(sentences).map(one).collect()
            }
        }
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
