//! Contextual neighbours: the words nearest to a word as its sentence adjusts it, and the nearest places where any word stands.

use super::super::Engine;
use super::super::answers::SimilarWord;
use super::super::questions::check_length;
use super::super::words::spelled;
use super::encode::{place, places, read};
use super::occurrences::Place;
use crate::error::{Error, Result};
use crate::search::TopK;
use crate::text::Analyzer;
use crate::vectors::{Neighbour, Restrict, Similar};
use crate::vocab::WordId;
use serde::{Deserialize, Serialize};

/// A word in a text.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextNeighboursRequest {
    /// The text.
    pub text: String,
    /// The word; its first place in the text is taken.
    #[serde(default)]
    pub word: Option<String>,
    /// Or a byte of the text in which it stands.
    #[serde(default)]
    pub offset: Option<usize>,
    /// Neighbours of each kind; default 10.
    #[serde(default)]
    pub k: Option<usize>,
}

/// What is near to a word in a text.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ContextNeighbours {
    /// The word, as the analyzer spells it.
    pub word: String,
    /// First byte in the text.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// Distance between the word's static point and the adjusted one.
    pub shift: f32,
    /// The words nearest to the static point: the same in every text.
    pub without_context: Vec<SimilarWord>,
    /// The words nearest to the adjusted point.
    pub words: Vec<SimilarWord>,
    /// The nearest stored occurrences, of any word.
    pub occurrences: Vec<Occurrence>,
}

/// A word in a sentence of the collection.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Occurrence {
    /// The word, as the vocabulary spells it.
    pub word: String,
    /// Cosine of the contextual vectors.
    pub similarity: f32,
    /// Id of the document.
    pub document: String,
    /// The sentence.
    pub sentence: String,
    /// First byte of the word in the sentence.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
}

impl Engine {
    /// The neighbours of a word in a text: words near to its adjusted point, and stored occurrences near to its contextual
    /// vector, each in its sentence. A word without a vector is answered by its context alone.
    ///
    /// # Errors
    /// As [`Engine::encode`]; [`Error::Invalid`] if neither word nor offset is given.
    pub fn context_neighbours(
        &self,
        collection: &str,
        request: &ContextNeighboursRequest,
    ) -> Result<ContextNeighbours> {
        check_length("text", &request.text)?;
        let k = TopK::new("k", request.k.unwrap_or(TopK::default().get()))?.get();
        let generation = self.generation(collection)?;
        let encoder = generation.context()?;
        let analysis = Analyzer.analyze(&request.text);
        let at = places(&analysis, request.word.as_deref(), request.offset)?
            .and_then(|found| found.first().copied())
            .ok_or_else(|| {
                Error::invalid("word", "a word of the text, or an offset", "neither", "name one")
            })?;
        let sentences = read(encoder, &analysis, false);
        let (sentence, position) = place(&sentences, at);
        let vectors = encoder.model().vectors();
        let adjusted = encoder.model().adjust(sentence, position, 1)?.ok_or_else(|| Error::NotFound {
            kind: "vector of word",
            name: request.word.clone().unwrap_or_default(),
            nearest: Vec::new(),
        })?;
        let token = analysis.tokens().nth(at);
        let (word, range) = token.map(|token| (token.text.to_owned(), token.range)).unwrap_or_default();
        let near = |point: &[f32]| -> Result<Vec<SimilarWord>> {
            let options = Similar { k: k + 1, restrict: Restrict::default(), ..Similar::default() };
            let mut found: Vec<Neighbour> = vectors.similar_to_vector(point, &options)?;
            found.retain(|found| sentence.words[position] != Some(found.id));
            found.truncate(k);
            Ok(spelled(vectors, found))
        };
        let own = &sentence.statics[position * vectors.dim()..][..vectors.dim()];
        let known = own.iter().any(|value| *value != 0.0);
        let mut contextual = encoder.vectors(sentence);
        let occurrences = match (generation.occurrences()?, contextual[position].take()) {
            (Some(stored), Some(vector)) => stored.nearest(&vector, k)?,
            _ => Vec::new(),
        };
        let shown = occurrences.into_iter().filter_map(|(place, similarity)| {
            self.show(vectors.vocabulary().word(WordId(place.word)), place, similarity).transpose()
        });
        Ok(ContextNeighbours {
            word,
            start: range.start,
            end: range.end,
            shift: adjusted.shift,
            without_context: if known { near(own)? } else { Vec::new() },
            words: near(&adjusted.point)?,
            occurrences: shown.collect::<Result<_>>()?,
        })
    }

    /// An occurrence in its sentence; `None` if its document is no longer there.
    fn show(&self, word: &str, place: Place, similarity: f32) -> Result<Option<Occurrence>> {
        let Some(stored) = self.store.documents(&[place.seq])?.pop() else { return Ok(None) };
        let text = stored.document.full_text();
        let analysis = Analyzer.analyze(&text);
        let at = place.start as usize;
        let sentence = analysis.tokens().find(|token| token.range.start == at).map(|token| token.sentence);
        let Some(sentence) = sentence else { return Ok(None) };
        let tokens = analysis.tokens().filter(|token| token.sentence == sentence);
        let (first, last) = tokens.fold((usize::MAX, 0), |(first, last), token| {
            (first.min(token.range.start), last.max(token.range.end))
        });
        Ok(Some(Occurrence {
            word: word.to_owned(),
            similarity,
            document: stored.document.id.clone(),
            sentence: text[first..last].to_owned(),
            start: at - first,
            end: place.end as usize - first,
        }))
    }
}
