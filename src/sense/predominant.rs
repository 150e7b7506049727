//! Which sense of a word a corpus uses most: the prior of WordNet's tag counts, estimated again on a user's own text.
//!
//! One step of expectation-maximisation: each of some hundred occurrences of a word is given its senses' probabilities, the tag counts
//! among what they stand on; their mean is the sense's share. Shares are then added to the tag counts as if so many more occurrences had been
//! tagged, so that a word that was often tagged keeps its order, and one that never was takes the corpus's. Source: McCarthy, Koeling,
//! Weeds and Carroll 2004, "Finding predominant word senses in untagged text".

use super::context::ContextEncoder;
use super::disambiguation::Disambiguator;
use super::induction::{Occurrence, Settings, occurrences};
use super::passage::{Candidate, Mention, Passage, candidates_of};
use crate::error::Result;
use crate::progress::Progress;
use crate::text::is_stop_word;
use crate::vocab::corpus::Corpus;
use crate::vocab::{Vocabulary, WordId};
use crate::wordnet::{Sense, WordNet};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

/// Words looked at, the most frequent that have several senses.
const WORDS_MAX: usize = 10_000;
/// Occurrences that a word must have, and that are looked at.
const OCCURRENCES: [usize; 2] = [20, 50];

/// How often each sense of a word is used in a corpus, as a share of the word's occurrences.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predominant {
    /// By the word as it stands in a text: the id of a synset, and its share.
    pub(super) words: BTreeMap<String, Vec<(String, f32)>>,
}

impl Predominant {
    /// Estimates the shares from a corpus.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`]; those of reading the corpus.
    pub fn estimate<'a>(
        wordnet: &'a WordNet,
        disambiguator: &Disambiguator<'a>,
        corpus: &Corpus,
        context: &ContextEncoder,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let vocabulary = corpus.vocabulary();
        let words = ambiguous(wordnet, vocabulary)?;
        let [occurrences_min, occurrences_max] = OCCURRENCES;
        let settings = Settings { occurrences_min, occurrences_max, ..Settings::default() };
        let ids: Vec<WordId> = words.keys().copied().collect();
        let found = occurrences(corpus, context.vectors(), &ids, &settings, progress)?;
        let (done, total) = (AtomicU64::new(0), found.len() as u64);
        let shares: Result<Vec<(String, Vec<(String, f32)>)>> = found
            .into_par_iter()
            .map(|(id, found)| {
                let done = done.fetch_add(1, Ordering::Relaxed);
                if done.is_multiple_of(32) {
                    progress.step("weighing senses", done, total, "words")?;
                }
                let shares = shares(disambiguator, vocabulary, context, &words[&id], &found);
                Ok((vocabulary.word(id).to_owned(), shares))
            })
            .collect();
        Ok(Self { words: shares?.into_iter().collect() })
    }

    /// Number of words with shares.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The shares of these senses of a word as it stands, or of its base form; `None` if the corpus says nothing of it.
    pub(super) fn of(&self, word: &str, candidates: &[Candidate<'_>]) -> Option<Vec<f32>> {
        let lemma = candidates.first().and_then(|candidate| candidate.sense).map(Sense::lemma);
        let shares = self.words.get(word).or_else(|| self.words.get(lemma?))?;
        let share = |candidate: &Candidate<'_>| {
            let id = candidate.synset.id();
            shares.iter().find(|(known, _)| *known == id).map_or(0.0, |(_, share)| *share)
        };
        Some(candidates.iter().map(share).collect())
    }
}

/// The frequent words that have several senses, with these.
fn ambiguous<'a>(
    wordnet: &'a WordNet,
    vocabulary: &Vocabulary,
) -> Result<HashMap<WordId, Vec<Candidate<'a>>>> {
    let mut words = HashMap::new();
    for (id, word, count) in vocabulary.iter() {
        if words.len() == WORDS_MAX || count < OCCURRENCES[0] as u64 {
            break; // the vocabulary is ordered by frequency
        }
        if !is_stop_word(word) {
            let candidates = candidates_of(wordnet, word)?;
            if candidates.len() > 1 {
                words.insert(id, candidates);
            }
        }
    }
    Ok(words)
}

/// The mean of the senses' probabilities over the occurrences.
fn shares<'a>(
    disambiguator: &Disambiguator<'a>,
    vocabulary: &Vocabulary,
    context: &ContextEncoder,
    candidates: &[Candidate<'a>],
    found: &[Occurrence],
) -> Vec<(String, f32)> {
    let views = super::induction::shown(vocabulary, context, found);
    let passages: Vec<Passage<'a>> = found
        .iter()
        .zip(views)
        .map(|(occurrence, views)| {
            let spelled = occurrence.sentence.iter().chain(&occurrence.around).map(|id| vocabulary.word(*id));
            let tokens: Vec<String> = spelled.map(str::to_owned).collect();
            let sentence = occurrence.sentence.len();
            let mention = Mention {
                tokens: occurrence.at..occurrence.at + 1,
                candidates: candidates.to_vec(),
                views: Some(views),
            };
            Passage { sentences: vec![0..sentence, sentence..tokens.len()], tokens, mentions: vec![mention] }
        })
        .collect();
    let mut sums = vec![0.0f32; candidates.len()];
    for probabilities in disambiguator.probabilities(&passages) {
        sums.iter_mut().zip(probabilities).for_each(|(sum, p)| *sum += p / found.len() as f32);
    }
    candidates.iter().map(|candidate| candidate.synset.id()).zip(sums).collect()
}
