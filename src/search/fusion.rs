//! Two rankings of one query made into one.
//!
//! Convex combination: each score is divided by the highest of its ranking, and the two are weighed. That is min-max
//! normalisation with a minimum of 0, the score of every document that a ranking does not hold. Source: Bruch, Gai & Ingber 2023,
//! "An Analysis of Fusion Functions for Hybrid Retrieval". Reciprocal ranks: Cormack, Clarke & Büttcher 2009.

use crate::error::{Error, Result};
use crate::vocab::Vocabulary;
use serde::{Deserialize, Serialize};

/// How the keyword ranking and the static one become one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fusion {
    /// Weighed sum of the scores, each divided by the highest.
    #[default]
    Convex,
    /// Sum of `1 / (k + rank)`, whatever the scores; no weight, no guard, no feedback.
    Rrf,
}

/// How mode `hybrid` weighs its parts. The defaults were chosen on Cranfield, MED, CISI, SciFact, XQuAD and the bundled
/// collections, one set for all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HybridSettings {
    /// How the rankings become one.
    pub fusion: Fusion,
    /// Weight of the static ranking, 0 to 1; the keyword ranking has the rest. Default 0.3.
    pub static_weight: f32,
    /// How much that weight may rise, 0 to 1, where hardly a query word stands in any document and the word vectors know
    /// words beyond the collection's. Default 0.7.
    pub static_rise: f32,
    /// Share of the answer that is asked a second time, with what the first answers say, 0 to 1. Default 0.5.
    pub feedback: f32,
    /// First answers that are read for it, 0 to 50. Default 5.
    pub feedback_documents: usize,
    /// Words that are taken from them, 0 to 200. Default 20.
    pub feedback_terms: usize,
    /// Weight of these words against the query's, 0 to 1. Default 0.4.
    pub feedback_term_weight: f32,
    /// Weight of their mean vector against the query's, 0 to 10. Default 0.7.
    pub feedback_vector_weight: f32,
    /// `k` of reciprocal ranks, 1 to 10,000. Default 60.
    pub rrf_k: f32,
}

impl Default for HybridSettings {
    fn default() -> Self {
        Self {
            fusion: Fusion::Convex,
            static_weight: 0.3,
            static_rise: 0.7,
            feedback: 0.5,
            feedback_documents: 5,
            feedback_terms: 20,
            feedback_term_weight: 0.4,
            feedback_vector_weight: 0.7,
            rrf_k: 60.0,
        }
    }
}

impl HybridSettings {
    /// Checks all.
    ///
    /// # Errors
    /// [`Error::Invalid`] for one that is out of range.
    pub fn check(&self) -> Result<()> {
        let within = |name: &str, value: f32, low: f32, high: f32| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            let what = format!("hybrid/{name}");
            Err(Error::invalid(what, format!("{low} to {high}"), value, "leave it out for the default"))
        };
        within("static_weight", self.static_weight, 0.0, 1.0)?;
        within("static_rise", self.static_rise, 0.0, 1.0)?;
        within("feedback", self.feedback, 0.0, 1.0)?;
        within("feedback_documents", self.feedback_documents as f32, 0.0, 50.0)?;
        within("feedback_terms", self.feedback_terms as f32, 0.0, 200.0)?;
        within("feedback_term_weight", self.feedback_term_weight, 0.0, 1.0)?;
        within("feedback_vector_weight", self.feedback_vector_weight, 0.0, 10.0)?;
        within("rrf_k", self.rrf_k, 1.0, 10_000.0)
    }
}

/// What a query's first answers say about it: by this the weights are guarded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    /// The best keyword score over the most that the query's words could score, 0 to 1.
    pub strength: f32,
    /// Distinct words of the query, and one for all its pairs of Chinese characters.
    pub words: usize,
    /// How common the query's rarest word is in the language at large, 0 to 1: a name or a term of art says much wherever it stands.
    pub commonness: f32,
    /// How far the best answer is ahead of the second, 0 to 1.
    pub lead: f32,
    /// Mean score of the second to tenth keyword answer over that of the first, 0 to 1: 0 where one document stands alone.
    pub flatness: f32,
    /// Whether one of the first keyword answers holds most of the query's words in phrases of the query.
    pub has_phrase: bool,
}

/// What is known about the word vectors.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge {
    /// Running words of the collection that they were trained on.
    pub corpus_words: u64,
    /// Whether they know words that the collection's documents lack: from wider text.
    pub is_wider: bool,
    /// The frequent words of the language, where they are known.
    pub common: Option<&'static Vocabulary>,
}

impl Knowledge {
    /// There are none.
    pub const NONE: Self = Self { corpus_words: 0, is_wider: false, common: None };

    /// How common the rarest of these words is in the language: 1 among its [`COMMON`] most frequent ones, 0 beyond [`RARE`]; 1 where that is
    /// not known.
    pub(super) fn commonness(self, words: &[String]) -> f32 {
        let Some(common) = self.common else { return 1.0 };
        let place = |word: &String| common.id(word).map_or(RARE, |id| id.0 as f32 + 1.0);
        let rarest = words.iter().map(place).fold(1.0, f32::max);
        ((RARE / rarest).ln() / (RARE / COMMON).ln()).clamp(0.0, 1.0)
    }
}

/// Fewer running words than this teach nothing, more than [`WORDS_ENOUGH`] enough.
const WORDS_LEAST: f32 = 10_000.0;
const WORDS_ENOUGH: f32 = 200_000.0;
/// Places among a language's words, by falling frequency: what stands before is everyday, what stands behind a name or a term of art.
const COMMON: f32 = 30_000.0;
const RARE: f32 = 50_000.0;

