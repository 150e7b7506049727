//! Query expansion over hard tokens: whatever adds terms to a query, they are looked for and explained in one way.

use super::explained::{Carried, Explained};
use super::keyword::form_in;
use super::{GraphLink, Mode, Ranked, Retriever, distinct};
use crate::error::Result;
use crate::index::keyword::{KeywordIndex, KeywordOptions, Matches, WeightedTerm};
use crate::text::Analysis;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

/// Leads from the words of a query to the terms that are looked for.
pub trait Expand {
    /// The mode that the expansion makes.
    const MODE: Mode;

    /// The terms, each with the word that led to it. Terms that no document holds are left out.
    ///
    /// # Errors
    /// What the index or the source of the terms meets.
    fn expand(&self, words: &[String], keywords: &Keywords<'_>) -> Result<Vec<Reached>>;
}

/// The keyword index, and how it is asked.
#[derive(Clone, Copy)]
pub struct Keywords<'a> {
    pub(super) index: &'a KeywordIndex,
    pub(super) options: KeywordOptions<'a>,
}

impl Keywords<'_> {
    /// The form of a word that the index keeps.
    pub(super) fn form<'w>(&self, word: &'w str) -> Cow<'w, str> {
        self.index.form(word, &self.options)
    }

    /// Whether some document holds the word.
    pub(super) fn hold(&self, word: &str) -> Result<bool> {
        Ok(self.index.matching_count(word, &self.options)? > 0)
    }
}

/// A term to look for, and how the query led to it.
pub struct Reached {
    pub(super) query_word: String,
    pub(super) term: WeightedTerm,
    /// How near the term is to the word, as the hits show it.
    pub(super) similarity: f32,
    pub(super) link: Option<GraphLink>,
}

/// BM25 over the keyword index, for the terms that a query was expanded to.
pub struct ExpandedRetriever<'a, E> {
    pub(super) keywords: Keywords<'a>,
    pub(super) source: E,
    /// The last query and what it was expanded to: each of its hits is explained by the same terms.
    last: RefCell<Option<Expansions>>,
}

/// A query's words, and the terms that they lead to.
type Expansions = (Vec<String>, Rc<Vec<Reached>>);

impl<'a, E: Expand> ExpandedRetriever<'a, E> {
    pub(super) fn of(index: &'a KeywordIndex, source: E) -> Self {
        let keywords = Keywords { index, options: KeywordOptions::default() };
        Self { keywords, source, last: RefCell::default() }
    }

    /// Looks and scores by these options.
    #[must_use]
    pub fn with_options(self, options: KeywordOptions<'a>) -> Self {
        Self { keywords: Keywords { options, ..self.keywords }, ..self }
    }

    fn reached(&self, words: &[String]) -> Result<Rc<Vec<Reached>>> {
        if let Some((query, reached)) = &*self.last.borrow()
            && query == words
        {
            return Ok(Rc::clone(reached));
        }
        let reached = Rc::new(self.source.expand(words, &self.keywords)?);
        *self.last.borrow_mut() = Some((words.to_vec(), Rc::clone(&reached)));
        Ok(reached)
    }
}

impl<E: Expand> Retriever for ExpandedRetriever<'_, E> {
    fn mode(&self) -> Mode {
        E::MODE
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let found = self.answering(words)?.unwrap_or_default().top(self.keywords.index, limit);
        Ok(found.into_iter().map(|(seq, score)| Ranked { seq: seq.cast_signed(), score }).collect())
    }

    fn answering(&self, words: &[String]) -> Result<Option<Matches>> {
        let reached = self.reached(words)?;
        let terms: Vec<&WeightedTerm> = reached.iter().map(|reached| &reached.term).collect();
        self.keywords.index.matching_weighted(&terms, &self.keywords.options).map(Some)
    }

    fn is_same(&self, word: &str, matched: &str) -> bool {
        word == matched || self.keywords.form(word) == self.keywords.form(matched)
    }

    fn explain(&self, words: &[String], seq: i64, document: &Analysis) -> Result<Explained> {
        let Keywords { index, options } = &self.keywords;
        let form = |word| index.form(word, options);
        let held: HashSet<Cow<'_, str>> = document.tokens().map(|token| form(token.text)).collect();
        let reached = self.reached(words)?;
        let reached: Vec<&Reached> = reached
            .iter()
            .filter(|reached| reached.term.words.iter().all(|word| held.contains(&form(word))))
            .collect();
        let terms: Vec<&WeightedTerm> = reached.iter().map(|reached| &reached.term).collect();
        let parts = index.explain_weighted(&terms, seq.cast_unsigned(), options)?;
        let in_document = |words: &[String]| {
            let forms = words.iter().map(|word| form_in(document, word, index, options));
            forms.collect::<Vec<_>>().join(" ")
        };
        let carried = reached.into_iter().zip(parts).filter(|(_, part)| *part > 0.0);
        let carried = carried.map(|(reached, part)| Carried {
            similarity: reached.similarity,
            link: reached.link.as_ref(),
            ..Carried::new(&reached.query_word, in_document(&reached.term.words), part)
        });
        Ok(Explained::of(&carried.collect::<Vec<_>>(), &[]))
    }

    /// Words that neither stand in a document themselves nor lead to one that does.
    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        let reached = self.reached(words)?;
        let leads = |word: &str| {
            reached.iter().any(|reached| reached.query_word.split(' ').any(|part| part == word))
                || reached.iter().any(|reached| reached.term.words == [word])
        };
        let mut unknown = Vec::new();
        for word in distinct(words) {
            if !leads(word) && !self.keywords.hold(word)? {
                unknown.push(word.clone());
            }
        }
        Ok(unknown)
    }
}
