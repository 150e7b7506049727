//! How much should context and sentence count in a contextual vector, `[v ; z·c̃ ; y·ã]`? Asked of pseudo-words: two words are taken for
//! one, whose static vector lies between theirs, and each of its occurrences is to find its own word's kin.
//!
//! The kin of a word are its nearest neighbours. Among the occurrences of both words' kin, and of other words', those nearest to an
//! occurrence of the pseudo-word should be of the kin of the word that was there. Static vectors alone cannot tell (z = y = 0: one half at
//! most); contexts alone fall for other words that stand in like sentences: so the weights have an optimum between.

use super::pseudo::{Material, hidden};
use super::{Mark, System};
use crate::bilm::Model;
use crate::encoder::Mix;
use crate::error::Result;
use crate::linalg::{add_scaled, dot, normalize};
use crate::progress::Progress;
use crate::sense::induction::{Occurrence, Settings, occurrences};
use crate::vectors::{Restrict, Similar};
use crate::vocab::WordId;
use rayon::prelude::*;
use std::collections::HashMap;

/// Kin of a word, and how many of its neighbours they are sought among.
const KIN: usize = 5;
const NEIGHBOURS: usize = 40;
/// Occurrences of kin, at least.
const COUNT_MIN: u64 = 40;
/// Occurrences of each word.
const OCCURRENCES: usize = 40;
/// Occurrences found that are judged.
const FOUND: usize = 10;
/// Following pseudo-words whose kin are the other words.
const OTHERS: usize = 2;
/// Weights tried, each with each.
const WEIGHTS: [f32; 9] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0];

/// The parts of an occurrence's contextual vector, each of length 1.
struct Shown {
    own: Vec<f32>,
    context: Vec<f32>,
    average: Vec<f32>,
}

/// The share of right kin by each pair of weights, in the order of [`WEIGHTS`], `z` first.
type Shares = Vec<[usize; 2]>;

/// How often contextual vectors find the right kin: static vectors alone, as encoders weigh their parts by default, and by the best weights.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled); those of reading the corpus.
pub(super) fn weights(
    material: &Material<'_>,
    model: &Model,
    pairs: &[[WordId; 2]],
    progress: &dyn Progress,
) -> Result<Vec<System>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let kin: Vec<[Vec<WordId>; 2]> = pairs
        .iter()
        .map(|pair| Ok([kin(material, pair[0])?, kin(material, pair[1])?]))
        .collect::<Result<_>>()?;
    let mut words: Vec<WordId> =
        pairs.iter().flatten().chain(kin.iter().flatten().flatten()).copied().collect();
    words.sort_unstable();
    words.dedup();
    let settings = Settings { occurrences_max: OCCURRENCES, ..Settings::default() };
    let found = occurrences(material.corpus, material.vectors, &words, &settings, progress)?;
    let of_kin: HashMap<WordId, Vec<Shown>> = kin
        .iter()
        .flatten()
        .flatten()
        .map(|word| (*word, shown(material, model, found.get(word).map_or(&[][..], Vec::as_slice), None)))
        .collect();
    let judged: Vec<Shares> = (0..pairs.len())
        .into_par_iter()
        .map(|at| {
            let others = (1..=OTHERS).flat_map(|step| kin[(at + step) % pairs.len()].iter().flatten());
            let pool = [kin[at][0].iter().collect(), kin[at][1].iter().collect(), others.collect::<Vec<_>>()];
            judge(material, model, pairs[at], &found, &pool.map(|words| rows(&of_kin, &words)))
        })
        .collect();
    let sum = |at: usize| judged.iter().fold([0, 0], |[a, b], one| [a + one[at][0], b + one[at][1]]);
    let shares: Shares = (0..WEIGHTS.len().pow(2)).map(sum).collect();
    Ok(systems(&shares))
}

fn systems(shares: &[[usize; 2]]) -> Vec<System> {
    let system = |what: &str, at: usize| {
        let (z, y) = (WEIGHTS[at / WEIGHTS.len()], WEIGHTS[at % WEIGHTS.len()]);
        let mark = Mark::share("nearest occurrences of the right kin", shares[at][0], shares[at][1]);
        System::new(format!("contextual vectors, z = {z}, y = {y}{what}"), vec![mark])
    };
    let place = |weight: f32| WEIGHTS.iter().position(|other| (other - weight).abs() < 1e-6);
    let default = match Mix::default() {
        Mix::Parts { context, average } => place(context).zip(place(average)),
        Mix::Layers { .. } => None,
    };
    let best = (0..shares.len()).max_by_key(|at| shares[*at][0]);
    std::iter::once(system(": static vectors alone", 0))
        .chain(default.map(|(z, y)| system(": the default", z * WEIGHTS.len() + y)))
        .chain(best.map(|at| system(": the best of those tried", at)))
        .collect()
}

