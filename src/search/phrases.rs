//! Phrases of a query: do its words stand side by side in a document as they do in the query?

use crate::text::{Analysis, is_stop_word};
use std::borrow::Cow;

/// The neighbours among a query's words. Function words are gaps.
pub(super) struct Phrases<'q> {
    /// The forms of its words but function words, each once, sorted.
    words: Vec<Cow<'q, str>>,
    /// Which of them follow which.
    pairs: Vec<[usize; 2]>,
}

impl<'q> Phrases<'q> {
    /// `form` joins the spellings that count as one word; `None` where no two words stand side by side.
    pub fn of(query: &'q [String], form: impl Fn(&'q str) -> Cow<'q, str>) -> Option<Self> {
        let asked: Vec<Option<Cow<'q, str>>> =
            query.iter().map(|word| (!is_stop_word(word)).then(|| form(word))).collect();
        let mut words: Vec<Cow<'q, str>> = asked.iter().flatten().cloned().collect();
        words.sort_unstable();
        words.dedup();
        let number = |form: &Option<Cow<'q, str>>| words.binary_search(form.as_ref()?).ok();
        let pairs: Vec<[usize; 2]> =
            asked.windows(2).filter_map(|two| Some([number(&two[0])?, number(&two[1])?])).collect();
        (!pairs.is_empty()).then_some(Self { words, pairs })
    }

    /// Whether more than half of the words stand in a document beside a neighbour that they have in the query.
    pub fn are_mostly_in<'d>(&self, document: &'d Analysis, form: impl Fn(&'d str) -> Cow<'d, str>) -> bool {
        // A form begins as its word does, but for letters like ä: most words need not be looked at any further.
        let begins: Vec<Option<char>> = self.words.iter().map(|word| word.chars().next()).collect();
        let (mut before, mut found) = (None, vec![false; self.words.len()]);
        for token in document.tokens() {
            let first = token.text.chars().next();
            let may_be = begins.contains(&first) || !first.is_some_and(|first| first.is_ascii());
            let now = may_be.then(|| self.words.binary_search(&form(token.text)).ok()).flatten();
            if let (Some(before), Some(now)) = (before, now)
                && self.pairs.contains(&[before, now])
            {
                (found[before], found[now]) = (true, true);
            }
            before = now;
        }
        2 * found.iter().filter(|found| **found).count() > found.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Analyzer;

    fn are_mostly_in(query: &str, document: &str) -> bool {
        fn form(word: &str) -> Cow<'_, str> {
            word.trim_end_matches('s').into()
        }
        let query = Analyzer.words(query);
        let document = Analyzer.analyze(document);
        Phrases::of(&query, form).is_some_and(|phrases| phrases.are_mostly_in(&document, form))
    }

    #[test]
    fn most_of_the_query_must_stand_side_by_side() {
        assert!(are_mostly_in("short-term organisations", "A short term organisation was created."));
        // Two words of three, two of four, and of four all, in two places.
        assert!(are_mostly_in("British settlers coast", "British settlers moved."));
        assert!(!are_mostly_in("fix leaking washing machine", "A washing machine stood there."));
        assert!(are_mostly_in("fix leaking washing machine", "Fix leaking pipes and the washing machine."));
        assert!(!are_mostly_in("river bank", "The bank of the river, a bank: river."));
        // Words beside a function word are no neighbours, in the query or in the document.
        assert!(!are_mostly_in("bank of river", "bank river"));
        assert!(!are_mostly_in("bank", "bank") && !are_mostly_in("", "bank"));
    }
}
