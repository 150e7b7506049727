//! Words in their sentence: the contextual model, trained with a collection's word vectors and asked afterwards.

mod encode;
mod estimate;
mod find;
mod occurrences;

pub use encode::{EncodeAnswer, EncodeRequest, EncodedToken, LayerWeights, SubstituteAnswer, WordChange};
pub(super) use estimate::estimate;
pub use estimate::{Estimate, TrainingEstimate};
pub(super) use find::adjusted;
pub use find::{ContextNeighbours, ContextNeighboursRequest, Occurrence};
pub(super) use occurrences::{Occurrences, Sampler, text_vector};

use super::TrainSettings;
use super::starters::Start;
use crate::bilm::{self, Checkpoint, History, Training};
use crate::error::Result;
use crate::progress::Progress;
use crate::starter::Starter;
use crate::vectors::WordVectors;
use crate::vocab::corpus::Corpus;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether a contextual model is trained after the word vectors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contextual {
    /// If there is enough text to learn sentences from: 300,000 running words.
    #[default]
    Auto,
    /// Yes.
    On,
    /// No.
    Off,
}

/// Less text teaches little about sentences, and takes as long as everything else together.
const WORDS_MIN: u64 = 300_000;

impl Contextual {
    pub(super) fn wanted(self, words: u64) -> bool {
        match self {
            Self::Auto => words >= WORDS_MIN,
            Self::On => true,
            Self::Off => false,
        }
    }
}

/// What a contextual model is, and how well it guesses hidden words in sentences that it was not trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ContextInfo {
    /// Cells of a layer in one direction, `H`.
    pub hidden: usize,
    /// Layers in each direction.
    pub layers: usize,
    /// Passes over the corpus that count.
    pub epochs: usize,
    /// Mean loss of a hidden word, in nats.
    pub held_out_loss: f64,
    /// Mean reciprocal rank of the hidden word among the whole vocabulary.
    pub held_out_mrr: f64,
    /// The same of words that are not among the 200 most frequent.
    pub held_out_content_mrr: f64,
    /// What the average of the ten words around reaches instead.
    pub average_mrr: f64,
    /// The same of words that are not among the 200 most frequent.
    pub average_content_mrr: f64,
}

impl ContextInfo {
    fn of(model: &bilm::Model) -> Option<Self> {
        let History { controls, start, epochs, .. } = model.history()?;
        let held_out = epochs
            .iter()
            .map(|epoch| epoch.held_out)
            .chain(start)
            .min_by(|a, b| a.loss.unwrap_or(f64::MAX).total_cmp(&b.loss.unwrap_or(f64::MAX)))?;
        Some(Self {
            hidden: model.hidden(),
            layers: model.layers(),
            epochs: epochs.len(),
            held_out_loss: held_out.loss.unwrap_or_default(),
            held_out_mrr: held_out.mrr,
            held_out_content_mrr: held_out.content_mrr,
            average_mrr: controls.average.mrr,
            average_content_mrr: controls.average.content_mrr,
        })
    }
}

/// What a contextual model is trained over.
#[derive(Clone, Copy)]
pub(super) struct Over<'a> {
    pub corpus: &'a Corpus,
    pub vectors: &'a Arc<WordVectors>,
    /// The model that the vectors come from, to go on from.
    pub starter: Option<&'a Starter>,
}

/// Trains a contextual model over word vectors, whose output vectors are `output`, if it is wanted, and writes it beside them.
pub(super) fn train_into(
    folder: &std::path::Path,
    over: Over<'_>,
    output: Vec<f32>,
    settings: &TrainSettings,
    checkpoint: Option<Checkpoint<'_>>,
    progress: &dyn Progress,
) -> Result<Option<ContextInfo>> {
    let Over { corpus, vectors, starter } = over;
    let words = if starter.is_some() { u64::MAX } else { corpus.words() };
    if !settings.contextual.wanted(words) {
        return Ok(None);
    }
    let model = match starter {
        Some(starter) if settings.start == Start::Untouched => starter.model()?,
        starter => {
            let (vectors, settings) = (Arc::clone(vectors), &settings.context);
            let start = starter.map(|starter| (starter.parts(), starter.vectors().vocabulary().as_ref()));
            bilm::train(Training { corpus, vectors, output, start, settings, checkpoint }, progress)?
        }
    };
    model.save(folder)?;
    Ok(ContextInfo::of(&model))
}
