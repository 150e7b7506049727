//! A word as its sentence shows it: the vectors by which two occurrences of a word are compared.
//!
//! Not the word's own vector, which is the same wherever it stands.

use super::whitening::Whitening;
use crate::encoder::StaticEncoder;
use crate::linalg::dot;
use std::ops::Range;

/// Tokens to each side that an average of the window takes.
const WINDOW: usize = 5;
/// Sentences from which the half-whitening is learned.
pub const SAMPLE: usize = 5000;

/// One occurrence of a word, several ways; each of length 1, `None` where nothing around it has a vector.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Views {
    /// The weighted mean of the five tokens to each side.
    pub window: Option<Vec<f32>>,
    /// `ã`: the weighted mean of the whole sentence, half-whitened.
    pub sentence: Option<Vec<f32>>,
}

/// Makes [`Views`].
#[derive(Debug, Clone)]
pub struct ContextEncoder {
    encoder: StaticEncoder,
    sentence: Whitening,
}

impl ContextEncoder {
    /// Learns what sentences of a corpus share from a sample of them.
    #[must_use]
    pub fn new<'a, S: IntoIterator<Item = &'a str>>(
        encoder: &StaticEncoder,
        sentences: impl IntoIterator<Item = S>,
    ) -> Self {
        let encoder = StaticEncoder::plain(encoder.vectors().clone());
        let rows: Vec<f32> =
            sentences.into_iter().filter_map(|tokens| encoder.text(tokens)).flatten().collect();
        let sentence = Whitening::fit(&rows, encoder.dim());
        Self { encoder, sentence }
    }

    /// How the word at `target` appears in its sentence.
    #[must_use]
    pub fn views(&self, tokens: &[&str], target: &Range<usize>) -> Views {
        let near = target.start.saturating_sub(WINDOW)..(target.end + WINDOW).min(tokens.len());
        let around = near.filter(|at| !target.contains(at)).map(|at| tokens[at]);
        Views {
            window: self.encoder.text(around),
            sentence: self.encoder.text(tokens.iter().copied()).map(|vector| self.sentence.apply(&vector)),
        }
    }
}

impl Views {
    /// One vector for the occurrence, of length 1: all parts that there are, one behind the other.
    #[must_use]
    pub fn joined(&self) -> Option<Vec<f32>> {
        self.sentence.clone()
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
