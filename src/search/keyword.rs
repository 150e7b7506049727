//! Hard tokens: a document answers if it holds a word of the query.

use super::{Match, Mode, Ranked, Retriever, distinct, largest};
use crate::error::Result;
use crate::index::keyword::KeywordIndex;
use crate::text::Analysis;

/// BM25 over the keyword index.
pub struct KeywordRetriever<'a> {
    index: &'a KeywordIndex,
}

impl<'a> KeywordRetriever<'a> {
    /// Reads from this index.
    #[must_use]
    pub fn new(index: &'a KeywordIndex) -> Self {
        Self { index }
    }
}

impl Retriever for KeywordRetriever<'_> {
    fn mode(&self) -> Mode {
        Mode::Keyword
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let found = self.index.search(words, limit)?;
        Ok(found.into_iter().map(|(seq, score)| Ranked { seq: seq.cast_signed(), score }).collect())
    }

    fn matches(&self, words: &[String], seq: i64, _document: &Analysis) -> Result<Vec<Match>> {
        let parts = self.index.explain(words, seq.cast_unsigned())?;
        let score: f32 = parts.iter().map(|(_, part)| part).sum();
        let matches = parts.into_iter().map(|(word, part)| Match {
            query_word: word.clone(),
            document_word: word,
            similarity: 1.0,
            share: if score > 0.0 { part / score } else { 0.0 },
            link: None,
        });
        Ok(largest(matches.collect()))
    }

    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        let mut unknown = Vec::new();
        for word in distinct(words) {
            if self.index.document_count(word)? == 0 {
                unknown.push(word.clone());
            }
        }
        Ok(unknown)
    }
}
