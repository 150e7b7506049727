//! Which words may answer.

use crate::error::{Error, Result};
use crate::vocab::{Vocabulary, WordId};
use serde::{Deserialize, Serialize};

/// Restricts the words that may answer a question; the default restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restrict {
    /// Only words that occur at least so often in the corpus.
    pub min_count: u64,
    /// Only words that begin like this.
    pub prefix: Option<String>,
    /// Only words whose letters are all of this script (and that have letters).
    pub script: Option<Script>,
}

impl Restrict {
    /// Whether every word may answer.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.min_count <= 1 && self.prefix.as_ref().is_none_or(String::is_empty) && self.script.is_none()
    }

    /// # Errors
    /// [`Error::Invalid`] if a least count is asked for where counts are unknown.
    pub(crate) fn check(&self, vocabulary: &Vocabulary) -> Result<()> {
        if self.min_count > 1 && vocabulary.total() == 0 && !vocabulary.is_empty() {
            let cure = "leave it out: these vectors were imported without counts";
            return Err(Error::invalid("min_count", "counts of words", self.min_count, cure));
        }
        Ok(())
    }

    pub(crate) fn allows(&self, vocabulary: &Vocabulary, id: WordId) -> bool {
        if self.is_none() {
            return true;
        }
        let word = vocabulary.word(id);
        (self.min_count <= 1 || vocabulary.count(id) >= self.min_count)
            && self.prefix.as_ref().is_none_or(|prefix| word.starts_with(prefix.as_str()))
            && self.script.is_none_or(|script| script.writes(word))
    }
}

/// A writing system, by the main blocks of its letters in Unicode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Script {
    /// Chinese characters.
    Han,
    /// Latin letters, with or without diacritics.
    Latin,
    /// Cyrillic letters.
    Cyrillic,
    /// Greek letters.
    Greek,
    /// Hiragana and katakana.
    Kana,
    /// Korean syllables and letters.
    Hangul,
}

impl Script {
    /// The script's name, as it is asked for: "han", "latin" …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Han => "han",
            Self::Latin => "latin",
            Self::Cyrillic => "cyrillic",
            Self::Greek => "greek",
            Self::Kana => "kana",
            Self::Hangul => "hangul",
        }
    }

    const ALL: [Self; 6] = [Self::Han, Self::Latin, Self::Cyrillic, Self::Greek, Self::Kana, Self::Hangul];

    /// Whether the word has letters and all of them are of this script; digits and signs do not count.
    #[must_use]
    pub fn writes(self, word: &str) -> bool {
        let mut letters = word.chars().filter(|c| c.is_alphabetic()).peekable();
        letters.peek().is_some() && letters.all(|letter| self.has(letter))
    }

    fn has(self, letter: char) -> bool {
        match self {
            Self::Han => matches!(u32::from(letter),
                0x2e80..=0x2fdf | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3400..=0x4dbf | 0x4e00..=0x9fff
                | 0xf900..=0xfaff | 0x20000..=0x323af),
            Self::Latin => matches!(u32::from(letter),
                0x41..=0x5a | 0x61..=0x7a | 0xaa | 0xba | 0xc0..=0x24f | 0x250..=0x2b8 | 0x1d00..=0x1dbf
                | 0x1e00..=0x1eff | 0x2c60..=0x2c7f | 0xa722..=0xa7ff | 0xfb00..=0xfb06 | 0xff21..=0xff5a),
            Self::Cyrillic => matches!(u32::from(letter),
                0x400..=0x52f | 0x1c80..=0x1c8f | 0x2de0..=0x2dff | 0xa640..=0xa69f),
            Self::Greek => matches!(u32::from(letter), 0x370..=0x3ff | 0x1f00..=0x1fff),
            Self::Kana => matches!(u32::from(letter), 0x3041..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f),
            Self::Hangul => matches!(u32::from(letter),
                0x1100..=0x11ff | 0x3131..=0x318e | 0xa960..=0xa97c | 0xac00..=0xd7fb),
        }
    }
}

impl std::str::FromStr for Script {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|script| script.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            let expected = Self::ALL.map(Self::name).join(", ");
            Error::invalid("script", format!("one of {expected}"), name, "name one of them, or none")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_by_letters_alone() {
        for (word, script, expected) in [
            ("银行", Script::Han, true),
            ("3月", Script::Han, true),
            ("x光", Script::Han, false),
            ("café-2", Script::Latin, true),
            ("2001", Script::Latin, false),
            ("банк", Script::Cyrillic, true),
            ("カタカナ", Script::Kana, true),
            ("은행", Script::Hangul, true),
            ("τράπεζα", Script::Greek, true),
        ] {
            assert_eq!(script.writes(word), expected, "{word} {script:?}");
        }
        assert_eq!("Han".parse::<Script>().unwrap(), Script::Han);
        assert!("klingon".parse::<Script>().is_err());
    }

    #[test]
    fn a_least_count_needs_counts() {
        let vocabulary = Vocabulary::from_sorted(vec![("a".into(), 0)]).unwrap();
        let restrict = Restrict { min_count: 5, ..Restrict::default() };
        assert!(restrict.check(&vocabulary).unwrap_err().to_string().contains("without counts"));
    }
}
