//! Which of WordNet's senses is meant.
//!
//! A sense's score is a weighted sum, and its probability the softmax of the scores over all senses of the word:
//!
//! ```text
//! S(s) = α·log P(s|w) + β·log(rank share + ε) + γ·cos(sentence, gloss) + δ·cos(surroundings, wide gloss)
//!      + ζ·max cos(context, quoted) + η·max c·u_related
//! ```
//!
//! P(s|w) are the tag counts that come with WordNet, smoothed; the rank share is what personalised PageRank from the other words
//! around gives to this sense, of what it gives to all senses of the word (Agirre and Soroa 2009; links of glosses left out); the last
//! two parts compare what a contextual model expects in the word's place with what it expects in the sentences that WordNet quotes for
//! the sense, and with the words that WordNet relates to it. With tagged examples a kernel over these ([`Examples`]) takes the place of the prior.
//!
//! The weights are those of a conditional logit, fitted by maximum likelihood on every sixth text of SemCor that is tagged whole, the tags of
//! that text taken away from the counts and examples. Senseval-2 was seen beside them, not fitted on. That makes the probabilities
//! honest as well: see [`Weights::sure`].

use super::context::Views;
use super::examples::Examples;
use super::glosses::{GlossVectors, Glosses};
use super::passage::{Candidate, Mention, Passage};
use super::predominant::Predominant;
use super::related::favoured;
use crate::linalg::dot;
use crate::wordnet::{PageRank, Sense, SynsetId, WordNet};
use serde::Serialize;

/// Added to tag counts, so that a sense never tagged is not impossible.
const SMOOTHING: f64 = 0.5;
/// Added to a share of rank.
const RANK_FLOOR: f32 = 0.02;
/// Coarser than the default: twice as fast and more, at the same accuracy.
const RANK_TOLERANCE: f32 = 1e-4;

/// How much each part counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Of the logarithm of the prior.
    pub prior: f32,
    /// Tags that all occurrences of a word in the corpus count for together, each sense by its share: see [`Predominant`].
    pub predominant: f32,
    /// Of the logarithm of the share of rank.
    pub page_rank: f32,
    /// Of the cosine of sentence and gloss.
    pub gloss: f32,
    /// Of the cosine of surroundings and wide gloss.
    pub surroundings: f32,
    /// Of the cosine of the context and that of the nearest sentence that WordNet quotes.
    pub quoted: f32,
    /// Of having such a sentence, whatever its cosine.
    pub has_quoted: f32,
    /// Of how much the context favours the related word that it favours most.
    pub related: f32,
    /// Of having such a word, however much it is favoured.
    pub has_related: f32,
    /// Of the logarithm of the kernel over tagged examples, in whose place the prior stands without them.
    pub examples: f32,
    /// How sharply examples count by their cosine, τ.
    pub sharpness: f32,
    /// A best sense of less probability than this is not sure.
    pub sure: f32,
}

impl Weights {
    /// With tagged examples, whose kernel holds the prior.
    #[must_use]
    pub fn with_examples() -> Self {
        Self {
            prior: 0.0,
            page_rank: 0.08,
            gloss: 1.5,
            surroundings: 2.05,
            quoted: 2.25,
            has_quoted: -0.4,
            related: 0.13,
            has_related: 0.25,
            examples: 0.65,
            ..Self::default()
        }
    }
}

impl Weights {
    /// By the contexts alone, however frequent a sense is, and at once: neither tag counts nor the graph.
    #[must_use]
    pub fn by_contexts() -> Self {
        Self { prior: 0.0, page_rank: 0.0, ..Self::default() }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            prior: 0.9,
            predominant: 10.0,
            page_rank: 0.08,
            gloss: 1.95,
            surroundings: 2.8,
            quoted: 2.95,
            has_quoted: -0.5,
            related: 0.13,
            has_related: 0.15,
            examples: 0.0,
            sharpness: 16.0,
            sure: 0.5,
        }
    }
}

