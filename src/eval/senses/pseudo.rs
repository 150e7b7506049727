//! Pseudo-words: two words of one sense each are taken for one, and induction is asked to tell them apart again (Gale, Church and Yarowsky
//! 1992; Schütze 1992). Needs no annotation, in any language.
//!
//! The vector of a pseudo-word is the mean of its two words' vectors; nothing is trained again. Its senses are induced from some of the
//! occurrences; each sense stands for the word that most of these are of; and the others, held out, are judged. What the controls
//! cost shows in the single words: each should be given one sense.

use super::{Mark, SenseReport, System};
use crate::error::Result;
use crate::linalg::{add_scaled, dot, normalize};
use crate::progress::Progress;
use crate::sense::induction::{
    InducedSense, Method, Occurrence, Settings, Target, occurrences, senses_of, shown,
};
use crate::sense::{ContextEncoder, Views};
use crate::vectors::WordVectors;
use crate::vocab::WordId;
use crate::vocab::corpus::Corpus;
use crate::vocab::sampling::Rng;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;

/// Pseudo-words made, at most.
const PAIRS_MAX: usize = 100;
/// Occurrences that a word of one has.
const COUNTS: std::ops::Range<u64> = 100..50_000;
/// Words of a pair are no more alike than this.
const COSINE_MAX: f32 = 0.2;
/// Every so manieth occurrence is held out.
const HELD_OUT: usize = 4;

/// What induction works on.
pub struct Material<'a> {
    /// The word vectors.
    pub vectors: &'a WordVectors,
    /// The corpus that they were learned from.
    pub corpus: &'a Corpus,
    /// What makes vectors of occurrences.
    pub context: &'a ContextEncoder,
    /// Whether a word has one sense; without such knowledge, always true.
    pub has_one_sense: &'a (dyn Fn(&str) -> bool + Sync),
}

struct Judged {
    right: usize,
    asked: usize,
    senses: usize,
}

/// Makes pseudo-words of the corpus and judges the methods of induction.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled); those of reading the corpus.
pub fn pseudo_words(material: &Material<'_>, progress: &dyn Progress) -> Result<SenseReport> {
    let pairs = pairs(material);
    let words: Vec<WordId> = pairs.iter().flatten().copied().collect();
    let settings = Settings { occurrences_max: 150, ..Settings::by(material.context) };
    let found = occurrences(material.corpus, material.vectors, &words, &settings, progress)?;
    let settings = settings.of_corpus(material.corpus.vocabulary(), material.context, &found);
    let mut systems = vec![System::new("always one sense", vec![Mark::share("accuracy", 1, 2)])];
    for (name, method) in [("neighbour graph", Method::Graph), ("contexts", Method::Contexts)] {
        let settings = Settings { method, ..settings.clone() };
        let judged: Vec<Judged> =
            pairs.par_iter().filter_map(|pair| judge(material, *pair, &found, &settings)).collect();
        let controls: Vec<usize> = words
            .par_iter()
            .filter_map(|word| Some(senses_of_word(material, *word, found.get(word)?, &settings)))
            .collect();
        let sum = |of: fn(&Judged) -> usize| judged.iter().map(of).sum::<usize>();
        systems.push(System::new(
            name,
            vec![
                Mark::share("accuracy", sum(|judged| judged.right), sum(|judged| judged.asked)),
                Mark::share(
                    "pseudo-words with several senses",
                    judged.iter().filter(|j| j.senses > 1).count(),
                    judged.len(),
                ),
                Mark::share(
                    "pseudo-words with two senses",
                    judged.iter().filter(|j| j.senses == 2).count(),
                    judged.len(),
                ),
                Mark::share(
                    "single words with one sense",
                    controls.iter().filter(|n| **n == 1).count(),
                    controls.len(),
                ),
            ],
        ));
    }
    if let Some(model) = material.context.model() {
        systems.extend(super::mixture::weights(material, model, &pairs, progress)?);
    }
    Ok(SenseReport {
        kind: "pseudo",
        path: Path::new("").to_path_buf(),
        questions: pairs.len(),
        fitted_on:
            "three quarters of the occurrences, without their labels; each sense is named by most of these"
                .into(),
        systems,
        reliability: Vec::new(),
    })
}

