//! Senses that a corpus itself tells apart: for each frequent word the groups into which its occurrences fall.
//!
//! ```text
//! word ─occurrences─▶ vectors of their sentences ─seeds─▶ groups ─merge, prune─▶ senses: centroid, share, label, examples
//! ```
//!
//! Seeds come from one of two methods: (a) the graph of the word's neighbours, cut by Chinese Whispers, each cluster of neighbours
//! drawing the occurrences that are near to it (SenseGram: Pelevina et al. 2016; Biemann 2006); (b) the occurrences alone, cut by
//! spherical k-means. From there on both do the same: groups whose centroids are alike are merged, small ones given up, so that the number
//! of senses comes from the data and one sense is what a word has unless its occurrences say otherwise.
//!
//! A sense of an induced inventory has an id, `bank~1`: the word and the sense's rank by use.

mod clusters;
mod file;
mod graph;
mod occurrences;

pub use file::SENSES_FILE;

use super::context::{ContextEncoder, Views};
use crate::error::Result;
use crate::linalg::{add_scaled, dot, normalize};
use crate::progress::Progress;
use crate::text::is_stop_word;
use crate::vectors::WordVectors;
use crate::vocab::corpus::Corpus;
use crate::vocab::sampling::Rng;
use crate::vocab::{Vocabulary, WordId};
use clusters::{Group, merged, regrouped};
pub(crate) use occurrences::{Occurrence, PASSAGE, occurrences};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// Words that label a sense.
const LABEL_MAX: usize = 10;
/// Groups of a higher cosine become one, where a contextual model shows occurrences that are no part of a corpus. Chosen on the pseudo-words of
/// one English model, so what these score says little.
const MERGE_CONTEXTUAL: f32 = 0.15;
/// In a corpus, groups become one whose cosine is higher by this than that of two words at the median: how alike any two contexts are differs from model
/// to model, English .056, Chinese .013. Chosen on the pseudo-words and single words of one collection of either language.
const MERGE_ABOVE_WORDS: f32 = 0.092;
/// Words that tell how alike two words are, at most, and occurrences of each.
const COMPARED: (usize, usize) = (100, 150);
/// Fewer words tell nothing.
const COMPARED_MIN: usize = 20;
/// Where a corpus is small, groups are joined while their occurrences' cosines are higher than this on average. Chosen on the ambiguous words of the
/// bundled collections, of which all then fall apart as they should; so what these score says little.
const AVERAGE_LINK: f32 = 0.1;
/// Examples kept of a sense.
const EXAMPLES_MAX: usize = 3;

/// Where the groups begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    /// Clusters in the graph of the word's neighbours.
    Graph,
    /// Clusters of the occurrences. The default: pseudo-words are told apart better, at as many single words left whole.
    #[default]
    Contexts,
}

/// How senses are induced.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where the groups begin.
    pub method: Method,
    /// Words looked at, the most frequent that are no function words.
    pub words_max: usize,
    /// Occurrences that a word must have.
    pub occurrences_min: usize,
    /// Occurrences looked at, spread over the corpus.
    pub occurrences_max: usize,
    /// Neighbours in the graph.
    pub neighbours: usize,
    /// Groups whose centroids have a higher cosine become one.
    pub merge: f32,
    /// In place of k-means, groups are joined as long as their members' cosines are higher than this on average.
    pub average_link: Option<f32>,
    /// Least share of the occurrences that a sense has.
    pub share_min: f32,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Settings {
    /// The defaults for occurrences that `context` shows: by a contextual model, groups whose cosine is a little higher are still apart.
    #[must_use]
    pub fn by(context: &ContextEncoder) -> Self {
        let contextual = context.model().is_some();
        let merge = if contextual { MERGE_CONTEXTUAL } else { Self::default().merge };
        let average_link = (contextual && context.is_of_a_small_corpus()).then_some(AVERAGE_LINK);
        Self { merge, average_link, ..Self::default() }
    }

    /// The same, for the occurrences of some words in a corpus.
    #[must_use]
    pub(crate) fn of_corpus(
        self,
        vocabulary: &Vocabulary,
        context: &ContextEncoder,
        found: &HashMap<WordId, Vec<Occurrence>>,
    ) -> Self {
        if context.model().is_none() || self.average_link.is_some() {
            return self;
        }
        let alike = alike(vocabulary, context, found);
        let merge = alike.map_or(self.merge, |alike| alike + MERGE_ABOVE_WORDS);
        Self { merge, ..self }
    }
}