/// What each part adds to a sense's score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Parts {
    /// How often the sense was tagged.
    pub prior: f32,
    /// How near it is in the graph to the other words.
    pub page_rank: f32,
    /// How like its gloss the sentence is.
    pub gloss: f32,
    /// How like its gloss and its neighbours' the sentences around are.
    pub surroundings: f32,
    /// How like the context is to those of the sentences that WordNet quotes for it; needs a contextual model.
    pub quoted: f32,
    /// How much the context favours a word that WordNet relates to it; needs a contextual model.
    pub related: f32,
    /// How near its tagged examples are.
    pub examples: f32,
}

/// A sense with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored<'a> {
    /// The sense.
    pub candidate: Candidate<'a>,
    /// Sum of the parts; higher is better, comparable between senses of one mention only.
    pub score: f32,
    /// 0 to 1; all senses together 1.
    pub probability: f32,
    /// What the score is made of.
    pub parts: Parts,
}

/// The senses of a mention, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking<'a> {
    /// All candidates.
    pub senses: Vec<Scored<'a>>,
    /// Probability of the best less that of the second; 1 for a single one.
    pub margin: f32,
    /// Whether the best is probable enough to be relied on.
    pub sure: bool,
}

/// Ranks WordNet's senses of words in passages.
#[derive(Debug, Clone, Copy)]
pub struct Disambiguator<'a> {
    wordnet: &'a WordNet,
    glosses: Option<&'a Glosses>,
    examples: Option<&'a Examples>,
    predominant: Option<&'a Predominant>,
    weights: Weights,
}

impl<'a> Disambiguator<'a> {
    /// Without `glosses` the vectors' parts are 0 everywhere.
    #[must_use]
    pub fn new(wordnet: &'a WordNet, glosses: Option<&'a Glosses>, weights: Weights) -> Self {
        Self { wordnet, glosses, examples: None, predominant: None, weights }
    }

    /// Adds to the tag counts what a corpus says about how often each sense is used.
    #[must_use]
    pub fn with_predominant(self, predominant: &'a Predominant) -> Self {
        Self { predominant: Some(predominant), ..self }
    }

    /// Compares with tagged examples too.
    #[must_use]
    pub fn with_examples(self, examples: &'a Examples, weights: Weights) -> Self {
        Self { examples: Some(examples), weights, ..self }
    }

