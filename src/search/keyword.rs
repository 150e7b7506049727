//! Hard tokens: a document answers if it holds a word of the query, or what its operators ask for.

use super::explained::{Carried, Explained};
use super::{Mode, Ranked, Retriever, distinct};
use crate::error::Result;
use crate::index::keyword::{
    Evaluated, Expression, KeywordIndex, KeywordOptions, LeafFound, Matches, Pattern, within_edits,
};
use crate::text::Analysis;
use std::cell::RefCell;

/// BM25 over the keyword index.
pub struct KeywordRetriever<'a> {
    index: &'a KeywordIndex,
    options: KeywordOptions<'a>,
    expression: Option<&'a Expression>,
    /// What the parts of the expression found, once it has been asked for: each hit is explained by them.
    leaves: RefCell<Option<Vec<LeafFound>>>,
}

impl<'a> KeywordRetriever<'a> {
    /// Reads from this index.
    #[must_use]
    pub fn new(index: &'a KeywordIndex) -> Self {
        Self { index, options: KeywordOptions::default(), expression: None, leaves: RefCell::new(None) }
    }

    /// Looks and scores by these options.
    #[must_use]
    pub fn with_options(self, options: KeywordOptions<'a>) -> Self {
        Self { options, ..self }
    }

    /// Asks for what a query with operators says, instead of any of the words.
    #[must_use]
    pub fn with_expression(self, expression: Option<&'a Expression>) -> Self {
        Self { expression, ..self }
    }

    fn all(&self, words: &[String]) -> Result<Matches> {
        let Some(expression) = self.expression else { return self.index.matching(words, &self.options) };
        let Evaluated { matches, leaves } = self.index.evaluate(expression, &self.options)?;
        *self.leaves.borrow_mut() = Some(leaves);
        Ok(matches)
    }

    /// The query's words in a document, each with its BM25 score.
    pub(super) fn carried(
        &self,
        words: &[String],
        seq: i64,
        document: &Analysis,
    ) -> Result<Vec<Carried<'static>>> {
        let parts = self.index.explain(words, seq.cast_unsigned(), &self.options)?;
        let carried = parts.into_iter().map(|(word, part)| {
            let document_word = form_in(document, &word, self.index, &self.options);
            Carried::new(word, document_word, part)
        });
        Ok(carried.collect())
    }

    /// What each part of the expression contributed, by the words in the document that it stands for.
    fn explain_expression(&self, seq: i64, document: &Analysis) -> Result<Explained> {
        let leaves = self.leaves.borrow();
        let leaves = leaves.as_deref().unwrap_or_default();
        let parts = self.index.contributions(leaves, seq.cast_unsigned())?;
        let mut carried = Vec::new();
        for (leaf, part) in leaves.iter().zip(parts).filter(|(_, part)| *part > 0.0) {
            let found = words_of(leaf, document, self.index, &self.options);
            let each = part / found.len().max(1) as f32;
            let found = found.into_iter().map(|word| Carried::new(&leaf.written, word, each));
            carried.extend(found);
        }
        Ok(Explained::of(&carried, &[]))
    }
}

impl Retriever for KeywordRetriever<'_> {
    fn mode(&self) -> Mode {
        Mode::Keyword
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let found = self.all(words)?.top(self.index, limit);
        Ok(found.into_iter().map(|(seq, score)| Ranked { seq: seq.cast_signed(), score }).collect())
    }

    fn answering(&self, words: &[String]) -> Result<Option<Matches>> {
        self.all(words).map(Some)
    }

    fn is_same(&self, word: &str, matched: &str) -> bool {
        word == matched || self.index.form(word, &self.options) == self.index.form(matched, &self.options)
    }

    fn explain(&self, words: &[String], seq: i64, document: &Analysis) -> Result<Explained> {
        if self.expression.is_some() {
            return self.explain_expression(seq, document);
        }
        Ok(Explained::of(&self.carried(words, seq, document)?, &[]))
    }

    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        if self.expression.is_some() {
            let leaves = self.leaves.borrow();
            let empty = leaves.iter().flatten().filter(|leaf| leaf.is_empty());
            return Ok(distinct(&empty.map(|leaf| leaf.written.clone()).collect::<Vec<_>>())
                .into_iter()
                .cloned()
                .collect());
        }
        let mut unknown = Vec::new();
        for word in distinct(words) {
            if self.index.matching_count(word, &self.options)? == 0 {
                unknown.push(word.clone());
            }
        }
        Ok(unknown)
    }
}

/// The words of a document that a part of a query stands for, each once; a phrase is one of several words.
fn words_of(
    leaf: &LeafFound,
    document: &Analysis,
    index: &KeywordIndex,
    options: &KeywordOptions<'_>,
) -> Vec<String> {
    let those = |wanted: &dyn Fn(&str) -> bool| {
        let mut found: Vec<String> = Vec::new();
        for token in document.tokens().filter(|token| wanted(token.text)) {
            if !found.iter().any(|known| known == token.text) {
                found.push(token.text.to_owned());
            }
        }
        found
    };
    match &leaf.pattern {
        Pattern::Word(word) => vec![form_in(document, word, index, options)],
        Pattern::Phrase(words) => vec![words.join(" ")],
        Pattern::Prefix(start) => those(&|word| word.starts_with(start.as_str())),
        Pattern::Fuzzy(word, edits) => those(&|other| within_edits(word, other, *edits)),
        Pattern::Value => Vec::new(),
    }
}

/// The word as it is written in the document, or else its first form there.
pub(super) fn form_in(
    document: &Analysis,
    word: &str,
    index: &KeywordIndex,
    options: &KeywordOptions<'_>,
) -> String {
    if document.tokens().any(|token| token.text == word) {
        return word.to_owned();
    }
    let form = index.form(word, options);
    let found = document.tokens().find(|token| index.form(token.text, options) == form);
    found.map_or_else(|| word.to_owned(), |token| token.text.to_owned())
}
