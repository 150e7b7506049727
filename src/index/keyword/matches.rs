//! All documents that answer a question, each with its score: to be counted, looked up, or the best of them taken.

use super::KeywordIndex;
use super::parts::Part;
use super::selection::Selection;
use crate::error::Result;
use std::cmp::Ordering;
use tantivy::DocId;

/// The documents that answer, with their scores.
#[derive(Debug, Default)]
pub struct Matches {
    /// For each part of the index, by rising document.
    pub(super) lists: Vec<Vec<(DocId, f32)>>,
}

/// The score of every document; those above 0 answer.
#[derive(Debug, Default)]
pub struct Scores {
    /// For each part of the index, by document.
    parts: Vec<Vec<f32>>,
}

/// Documents looked at together: most of the index answers nothing, or nothing good enough.
const TOGETHER: usize = 16;

impl Scores {
    /// No document answers.
    pub(super) fn none(parts: &[Part]) -> Self {
        Self { parts: parts.iter().map(|part| vec![0.0; part.lengths.len()]).collect() }
    }

    /// All scores times a factor.
    #[must_use]
    pub fn times(&self, factor: f32) -> Self {
        let times = |scores: &Vec<f32>| scores.iter().map(|score| factor * score).collect();
        Self { parts: self.parts.iter().map(times).collect() }
    }

    /// Has `add` add to the scores of each part's documents.
    pub(super) fn add(
        &mut self,
        parts: &[Part],
        mut add: impl FnMut(&Part, &mut [f32]) -> Result<()>,
    ) -> Result<()> {
        parts.iter().zip(&mut self.parts).try_for_each(|(part, scores)| add(part, scores))
    }

    /// Leaves out deleted documents, and those that a filter does not let through.
    pub(super) fn keep(&mut self, parts: &[Part], selection: Option<&Selection>) {
        for (at, (part, scores)) in parts.iter().zip(&mut self.parts).enumerate() {
            let keep = |doc: DocId| match selection {
                Some(selection) => selection.parts[at].contains(doc),
                None => !part.reader.is_deleted(doc),
            };
            if selection.is_some() || part.reader.has_deletes() {
                let answering = scores.iter_mut().zip(0..).filter(|(score, _)| **score > 0.0);
                answering.filter(|(_, doc)| !keep(*doc)).for_each(|(score, _)| *score = 0.0);
            }
        }
    }

    /// The score of a document, 0 if it does not answer.
    #[must_use]
    pub fn score(&self, index: &KeywordIndex, seq: u64) -> f32 {
        let found = index.parts.iter().zip(&self.parts);
        let found = found.filter_map(|(part, scores)| part.document(seq).map(|doc| scores[doc as usize]));
        found.take(1).sum()
    }

    /// The best `limit`, as row and score, by falling score, then rising row.
    #[must_use]
    pub fn top(&self, index: &KeywordIndex, limit: usize) -> Vec<(u64, f32)> {
        best_of_parts(index, limit, self.parts.iter().map(|scores| best_of(scores, limit)))
    }

    /// Those that answer.
    pub(super) fn matches(self) -> Matches {
        let answering = |scores: Vec<f32>| {
            let mut list = Vec::with_capacity(scores.len());
            for (some, first) in scores.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
                // Written whether it answers or not, and then counted or not: there is nothing to guess for the processor.
                let (mut found, mut count) = ([(0, 0.0); TOGETHER], 0);
                for (score, doc) in some.iter().zip(first..) {
                    found[count] = (doc, *score);
                    count += usize::from(*score > 0.0);
                }
                list.extend_from_slice(&found[..count]);
            }
            list
        };
        Matches { lists: self.parts.into_iter().map(answering).collect() }
    }
}

impl Matches {
    /// Leaves out deleted documents, and those that a filter does not let through.
    pub(super) fn keep(&mut self, parts: &[Part], selection: Option<&Selection>) {
        for (at, (part, list)) in parts.iter().zip(&mut self.lists).enumerate() {
            match selection {
                Some(selection) => list.retain(|(doc, _)| selection.parts[at].contains(*doc)),
                None if part.reader.has_deletes() => list.retain(|(doc, _)| !part.reader.is_deleted(*doc)),
                None => {}
            }
        }
    }

