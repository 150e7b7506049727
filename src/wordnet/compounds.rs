//! Lemmas in running text, those of several words included: *he **ran away** from the **hot dog** stands*.
//!
//! From left to right, the longest lemma that the next tokens spell, each as written or in a base form; joined by a space,
//! a hyphen, or by nothing between Chinese and Japanese characters.

use super::container::Texts;
use super::languages::Language;
use super::morphy::normalised;
use super::{PartOfSpeech, WordNet};
use crate::error::Result;
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
        let language = self.language(language)?;
        let mut found = Vec::new();
        let mut start = 0;
        while start < tokens.len() {
            let longest = self.spelled_from(&tokens[start..], language).pop();
            let length = longest.as_ref().map_or(1, |(length, _)| *length);
            if let Some((length, lemmas)) = longest {
                let table = self.lemma_table(language);
                let lemmas = lemmas.into_iter().map(|lemma| table.get(lemma)).collect();
                found.push(FoundLemma { tokens: start..start + length, lemmas });
            }
            start += length;
        }
        Ok(found)
    }

    /// The English lemma that these parts spell all together.
    pub(super) fn compound_of(&self, parts: &[&str]) -> Option<&str> {
        let (length, lemmas) = self.spelled_from(parts, None).pop()?;
        (length == parts.len()).then(|| self.lemmas().get(lemmas[0]))
    }

    fn lemma_table<'a>(&'a self, language: Option<&Language>) -> Texts<'a> {
        language.map_or_else(|| self.lemmas(), |language| language.lemmas(self))
    }

    /// Lemmas that begin with the first token, by rising number of tokens.
    fn spelled_from(&self, tokens: &[&str], language: Option<&Language>) -> Vec<(usize, Vec<usize>)> {
        let table = self.lemma_table(language);
        let mut found = Vec::new();
        let mut prefixes = vec![String::new()];
        for (at, token) in tokens.iter().take(TOKENS_MAX).enumerate() {
            let forms = self.forms(token, language);
            prefixes = extended(&prefixes, &forms);
            prefixes.retain(|prefix| begins_a_lemma(table, prefix));
            prefixes.truncate(PREFIXES_MAX);
            let lemmas: Vec<usize> = prefixes.iter().filter_map(|prefix| table.find(prefix)).collect();
            if !lemmas.is_empty() {
                found.push((at + 1, lemmas));
            }
            if prefixes.is_empty() {
                break;
            }
        }
        found
    }

    /// The token as written, and its English base forms.
    fn forms(&self, token: &str, language: Option<&Language>) -> Vec<String> {
        let written = normalised(token).into_owned();
        let mut forms = vec![written];
        if language.is_none() && !forms[0].is_empty() {
            for pos in PartOfSpeech::ALL {
                for lemma in self.base_lemmas(&forms[0], pos) {
                    let base = self.lemmas().get(lemma);
                    if !forms.iter().any(|form| form == base) {
                        forms.push(base.to_owned());
                    }
                }
            }
        }
        forms.retain(|form| !form.is_empty());
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

fn begins_a_lemma(table: Texts<'_>, prefix: &str) -> bool {
    let at = table.lower_bound(prefix);
    at < table.len() && table.get(at).starts_with(prefix)
}