/// The cosine of two words' mean occurrences, at the median of all pairs of some words.
fn alike(
    vocabulary: &Vocabulary,
    context: &ContextEncoder,
    found: &HashMap<WordId, Vec<Occurrence>>,
) -> Option<f32> {
    let mut words: Vec<(&WordId, &Vec<Occurrence>)> = found.iter().collect();
    words.sort_by_key(|(word, _)| **word);
    let chosen: Vec<_> = words.iter().step_by(words.len().div_ceil(COMPARED.0).max(1)).collect();
    let mean = |occurrences: &[Occurrence]| {
        let views = shown(vocabulary, context, &occurrences[..occurrences.len().min(COMPARED.1)]);
        let mut sum = views.iter().filter_map(Views::in_text).reduce(|mut sum, seen| {
            add_scaled(&mut sum, 1.0, &seen);
            sum
        })?;
        (normalize(&mut sum) > 0.0).then_some(sum)
    };
    let means: Vec<Vec<f32>> = chosen.par_iter().filter_map(|(_, occurrences)| mean(occurrences)).collect();
    (means.len() >= COMPARED_MIN).then(|| median_cosine(&means))
}

/// Of all pairs of at least two unit vectors; of two in the middle the higher one.
fn median_cosine(units: &[Vec<f32>]) -> f32 {
    let mut cosines: Vec<f32> =
        units.iter().enumerate().flat_map(|(at, a)| units[..at].iter().map(|b| dot(a, b))).collect();
    let middle = cosines.len() / 2;
    *cosines.select_nth_unstable_by(middle, f32::total_cmp).1
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: Method::Contexts,
            words_max: 5000,
            occurrences_min: 8,
            occurrences_max: 200,
            neighbours: 200,
            merge: 0.1,
            average_link: None,
            share_min: 0.05,
            seed: 1,
        }
    }
}

/// One induced sense of a word.
#[derive(Debug, Clone, PartialEq)]
pub struct InducedSense {
    /// Words that stand for it: neighbours of the word, or words of its contexts; the most telling first.
    pub label: Vec<WordId>,
    /// Share of the word's occurrences.
    pub share: f32,
    /// Sentences in which the word has it, the clearest first.
    pub examples: Vec<Vec<WordId>>,
    /// Where its occurrences lie, of length 1.
    pub centroid: Vec<f32>,
}

/// The induced senses of a corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct InducedSenses {
    /// What tells the vectors that it was made with.
    fingerprint: u64,
    dim: usize,
    /// The senses of each word that was looked at, most frequent first.
    words: BTreeMap<WordId, Vec<InducedSense>>,
}

impl InducedSenses {
    /// The senses of a word, most frequent first; `None` if it was too rare to be looked at.
    #[must_use]
    pub fn of(&self, word: WordId) -> Option<&[InducedSense]> {
        self.words.get(&word).map(Vec::as_slice)
    }

    /// Number of words with senses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether they were made with these vectors.
    #[must_use]
    pub fn belong_to(&self, vectors: &WordVectors) -> bool {
        self.fingerprint == vectors.fingerprint()
    }

    /// Number of values of a centroid.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Words and their senses, by word.
    pub fn iter(&self) -> impl Iterator<Item = (WordId, &[InducedSense])> {
        self.words.iter().map(|(word, senses)| (*word, senses.as_slice()))
    }

