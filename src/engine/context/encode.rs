//! A text encoded: what each of its words is by itself, and what its sentence makes of it.

use super::super::Engine;
use super::super::questions::check_length;
use crate::bilm::{Adjustment, Favour, Known, Moved, Sentence, Substitute};
use crate::encoder::{ContextualEncoder, Mix};
use crate::error::{Error, Result};
use crate::search::TopK;
use crate::text::{Analysis, Analyzer};
use crate::vocab::Vocabulary;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Words of a text that are explained when none is named.
const EXPLAINED_MAX: usize = 64;
/// Words moved towards and away from, and substitutes, of each token.
const TOLD: usize = 5;
/// Longest text, in words.
const TOKENS_MAX: usize = 10_000;
/// Longest text of which vectors are given, in words.
const VECTORS_MAX: usize = 500;

/// A text to encode.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EncodeRequest {
    /// The text.
    pub text: String,
    /// Explain only this word, wherever it stands; otherwise all, up to 64 words.
    #[serde(default)]
    pub word: Option<String>,
    /// Explain only the word at this byte of the text.
    #[serde(default)]
    pub offset: Option<usize>,
    /// Substitutes, and words moved towards and away from; default 5.
    #[serde(default)]
    pub k: Option<usize>,
    /// Whether to give the vectors themselves, of at most 500 words; default not.
    #[serde(default)]
    pub vectors: bool,
    /// Weight of the context in contextual vectors, `z`; default 0.3.
    #[serde(default)]
    pub context: Option<f32>,
    /// Weight of the sentence's average in contextual vectors, `y`; default 0.3.
    #[serde(default)]
    pub average: Option<f32>,
    /// ELMo's mix of layers instead.
    #[serde(default)]
    pub layer_mix: Option<LayerWeights>,
}

/// `γ · Σ s_j h_j`.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerWeights {
    /// γ; default 1.
    #[serde(default)]
    pub scale: Option<f32>,
    /// `s_j`: of the static layer, then of each layer of the LSTM.
    pub weights: Vec<f32>,
}

/// A text, encoded.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EncodeAnswer {
    /// Number of values of a static vector, `D`.
    pub dim: usize,
    /// Number of values of a contextual vector.
    pub contextual_dim: usize,
    /// The words, in their order.
    pub tokens: Vec<EncodedToken>,
}

/// A word of a text, by itself and in its sentence.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct EncodedToken {
    /// The word, as the analyzer spells it.
    pub text: String,
    /// First byte in the text.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// Number of its sentence, from 0.
    pub sentence: usize,
    /// Where its vector comes from: `word`, `subwords`, `characters`, or `unknown` if it has none.
    pub known: Known,
    /// What its sentence makes of it, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<AdjustmentAnswer>,
    /// Static vector at length 1, D values, if asked for and known.
    #[serde(rename = "static", skip_serializing_if = "Option::is_none")]
    pub statics: Option<Vec<f32>>,
    /// Contextual vector, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contextual: Option<Vec<f32>>,
}

/// How a word's point moves in its sentence.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AdjustmentAnswer {
    /// Distance between the static point and the adjusted one, both at length 1; 0 for a word without a vector.
    pub shift: f32,
    /// Words that it comes nearer to, the most first.
    pub towards: Vec<WordChange>,
    /// Words that it goes away from, the most first.
    pub away: Vec<WordChange>,
    /// Words that could stand there instead, the most probable first.
    pub substitutes: Vec<SubstituteAnswer>,
}

/// A word, and how much nearer a point has come to it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct WordChange {
    /// The word.
    pub word: String,
    /// Cosine to the adjusted point, less that to the static one.
    pub change: f32,
}

/// A word that could stand at a place.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SubstituteAnswer {
    /// The word.
    pub word: String,
    /// Its probability there.
    pub probability: f32,
    /// Logarithm of how much more probable it is there than anywhere.
    pub lift: f32,
}

impl EncodeRequest {
    fn mix(&self) -> Mix {
        if let Some(LayerWeights { scale, weights }) = &self.layer_mix {
            return Mix::Layers { scale: scale.unwrap_or(1.0), weights: weights.clone() };
        }
        match Mix::default() {
            Mix::Parts { context, average } => Mix::Parts {
                context: self.context.unwrap_or(context),
                average: self.average.unwrap_or(average),
            },
            layers @ Mix::Layers { .. } => layers,
        }
    }
}

