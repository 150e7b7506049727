//! Lemmas in running text, those of several words included: *he **ran away** from the **hot dog** stands*.
//!
//! From left to right, the longest lemma that the next tokens spell, each as written or in a base form; joined by a space,
//! a hyphen, or by nothing between Chinese and Japanese characters.

use super::container::Texts;
use super::languages::Language;
use super::morphy::normalised;
use super::{PartOfSpeech, WordNet};
use crate::error::Result;
use std::collections::HashMap;
use std::ops::Range;

/// Tokens a lemma may have at most; WordNet's longest has nine words.
const TOKENS_MAX: usize = 12;
/// Spellings followed at a time; more would only be met in made-up input.
const PREFIXES_MAX: usize = 32;

/// A lemma found in running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLemma<'a> {
    /// The tokens it covers.
    pub tokens: Range<usize>,
    /// The lemmas they may stand for, the most literal first.
    pub lemmas: Vec<&'a str>,
}

impl WordNet {
    /// Finds the lemmas of a sentence; tokens that begin no lemma are passed over.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`] for a language that was not added.
    pub fn find_lemmas(&self, tokens: &[&str], language: &str) -> Result<Vec<FoundLemma<'_>>> {
        Ok(LemmaFinder::new(self, self.language(language)?).find(tokens))
    }

    /// The English lemma that these parts spell all together.
    pub(super) fn compound_of(&self, parts: &[&str]) -> Option<&str> {
        let mut finder = LemmaFinder::new(self, None);
        let (length, lemmas) = finder.longest(parts)?;
        (length == parts.len()).then(|| self.lemmas().get(lemmas[0]))
    }
}

/// Finds lemmas in sentence after sentence, and remembers the base forms of the tokens it has met.
pub(super) struct LemmaFinder<'a> {
    wordnet: &'a WordNet,
    english: bool,
    lemmas: Texts<'a>,
    forms: HashMap<String, Vec<String>>,
}

impl<'a> LemmaFinder<'a> {
    pub fn new(wordnet: &'a WordNet, language: Option<&Language>) -> Self {
        let lemmas = language.map_or_else(|| wordnet.lemmas(), |language| language.lemmas(wordnet));
        Self { wordnet, english: language.is_none(), lemmas, forms: HashMap::new() }
    }

    pub fn find(&mut self, tokens: &[&str]) -> Vec<FoundLemma<'a>> {
        let mut found = Vec::new();
        let mut start = 0;
        while start < tokens.len() {
            let longest = self.longest(&tokens[start..]);
            let length = longest.as_ref().map_or(1, |(length, _)| *length);
            if let Some((_, lemmas)) = longest {
                let lemmas = lemmas.into_iter().map(|lemma| self.lemmas.get(lemma)).collect();
                found.push(FoundLemma { tokens: start..start + length, lemmas });
            }
            start += length;
        }
        found
    }

    /// The longest lemma that begins with the first token: its number of tokens, and where the lemmas so spelled stand.
    fn longest(&mut self, tokens: &[&str]) -> Option<(usize, Vec<usize>)> {
        let mut longest = None;
        let mut prefixes = vec![String::new()];
        for (at, token) in tokens.iter().take(TOKENS_MAX).enumerate() {
            prefixes = extended(&prefixes, self.forms(token));
            let mut lemmas = Vec::new();
            prefixes.retain(|prefix| {
                let at = self.lemmas.lower_bound(prefix);
                let first = if at < self.lemmas.len() { self.lemmas.get(at) } else { "" };
                lemmas.extend((first == prefix).then_some(at));
                first.starts_with(prefix.as_str())
            });
            prefixes.truncate(PREFIXES_MAX);
            if !lemmas.is_empty() {
                longest = Some((at + 1, lemmas));
            }
            if prefixes.is_empty() {
                break;
            }
        }
        longest
    }

    /// The token as written, and its English base forms.
    fn forms(&mut self, token: &str) -> &[String] {
        if !self.forms.contains_key(token) {
            let forms = self.worked_out(token);
            self.forms.insert(token.to_owned(), forms);
        }
        &self.forms[token]
    }

    fn worked_out(&self, token: &str) -> Vec<String> {
        let mut forms = vec![normalised(token).into_owned()];
        if forms[0].is_empty() {
            return Vec::new();
        }
        for pos in PartOfSpeech::ALL.into_iter().filter(|_| self.english) {
            for lemma in self.wordnet.base_lemmas(&forms[0], pos) {
                let base = self.lemmas.get(lemma);
                if !forms.iter().any(|form| form == base) {
                    forms.push(base.to_owned());
                }
            }
        }
        forms
    }
}

fn extended(prefixes: &[String], forms: &[String]) -> Vec<String> {
    let mut longer = Vec::new();
    for prefix in prefixes {
        for form in forms {
            if prefix.is_empty() || unspaced(prefix, form) {
                longer.push(format!("{prefix}{form}"));
            } else {
                longer.push(format!("{prefix} {form}"));
                longer.push(format!("{prefix}-{form}"));
            }
        }
    }
    longer
}

/// Whether these meet in scripts that are written without spaces.
fn unspaced(left: &str, right: &str) -> bool {
    let ideographic = |c: Option<char>| {
        c.is_some_and(
            |c| matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'),
        )
    };
    ideographic(left.chars().next_back()) && ideographic(right.chars().next())
}
