//! Links from a synset to the meanings that its gloss mentions.
//!
//! WordNet's own database does not say which sense a gloss word has (the separate Princeton WordNet Gloss Corpus does). So
//! these links are found, not given: a gloss word or compound with one sense is linked to it; one with several is linked
//! to the sense whose surroundings in the graph share most with those of the gloss's synset, if any do.

use super::{PartOfSpeech, Synset, SynsetId, WordNet};
use std::collections::HashSet;

/// Gloss words that carry no meaning of their own; WordNet lists unrelated senses for some of them ("in": indium).
const STOP_WORDS: &str = " a about above after all also am an and any are as at be been being between both but by can could did do \
    does done each either especially etc for from had has have having he her him his how i if in into is it its like made make \
    many may me might more most much must no nor not of off on one only or other others out over own same she should so some \
    something someone such than that the their them then there these they this those through to under up upon used usually very \
    was we were what when where which while who whom whose why will with within without would you your ";

/// For each synset the numbers of the synsets its gloss mentions, rising.
pub(super) fn find(wordnet: &WordNet) -> Vec<Vec<u32>> {
    use rayon::prelude::*;
    (0..wordnet.len() as u32).into_par_iter().map(|number| mentioned(wordnet.at(SynsetId(number)))).collect()
}

fn mentioned(synset: Synset<'_>) -> Vec<u32> {
    let definition = synset.definition().to_lowercase();
    let words: Vec<&str> = definition
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-' && c != '.')
        .map(|word| word.trim_matches(['\'', '-', '.']))
        .filter(|word| !word.is_empty())
        .collect();
    let around = surroundings(synset);
    let mut found = HashSet::new();
    for lemma in synset.wordnet.find_lemmas(&words, super::ENGLISH).unwrap_or_default() {
        let word = words[lemma.tokens.start];
        if lemma.tokens.len() == 1 && (STOP_WORDS.contains(&format!(" {word} ")) || word.len() < 2) {
            continue;
        }
        found.extend(meant(synset.wordnet, &lemma.lemmas, &around));
    }
    found.remove(&synset.number.0);
    let mut found: Vec<u32> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// The sense meant by a gloss word, if it can be told.
fn meant(wordnet: &WordNet, lemmas: &[&str], around: &HashSet<u32>) -> Option<u32> {
    let mut candidates = Vec::new();
    for lemma in lemmas {
        let Some(at) = wordnet.lemmas().find(lemma) else { continue };
        for pos in PartOfSpeech::ALL {
            candidates.extend(wordnet.senses_of_lemma(at, pos).map(|sense| sense.synset()));
        }
    }
    if let [only] = candidates[..] {
        return Some(only.number.0);
    }
    let shared = |synset: &Synset<'_>| surroundings(*synset).intersection(around).count();
    let best =
        candidates.iter().map(|synset| (shared(synset), synset)).rev().max_by_key(|(shared, _)| *shared)?;
    (best.0 > 0).then_some(best.1.number.0)
}

/// The synset, its neighbours and theirs upward.
fn surroundings(synset: Synset<'_>) -> HashSet<u32> {
    let mut around: HashSet<u32> = HashSet::from([synset.number.0]);
    for link in synset.links() {
        around.insert(link.target.number.0);
        if link.relation.is_upward() {
            around.extend(link.target.parents().map(|parent| parent.number.0));
        }
    }
    around
}