/// The neighbours of a word that the corpus has often enough.
fn kin(material: &Material<'_>, word: WordId) -> Result<Vec<WordId>> {
    let (vectors, vocabulary) = (material.vectors, material.corpus.vocabulary());
    let Some(id) = vectors.vocabulary().id(vocabulary.word(word)) else { return Ok(Vec::new()) };
    let options = Similar { k: NEIGHBOURS, restrict: Restrict::default(), recall: None };
    let near = vectors.similar_to_vector(vectors.unit(id), &options)?;
    let of_corpus = near.into_iter().filter_map(|near| vocabulary.id(vectors.vocabulary().word(near.id)));
    Ok(of_corpus.filter(|kin| *kin != word && vocabulary.count(*kin) >= COUNT_MIN).take(KIN).collect())
}

fn rows<'a>(of_kin: &'a HashMap<WordId, Vec<Shown>>, words: &[&WordId]) -> Vec<&'a Shown> {
    words.iter().filter_map(|word| of_kin.get(word)).flatten().collect()
}

/// Occurrences as an encoder has them; with a static vector in place of the word's own, if one is given.
fn shown(
    material: &Material<'_>,
    model: &Model,
    occurrences: &[Occurrence],
    instead: Option<&[f32]>,
) -> Vec<Shown> {
    let vocabulary = material.corpus.vocabulary();
    let spelled = |one: &Occurrence| one.sentence.iter().map(|id| vocabulary.word(*id)).collect();
    let sentences: Vec<Vec<&str>> = occurrences.iter().map(spelled).collect();
    let dim = model.dim();
    let show = |(mut read, one): (crate::bilm::Sentence, &Occurrence)| {
        let place = one.at * dim..(one.at + 1) * dim;
        if let Some(instead) = instead {
            read.statics[place.clone()].copy_from_slice(instead);
        }
        let average = model.average(&read);
        let own = read.statics[place.clone()].to_vec();
        Shown { own, context: read.white_contexts[place].to_vec(), average }
    };
    model.sentences(&sentences).into_iter().zip(occurrences).map(show).collect()
}

/// The pool holds the kin of the first word, of the second, and of others.
fn judge(
    material: &Material<'_>,
    model: &Model,
    pair: [WordId; 2],
    found: &HashMap<WordId, Vec<Occurrence>>,
    pool: &[Vec<&Shown>; 3],
) -> Shares {
    let mut shares = vec![[0, 0]; WEIGHTS.len().pow(2)];
    let mut middle = vec![0.0; model.dim()];
    for word in pair.map(|word| material.vectors.vocabulary().id(material.corpus.vocabulary().word(word))) {
        word.into_iter().for_each(|word| add_scaled(&mut middle, 1.0, material.vectors.unit(word)));
    }
    normalize(&mut middle);
    for (label, word) in pair.iter().enumerate() {
        let asked = hidden(found.get(word).map_or(&[][..], Vec::as_slice));
        for one in shown(material, model, &asked, Some(&middle)) {
            count(&one, label, pool, &mut shares);
        }
    }
    shares
}

/// Adds how many of the occurrences nearest to one are of kin of its word, by each pair of weights.
fn count(one: &Shown, label: usize, pool: &[Vec<&Shown>; 3], shares: &mut [[usize; 2]]) {
    let cosines = |(kind, rows): (usize, &Vec<&Shown>)| -> Vec<([f32; 3], usize)> {
        let three = |row: &&Shown| {
            [dot(&one.own, &row.own), dot(&one.context, &row.context), dot(&one.average, &row.average)]
        };
        rows.iter().map(|row| (three(row), kind)).collect()
    };
    let all: Vec<([f32; 3], usize)> = pool.iter().enumerate().flat_map(cosines).collect();
    if all.len() <= FOUND {
        return;
    }
    for (share, at) in shares.iter_mut().zip(0..) {
        let [z, y] = [at / WEIGHTS.len(), at % WEIGHTS.len()].map(|at: usize| WEIGHTS[at] * WEIGHTS[at]);
        let mut scored: Vec<(f32, usize)> = all
            .iter()
            .map(|([own, context, average], kind)| (own + z * context + y * average, *kind))
            .collect();
        scored.select_nth_unstable_by(FOUND - 1, |a, b| b.0.total_cmp(&a.0));
        share[0] += scored[..FOUND].iter().filter(|(_, kind)| *kind == label).count();
        share[1] += FOUND;
    }
}
