//! The adjustment, drawn in the space of the static vectors: towards the mean of the words that the context favours.
//!
//! Good to look at and to explain with; contextual vectors decide by `[v ; z·c̃ ; y·ã]` (see `encoder`), because a shift among a
//! word's neighbours follows inflection and syntax more than sense (on words in context, 60 of 100 against 63).

use super::model::{Favour, Model, Sentence, Substitute};
use crate::error::Result;
use crate::linalg;
use crate::vectors::{Restrict, Similar};
use crate::vocab::WordId;

/// How many favoured words make the mean.
const FAVOURED: usize = 50;
/// How far the point moves: that mean, at length 1, weighs so much beside the word's own vector.
const REACH: f32 = 0.5;
/// Static neighbours that are watched while the point moves.
const WATCHED: usize = 100;

/// A word, and how much nearer the point has come to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// The word.
    pub word: WordId,
    /// Its cosine to the adjusted point, less that to the static vector.
    pub change: f32,
}

/// A word's point, moved a little in its sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjustment {
    /// The point at length 1, D values, in the space of the static vectors.
    pub point: Vec<f32>,
    /// Distance between it and the word's static vector; 0 if the word has none.
    pub shift: f32,
    /// Words that it has come nearer to, the most first.
    pub towards: Vec<Moved>,
    /// Neighbours of the static vector that it has gone away from, the most first.
    pub away: Vec<Moved>,
}

impl Model {
    /// The adjustment of the token at `position`, with at most `k` words on either side; `None` where neither the word nor its
    /// context has a direction.
    ///
    /// # Errors
    /// None on a sentence that this model has read.
    ///
    /// # Panics
    /// If the sentence has no such position.
    pub fn adjust(&self, sentence: &Sentence, position: usize, k: usize) -> Result<Option<Adjustment>> {
        let (dim, vectors) = (self.dim(), self.vectors());
        let own = &sentence.statics[position * dim..][..dim];
        let favoured = self.substitutes(&sentence.contexts[position * dim..][..dim], Favour::Lift, FAVOURED);
        let mut mean = vec![0.0; dim];
        favoured.iter().for_each(|favoured| linalg::add_scaled(&mut mean, 1.0, vectors.unit(favoured.word)));
        linalg::normalize(&mut mean);
        let mut point = own.to_vec();
        linalg::add_scaled(&mut point, REACH, &mean);
        if linalg::normalize(&mut point) == 0.0 {
            return Ok(None);
        }
        let is_known = linalg::norm(own) > 0.0;
        let shift: f32 = own.iter().zip(&point).map(|(a, b)| (a - b) * (a - b)).sum();
        let mut moved = self.changes(&favoured, own, &point, sentence.words[position])?;
        moved.sort_by(|a, b| b.change.total_cmp(&a.change).then(a.word.cmp(&b.word)));
        let towards = moved.iter().copied().filter(|moved| moved.change > 0.0).take(k).collect();
        let away = moved.iter().rev().copied().filter(|moved| moved.change < 0.0).take(k);
        let away = if is_known { away.collect() } else { Vec::new() };
        Ok(Some(Adjustment { point, shift: if is_known { shift.sqrt() } else { 0.0 }, towards, away }))
    }

    /// The changes of the favoured words and of the word's static neighbours, each once, without itself.
    fn changes(
        &self,
        favoured: &[Substitute],
        own: &[f32],
        point: &[f32],
        itself: Option<WordId>,
    ) -> Result<Vec<Moved>> {
        let vectors = self.vectors();
        let mut words: Vec<WordId> = favoured.iter().map(|favoured| favoured.word).collect();
        if linalg::norm(own) > 0.0 {
            let options = Similar { k: WATCHED, restrict: Restrict::default(), recall: None };
            words.extend(vectors.similar_to_vector(own, &options)?.into_iter().map(|near| near.id));
        }
        words.sort_unstable();
        words.dedup();
        words.retain(|word| Some(*word) != itself);
        let change = |word: WordId| {
            let unit = vectors.unit(word);
            Moved { word, change: linalg::dot(point, unit) - linalg::dot(own, unit) }
        };
        Ok(words.into_iter().map(change).collect())
    }
}
