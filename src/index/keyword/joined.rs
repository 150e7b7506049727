//! Analysed words on their way into tantivy: joined into one string, and split again by a tokenizer of ours.
//!
//! tantivy's own way for words that are analysed already, its pre-tokenised string, goes through JSON: some eighty bytes a word
//! while a document waits, and a parse of them.

use tantivy::Index;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The name of the tokenizer, as the schema has it.
pub(super) const NAME: &str = "joined";

/// Between two words: ASCII's unit separator, which no word contains.
const BETWEEN: char = '\u{1f}';

/// Words at rising places, as one string.
#[derive(Debug, Default)]
pub(super) struct Joined {
    text: String,
    words: usize,
    place: usize,
}

impl Joined {
    /// Adds a word, `gaps` empty places after where it would stand if there were none in the whole text.
    pub fn push(&mut self, word: &str, gaps: usize) {
        let place = self.words + gaps;
        (self.place..place).for_each(|_| self.text.push(BETWEEN));
        self.text.push_str(word);
        self.place = place;
        self.words += 1;
    }

    /// How many words there are.
    pub fn words(&self) -> usize {
        self.words
    }

    /// What [`Split`] takes apart.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Makes the words of documents known to an index that is written.
pub(super) fn register(index: &Index) {
    index.tokenizers().register(NAME, Split);
}

/// Takes [`Joined`] words apart: each piece is a term, an empty one only a place.
#[derive(Debug, Clone, Copy)]
struct Split;

struct Pieces<'a> {
    pieces: std::iter::Enumerate<std::str::Split<'a, char>>,
    token: Token,
}

impl Tokenizer for Split {
    type TokenStream<'a> = Pieces<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Pieces<'a> {
        Pieces { pieces: text.split(BETWEEN).enumerate(), token: Token::default() }
    }
}

impl TokenStream for Pieces<'_> {
    fn advance(&mut self) -> bool {
        let Some((place, piece)) = self.pieces.find(|(_, piece)| !piece.is_empty()) else { return false };
        self.token.position = place;
        self.token.text.clear();
        self.token.text.push_str(piece);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(text: &str) -> Vec<(usize, String)> {
        let mut split = Split;
        let mut found = Vec::new();
        split.token_stream(text).process(&mut |token| found.push((token.position, token.text.clone())));
        found
    }

    #[test]
    fn words_keep_their_places() {
        let mut joined = Joined::default();
        for (word, gaps) in [("the", 0), ("bank", 0), ("银行", 1), ("a", 1), ("b", 4)] {
            joined.push(word, gaps);
        }
        assert_eq!(joined.words(), 5);
        let expected = [(0, "the"), (1, "bank"), (3, "银行"), (4, "a"), (8, "b")];
        assert_eq!(apart(&joined.into_text()), expected.map(|(place, word)| (place, word.to_owned())));
    }

    #[test]
    fn a_gap_may_come_first_and_nothing_is_nothing() {
        let mut joined = Joined::default();
        joined.push("a", 2);
        assert_eq!(apart(&joined.into_text()), [(2, "a".to_owned())]);
        assert_eq!(apart(&Joined::default().into_text()), []);
    }
}
