//! Hard tokens and their neighbours among the word vectors: a document answers if it holds a word of the query, or one near to it
//! that the query's other words confirm.
//!
//! A neighbour is confirmed if it is at least as near to the other words (their weighted mean) as the word that led to it: *bank*
//! in a query about water leads to *shore*, and not to *loan*. A query of one word has nothing to confirm by, and is not expanded.
//!
//! Source of the idea: Xu & Croft 1996, "Query expansion using local and global document analysis", section 3 (concepts are
//! chosen by their nearness to the whole query, not to one word of it).

use super::Mode;
use super::expansion::{Expand, ExpandedRetriever, Keywords, Reached};
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::index::keyword::{KeywordIndex, WeightedTerm};
use crate::linalg;
use crate::text::is_stop_word;
use crate::vectors::Similar;

/// Neighbours of a word that are looked at.
const LOOKED_AT: usize = 10;
/// A neighbour less near than this is none.
const SIMILARITY_MIN: f32 = 0.4;
/// What a neighbour counts for, times its similarity; the query's own words count 1.
const WEIGHT: f32 = 0.4;
/// Query words that are expanded, the first ones.
const EXPANDED_MAX: usize = 32;

/// BM25 over the keyword index, for the query's words and the neighbours that it confirms.
pub type NeighboursRetriever<'a> = ExpandedRetriever<'a, ConfirmedNeighbours<'a>>;

/// Leads to the neighbours of words that the rest of the query confirms.
pub struct ConfirmedNeighbours<'a> {
    encoder: &'a StaticEncoder,
}

impl<'a> NeighboursRetriever<'a> {
    /// Expands by the vectors of `encoder`.
    #[must_use]
    pub fn new(index: &'a KeywordIndex, encoder: &'a StaticEncoder) -> Self {
        Self::of(index, ConfirmedNeighbours { encoder })
    }
}

impl Expand for ConfirmedNeighbours<'_> {
    const MODE: Mode = Mode::Neighbours;

    fn expand(&self, words: &[String], keywords: &Keywords<'_>) -> Result<Vec<Reached>> {
        let all_function_words = words.iter().all(|word| is_stop_word(word));
        let mut own: Vec<&str> = Vec::new();
        for word in words.iter().filter(|word| all_function_words || !is_stop_word(word)) {
            if !own.iter().any(|known| keywords.form(known) == keywords.form(word)) {
                own.push(word);
            }
        }
        let mut reached = Vec::new();
        for &word in &own {
            if keywords.hold(word)? {
                reached.push(reach(word, word, 1.0, 1.0));
            }
        }
        for (at, word) in own.iter().enumerate().take(EXPANDED_MAX) {
            let others = own.iter().enumerate().filter(|(other, _)| *other != at);
            let Some(context) = self.encoder.text(others.map(|(_, word)| *word)) else { continue };
            self.add_confirmed(word, &context, keywords, &mut reached)?;
        }
        Ok(reached)
    }
}

impl ConfirmedNeighbours<'_> {
    /// Adds the neighbours of a word that the rest of the query confirms and that some document holds.
    fn add_confirmed(
        &self,
        word: &str,
        context: &[f32],
        keywords: &Keywords<'_>,
        reached: &mut Vec<Reached>,
    ) -> Result<()> {
        let vectors = self.encoder.vectors();
        let Some(id) = vectors.vocabulary().id(word) else { return Ok(()) };
        let own = linalg::dot(vectors.unit(id), context);
        let options = Similar { k: LOOKED_AT, ..Similar::default() };
        for near in vectors.similar(word, &options)?.neighbours {
            let (name, confirmation) =
                (vectors.vocabulary().word(near.id), linalg::dot(vectors.unit(near.id), context));
            if near.score < SIMILARITY_MIN || confirmation < own || is_stop_word(name) {
                continue;
            }
            let is_known =
                reached.iter().any(|known| keywords.form(&known.term.words[0]) == keywords.form(name));
            if !is_known && keywords.hold(name)? {
                reached.push(reach(word, name, WEIGHT * near.score, near.score));
            }
        }
        Ok(())
    }
}

fn reach(query_word: &str, word: &str, weight: f32, similarity: f32) -> Reached {
    let term = WeightedTerm::of_words(vec![word.to_owned()], weight);
    Reached { query_word: query_word.to_owned(), term, similarity, link: None }
}
