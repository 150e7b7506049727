//! What a score is made of: the pairs of words that carry it, the largest first, and all others taken together.

use super::{GraphLink, Match, MatchPart, ScorePart};
use std::borrow::Cow;

/// Matches shown for a hit.
const MATCHES_MAX: usize = 6;

/// What a document's score is made of, in the score's own units: `matches` and `rest` add up to it, and so do `parts`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explained {
    /// The largest, those that speak for the document, at most six; the shares of equal ones in the order of the query.
    pub matches: Vec<Match>,
    /// All others together; below 0 where they speak against it.
    pub rest: f32,
    /// The parts of a fused score; none for a score of one part.
    pub parts: Vec<ScorePart>,
}

impl Explained {
    /// Takes a score apart into its largest pieces and the rest.
    pub(super) fn of(carried: &[Carried<'_>], parts: &[MatchPart]) -> Self {
        let of = |part: &MatchPart| {
            let own = carried.iter().filter(|found| found.part == Some(*part)).map(|found| found.share);
            ScorePart { part: *part, score: own.sum() }
        };
        let parts = parts.iter().map(of).filter(|part| part.score != 0.0).collect();
        // Hundreds of pieces, of which six are told: their places are sorted instead of them.
        let mut all: Vec<(f32, usize)> = carried.iter().map(|found| found.share).zip(0..).collect();
        let largest = |(a, at): &(f32, usize), (b, other): &(f32, usize)| b.total_cmp(a).then(at.cmp(other));
        if all.len() > MATCHES_MAX {
            all.select_nth_unstable_by(MATCHES_MAX, largest);
        }
        let listed = all.len().min(MATCHES_MAX);
        all[..listed].sort_unstable_by(largest);
        let shown = all[..listed].iter().take_while(|(share, _)| *share > 0.0).count();
        let rest = all[shown..].iter().map(|(share, _)| share).sum();
        Self { matches: all[..shown].iter().map(|(_, at)| carried[*at].told()).collect(), rest, parts }
    }

    /// With shares of the score instead of parts in its units.
    #[must_use]
    pub fn shares(mut self, score: f32) -> Self {
        let scale = if score > 0.0 { 1.0 / score } else { 0.0 };
        self.matches.iter_mut().for_each(|found| found.share *= scale);
        self.rest *= scale;
        self
    }
}

/// A piece of a score, before it is known whether it is told.
#[derive(Debug, Clone)]
pub(super) struct Carried<'a> {
    pub query_word: Cow<'a, str>,
    pub document_word: Cow<'a, str>,
    pub similarity: f32,
    pub share: f32,
    pub link: Option<&'a GraphLink>,
    pub part: Option<MatchPart>,
}

impl<'a> Carried<'a> {
    pub fn new(
        query_word: impl Into<Cow<'a, str>>,
        document_word: impl Into<Cow<'a, str>>,
        share: f32,
    ) -> Self {
        let (query_word, document_word) = (query_word.into(), document_word.into());
        Self { query_word, document_word, similarity: 1.0, share, link: None, part: None }
    }

    fn told(&self) -> Match {
        Match {
            query_word: self.query_word.clone().into_owned(),
            document_word: self.document_word.clone().into_owned(),
            similarity: self.similarity,
            share: self.share,
            link: self.link.cloned(),
            bm25: None,
            part: self.part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_told_and_all_others_are_the_rest() {
        let shares = [0.5, -2.0, 1.0, 3.0, 0.25, 3.0, 4.0, 0.125, 2.0, -1.0];
        let of = |share: &f32| Carried::new("q", share.to_string(), *share);
        let carried: Vec<Carried<'_>> = shares.iter().map(of).collect();
        let told = Explained::of(&carried, &[]);
        assert_eq!(told.matches.iter().map(|m| m.share).collect::<Vec<_>>(), [4.0, 3.0, 3.0, 2.0, 1.0, 0.5]);
        assert_eq!(told.rest, 0.25 + 0.125 - 3.0);
        let shares = told.shares(2.0);
        assert_eq!((shares.matches[0].share, shares.rest), (2.0, -1.3125));
        let against = Explained::of(&[Carried::new("q", "d", -1.0)], &[]);
        assert!(against.matches.is_empty() && against.rest == -1.0);
    }
}