    /// How well each sense of a word fits an occurrence: `(number, probability)`, best first.
    #[must_use]
    pub fn fit(&self, word: WordId, occurrence: Option<&[f32]>) -> Vec<(usize, f32)> {
        fit_of(self.of(word).unwrap_or_default(), occurrence)
    }
}

/// How well each of these senses fits an occurrence: `(number, probability)`, best first.
pub(crate) fn fit_of(senses: &[InducedSense], occurrence: Option<&[f32]>) -> Vec<(usize, f32)> {
    let near = |sense: &InducedSense| match occurrence.filter(|o| o.len() == sense.centroid.len()) {
        Some(occurrence) => SHARPNESS * dot(&sense.centroid, occurrence) + sense.share.max(1e-6).ln(),
        None => sense.share.max(1e-6).ln(),
    };
    let scores: Vec<f32> = senses.iter().map(near).collect();
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    let total: f32 = scores.iter().map(|score| (score - highest).exp()).sum();
    let mut fit: Vec<(usize, f32)> =
        scores.iter().map(|score| (score - highest).exp() / total).enumerate().collect();
    fit.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    fit
}

/// The senses that occurrences fall into, by clustering alone: without labels or examples. For occurrences that are no part of a corpus.
pub(crate) fn senses_among(occurrences: &[&[f32]], settings: &Settings) -> Vec<InducedSense> {
    if occurrences.is_empty() {
        return Vec::new();
    }
    let mut rng = Rng::new(settings.seed, 0);
    let seeds = clusters::k_means(occurrences, clusters::GROUPS_MAX, &mut rng);
    let groups = regrouped(occurrences, merged(occurrences, seeds, settings), settings);
    let sense = |group: Group| InducedSense {
        label: Vec::new(),
        share: group.members.len() as f32 / occurrences.len() as f32,
        examples: Vec::new(),
        centroid: group.centroid,
    };
    groups.into_iter().map(sense).collect()
}

/// By how much a cosine counts against the logarithm of a sense's share.
const SHARPNESS: f32 = 8.0;

