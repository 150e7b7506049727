//! All documents that answer a question, each with its score: to be counted, or the best of them taken.

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

impl Matches {
    /// Has `score` fill in the scores of each part's documents; those above 0 answer.
    pub(super) fn collect(
        parts: &[Part],
        mut score: impl FnMut(&Part, &mut [f32]) -> Result<()>,
    ) -> Result<Self> {
        let mut lists = Vec::with_capacity(parts.len());
        for part in parts {
            let mut scores = vec![0.0; part.lengths.len()];
            score(part, &mut scores)?;
            let scored = scores.into_iter().enumerate().map(|(doc, score)| (doc as DocId, score));
            lists.push(scored.filter(|(_, score)| *score > 0.0).collect());
        }
        Ok(Self { lists })
    }

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

    /// The score of a document, 0 if it does not answer.
    #[must_use]
    pub fn score(&self, index: &KeywordIndex, seq: u64) -> f32 {
        for (part, list) in index.parts.iter().zip(&self.lists) {
            if let Some(doc) = part.document(seq) {
                let place = list.binary_search_by_key(&doc, |(doc, _)| *doc);
                return place.map_or(0.0, |place| list[place].1);
            }
        }
        0.0
    }

    /// The best `limit`, as row and score, by falling score, then rising row.
    ///
    /// # Errors
    /// [`crate::error::Error::Damaged`] if a document has no row.
    pub fn top(&self, index: &KeywordIndex, limit: usize) -> Result<Vec<(u64, f32)>> {
        let mut best: Vec<(u64, f32)> = Vec::new();
        for (part, list) in index.parts.iter().zip(&self.lists) {
            for (doc, score) in best_of(list, limit) {
                best.push((part.seq(doc), score));
            }
        }
        best.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(limit);
        Ok(best)
    }
}

fn better(a: &(DocId, f32), b: &(DocId, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// The best `limit` of a list, in no order. Keeps up to twice as many, and throws the worse half away when these are full, so
/// that nearly all of a long list is one comparison each.
fn best_of(list: &[(DocId, f32)], limit: usize) -> Vec<(DocId, f32)> {
    let mut kept: Vec<(DocId, f32)> = Vec::with_capacity(2 * limit.min(list.len()));
    if limit == 0 {
        return kept;
    }
    let mut least = 0.0;
    for found in list {
        if found.1 < least {
            continue;
        }
        kept.push(*found);
        if kept.len() == 2 * limit {
            kept.select_nth_unstable_by(limit - 1, better);
            kept.truncate(limit);
            least = kept[limit - 1].1;
        }
    }
    if kept.len() > limit {
        kept.select_nth_unstable_by(limit - 1, better);
        kept.truncate(limit);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_a_long_list_are_those_of_a_sorted_one() {
        let list: Vec<(DocId, f32)> = (0..5000u32).map(|doc| (doc, ((doc * 7919) % 997) as f32)).collect();
        let mut sorted = list.clone();
        sorted.sort_by(better);
        for limit in [1, 2, 7, 100, 2500, 4999, 5000, 9000] {
            let mut best = best_of(&list, limit);
            best.sort_by(better);
            assert_eq!(best, sorted[..limit.min(5000)], "{limit}");
        }
        assert!(best_of(&list, 0).is_empty());
    }
}