/// Weight of the static ranking for a query.
///
/// Vectors that a small collection taught alone are trusted less. Where a query of few and common words finds no document that holds
/// much of it, and none that stands out, keywords have little to say, and vectors that know the query's words say more.
pub(super) fn static_weight(settings: &HybridSettings, evidence: &Evidence, known: Knowledge) -> f32 {
    if !known.is_wider {
        let words = (known.corpus_words as f32).max(1.0);
        let trust = (words / WORDS_LEAST).ln() / (WORDS_ENOUGH / WORDS_LEAST).ln();
        return settings.static_weight * trust.clamp(0.0, 1.0);
    }
    (settings.static_weight + settings.static_rise * weakness(evidence)).min(settings.static_weight.max(0.99))
}

/// How little keywords have to say, 0 to 1.
pub(super) fn weakness(evidence: &Evidence) -> f32 {
    if evidence.has_phrase {
        return 0.0;
    }
    let falling = |value: f32, from: f32, to: f32| ((to - value) / (to - from)).clamp(0.0, 1.0);
    let missing = falling(evidence.strength, 0.3, 0.45);
    let few = falling(evidence.words as f32, 4.0, 6.0);
    evidence.commonness * missing * few * falling(evidence.lead, 0.5, 1.0)
}

fn flat(evidence: &Evidence) -> f32 {
    ((evidence.flatness - 0.2) / 0.3).clamp(0.0, 1.0)
}

/// Share of the answer that feedback makes: none where one document stands alone, and none of what vectors find because keywords
/// find nothing.
pub(super) fn feedback_share(settings: &HybridSettings, evidence: &Evidence, known: Knowledge) -> f32 {
    let weakness = if known.is_wider { weakness(evidence) } else { 0.0 };
    settings.feedback * flat(evidence) * (1.0 - weakness)
}

/// Mean of the second to tenth score over the first; what is missing is 0.
pub(super) fn flatness(scores: impl Iterator<Item = f32>) -> f32 {
    let first: Vec<f32> = scores.take(10).collect();
    match first.split_first() {
        Some((best, rest)) if *best > 0.0 => rest.iter().sum::<f32>() / 9.0 / best,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDER: Knowledge = Knowledge { corpus_words: 0, is_wider: true, common: None };

    fn evidence(strength: f32, words: usize, lead: f32) -> Evidence {
        Evidence { strength, words, lead, commonness: 1.0, flatness: 0.9, has_phrase: false }
    }

    #[test]
    fn the_static_weight_rises_where_keywords_have_little_to_say() {
        let settings = HybridSettings::default();
        let weight =
            |strength, words, lead| static_weight(&settings, &evidence(strength, words, lead), WIDER);
        assert_eq!(weight(0.45, 3, 0.1), 0.3); // of what the words could score much is there
        assert_eq!(weight(0.2, 6, 0.1), 0.3); // so many words are sure of themselves
        assert_eq!(weight(0.2, 3, 1.0), 0.3); // one document stands alone
        assert!((weight(0.3, 4, 0.5) - 0.99).abs() < 1e-6);
        // .3 + .7 · 1/3 · 1/2 · 1/2.
        assert!((weight(0.4, 5, 0.75) - (0.3 + 0.7 / 12.0)).abs() < 1e-5);
        let name = Evidence { commonness: 0.0, ..evidence(0.1, 1, 0.0) };
        assert_eq!(static_weight(&settings, &name, WIDER), 0.3);
        let phrase = Evidence { has_phrase: true, ..evidence(0.1, 3, 0.0) };
        assert_eq!(static_weight(&settings, &phrase, WIDER), 0.3);
    }

    #[test]
    fn words_of_the_language_are_common_and_names_are_not() {
        let words = vec![("the".into(), 9), ("bank".into(), 3)];
        let common = Box::leak(Box::new(Vocabulary::from_sorted(words).unwrap()));
        let known = Knowledge { common: Some(common), ..WIDER };
        let commonness =
            |words: &[&str]| known.commonness(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!((commonness(&["the", "bank"]), commonness(&["the", "leviviridae"])), (1.0, 0.0));
        assert_eq!(WIDER.commonness(&["leviviridae".to_owned()]), 1.0);
    }

    #[test]
    fn vectors_of_a_small_collection_are_trusted_less() {
        let weight = |corpus_words| {
            let known = Knowledge { corpus_words, is_wider: false, common: None };
            static_weight(&HybridSettings::default(), &evidence(0.1, 1, 0.0), known)
        };
        assert_eq!((weight(0), weight(10_000), weight(200_000)), (0.0, 0.0, 0.3));
        assert!(weight(40_000) > 0.1 && weight(40_000) < 0.2);
    }

    #[test]
    fn feedback_is_not_asked_where_one_document_stands_alone() {
        assert_eq!(flatness([4.0].into_iter()), 0.0);
        assert_eq!(flatness([4.0, 4.0].into_iter()), 1.0 / 9.0);
        assert_eq!(flatness(std::iter::repeat_n(2.0, 30)), 1.0);
        let settings = HybridSettings::default();
        let share =
            |flatness| feedback_share(&settings, &Evidence { flatness, ..evidence(1.0, 1, 0.0) }, WIDER);
        assert_eq!((share(0.1), share(0.9)), (0.0, 0.5));
        assert_eq!(feedback_share(&settings, &evidence(0.1, 1, 0.0), WIDER), 0.0);
    }

    #[test]
    fn settings_are_checked() {
        assert!(HybridSettings::default().check().is_ok());
        let error = HybridSettings { static_weight: f32::NAN, ..Default::default() }.check().unwrap_err();
        assert!(error.to_string().starts_with("hybrid/static_weight: expected 0 to 1, got NaN"), "{error}");
        assert!(HybridSettings { feedback_documents: 51, ..Default::default() }.check().is_err());
    }
}
