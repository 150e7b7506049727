//! Extended gloss overlaps: how many words and phrases the glosses around two synsets have in common.
//!
//! Source: Banerjee and Pedersen 2003, "Extended gloss overlaps as a measure of semantic relatedness". The glosses of each
//! synset and of its hypernyms, hyponyms, holonyms, meronyms, similar and derived synsets are compared, each with each; a
//! phrase of n words in common counts n², and phrases made of function words alone count nothing.

use super::mentions::is_stop_word;
use super::{Relation, Synset};
use std::collections::HashMap;

/// Glosses of one kind of relation are read up to this many words: some synsets have thousands of hyponyms.
const WORDS_MAX: usize = 300;

/// The relations whose glosses are looked at beside the synset's own.
const GROUPS: [&[Relation]; 5] = [
    &[Relation::Hypernym, Relation::InstanceHypernym],
    &[Relation::Hyponym, Relation::InstanceHyponym],
    &[Relation::PartHolonym, Relation::MemberHolonym, Relation::SubstanceHolonym],
    &[Relation::PartMeronym, Relation::MemberMeronym, Relation::SubstanceMeronym],
    &[Relation::SimilarTo, Relation::Also, Relation::Attribute, Relation::Pertainym, Relation::Derivation],
];

impl Synset<'_> {
    /// The extended gloss overlap with `other`, 0 for nothing in common.
    #[must_use]
    pub fn gloss_overlap(self, other: Self) -> u64 {
        let (own, others) = (gloss_groups(self), gloss_groups(other));
        let scores = own.iter().flat_map(|a| others.iter().map(move |b| overlap(a, b)));
        scores.sum()
    }
}

/// The words of the synset's own gloss, then of each group's glosses.
fn gloss_groups(synset: Synset<'_>) -> Vec<Vec<String>> {
    let related = GROUPS.iter().map(|group| {
        let targets = synset.links().filter(|link| group.contains(&link.relation)).map(|link| link.target);
        targets.flat_map(gloss_words).take(WORDS_MAX).collect()
    });
    std::iter::once(gloss_words(synset)).chain(related).collect()
}

fn gloss_words(synset: Synset<'_>) -> Vec<String> {
    let words = synset.definition().to_lowercase();
    words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Sum of squared lengths of the phrases in common, the longest first, each word used once.
fn overlap(a: &[String], b: &[String]) -> u64 {
    let mut table = Table::new(a, b);
    let mut score = 0;
    while let Some((at, length)) = table.take_longest_common() {
        if !a[at..at + length].iter().all(|word| is_stop_word(word)) {
            score += (length * length) as u64;
        }
    }
    score
}

/// For each word of the one text where it stands in the other; words that were used up are taken out.
struct Table {
    places: Vec<Vec<usize>>,
    length_b: usize,
}

impl Table {
    fn new(a: &[String], b: &[String]) -> Self {
        let mut standing: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, word) in b.iter().enumerate() {
            standing.entry(word).or_default().push(at);
        }
        let places = a.iter().map(|word| standing.get(word.as_str()).cloned().unwrap_or_default());
        Self { places: places.collect(), length_b: b.len() }
    }

    /// Takes out the longest run of equal words: where it begins in the first text, and its length.
    fn take_longest_common(&mut self) -> Option<(usize, usize)> {
        let mut best = (0, 0, 0);
        // Length of the run that ends at each place of b, for the word of a just before and for this one.
        let (mut before, mut now) = (vec![0_usize; self.length_b], vec![0_usize; self.length_b]);
        for (at_a, places) in self.places.iter().enumerate() {
            for &at_b in places {
                now[at_b] = 1 + at_b.checked_sub(1).map_or(0, |left| before[left]);
                if now[at_b] > best.2 {
                    best = (at_a + 1 - now[at_b], at_b + 1 - now[at_b], now[at_b]);
                }
            }
            if let Some(last) = at_a.checked_sub(1) {
                self.places[last].iter().for_each(|at_b| before[*at_b] = 0);
            }
            std::mem::swap(&mut before, &mut now);
        }
        let (at_a, at_b, length) = best;
        if length == 0 {
            return None;
        }
        self.places[at_a..at_a + length].iter_mut().for_each(Vec::clear);
        let used = at_b..at_b + length;
        self.places.iter_mut().for_each(|places| places.retain(|at| !used.contains(at)));
        Some((at_a, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(a: &str, b: &str) -> u64 {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        overlap(&words(a), &words(b))
    }

    #[test]
    fn phrases_count_the_square_of_their_length() {
        // "paper cut into pieces" 4² = 16, then "knife" 1: 17.
        assert_eq!(score("knife for paper cut into pieces", "paper cut into pieces by a knife"), 17);
        assert_eq!(score("the of and", "the of and"), 0);
        assert_eq!(score("river bank", "money box"), 0);
        // One word on one side meets one word on the other only once.
        assert_eq!(score("bank bank", "bank"), 1);
    }
}
