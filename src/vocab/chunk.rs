//! A piece of the corpus while it is encoded by one worker: words interned to numbers of its own.
//!
//! Chunks know nothing of each other; [`super::corpus::CorpusEncoder`] joins them in their order, so that the
//! result does not depend on how many workers there were.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// Ends a sentence in a token stream.
pub const END_OF_SENTENCE: u32 = u32::MAX;
/// Ends a document in a token stream; stands after the end of its last sentence.
pub const END_OF_DOCUMENT: u32 = u32::MAX - 1;
/// Stands for a word that is not in the vocabulary.
pub const UNKNOWN: u32 = u32::MAX - 2;

/// Words longer than this (bytes of UTF-8) are taken as [`UNKNOWN`]: they are never words, and would fill the
/// memory.
pub const MAX_WORD_BYTES: usize = 255;

/// Sentences of tokenised, normalised words, numbered by first occurrence in this chunk.
#[derive(Debug, Default)]
pub struct Chunk {
    pub(super) words: IndexSet<Box<str>, FxBuildHasher>,
    pub(super) tokens: Vec<u32>,
    pub(super) sentences: u64,
    pub(super) documents: u64,
    pub(super) too_long: u64,
}

impl Chunk {
    /// An empty chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next word of the current sentence; a longer word than [`MAX_WORD_BYTES`] becomes [`UNKNOWN`].
    pub fn word(&mut self, word: &str) {
        if word.len() > MAX_WORD_BYTES {
            self.too_long += 1;
            self.tokens.push(UNKNOWN);
            return;
        }
        let number = match self.words.get_index_of(word) {
            Some(number) => number,
            None => self.words.insert_full(word.into()).0,
        };
        self.tokens.push(number as u32);
    }

    /// Ends the sentence, if it has a word.
    pub fn end_sentence(&mut self) {
        if self.tokens.last().is_some_and(|&token| token < END_OF_DOCUMENT) {
            self.tokens.push(END_OF_SENTENCE);
            self.sentences += 1;
        }
    }

    /// Ends the sentence and the document, if they have a word.
    pub fn end_document(&mut self) {
        self.end_sentence();
        if self.tokens.last() == Some(&END_OF_SENTENCE) {
            self.tokens.push(END_OF_DOCUMENT);
            self.documents += 1;
        }
    }

    /// Running tokens so far, ends included: a worker may hand over its chunk when this grows large.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_numbered_by_first_occurrence_and_empty_sentences_leave_no_trace() {
        let mut chunk = Chunk::new();
        chunk.end_document();
        for word in ["b", "a", "b"] {
            chunk.word(word);
        }
        chunk.end_sentence();
        chunk.end_sentence();
        chunk.word(&"x".repeat(MAX_WORD_BYTES + 1));
        chunk.end_document();
        chunk.end_document();
        let (s, d) = (END_OF_SENTENCE, END_OF_DOCUMENT);
        assert_eq!(chunk.tokens, [0, 1, 0, s, UNKNOWN, s, d]);
        assert_eq!((chunk.sentences, chunk.documents, chunk.too_long), (2, 1, 1));
    }
}