/// Induces the senses of the frequent words of a corpus.
///
/// # Errors
/// [`crate::error::Error::Cancelled`]; those of reading the corpus.
pub fn induce(
    vectors: &WordVectors,
    corpus: &Corpus,
    context: &ContextEncoder,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<InducedSenses> {
    let words = frequent(vectors.vocabulary(), corpus.vocabulary(), settings);
    let found = occurrences(corpus, vectors, &words, settings, progress)?;
    let settings = settings.clone().of_corpus(corpus.vocabulary(), context, &found);
    induce_from(vectors, corpus.vocabulary(), context, found, &settings, progress)
}

/// The words looked at, as the corpus numbers them.
fn frequent(vectors: &Vocabulary, corpus: &Vocabulary, settings: &Settings) -> Vec<WordId> {
    let wordlike = |word: &str| word.chars().any(char::is_alphabetic) && !is_stop_word(word);
    // A letter alone is a name or a number of something; a Chinese character alone is a word.
    let long = |word: &str| word.chars().nth(1).is_some() || word.chars().all(|c| c >= '\u{2e80}');
    corpus
        .iter()
        .filter(|(_, word, count)| {
            *count >= settings.occurrences_min as u64
                && wordlike(word)
                && long(word)
                && vectors.id(word).is_some()
        })
        .map(|(id, ..)| id)
        .take(settings.words_max)
        .collect()
}

fn induce_from(
    vectors: &WordVectors,
    vocabulary: &Vocabulary,
    context: &ContextEncoder,
    found: HashMap<WordId, Vec<Occurrence>>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<InducedSenses> {
    let total = found.len() as u64;
    let done = AtomicU64::new(0);
    let mut found: Vec<(WordId, Vec<Occurrence>)> = found.into_iter().collect();
    found.sort_by_key(|(word, _)| *word);
    let words: Result<Vec<Option<(WordId, Vec<InducedSense>)>>> = found
        .into_par_iter()
        .map(|(word, occurrences)| {
            let done = done.fetch_add(1, Ordering::Relaxed);
            if done.is_multiple_of(32) {
                progress.step("finding senses", done, total, "words")?;
            }
            let Some(id) = vectors.vocabulary().id(vocabulary.word(word)) else { return Ok(None) };
            let word = Target { vector: vectors.unit(id).to_vec(), words: vec![id] };
            let senses = senses_of(vectors, vocabulary, context, (&word, &occurrences), settings);
            Ok((!senses.is_empty()).then_some((id, senses)))
        })
        .collect();
    let words: BTreeMap<WordId, Vec<InducedSense>> = words?.into_iter().flatten().collect();
    let dim = words.values().flatten().next().map_or(0, |sense| sense.centroid.len());
    Ok(InducedSenses { fingerprint: vectors.fingerprint(), dim, words })
}

/// What is looked at: a word, or a pseudo-word of several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// Its vector, of length 1.
    pub vector: Vec<f32>,
    /// The words that it is made of.
    pub words: Vec<WordId>,
}

/// The senses of one word from its occurrences.
pub(crate) fn senses_of(
    vectors: &WordVectors,
    vocabulary: &Vocabulary,
    context: &ContextEncoder,
    (word, occurrences): (&Target, &[Occurrence]),
    settings: &Settings,
) -> Vec<InducedSense> {
    let mut seen = Vec::new();
    for (occurrence, views) in occurrences.iter().zip(shown(vocabulary, context, occurrences)) {
        if let (Some(joined), Some(window)) = (views.in_text(), views.window) {
            seen.push((occurrence, joined, window));
        }
    }
    if seen.is_empty() {
        return Vec::new();
    }
    let joined: Vec<&[f32]> = seen.iter().map(|(_, joined, _)| joined.as_slice()).collect();
    let mut rng = Rng::new(settings.seed, u64::from(word.words[0].0));
    let settled = |seeds: Vec<Group>| regrouped(&joined, merged(&joined, seeds, settings), settings);
    let (groups, labels) = match (settings.method, settings.average_link) {
        (Method::Graph, _) => {
            let clusters = graph::clusters(vectors, word, settings.neighbours, &mut rng);
            let windows: Vec<&[f32]> = seen.iter().map(|(.., window)| window.as_slice()).collect();
            let seeds = graph::drawn(vectors, &clusters, &windows).into_iter();
            let seeds = seeds.map(|group| Group::of(&joined, group.members, group.seeds)).collect();
            (settled(seeds), clusters)
        }
        (Method::Contexts, Some(threshold)) => {
            (clusters::average_link(&joined, threshold, settings), Vec::new())
        }
        (Method::Contexts, None) => {
            (settled(clusters::k_means(&joined, clusters::GROUPS_MAX, &mut rng)), Vec::new())
        }
    };
    let told = |(occurrence, ..): &(&Occurrence, _, _)| {
        let around = if context.reads_surroundings() { &occurrence.around[..] } else { &[] };
        in_vectors(vectors, vocabulary, &[&occurrence.sentence[..], around].concat())
    };
    let texts: Vec<Vec<WordId>> = seen.iter().map(told).collect();
    let mut senses: Vec<InducedSense> = groups
        .iter()
        .map(|group| {
            let mut members: Vec<(f32, usize)> =
                group.members.iter().map(|at| (dot(joined[*at], &group.centroid), *at)).collect();
            members.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let sentence = |(_, at): &(f32, usize)| in_vectors(vectors, vocabulary, &seen[*at].0.sentence);
            InducedSense {
                label: label(vectors, word, (group, &groups), &texts, &labels),
                share: group.members.len() as f32 / seen.len() as f32,
                examples: members.iter().take(EXAMPLES_MAX).map(sentence).collect(),
                centroid: group.centroid.clone(),
            }
        })
        .collect();
    senses.sort_by(|a, b| b.share.total_cmp(&a.share));
    senses
}

/// How occurrences appear in their sentences.
pub(crate) fn shown(
    vocabulary: &Vocabulary,
    context: &ContextEncoder,
    occurrences: &[Occurrence],
) -> Vec<Views> {
    let spelled = |occurrence: &Occurrence| -> Vec<&str> {
        occurrence.sentence.iter().map(|id| vocabulary.word(*id)).collect()
    };
    let tokens: Vec<Vec<&str>> = occurrences.iter().map(spelled).collect();
    let places =
        occurrences.iter().map(|occurrence| vec![Range { start: occurrence.at, end: occurrence.at + 1 }]);
    let asked: Vec<(&[&str], Vec<Range<usize>>)> = tokens.iter().map(Vec::as_slice).zip(places).collect();
    let views = context.all_views(&asked).into_iter().flatten().zip(occurrences);
    let word = |id: &WordId| vocabulary.word(*id);
    views.map(|(views, occurrence)| context.in_text(views, occurrence.around.iter().map(word))).collect()
}

/// Words of the corpus as the vectors number them; those without a vector are left out.
fn in_vectors(vectors: &WordVectors, vocabulary: &Vocabulary, sentence: &[WordId]) -> Vec<WordId> {
    sentence.iter().filter_map(|id| vectors.vocabulary().id(vocabulary.word(*id))).collect()
}

/// The words that stand for a group: of a cluster of neighbours, those near to the group's contexts; otherwise the words of its sentences
/// that are more frequent there than in the other groups'; what stands once in the corpus says nothing of a group.
fn label(
    vectors: &WordVectors,
    word: &Target,
    (group, groups): (&Group, &[Group]),
    texts: &[Vec<WordId>],
    clusters: &[Vec<WordId>],
) -> Vec<WordId> {
    let from_seeds: Vec<WordId> =
        group.seeds.iter().filter_map(|seed| clusters.get(*seed)).flatten().copied().collect();
    if !from_seeds.is_empty() {
        let mut words: Vec<(f32, WordId)> =
            from_seeds.into_iter().map(|id| (dot(vectors.unit(id), &word.vector), id)).collect();
        words.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        return words.into_iter().take(LABEL_MAX).map(|(_, id)| id).collect();
    }
    let counts = |members: &mut dyn Iterator<Item = usize>| {
        let mut counts: HashMap<WordId, f32> = HashMap::new();
        for at in members {
            let mut words = texts[at].clone();
            words.sort_unstable();
            words.dedup();
            words.into_iter().for_each(|id| *counts.entry(id).or_default() += 1.0);
        }
        counts
    };
    let own = counts(&mut group.members.iter().copied());
    let all = counts(&mut groups.iter().flat_map(|group| group.members.iter().copied()));
    let text = |id: &WordId| vectors.vocabulary().word(*id);
    let mut scored: Vec<(f32, WordId)> = own
        .iter()
        .filter(|(id, count)| !word.words.contains(id) && **count > 1.0 && !is_stop_word(text(id)))
        .filter(|(id, _)| vectors.vocabulary().count(**id) > 1)
        .map(|(id, count)| (count * (count / all[id]) / (vectors.vocabulary().count(*id) as f32).sqrt(), *id))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().take(LABEL_MAX).map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_cosine_of_all_pairs_by_hand() {
        // Of the pairs of (1, 0), (.6, .8) and (0, 1): .6, 0, .8.
        let units = [vec![1.0, 0.0], vec![0.6, 0.8], vec![0.0, 1.0]];
        assert!((median_cosine(&units) - 0.6).abs() < 1e-6);
        // Of two alone.
        assert!((median_cosine(&units[1..]) - 0.8).abs() < 1e-6);
    }
}