/// Pairs of words of like frequency and unlike meaning, at random.
fn pairs(material: &Material<'_>) -> Vec<[WordId; 2]> {
    let vocabulary = material.corpus.vocabulary();
    let vector = |id: WordId| material.vectors.vocabulary().id(vocabulary.word(id));
    let fit = |(id, word, count): &(WordId, &str, u64)| {
        COUNTS.contains(count)
            && word.chars().all(char::is_alphabetic)
            && (word.chars().count() > 3 || !word.is_ascii() && word.chars().count() > 1)
            && vector(*id).is_some()
            && (material.has_one_sense)(word)
    };
    let mut words: Vec<WordId> = vocabulary.iter().filter(fit).map(|(id, ..)| id).collect();
    let (mut rng, mut pairs) = (Rng::new(1, 0), Vec::new());
    while pairs.len() < PAIRS_MAX && words.len() > 1 {
        let at = rng.below(words.len() as u32 - 1) as usize;
        let (a, b) = (words.remove(at), words.remove(at));
        if let (Some(x), Some(y)) = (vector(a), vector(b))
            && material.vectors.cosine(x, y) < COSINE_MAX
        {
            pairs.push([a, b]);
        }
    }
    pairs
}

fn target(material: &Material<'_>, words: &[WordId]) -> Option<Target> {
    let vocabulary = material.corpus.vocabulary();
    let ids = words.iter().map(|word| material.vectors.vocabulary().id(vocabulary.word(*word)));
    let words: Vec<WordId> = ids.collect::<Option<_>>()?;
    let mut vector = vec![0.0; material.vectors.dim()];
    words.iter().for_each(|word| add_scaled(&mut vector, 1.0, material.vectors.unit(*word)));
    normalize(&mut vector);
    Some(Target { vector, words })
}

fn senses_of_word(material: &Material<'_>, word: WordId, found: &[Occurrence], settings: &Settings) -> usize {
    let Some(target) = target(material, &[word]) else { return 1 };
    let vocabulary = material.corpus.vocabulary();
    senses_of(material.vectors, vocabulary, material.context, (&target, &hidden(found)), settings).len()
}

fn judge(
    material: &Material<'_>,
    pair: [WordId; 2],
    found: &HashMap<WordId, Vec<Occurrence>>,
    settings: &Settings,
) -> Option<Judged> {
    let target = target(material, &pair)?;
    let mut labelled: Vec<(usize, Occurrence)> = Vec::new();
    for (label, word) in pair.iter().enumerate() {
        labelled.extend(hidden(found.get(word)?).into_iter().map(|occurrence| (label, occurrence)));
    }
    let is_held_out = |at: usize| at.is_multiple_of(HELD_OUT);
    let seen: Vec<Occurrence> = labelled
        .iter()
        .enumerate()
        .filter(|(at, _)| !is_held_out(*at))
        .map(|(_, (_, o))| o.clone())
        .collect();
    let vocabulary = material.corpus.vocabulary();
    let senses = senses_of(material.vectors, vocabulary, material.context, (&target, &seen), settings);
    let mut votes = vec![[0usize; 2]; senses.len()];
    let all: Vec<Occurrence> = labelled.iter().map(|(_, occurrence)| occurrence.clone()).collect();
    let chosen = nearest(material, &senses, &all);
    for (at, (label, _)) in labelled.iter().enumerate().filter(|(at, _)| !is_held_out(*at)) {
        chosen[at].into_iter().for_each(|sense| votes[sense][*label] += 1);
    }
    let held_out: Vec<usize> = (0..labelled.len()).filter(|at| is_held_out(*at)).collect();
    let right = |at: &&usize| {
        let stands_for = chosen[**at].map(|sense| usize::from(votes[sense][1] > votes[sense][0]));
        stands_for == Some(labelled[**at].0)
    };
    Some(Judged { right: held_out.iter().filter(right).count(), asked: held_out.len(), senses: senses.len() })
}

/// The occurrences with the word in one place only: where it stands it is left out of all that is looked at, elsewhere it would give
/// itself away.
pub(super) fn hidden(found: &[Occurrence]) -> Vec<Occurrence> {
    let without = |occurrence: &Occurrence| {
        let word = occurrence.sentence[occurrence.at];
        let others =
            |part: &[WordId]| part.iter().copied().filter(|other| *other != word).collect::<Vec<_>>();
        let mut sentence = others(&occurrence.sentence[..occurrence.at]);
        let at = sentence.len();
        sentence.push(word);
        sentence.extend(others(&occurrence.sentence[occurrence.at + 1..]));
        Occurrence { sentence, at, around: occurrence.around.clone() }
    };
    found.iter().map(without).filter(|occurrence| occurrence.sentence.len() > 1).collect()
}

/// The sense whose centroid is nearest to each occurrence.
fn nearest(
    material: &Material<'_>,
    senses: &[InducedSense],
    occurrences: &[Occurrence],
) -> Vec<Option<usize>> {
    let nearest = |views: Views| {
        let joined = views.in_text()?;
        let scored = senses.iter().map(|sense| dot(&sense.centroid, &joined)).enumerate();
        scored.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
    };
    let views = shown(material.corpus.vocabulary(), material.context, occurrences);
    views.into_iter().map(nearest).collect()
}
