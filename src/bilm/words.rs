//! What the network reads for a word as written: its vector, one made from its parts, or the unknown word.

use super::batch::{Input, UNKNOWN};
use super::network::Vectors;
use crate::vectors::WordVectors;
use crate::vocab::WordId;
use serde::Serialize;

/// Where a token's vector comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Known {
    /// The word is in the vocabulary.
    Word,
    /// Made from its n-grams.
    Subwords,
    /// The mean of its characters' vectors.
    Characters,
    /// Read as the unknown word; it has no vector of its own.
    Unknown,
}

/// The vectors that the network reads: those of the words as trained, and behind them those made for this text.
#[derive(Debug)]
pub(super) struct Words<'a> {
    pub vectors: &'a WordVectors,
    /// Rows of D values; the first has the number V.
    pub made: &'a [f32],
}

impl Vectors for Words<'_> {
    fn vector(&self, word: u32, to: &mut [f32]) {
        match (word as usize).checked_sub(self.vectors.len()) {
            None => {
                let (unit, norm) = (self.vectors.unit(WordId(word)), self.vectors.norm(WordId(word)));
                to.iter_mut().zip(unit).for_each(|(to, value)| *to = norm * value);
            }
            Some(row) => to.copy_from_slice(&self.made[row * to.len()..][..to.len()]),
        }
    }
}

/// What is read for a token, and from where; a vector that has to be made is added to `made`.
pub(super) fn look_up(vectors: &WordVectors, token: &str, made: &mut Vec<f32>) -> (Input, Known) {
    if let Some(id) = vectors.vocabulary().id(token) {
        return (Input::Word(id.0), Known::Word);
    }
    let from_parts =
        vectors.subwords().and_then(|subwords| subwords.vector(token)).map(|v| (v, Known::Subwords));
    match from_parts.or_else(|| from_characters(vectors, token).map(|v| (v, Known::Characters))) {
        Some((vector, known)) => {
            let number = vectors.len() + made.len() / vectors.dim();
            made.extend(vector);
            (Input::Word(number as u32), known)
        }
        None => (Input::Special(UNKNOWN), Known::Unknown),
    }
}

/// The mean of the vectors of a Chinese word's characters, those that have one.
fn from_characters(vectors: &WordVectors, token: &str) -> Option<Vec<f32>> {
    let is_han =
        |c: char| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}');
    if !token.chars().all(is_han) || token.chars().nth(1).is_none() {
        return None;
    }
    let mut buffer = [0; 4];
    let ids: Vec<WordId> =
        token.chars().filter_map(|c| vectors.vocabulary().id(c.encode_utf8(&mut buffer))).collect();
    let mut mean = vec![0.0; vectors.dim()];
    for id in &ids {
        crate::linalg::add_scaled(&mut mean, vectors.norm(*id) / ids.len() as f32, vectors.unit(*id));
    }
    (!ids.is_empty()).then_some(mean)
}