    /// All documents that a filter lets through, or simply all, with a score of 0.
    pub(super) fn unscored(parts: &[Part], selection: Option<&Selection>) -> Self {
        let all = |part: &Part| (0..part.lengths.len() as DocId).map(|doc| (doc, 0.0)).collect();
        let mut matches = Self { lists: parts.iter().map(all).collect() };
        matches.keep(parts, selection);
        matches
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lists.iter().map(|list| list.len() as u64).sum()
    }

    /// The best `limit`, as row and score, by falling score, then rising row.
    #[must_use]
    pub fn top(&self, index: &KeywordIndex, limit: usize) -> Vec<(u64, f32)> {
        let best = |list: &Vec<(DocId, f32)>| {
            let mut best = Best::new(limit.min(list.len()));
            list.iter().for_each(|found| best.offer(*found));
            best.taken()
        };
        best_of_parts(index, limit, self.lists.iter().map(best))
    }
}

fn best_of_parts(
    index: &KeywordIndex,
    limit: usize,
    found: impl Iterator<Item = Vec<(DocId, f32)>>,
) -> Vec<(u64, f32)> {
    let with_row = |(part, found): (&Part, Vec<(DocId, f32)>)| -> Vec<(u64, f32)> {
        found.into_iter().map(|(doc, score)| (part.seq(doc), score)).collect()
    };
    let mut best: Vec<(u64, f32)> = index.parts.iter().zip(found).flat_map(with_row).collect();
    best.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    best.truncate(limit);
    best
}

fn better(a: &(DocId, f32), b: &(DocId, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// The best `limit` documents that answer, in no order.
fn best_of(scores: &[f32], limit: usize) -> Vec<(DocId, f32)> {
    let mut best = Best::new(limit.min(scores.len()));
    for (some, first) in scores.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
        let most = some.iter().fold(0.0, |most, score| if *score > most { *score } else { most });
        if most > 0.0 && most >= best.least {
            let answering = some.iter().zip(first..).filter(|(score, _)| **score > 0.0);
            answering.for_each(|(score, doc)| best.offer((doc, *score)));
        }
    }
    best.taken()
}

/// Keeps up to twice as many as are wanted, and throws the worse half away when these are full, so that nearly all of many are
/// one comparison each.
struct Best {
    limit: usize,
    kept: Vec<(DocId, f32)>,
    /// What is worse has no place.
    least: f32,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::with_capacity(2 * limit), least: 0.0 }
    }

    #[inline]
    fn offer(&mut self, found: (DocId, f32)) {
        if found.1 < self.least || self.limit == 0 {
            return;
        }
        self.kept.push(found);
        if self.kept.len() == 2 * self.limit {
            self.cut();
            self.least = self.kept[self.limit - 1].1;
        }
    }

    fn cut(&mut self) {
        self.kept.select_nth_unstable_by(self.limit - 1, better);
        self.kept.truncate(self.limit);
    }

    fn taken(mut self) -> Vec<(DocId, f32)> {
        if self.kept.len() > self.limit {
            self.cut();
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_a_long_list_are_those_of_a_sorted_one() {
        let scores: Vec<f32> = (0..5000u32).map(|doc| ((doc * 7919) % 997) as f32).collect();
        let all = Scores { parts: vec![scores.clone()] }.matches().lists.swap_remove(0);
        let mut sorted: Vec<(DocId, f32)> = (0..).zip(scores.iter().copied()).collect();
        sorted.retain(|(_, score)| *score > 0.0);
        assert_eq!(all, sorted);
        sorted.sort_by(better);
        for limit in [1, 2, 7, 100, 2500, 4994, 5000, 9000] {
            let mut best = best_of(&scores, limit);
            best.sort_by(better);
            assert_eq!(best, sorted[..limit.min(sorted.len())], "{limit}");
        }
        assert!(best_of(&scores, 0).is_empty());
    }
}
