//! From an inflected form to base forms: WordNet's exception lists first, then its rules of detachment.
//!
//! Source: `morphy(7WN)`; the order and the rule `ves → f` follow NLTK's `WordNetCorpusReader._morphy`, with which golden
//! tests compare. As there, the form itself counts as a base form wherever it is a lemma.

use super::{PartOfSpeech, WordNet};
use std::borrow::Cow;

const NOUN_RULES: &[(&str, &str)] = &[
    ("s", ""),
    ("ses", "s"),
    ("ves", "f"),
    ("xes", "x"),
    ("zes", "z"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("men", "man"),
    ("ies", "y"),
];
const VERB_RULES: &[(&str, &str)] =
    &[("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")];
const ADJECTIVE_RULES: &[(&str, &str)] = &[("er", ""), ("est", ""), ("er", "e"), ("est", "e")];

fn rules(pos: PartOfSpeech) -> &'static [(&'static str, &'static str)] {
    match pos {
        PartOfSpeech::Noun => NOUN_RULES,
        PartOfSpeech::Verb => VERB_RULES,
        PartOfSpeech::Adjective => ADJECTIVE_RULES,
        PartOfSpeech::Adverb => &[],
    }
}

impl WordNet {
    /// Lemmas of this part of speech that `word` may be a form of, the most literal first: `axes` → `axe`, `axis`.
    #[must_use]
    pub fn base_forms(&self, word: &str, pos: PartOfSpeech) -> Vec<&str> {
        let form = normalised(word);
        self.base_lemmas(&form, pos).into_iter().map(|lemma| self.lemmas().get(lemma)).collect()
    }

    /// The same as positions in the lemma table, for a form that is normalised already.
    pub(super) fn base_lemmas(&self, form: &str, pos: PartOfSpeech) -> Vec<usize> {
        let mut found = Vec::new();
        let mut take = |candidate: &str| {
            let lemma = self.lemmas().find(candidate).filter(|lemma| !self.sense_row(*lemma, pos).is_empty());
            if let Some(lemma) = lemma.filter(|lemma| !found.contains(lemma)) {
                found.push(lemma);
            }
        };
        take(form);
        match self.exceptions(form, pos) {
            Some(bases) => bases.lines().for_each(take),
            None => {
                for (ending, replacement) in rules(pos) {
                    if let Some(stem) = form.strip_suffix(ending) {
                        take(&[stem, replacement].concat());
                    }
                }
            }
        }
        found
    }

    /// The base forms that the exception list gives, a line each.
    fn exceptions(&self, form: &str, pos: PartOfSpeech) -> Option<&str> {
        let layout = &self.layout;
        let forms = self.texts(&layout.exception_bound, &layout.exception_text);
        let at = forms.find(&format!("{} {form}", pos.letter()))?;
        Some(self.texts(&layout.base_bound, &layout.base_text).get(at))
    }

    /// Where the senses of a lemma as this part of speech stand in `ordered.sense`.
    pub(super) fn sense_row(&self, lemma: usize, pos: PartOfSpeech) -> std::ops::Range<usize> {
        self.numbers(&self.layout.lemma_sense).row(lemma * 4 + pos.index())
    }
}

/// A word as lemmas are stored: lower case, single spaces for underscores and runs of white space.
pub(super) fn normalised(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '\'' || c == '.';
    if word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    let parts: Vec<&str> =
        word.split(|c: char| c == '_' || c.is_whitespace()).filter(|part| !part.is_empty()).collect();
    Cow::Owned(parts.join(" ").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_normalised() {
        assert_eq!(normalised("dog"), "dog");
        assert_eq!(normalised(" New__York\tCity "), "new york city");
        assert_eq!(normalised("狗"), "狗");
        assert_eq!(normalised(""), "");
    }
}
