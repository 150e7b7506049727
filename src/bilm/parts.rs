//! A model taken apart: everything but the word vectors that it reads, so that it can go on over others.

use super::file::Contents;
use super::model::Model;
use super::network::Network;
use super::settings::Backend;
use super::shape::Shape;
use super::whiten::Whitening;
use crate::error::{Error, Result};
use crate::vectors::{Rows, WordVectors};
use std::sync::Arc;

/// What a model has learned, apart from the word vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// Dimension of words and contexts, `D`.
    pub dim: usize,
    /// Cells of a layer in one direction, `H`.
    pub hidden: usize,
    /// Layers in each direction.
    pub layers: usize,
    /// Exponent of the counts that negatives were drawn by.
    pub exponent: f64,
    /// The network's weights, [`Parts::weights_len`] of them.
    pub weights: Vec<f32>,
    /// Output vectors, `V × D`, row-major.
    pub output: Vec<f32>,
    /// Mean (D) and matrix (D × D) of the half-whitening of contexts, and of sentences' averages.
    pub whitenings: [(Vec<f32>, Vec<f32>); 2],
    /// The course of the training, as JSON.
    pub training: String,
}

impl Parts {
    /// How many weights a network of these sizes has; `None` for sizes that no model has.
    #[must_use]
    pub fn weights_len(dim: usize, hidden: usize, layers: usize) -> Option<usize> {
        let is_known = (1..=4096).contains(&dim) && (1..=4096).contains(&hidden) && (1..=2).contains(&layers);
        is_known.then(|| Shape { dim, hidden, layers }.len())
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { dim: self.dim, hidden: self.hidden, layers: self.layers }
    }

    /// The network, to train on over vectors of dimension `dim`.
    pub(super) fn network(&self, dim: usize, backend: Backend) -> Result<Network<f32>> {
        if dim != self.dim || Self::weights_len(dim, self.hidden, self.layers) != Some(self.weights.len()) {
            let expected = format!("word vectors of dimension {}", self.dim);
            return Err(Error::invalid("start of the contextual model", expected, dim, "train from scratch"));
        }
        Ok(Network::from_values(self.shape(), self.weights.clone(), backend.gemm()))
    }

    pub(super) fn whitenings(&self) -> [Whitening; 2] {
        self.whitenings.clone().map(|(mean, matrix)| Whitening { mean, matrix })
    }

    fn check(&self, words: usize) -> Result<()> {
        let dim = self.dim;
        let lengths = |(mean, matrix): &(Vec<f32>, Vec<f32>)| (mean.len(), matrix.len());
        let is_whole = Self::weights_len(dim, self.hidden, self.layers) == Some(self.weights.len())
            && self.output.len() == words * dim
            && self.whitenings.iter().all(|one| lengths(one) == (dim, dim * dim));
        if is_whole {
            return Ok(());
        }
        let got = format!("{} weights, {} output values", self.weights.len(), self.output.len());
        let expected = format!("a model of {words} words, dimension {dim}, {} cells", self.hidden);
        Err(Error::invalid("parts of a contextual model", expected, got, "take them from one model"))
    }
}

impl Model {
    /// Takes the model apart.
    #[must_use]
    pub fn parts(&self) -> Parts {
        let Contents { shape, weights, output, whitenings, exponent, training, .. } = &*self.contents;
        Parts {
            dim: shape.dim,
            hidden: shape.hidden,
            layers: shape.layers,
            exponent: *exponent,
            weights: weights.clone(),
            output: output.to_vec(),
            whitenings: whitenings.clone().map(|one| (one.mean, one.matrix)),
            training: training.clone(),
        }
    }

    /// Puts a model together over word vectors of the same words, in the same order.
    ///
    /// # Errors
    /// [`Error::Invalid`] if sizes do not fit each other.
    pub fn of_parts(parts: Parts, vectors: Arc<WordVectors>) -> Result<Self> {
        parts.check(vectors.len())?;
        if parts.dim != vectors.dim() {
            let expected = format!("one over word vectors of dimension {}", parts.dim);
            return Err(Error::invalid("contextual model", expected, vectors.dim(), "train them together"));
        }
        let contents = Contents {
            shape: parts.shape(),
            whitenings: parts.whitenings(),
            words: vectors.len(),
            fingerprint: vectors.fingerprint(),
            counts: None,
            exponent: parts.exponent,
            weights: parts.weights,
            output: Rows::owned(parts.output),
            training: parts.training,
        };
        Ok(Self::new(contents, vectors, Backend::default()))
    }
}
