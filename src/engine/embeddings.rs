//! Vectors of texts, in the shape that OpenAI's clients speak, so that they can use a collection's vectors as they are.

use super::Engine;
use super::questions::check_length;
use crate::error::{Error, Result};
use crate::text::Analyzer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Texts whose vectors are wanted. Other members are passed over, as clients send some of their own.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct EmbeddingsRequest {
    /// A collection that has been trained.
    pub model: String,
    /// One text or several.
    pub input: EmbeddingsInput,
    /// Numbers, or base64 of little-endian 32-bit floats.
    #[serde(default)]
    pub encoding_format: EncodingFormat,
    /// The model's own dimension, or left out: vectors are not shortened.
    #[serde(default)]
    pub dimensions: Option<usize>,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum EmbeddingsInput {
    /// One text.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl EmbeddingsInput {
    /// How many texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// How a vector is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EncodingFormat {
    /// Numbers.
    #[default]
    Float,
    /// Base64 of little-endian 32-bit floats.
    Base64,
}

/// Vectors of texts.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EmbeddingsAnswer {
    /// `list`
    pub object: &'static str,
    /// One a text, in their order.
    pub data: Vec<Embedding>,
    /// The collection.
    pub model: String,
    /// What was read.
    pub usage: EmbeddingsUsage,
}

/// The vector of a text.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Embedding {
    /// `embedding`
    pub object: &'static str,
    /// The text's place, from 0.
    pub index: usize,
    /// `D` values, of length 1.
    pub embedding: EmbeddingVector,
}

/// A vector as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum EmbeddingVector {
    /// Numbers.
    Float(Vec<f32>),
    /// Base64 of little-endian 32-bit floats.
    Base64(String),
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EmbeddingsUsage {
    /// Words of all texts.
    pub prompt_tokens: usize,
    /// The same.
    pub total_tokens: usize,
}

impl Engine {
    /// The vectors of texts, as documents and queries of the collection are encoded.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no text, an overlong one, one without a word that the model knows, or another dimension;
    /// [`Error::NotFound`]; [`Error::NotReady`] without a model.
    pub fn embeddings(&self, request: &EmbeddingsRequest) -> Result<EmbeddingsAnswer> {
        let generation = self.generation(&request.model)?;
        let encoder = generation.encoder()?;
        let texts = request.input.texts();
        if texts.is_empty() {
            return Err(Error::invalid("input", "a text, or several", "none", "send at least one"));
        }
        if let Some(wanted) = request.dimensions.filter(|wanted| *wanted != encoder.dim()) {
            let cure = "leave it out: vectors are not shortened";
            return Err(Error::invalid("dimensions", encoder.dim().to_string(), wanted, cure));
        }
        let (mut data, mut tokens) = (Vec::with_capacity(texts.len()), 0);
        for (index, text) in texts.iter().enumerate() {
            check_length("input", text)?;
            let analysis = Analyzer.analyze(text);
            tokens += analysis.tokens().count();
            let Some(vector) = encoder.text(analysis.tokens().map(|token| token.text)) else {
                let cure = "leave it out, or train on more text";
                let expected = format!("a word that {} knows", request.model);
                return Err(Error::invalid(format!("input/{index}"), expected, format!("{text:?}"), cure));
            };
            let embedding = match request.encoding_format {
                EncodingFormat::Float => EmbeddingVector::Float(vector),
                EncodingFormat::Base64 => {
                    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
                    EmbeddingVector::Base64(STANDARD.encode(bytes))
                }
            };
            data.push(Embedding { object: "embedding", index, embedding });
        }
        let usage = EmbeddingsUsage { prompt_tokens: tokens, total_tokens: tokens };
        Ok(EmbeddingsAnswer { object: "list", data, model: request.model.clone(), usage })
    }
}
