//! Hard tokens: a document answers if it holds a word of the query.

use super::{Match, Mode, Ranked, Retriever, distinct, largest};
use crate::error::Result;
use crate::index::keyword::{KeywordIndex, KeywordOptions};
use crate::text::Analysis;

/// BM25 over the keyword index.
pub struct KeywordRetriever<'a> {
    index: &'a KeywordIndex,
    options: KeywordOptions,
}

impl<'a> KeywordRetriever<'a> {
    /// Reads from this index.
    #[must_use]
    pub fn new(index: &'a KeywordIndex) -> Self {
        Self { index, options: KeywordOptions::default() }
    }

    /// Looks and scores by these options.
    #[must_use]
    pub fn with_options(self, options: KeywordOptions) -> Self {
        Self { options, ..self }
    }
}

impl Retriever for KeywordRetriever<'_> {
    fn mode(&self) -> Mode {
        Mode::Keyword
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let found = self.index.matching(words, &self.options)?.top(self.index, limit)?;
        Ok(found.into_iter().map(|(seq, score)| Ranked { seq: seq.cast_signed(), score }).collect())
    }

    fn matches(&self, words: &[String], seq: i64, document: &Analysis) -> Result<Vec<Match>> {
        let parts = self.index.explain(words, seq.cast_unsigned(), &self.options)?;
        let score: f32 = parts.iter().map(|(_, part)| part).sum();
        let matches = parts.into_iter().map(|(word, part)| Match {
            document_word: form_in(document, &word, self.index, &self.options),
            query_word: word,
            similarity: 1.0,
            share: if score > 0.0 { part / score } else { 0.0 },
            link: None,
            part: None,
        });
        Ok(largest(matches.collect()))
    }

    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        let mut unknown = Vec::new();
        for word in distinct(words) {
            if self.index.matching_count(word, &self.options)? == 0 {
                unknown.push(word.clone());
            }
        }
        Ok(unknown)
    }
}

/// The word as it is written in the document, or else its first form there.
pub(super) fn form_in(
    document: &Analysis,
    word: &str,
    index: &KeywordIndex,
    options: &KeywordOptions,
) -> String {
    if document.tokens().any(|token| token.text == word) {
        return word.to_owned();
    }
    let form = index.form(word, options);
    let found = document.tokens().find(|token| index.form(token.text, options) == form);
    found.map_or_else(|| word.to_owned(), |token| token.text.to_owned())
}