impl Engine {
    /// Encodes a text: tokens, static and contextual vectors, how far and towards what each word moves, and what could stand in
    /// its place.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an overlong text, a word that does not stand in it, an offset outside of any word, or weights that
    /// cannot be; [`Error::NotFound`] for an unknown collection; [`Error::NotReady`] without a contextual model.
    pub fn encode(&self, collection: &str, request: &EncodeRequest) -> Result<EncodeAnswer> {
        check_length("text", &request.text)?;
        let k = TopK::new("k", request.k.unwrap_or(TOLD))?.get();
        let generation = self.generation(collection)?;
        let encoder = ContextualEncoder::new(generation.context()?.model().clone(), request.mix())?;
        let analysis = Analyzer.analyze(&request.text);
        let most = if request.vectors { VECTORS_MAX } else { TOKENS_MAX };
        if analysis.len() > most {
            let cure = "send it in parts";
            return Err(Error::invalid("text", format!("at most {most} words"), analysis.len(), cure));
        }
        let read = read(&encoder, &analysis, request.layer_mix.is_some());
        let explained = places(&analysis, request.word.as_deref(), request.offset)?;
        let explained = explained.unwrap_or_else(|| (0..analysis.len().min(EXPLAINED_MAX)).collect());
        let mut tokens = plain_tokens(&analysis, &read, request.vectors.then_some(&encoder));
        let found: Vec<(usize, Option<AdjustmentAnswer>)> = explained
            .into_par_iter()
            .map(|at| Ok((at, explain(&encoder, place(&read, at), k)?)))
            .collect::<Result<_>>()?;
        found.into_iter().for_each(|(at, adjustment)| tokens[at].adjustment = adjustment);
        Ok(EncodeAnswer {
            dim: encoder.model().dim(),
            contextual_dim: crate::encoder::Encoder::dim(&encoder),
            tokens,
        })
    }
}

/// The sentences of a text, read by the model.
pub(super) fn read(encoder: &ContextualEncoder, analysis: &Analysis, states: bool) -> Vec<Sentence> {
    let sentences: Vec<Vec<&str>> =
        analysis.sentences().map(|sentence| sentence.map(|token| token.text).collect()).collect();
    let model = encoder.model();
    if states { model.sentences_with_states(&sentences) } else { model.sentences(&sentences) }
}

/// The sentence of a token, and the token's place in it.
pub(super) fn place(read: &[Sentence], at: usize) -> (&Sentence, usize) {
    let mut start = 0;
    for sentence in read {
        if at < start + sentence.known.len() {
            return (sentence, at - start);
        }
        start += sentence.known.len();
    }
    unreachable!("tokens and sentences come from the same analysis")
}

/// Numbers of the tokens asked for; `None` if the request names none.
pub(super) fn places(
    analysis: &Analysis,
    word: Option<&str>,
    offset: Option<usize>,
) -> Result<Option<Vec<usize>>> {
    if let Some(offset) = offset {
        let at = analysis.tokens().position(|token| token.range.contains(&offset));
        let at = at.ok_or_else(|| Error::invalid("offset", "a byte of a word", offset, "point at a word"))?;
        return Ok(Some(vec![at]));
    }
    let Some(word) = word else { return Ok(None) };
    let parts = Analyzer.words(word);
    let found: Vec<usize> = match &parts[..] {
        [one] => {
            (0..).zip(analysis.tokens()).filter(|(_, token)| token.text == one).map(|(at, _)| at).collect()
        }
        _ => Vec::new(),
    };
    if found.is_empty() {
        let cure = "write one word as it stands there";
        return Err(Error::invalid("word", "a word of the text", format!("{word:?}"), cure));
    }
    Ok(Some(found))
}

fn plain_tokens(
    analysis: &Analysis,
    read: &[Sentence],
    encoder: Option<&ContextualEncoder>,
) -> Vec<EncodedToken> {
    let contextual: Vec<Option<Vec<f32>>> = encoder
        .iter()
        .flat_map(|encoder| read.iter().flat_map(|sentence| encoder.vectors(sentence)))
        .collect();
    let of = |(at, token): (usize, crate::text::Token<'_>)| {
        let (sentence, position) = place(read, at);
        let dim = sentence.statics.len() / sentence.known.len();
        let known = sentence.known[position];
        let statics = || sentence.statics[position * dim..][..dim].to_vec();
        EncodedToken {
            text: token.text.to_owned(),
            start: token.range.start,
            end: token.range.end,
            sentence: token.sentence,
            known,
            adjustment: None,
            statics: (encoder.is_some() && known != Known::Unknown).then(statics),
            contextual: contextual.get(at).cloned().flatten(),
        }
    };
    analysis.tokens().enumerate().map(of).collect()
}

fn explain(
    encoder: &ContextualEncoder,
    (sentence, position): (&Sentence, usize),
    k: usize,
) -> Result<Option<AdjustmentAnswer>> {
    let model = encoder.model();
    let Some(adjusted) = model.adjust(sentence, position, k)? else { return Ok(None) };
    let context = &sentence.contexts[position * model.dim()..][..model.dim()];
    let substitutes = model.substitutes(context, Favour::Probability, k);
    Ok(Some(told(model.vectors().vocabulary(), adjusted, &substitutes)))
}

fn told(vocabulary: &Vocabulary, adjusted: Adjustment, substitutes: &[Substitute]) -> AdjustmentAnswer {
    let changes = |moved: &[Moved]| {
        let change =
            |moved: &Moved| WordChange { word: vocabulary.word(moved.word).to_owned(), change: moved.change };
        moved.iter().map(change).collect()
    };
    AdjustmentAnswer {
        shift: adjusted.shift,
        towards: changes(&adjusted.towards),
        away: changes(&adjusted.away),
        substitutes: substitutes
            .iter()
            .map(|substitute| SubstituteAnswer {
                word: vocabulary.word(substitute.word).to_owned(),
                probability: substitute.probability,
                lift: substitute.lift,
            })
            .collect(),
    }
}
