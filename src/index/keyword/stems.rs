//! Stems: *loan*, *loans* and *loaned* as one term of the keyword index, by Snowball's algorithm for a language.
//!
//! Not an analyzer: words come folded from `text`, and the words as written stay in the index beside their stems.
//!
//! Source: Porter, "Snowball: a language for stemming algorithms", 2001.

use crate::error::{Error, Result};
use crate::text::Analysis;
use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::str::FromStr;

/// Function words that no other language written in Latin letters shares, but for the rare *of* of Dutch.
const ENGLISH: [&str; 4] = ["the", "of", "and", "to"];

/// Their share among the words in Latin letters from which a text counts as English: 0.15 to 0.2 of English prose are these.
const ENGLISH_SHARE_MIN: f64 = 0.05;

/// Words of a language whose stems a thread remembers: feedback and explanations of a search stem some thousand words, mostly the same ones.
const KNOWN_MAX: usize = 1 << 15;

thread_local! {
    static KNOWN: RefCell<HashMap<Stemming, HashMap<Box<str>, Box<str>>>> = RefCell::default();
}

/// Whether the keyword index joins the forms of a word, and by which language's rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the languages speak for themselves
pub enum Stemming {
    /// English if the first documents are; otherwise none.
    #[default]
    Auto,
    /// Words as written.
    None,
    Arabic,
    Danish,
    Dutch,
    English,
    Finnish,
    French,
    German,
    Greek,
    Hungarian,
    Italian,
    Norwegian,
    Portuguese,
    Romanian,
    Russian,
    Spanish,
    Swedish,
    Tamil,
    Turkish,
}

impl Stemming {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 20] = [
        ("auto", Self::Auto),
        ("none", Self::None),
        ("arabic", Self::Arabic),
        ("danish", Self::Danish),
        ("dutch", Self::Dutch),
        ("english", Self::English),
        ("finnish", Self::Finnish),
        ("french", Self::French),
        ("german", Self::German),
        ("greek", Self::Greek),
        ("hungarian", Self::Hungarian),
        ("italian", Self::Italian),
        ("norwegian", Self::Norwegian),
        ("portuguese", Self::Portuguese),
        ("romanian", Self::Romanian),
        ("russian", Self::Russian),
        ("spanish", Self::Spanish),
        ("swedish", Self::Swedish),
        ("tamil", Self::Tamil),
        ("turkish", Self::Turkish),
    ];

    /// The name, as in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, stemming)| *stemming == self).map_or("none", |(name, _)| name)
    }

    /// What [`Stemming::Auto`] means for a collection that begins with these texts; the others mean themselves.
    #[must_use]
    pub fn resolved<'a>(self, texts: impl IntoIterator<Item = &'a Analysis>) -> Self {
        if self != Self::Auto {
            return self;
        }
        let (mut words, mut function_words) = (0u64, 0u64);
        for token in texts.into_iter().flat_map(Analysis::tokens) {
            if token.text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'\'') {
                words += 1;
                function_words += u64::from(ENGLISH.contains(&token.text));
            }
        }
        let english = words > 0 && function_words as f64 >= ENGLISH_SHARE_MIN * words as f64;
        if english { Self::English } else { Self::None }
    }

    fn algorithm(self) -> Option<Algorithm> {
        Some(match self {
            Self::Auto | Self::None => return None,
            Self::Arabic => Algorithm::Arabic,
            Self::Danish => Algorithm::Danish,
            Self::Dutch => Algorithm::Dutch,
            Self::English => Algorithm::English,
            Self::Finnish => Algorithm::Finnish,
            Self::French => Algorithm::French,
            Self::German => Algorithm::German,
            Self::Greek => Algorithm::Greek,
            Self::Hungarian => Algorithm::Hungarian,
            Self::Italian => Algorithm::Italian,
            Self::Norwegian => Algorithm::Norwegian,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Romanian => Algorithm::Romanian,
            Self::Russian => Algorithm::Russian,
            Self::Spanish => Algorithm::Spanish,
            Self::Swedish => Algorithm::Swedish,
            Self::Tamil => Algorithm::Tamil,
            Self::Turkish => Algorithm::Turkish,
        })
    }

    /// The stem of a folded word, which is the word itself where nothing is stemmed.
    #[must_use]
    pub fn stem(self, word: &str) -> Cow<'_, str> {
        match self.algorithm() {
            Some(algorithm) if may_inflect(word) => self.known_stem(algorithm, word),
            _ => Cow::Borrowed(word),
        }
    }

    fn known_stem(self, algorithm: Algorithm, word: &str) -> Cow<'_, str> {
        KNOWN.with_borrow_mut(|known| {
            let of_language = known.entry(self).or_default();
            if let Some(stem) = of_language.get(word) {
                return Cow::Owned(stem.as_ref().to_owned());
            }
            let stem = Stemmer::create(algorithm).stem(word);
            if of_language.len() == KNOWN_MAX {
                of_language.clear();
            }
            of_language.insert(word.into(), stem.as_ref().into());
            Cow::Owned(stem.into_owned())
        })
    }
}

impl FromStr for Stemming {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        known.map(|(_, stemming)| *stemming).ok_or_else(|| {
            let names = Self::ALL.map(|(name, _)| name).join(", ");
            Error::invalid("stemming", format!("one of {names}"), format!("{name:?}"), "choose one of them")
        })
    }
}

/// Numbers, part numbers and Chinese words have one form.
fn may_inflect(word: &str) -> bool {
    word.chars().all(|c| !c.is_ascii_digit() && !('\u{2E80}'..='\u{9FFF}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Analyzer;

    #[test]
    fn forms_of_a_word_share_a_stem() {
        for word in ["loan", "loans", "loaned"] {
            assert_eq!(Stemming::English.stem(word), "loan");
        }
        assert_eq!(Stemming::German.stem("häuser"), "haus");
        for same in ["银行", "kx4417", "3.75"] {
            assert_eq!(Stemming::English.stem(same), same);
        }
        assert_eq!(Stemming::None.stem("loans"), "loans");
    }

    #[test]
    fn only_english_is_taken_for_english() {
        let resolved = |text: &str| Stemming::Auto.resolved([&Analyzer.analyze(text)]);
        assert_eq!(resolved("The bank of the river was wet, and he went home."), Stemming::English);
        let german =
            "Der Mann ging an das Ufer, in der Hand die Angel, und war froh, so nah am Wasser zu sein.";
        assert_eq!(resolved(german), Stemming::None);
        assert_eq!(resolved("我早上去了银行。"), Stemming::None);
        assert_eq!(resolved(""), Stemming::None);
        assert_eq!(Stemming::French.resolved([]), Stemming::French);
    }

    #[test]
    fn names_lead_there_and_back() {
        for (name, stemming) in Stemming::ALL {
            assert_eq!(name.parse::<Stemming>().unwrap(), stemming);
            assert_eq!(serde_json::to_value(stemming).unwrap(), name);
            assert_eq!(stemming.name(), name);
        }
        assert!("klingon".parse::<Stemming>().is_err());
    }
}
