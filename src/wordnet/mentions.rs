//! Links from a synset to the meanings that its gloss mentions.
//!
//! WordNet's own database does not say which sense a gloss word has (the separate Princeton WordNet Gloss Corpus does). So
//! these links are found, not given: a gloss word or compound with one sense is linked to it; one with several is linked
//! to the sense whose surroundings in the graph share most with those of the gloss's synset, if any do.

use super::compounds::LemmaFinder;
use super::{PartOfSpeech, Synset, SynsetId, WordNet};
use rayon::prelude::*;

/// Gloss words that carry no meaning of their own; WordNet lists unrelated senses for some of them ("in": indium).
const STOP_WORDS: &str = " a about above after all also am an and any are as at be been being between both but by can could did do \
    does done each either especially etc for from had has have having he her him his how i if in into is it its like made make \
    many may me might more most much must no nor not of off on one only or other others out over own same she should so some \
    something someone such than that the their them then there these they this those through to under up upon used usually very \
    was we were what when where which while who whom whose why will with within without would you your ";

/// Whether this is a function word.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.split_ascii_whitespace().any(|stop| stop == word)
}

/// For each synset the numbers of the synsets its gloss mentions, rising.
pub(super) fn find(wordnet: &WordNet) -> Vec<Vec<u32>> {
    let numbers = 0..wordnet.len() as u32;
    let surroundings =
        numbers.clone().into_par_iter().map(|number| surroundings(wordnet.at(SynsetId(number))));
    let surroundings: Vec<Vec<u32>> = surroundings.collect();
    let reader = || Reader {
        finder: LemmaFinder::new(wordnet, None),
        surroundings: &surroundings,
        stamps: vec![u32::MAX; wordnet.len()],
    };
    numbers
        .into_par_iter()
        .map_init(reader, |reader, number| reader.mentioned(wordnet.at(SynsetId(number))))
        .collect()
}

/// Reads glosses one by one.
struct Reader<'a> {
    finder: LemmaFinder<'a>,
    surroundings: &'a [Vec<u32>],
    /// For each synset, the last synset whose surroundings it was marked as part of.
    stamps: Vec<u32>,
}

impl Reader<'_> {
    fn mentioned(&mut self, synset: Synset<'_>) -> Vec<u32> {
        let definition = synset.definition().to_lowercase();
        let words: Vec<&str> = definition
            .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-' && c != '.')
            .map(|word| word.trim_matches(['\'', '-', '.']))
            .filter(|word| !word.is_empty())
            .collect();
        for &around in &self.surroundings[synset.number.index()] {
            self.stamps[around as usize] = synset.number.0;
        }
        let mut found = Vec::new();
        for lemma in self.finder.find(&words) {
            let word = words[lemma.tokens.start];
            if lemma.tokens.len() > 1 || (word.len() > 1 && !is_stop_word(word)) {
                found.extend(self.meant(synset, &lemma.lemmas));
            }
        }
        found.retain(|number| *number != synset.number.0);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The sense meant by a gloss word, if it can be told.
    fn meant(&self, synset: Synset<'_>, lemmas: &[&str]) -> Option<u32> {
        let wordnet = synset.wordnet;
        let mut candidates: Vec<u32> = Vec::new();
        for at in lemmas.iter().filter_map(|lemma| wordnet.lemmas().find(lemma)) {
            for pos in PartOfSpeech::ALL {
                candidates.extend(wordnet.senses_of_lemma(at, pos).map(|sense| sense.synset().number.0));
            }
        }
        if let [only] = candidates[..] {
            return Some(only);
        }
        let near = |number: &&u32| self.stamps[**number as usize] == synset.number.0;
        let shared = |number: u32| self.surroundings[number as usize].iter().filter(near).count();
        let scored = candidates.iter().map(|number| (shared(*number), *number)).rev();
        scored.max_by_key(|(shared, _)| *shared).filter(|(shared, _)| *shared > 0).map(|(_, number)| number)
    }
}

/// The synset, its neighbours and the parents of its parents, each once.
fn surroundings(synset: Synset<'_>) -> Vec<u32> {
    let mut around = vec![synset.number.0];
    for link in synset.links() {
        around.push(link.target.number.0);
        if link.relation.is_upward() {
            around.extend(link.target.parents().map(|parent| parent.number.0));
        }
    }
    around.sort_unstable();
    around.dedup();
    around
}
