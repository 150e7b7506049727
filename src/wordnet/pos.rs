//! Parts of speech: the four syntactic categories of WordNet, each with its own pair of files.

use crate::error::{Error, Result};
use serde::Serialize;

/// A syntactic category. Adjective satellites are adjectives; [`Synset::is_satellite`](super::Synset::is_satellite)
/// tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartOfSpeech {
    /// `n`
    Noun,
    /// `v`
    Verb,
    /// `a`, and `s` for satellites
    Adjective,
    /// `r`
    Adverb,
}

impl PartOfSpeech {
    /// All four, in WordNet's own order.
    pub const ALL: [Self; 4] = [Self::Noun, Self::Verb, Self::Adjective, Self::Adverb];

    /// WordNet's letter: `n`, `v`, `a` or `r`.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Noun => 'n',
            Self::Verb => 'v',
            Self::Adjective => 'a',
            Self::Adverb => 'r',
        }
    }

    /// The ending of the database files: `data.noun`, `verb.exc` …
    #[must_use]
    pub fn file_ending(self) -> &'static str {
        match self {
            Self::Noun => "noun",
            Self::Verb => "verb",
            Self::Adjective => "adj",
            Self::Adverb => "adv",
        }
    }

    /// From WordNet's letter; `s` (satellite) is an adjective.
    #[must_use]
    pub fn from_letter(letter: &str) -> Option<Self> {
        match letter {
            "n" => Some(Self::Noun),
            "v" => Some(Self::Verb),
            "a" | "s" => Some(Self::Adjective),
            "r" => Some(Self::Adverb),
            _ => None,
        }
    }

    /// From what a person types: a letter or a name (`noun`, `verb`, `adjective`, `adj`, `adverb`, `adv`).
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let lower = text.to_lowercase();
        Self::from_letter(&lower)
            .or(match lower.as_str() {
                "noun" => Some(Self::Noun),
                "verb" => Some(Self::Verb),
                "adj" | "adjective" => Some(Self::Adjective),
                "adv" | "adverb" => Some(Self::Adverb),
                _ => None,
            })
            .ok_or_else(|| {
                Error::invalid("part of speech", "noun, verb, adjective or adverb", text, "or leave it out")
            })
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_names_are_read() {
        for pos in PartOfSpeech::ALL {
            assert_eq!(PartOfSpeech::parse(&pos.letter().to_string()).ok(), Some(pos));
            assert_eq!(PartOfSpeech::parse(pos.file_ending()).ok(), Some(pos));
        }
        assert_eq!(PartOfSpeech::parse("s").ok(), Some(PartOfSpeech::Adjective));
        assert!(PartOfSpeech::parse("x").is_err());
    }
}
