//! What the first answers to a query say: words to look for beside the query's own.
//!
//! Relevance model 1 over the documents' words (Lavrenko & Croft 2001; with the query mixed in, RM3: Abdul-Jaleel et al. 2004):
//! a word's probability is its share in each document, the documents weighed by their scores. Function words are left out.

use crate::text::{Analysis, is_stop_word};
use std::borrow::Cow;
use std::collections::HashMap;

/// The most probable words, as they are first written, with probabilities that add up to 1; most probable first.
///
/// `form` joins the spellings that count as one word.
pub(super) fn terms<'d>(
    documents: &[(f32, &'d Analysis)],
    form: impl Fn(&'d str) -> Cow<'d, str>,
    count: usize,
) -> Vec<(&'d str, f32)> {
    let total: f32 = documents.iter().map(|(weight, _)| weight).sum();
    let mut found: HashMap<Cow<'d, str>, (&'d str, f32)> = HashMap::new();
    for (weight, document) in documents {
        let words = || document.tokens().map(|token| token.text).filter(|word| !is_stop_word(word));
        let each = weight / total.max(f32::MIN_POSITIVE) / words().count().max(1) as f32;
        for word in words() {
            found.entry(form(word)).or_insert((word, 0.0)).1 += each;
        }
    }
    let mut terms: Vec<(&str, f32)> = found.into_values().collect();
    terms.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    terms.truncate(count);
    let sum: f32 = terms.iter().map(|(_, p)| p).sum();
    terms.iter_mut().for_each(|(_, p)| *p /= sum.max(f32::MIN_POSITIVE));
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Analyzer;

    #[test]
    fn worked_out_by_hand() {
        // "the" is left out. Weights 3/4 and 1/4: bank 3/4 · 2/3 + 1/4 · 1/2 = 5/8; loan 3/4 · 1/3 = 1/4; river 1/8.
        let (a, b) = (Analyzer.analyze("the bank bank loan"), Analyzer.analyze("banks river"));
        let stem = |word: &str| Cow::from(word.trim_end_matches('s').to_owned());
        let found = terms(&[(3.0, &a), (1.0, &b)], stem, 2);
        assert_eq!(found.iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["bank", "loan"]);
        // Of these two: 5/8 and 1/4 of 7/8.
        assert!((found[0].1 - 5.0 / 7.0).abs() < 1e-6 && (found[1].1 - 2.0 / 7.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn nothing_answers_nothing() {
        assert!(terms(&[], Cow::from, 5).is_empty());
        let empty = Analyzer.analyze("the of");
        assert!(terms(&[(0.0, &empty)], Cow::from, 5).is_empty());
    }
}
