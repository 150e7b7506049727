//! Hard tokens and their neighbours among the word vectors: a document answers if it holds a word of the query, or one near to it
//! that the query's other words confirm.
//!
//! A neighbour is confirmed if it is at least as near to the other words (their weighted mean) as the word that led to it: *bank*
//! in a query about water leads to *shore*, and not to *loan*. A query of one word has nothing to confirm by, and is not expanded.
//!
//! Source of the idea: Xu & Croft 1996, "Query expansion using local and global document analysis", section 3 (concepts are
//! chosen by their nearness to the whole query, not to one word of it).

use super::keyword::form_in;
use super::{Match, Mode, Ranked, Retriever, distinct, largest};
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::index::keyword::{KeywordIndex, KeywordOptions, Matches, WeightedTerm};
use crate::linalg;
use crate::text::{Analysis, is_stop_word};
use crate::vectors::Similar;
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// Neighbours of a word that are looked at.
const LOOKED_AT: usize = 10;
/// A neighbour less near than this is none.
const SIMILARITY_MIN: f32 = 0.4;
/// What a neighbour counts for, times its similarity; the query's own words count 1.
const WEIGHT: f32 = 0.4;
/// Query words that are expanded, the first ones.
const EXPANDED_MAX: usize = 32;

/// BM25 over the keyword index, for the query's words and the neighbours that it confirms.
pub struct NeighboursRetriever<'a> {
    index: &'a KeywordIndex,
    encoder: &'a StaticEncoder,
    options: KeywordOptions<'a>,
    /// The last query and what it was expanded to: each of its hits is explained by the same terms.
    last: RefCell<Option<(Vec<String>, Rc<Vec<Reached>>)>>,
}

/// A term to look for, the word that led to it, and the cosine of the two.
struct Reached {
    query_word: String,
    term: WeightedTerm,
    similarity: f32,
}

impl<'a> NeighboursRetriever<'a> {
    /// Expands by the vectors of `encoder`.
    #[must_use]
    pub fn new(index: &'a KeywordIndex, encoder: &'a StaticEncoder) -> Self {
        Self { index, encoder, options: KeywordOptions::default(), last: RefCell::default() }
    }

    /// Looks and scores by these options.
    #[must_use]
    pub fn with_options(self, options: KeywordOptions<'a>) -> Self {
        Self { options, ..self }
    }

    fn form<'w>(&self, word: &'w str) -> Cow<'w, str> {
        self.index.form(word, &self.options)
    }

    fn reached(&self, words: &[String]) -> Result<Rc<Vec<Reached>>> {
        if let Some((query, reached)) = &*self.last.borrow()
            && query == words
        {
            return Ok(Rc::clone(reached));
        }
        let reached = Rc::new(self.expand(words)?);
        *self.last.borrow_mut() = Some((words.to_vec(), Rc::clone(&reached)));
        Ok(reached)
    }

    fn expand(&self, words: &[String]) -> Result<Vec<Reached>> {
        let all_function_words = words.iter().all(|word| is_stop_word(word));
        let mut own: Vec<&String> = Vec::new();
        for word in words.iter().filter(|word| all_function_words || !is_stop_word(word)) {
            if !own.iter().any(|known| self.form(known) == self.form(word)) {
                own.push(word);
            }
        }
        let itself = |word: &&String| Reached {
            query_word: (*word).clone(),
            term: WeightedTerm { words: vec![(*word).clone()], weight: 1.0 },
            similarity: 1.0,
        };
        let mut reached: Vec<Reached> = own.iter().map(itself).collect();
        for (at, word) in own.iter().enumerate().take(EXPANDED_MAX) {
            let others = own.iter().enumerate().filter(|(other, _)| *other != at);
            let Some(context) = self.encoder.text(others.map(|(_, word)| word.as_str())) else { continue };
            self.add_confirmed(word, &context, &mut reached)?;
        }
        Ok(reached)
    }

    /// Adds the neighbours of a word that the rest of the query confirms and that some document holds.
    fn add_confirmed(&self, word: &str, context: &[f32], reached: &mut Vec<Reached>) -> Result<()> {
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
            let is_known = reached.iter().any(|known| self.form(&known.term.words[0]) == self.form(name));
            if is_known || self.index.matching_count(name, &self.options)? == 0 {
                continue;
            }
            let term = WeightedTerm { words: vec![name.to_owned()], weight: WEIGHT * near.score };
            reached.push(Reached { query_word: word.to_owned(), term, similarity: near.score });
        }
        Ok(())
    }
}

impl Retriever for NeighboursRetriever<'_> {
    fn mode(&self) -> Mode {
        Mode::Neighbours
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let found = self.answering(words)?.unwrap_or_default().top(self.index, limit)?;
        Ok(found.into_iter().map(|(seq, score)| Ranked { seq: seq.cast_signed(), score }).collect())
    }

    fn answering(&self, words: &[String]) -> Result<Option<Matches>> {
        let reached = self.reached(words)?;
        let terms: Vec<&WeightedTerm> = reached.iter().map(|reached| &reached.term).collect();
        self.index.matching_weighted(&terms, &self.options).map(Some)
    }

    fn is_same(&self, word: &str, matched: &str) -> bool {
        word == matched || self.form(word) == self.form(matched)
    }

    fn matches(&self, words: &[String], seq: i64, document: &Analysis) -> Result<Vec<Match>> {
        let reached = self.reached(words)?;
        let terms: Vec<&WeightedTerm> = reached.iter().map(|reached| &reached.term).collect();
        let parts = self.index.explain_weighted(&terms, seq.cast_unsigned(), &self.options)?;
        let score: f32 = parts.iter().sum();
        let held = reached.iter().zip(parts).filter(|(_, part)| *part > 0.0);
        let matches = held.map(|(reached, part)| Match {
            query_word: reached.query_word.clone(),
            document_word: form_in(document, &reached.term.words[0], self.index, &self.options),
            similarity: reached.similarity,
            share: part / score,
            link: None,
            bm25: None,
            part: None,
        });
        Ok(largest(matches.collect()))
    }

    /// Words that neither stand in a document themselves nor lead to one that does.
    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        let reached = self.reached(words)?;
        let leads = |word: &str| {
            reached.iter().any(|reached| reached.query_word == word && reached.term.words[0] != word)
        };
        let mut unknown = Vec::new();
        for word in distinct(words) {
            if !leads(word) && self.index.matching_count(word, &self.options)? == 0 {
                unknown.push(word.clone());
            }
        }
        Ok(unknown)
    }
}