    /// Works out how the mentions of `which` appear in their sentences, for the parts that compare occurrences.
    pub fn show(&self, passage: &mut Passage<'a>, which: impl Fn(&Mention<'a>) -> bool) {
        if let Some(contexts) = self.glosses.and_then(Glosses::contexts)
            && (contexts.model().is_some() || self.examples.is_some())
        {
            passage.show(contexts, which);
        }
    }

    /// The senses of one of the passage's mentions, best first, ties in WordNet's order.
    ///
    /// # Panics
    /// If there is no such mention.
    #[must_use]
    pub fn rank(&self, passage: &Passage<'a>, mention: usize) -> Ranking<'a> {
        let own = &passage.mentions[mention];
        let mut parts = vec![Parts::default(); own.candidates.len()];
        if own.candidates.len() > 1 {
            self.add_prior(passage, own, &mut parts);
            self.add_page_rank(passage, mention, &mut parts);
            self.add_glosses(passage, own, &self.gloss_vectors(passage, own), &mut parts);
            self.add_quoted(own, &mut parts);
            self.add_related(passage, own, &mut parts);
            self.add_examples(own, &mut parts);
        }
        ranking(own, &parts, self.weights.sure)
    }

    /// The probabilities of the first mention's senses in many passages that differ in what stands around it only.
    pub(super) fn probabilities(&self, passages: &[Passage<'a>]) -> Vec<Vec<f32>> {
        let Some(first) = passages.first() else { return Vec::new() };
        let glosses = self.gloss_vectors(first, &first.mentions[0]);
        let probabilities = |passage: &Passage<'a>| {
            let own = &passage.mentions[0];
            let mut parts = vec![Parts::default(); own.candidates.len()];
            self.add_prior(passage, own, &mut parts);
            self.add_glosses(passage, own, &glosses, &mut parts);
            self.add_quoted(own, &mut parts);
            self.add_related(passage, own, &mut parts);
            softmax(&parts.iter().map(Parts::sum).collect::<Vec<_>>())
        };
        passages.iter().map(probabilities).collect()
    }

    /// Tag counts, and what the corpus adds to them.
    fn add_prior(&self, passage: &Passage<'_>, own: &Mention<'_>, parts: &mut [Parts]) {
        let word = || passage.tokens[own.tokens.clone()].join(" ");
        let shares = self.predominant.and_then(|predominant| predominant.of(&word(), &own.candidates));
        let count = |(at, candidate): (usize, &Candidate<'_>)| {
            let share = shares.as_ref().map_or(0.0, |shares| f64::from(shares[at]));
            candidate.count as f64 + SMOOTHING + f64::from(self.weights.predominant) * share
        };
        let counts: Vec<f64> = own.candidates.iter().enumerate().map(count).collect();
        let total: f64 = counts.iter().sum();
        for (parts, count) in parts.iter_mut().zip(counts) {
            parts.prior = self.weights.prior * (count / total).ln() as f32;
        }
    }

    fn add_quoted(&self, own: &Mention<'_>, parts: &mut [Parts]) {
        let context = own.views.as_ref().and_then(|views| views.context.as_ref());
        let (Some(glosses), Some(context)) = (self.glosses, context) else { return };
        let synsets: Vec<_> = own.candidates.iter().map(|candidate| candidate.synset).collect();
        for (parts, cosine) in parts.iter_mut().zip(glosses.nearest_quoted(self.wordnet, &synsets, context)) {
            parts.quoted =
                cosine.map_or(0.0, |cosine| self.weights.quoted * cosine + self.weights.has_quoted);
        }
    }

    fn add_related(&self, passage: &Passage<'_>, own: &Mention<'_>, parts: &mut [Parts]) {
        let (Some(contexts), Some(views)) = (self.glosses.and_then(Glosses::contexts), &own.views) else {
            return;
        };
        let word = spellings(passage, own);
        for (parts, candidate) in parts.iter_mut().zip(&own.candidates) {
            let favoured = favoured(contexts, candidate.synset, &word, views);
            parts.related =
                favoured.map_or(0.0, |favoured| self.weights.related * favoured + self.weights.has_related);
        }
    }

    fn add_examples(&self, own: &Mention<'_>, parts: &mut [Parts]) {
        let Some(examples) = self.examples else { return };
        let Some(vector) = own.views.as_ref().and_then(Views::joined) else { return };
        for (rank, (parts, candidate)) in parts.iter_mut().zip(&own.candidates).enumerate() {
            let Some(sense) = candidate.sense else { continue };
            let kernel = examples.kernel(sense, &vector, self.weights.sharpness);
            parts.examples = self.weights.examples * (0.5 * (-(rank as f32)).exp() + kernel).ln();
        }
    }

    fn add_page_rank(&self, passage: &Passage<'a>, mention: usize, parts: &mut [Parts]) {
        if self.weights.page_rank == 0.0 {
            return;
        }
        let starts: Vec<(SynsetId, f32)> = passage.around(mention).flat_map(starts).collect();
        let settings = PageRank { mentions: 0.0, tolerance: RANK_TOLERANCE, ..PageRank::default() };
        // Without any other word there is nothing to start from.
        let Ok(ranks) = self.wordnet.page_rank(&starts, &settings) else { return };
        let candidates = &passage.mentions[mention].candidates;
        let ranks: Vec<f32> =
            candidates.iter().map(|candidate| ranks.of(candidate.synset.number())).collect();
        let total: f32 = ranks.iter().sum();
        if total > 0.0 {
            for (parts, rank) in parts.iter_mut().zip(ranks) {
                parts.page_rank = self.weights.page_rank * (rank / total + RANK_FLOOR).ln();
            }
        }
    }

    /// The vectors of the glosses of a mention's senses, the word itself left out; empty without vectors.
    fn gloss_vectors(&self, passage: &Passage<'a>, own: &Mention<'_>) -> Vec<GlossVectors> {
        let Some(glosses) = self.glosses else { return Vec::new() };
        let word = spellings(passage, own);
        own.candidates.iter().map(|candidate| glosses.of(candidate.synset, &word)).collect()
    }

    fn add_glosses(
        &self,
        passage: &Passage<'a>,
        own: &Mention<'_>,
        vectors: &[GlossVectors],
        parts: &mut [Parts],
    ) {
        let Some(glosses) = self.glosses else { return };
        let word = spellings(passage, own);
        let sentence = passage.sentence_of(own.tokens.start);
        let outside = |at: &usize| !own.tokens.contains(at);
        let token = |at: usize| passage.tokens[at].as_str();
        let near = glosses.sentence(sentence.filter(outside).map(token));
        let wide = passage.surroundings(own.tokens.start);
        let wide = glosses.sentence(wide.map(token).filter(|token| !word.iter().any(|part| part == token)));
        let cosine = |a: &Option<Vec<f32>>, b: &Option<Vec<f32>>| match (a, b) {
            (Some(a), Some(b)) => dot(a, b),
            _ => 0.0,
        };
        for (parts, gloss) in parts.iter_mut().zip(vectors) {
            parts.gloss = self.weights.gloss * cosine(&near, &gloss.own);
            parts.surroundings = self.weights.surroundings * cosine(&wide, &gloss.wide);
        }
    }
}

