//! The contextual encoder: a word's vector depends on its sentence.
//!
//! `[v ; z·c̃ ; y·ã]` at length 1: the static vector, the half-whitened context that the LSTM has read, and the half-whitened
//! average of the sentence. With z = y = 0 it is the static vector. Or, as an option, ELMo's mix of layers.

use super::{Encoder, TokenVectors};
use crate::bilm::{Known, Model, Sentence};
use crate::error::{Error, Result};
use crate::linalg;

/// What a contextual vector is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Mix {
    /// `[v ; z·c̃ ; y·ã]`, 3D values.
    Parts {
        /// Weight of the context, `z`; 0 or more.
        context: f32,
        /// Weight of the sentence's average, `y`; 0 or more.
        average: f32,
    },
    /// `γ · Σ s_j h_j` (Peters et al. 2018, eq. 1), 2·max(D, H) values: `h_0` is the static vector twice, `h_j` the states of layer
    /// j, left and right, each side padded with zeros to the larger of D and H.
    Layers {
        /// γ.
        scale: f32,
        /// `s_j`, one for the static layer and one for each layer of the LSTM.
        weights: Vec<f32>,
    },
}

impl Default for Mix {
    fn default() -> Self {
        Self::Parts { context: 0.3, average: 0.3 }
    }
}

/// Texts to vectors, word by word in their sentence.
#[derive(Debug, Clone)]
pub struct ContextualEncoder {
    model: Model,
    mix: Mix,
}

impl ContextualEncoder {
    /// An encoder over a trained model.
    ///
    /// # Errors
    /// [`Error::Invalid`] for weights that are negative, not finite, or not one a layer.
    pub fn new(model: Model, mix: Mix) -> Result<Self> {
        let finite = |weight: &f32| weight.is_finite();
        let valid = match &mix {
            Mix::Parts { context, average } => {
                [context, average].into_iter().all(|w| *w >= 0.0 && w.is_finite())
            }
            Mix::Layers { scale, weights } => {
                scale.is_finite() && weights.len() == model.layers() + 1 && weights.iter().all(finite)
            }
        };
        if valid {
            return Ok(Self { model, mix });
        }
        let expected = format!("finite weights, of parts 0 or more, of layers {}", model.layers() + 1);
        Err(Error::invalid("mix", expected, format!("{mix:?}"), "give one weight for each"))
    }

    /// The model that it stands on.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The vector of each token of a sentence that the model has read (with its states, for a mix of layers); `None` where
    /// nothing is known.
    #[must_use]
    pub fn vectors(&self, sentence: &Sentence) -> TokenVectors {
        (0..sentence.known.len()).map(|position| self.vector(sentence, position)).collect()
    }

    /// Whether a word has a vector of its own, or one made from its parts; without one, its sentence alone speaks for it.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        let is_listed = self.model.vectors().vocabulary().id(word).is_some();
        let is_made = || {
            let read = self.model.sentences(&[vec![word]]);
            read.iter().flat_map(|sentence| &sentence.known).any(|known| *known != Known::Unknown)
        };
        is_listed || is_made()
    }

    /// What a token's vector counts for in a text's: the rarity of its word; 1 for a word that is not in the vocabulary.
    #[must_use]
    pub fn weight(&self, token: &str) -> f32 {
        let vocabulary = self.model.vectors().vocabulary();
        vocabulary.id(token).map_or(1.0, |id| vocabulary.rarity(id))
    }

    /// Adds the weighed vectors of some sentences' tokens to the sum that is a text's vector.
    ///
    /// # Panics
    /// If the sum is not of the encoder's dimension, or there are not as many vectors as tokens.
    pub fn add_up(&self, sum: &mut [f32], sentence: &[&str], vectors: &TokenVectors) {
        assert_eq!(sentence.len(), vectors.len(), "one vector for each token");
        for (token, vector) in sentence.iter().zip(vectors) {
            if let Some(vector) = vector {
                linalg::add_scaled(sum, self.weight(token), vector);
            }
        }
    }

    fn vector(&self, sentence: &Sentence, position: usize) -> Option<Vec<f32>> {
        let dim = self.model.dim();
        let own = &sentence.statics[position * dim..][..dim];
        let mut vector = Vec::with_capacity(self.dim());
        match &self.mix {
            Mix::Parts { context, average } => {
                let white = &sentence.white_contexts[position * dim..][..dim];
                vector.extend_from_slice(own);
                vector.extend(white.iter().map(|value| context * value));
                vector.extend(sentence.white_average.iter().map(|value| average * value));
                return (linalg::normalize(&mut vector) > 0.0).then_some(vector);
            }
            Mix::Layers { scale, weights } => {
                let (hidden, side) = (self.model.hidden(), self.dim() / 2);
                vector.resize(2 * side, 0.0);
                for half in vector.chunks_exact_mut(side) {
                    linalg::add_scaled(&mut half[..dim], scale * weights[0], own);
                }
                for (layer, weight) in weights[1..].iter().enumerate() {
                    let at = (layer * sentence.known.len() + position) * 2 * hidden;
                    let states = sentence.states[at..at + 2 * hidden].chunks_exact(hidden);
                    for (half, state) in vector.chunks_exact_mut(side).zip(states) {
                        linalg::add_scaled(&mut half[..hidden], scale * weight, state);
                    }
                }
            }
        }
        vector.iter().any(|value| *value != 0.0).then_some(vector)
    }
}

impl Encoder for ContextualEncoder {
    fn name(&self) -> &'static str {
        "contextual"
    }

    fn dim(&self) -> usize {
        match self.mix {
            Mix::Parts { .. } => 3 * self.model.dim(),
            Mix::Layers { .. } => 2 * self.model.dim().max(self.model.hidden()),
        }
    }

    fn sentences(&self, sentences: &[Vec<&str>]) -> Vec<TokenVectors> {
        let read = match self.mix {
            Mix::Parts { .. } => self.model.sentences(sentences),
            Mix::Layers { .. } => self.model.sentences_with_states(sentences),
        };
        read.iter().map(|sentence| self.vectors(sentence)).collect()
    }
}