/// The tokens that spell a mention, as it stands and as its lemmas.
fn spellings(passage: &Passage<'_>, own: &Mention<'_>) -> Vec<String> {
    let mut word = passage.tokens[own.tokens.clone()].to_vec();
    let lemmas = own.candidates.iter().filter_map(|candidate| candidate.sense).map(Sense::lemma);
    lemmas.for_each(|lemma| word.extend(lemma.split(' ').map(str::to_owned)));
    word.sort_unstable();
    word.dedup();
    word
}

/// A word starts from each of its senses as often as it was tagged.
fn starts<'a>(mention: &'a Mention<'_>) -> impl Iterator<Item = (SynsetId, f32)> + 'a {
    let total: f64 = mention.candidates.iter().map(|candidate| candidate.count as f64 + SMOOTHING).sum();
    mention.candidates.iter().map(move |candidate| {
        (candidate.synset.number(), ((candidate.count as f64 + SMOOTHING) / total) as f32)
    })
}

impl Parts {
    /// The score.
    #[must_use]
    pub fn sum(&self) -> f32 {
        self.prior
            + self.page_rank
            + self.gloss
            + self.surroundings
            + self.quoted
            + self.related
            + self.examples
    }
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    let total: f32 = scores.iter().map(|score| (score - highest).exp()).sum();
    scores.iter().map(|score| (score - highest).exp() / total).collect()
}

fn ranking<'a>(mention: &Mention<'a>, parts: &[Parts], sure: f32) -> Ranking<'a> {
    let scores: Vec<f32> = parts.iter().map(Parts::sum).collect();
    let scored = mention.candidates.iter().zip(parts).zip(softmax(&scores)).zip(scores);
    let mut senses: Vec<Scored<'a>> = scored
        .map(|(((candidate, parts), probability), score)| Scored {
            candidate: *candidate,
            score,
            probability,
            parts: *parts,
        })
        .collect();
    senses.sort_by(|a, b| b.score.total_cmp(&a.score));
    let probability = |at: usize| senses.get(at).map_or(0.0, |sense| sense.probability);
    Ranking { margin: probability(0) - probability(1), sure: probability(0) >= sure, senses }
}
