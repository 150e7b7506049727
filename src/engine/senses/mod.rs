//! Which sense is meant: questions about words in a text, against WordNet's senses and those of the collection's own corpus.

mod evaluate;
mod kit;

pub use evaluate::{SenseSet, SensesEvaluation};
pub(super) use kit::Shelf;

use super::Engine;
use super::answers::{CandidateSense, SensesAnswer, WordSenses};
use super::questions::check_length;
use crate::error::{Error, Result};
use crate::sense::{Disambiguator, Passage, Ranking, Weights};
use crate::text::{Analysis, Analyzer};
use crate::wordnet::{PartOfSpeech, WordNet};
use kit::Kit;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Questions of one batch.
const BATCH_MAX: usize = 1000;

/// Which senses are to be told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inventory {
    /// WordNet's.
    #[default]
    Wordnet,
}

/// A text, and which of its words is asked about; without `word` and `offset`, all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensesRequest {
    /// The text.
    pub text: String,
    /// A word or several, as they stand in the text; every place is answered. A base form finds its inflections.
    #[serde(default)]
    pub word: Option<String>,
    /// The byte of the text in which the word stands.
    #[serde(default)]
    pub offset: Option<usize>,
    /// Which senses; default `wordnet`.
    #[serde(default)]
    pub inventory: Inventory,
    /// Only WordNet's senses of this part of speech: noun, verb, adjective or adverb, or its letter.
    #[serde(default)]
    pub pos: Option<String>,
}

/// Several questions at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensesBatch {
    /// The questions, at most a thousand.
    pub requests: Vec<SensesRequest>,
}

impl Engine {
    /// The senses of words in a text, ranked. Without a collection only WordNet and its graph answer.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an overlong text, a word that does not stand in it, or an offset that is outside or inside a
    /// character; [`Error::NotFound`] for an unknown collection; [`Error::NotReady`] without a WordNet.
    pub fn senses(&self, collection: Option<&str>, request: &SensesRequest) -> Result<SensesAnswer> {
        check_length("text", &request.text)?;
        let generation = collection.map(|name| self.generation(name)).transpose()?;
        let pos = request.pos.as_deref().map(PartOfSpeech::parse).transpose()?;
        let analysis = Analyzer.analyze(&request.text);
        let asked = asked(request, &analysis)?;
        let wordnet = self.wordnet()?;
        let kit = generation.as_deref().map(|g| self.senses.kit(g, &wordnet)).transpose()?.flatten();
        let words = wordnet_senses(&wordnet, kit.as_deref(), request, &analysis, (asked, pos))?;
        Ok(SensesAnswer { words })
    }

    /// Many questions, answered in parallel, in their order; the first error ends it.
    ///
    /// # Errors
    /// As [`Engine::senses`]; [`Error::Invalid`] for too many questions.
    pub fn senses_batch(&self, collection: Option<&str>, batch: &SensesBatch) -> Result<Vec<SensesAnswer>> {
        let n = batch.requests.len();
        if n > BATCH_MAX {
            let cure = "send them in several batches";
            return Err(Error::invalid("requests", format!("at most {BATCH_MAX}"), n, cure));
        }
        batch.requests.par_iter().map(|request| self.senses(collection, request)).collect()
    }
}

/// The tokens asked about: of the word or the offset, or `None` for all words.
fn asked(request: &SensesRequest, analysis: &Analysis) -> Result<Option<Vec<Range<usize>>>> {
    let text = &request.text;
    if let Some(offset) = request.offset {
        if offset >= text.len() || !text.is_char_boundary(offset) {
            let expected = format!("the first byte of a character, below {}", text.len());
            return Err(Error::invalid("offset", expected, offset, "count bytes of UTF-8, from 0"));
        }
        let at = analysis.tokens().position(|token| token.range.contains(&offset));
        let at = at.ok_or_else(|| {
            let got = text[offset..].chars().next().map(String::from).unwrap_or_default();
            Error::invalid("offset", "a byte of a word", format!("{offset} ({got:?})"), "point at a word")
        })?;
        let parts = request.word.as_deref().map_or(1, |word| Analyzer.words(word).len().max(1));
        return Ok(Some(vec![at..(at + parts).min(analysis.len())]));
    }
    let Some(word) = &request.word else { return Ok(None) };
    let parts = Analyzer.words(word);
    let tokens: Vec<&str> = analysis.tokens().map(|token| token.text).collect();
    let places = (0..tokens.len()).filter(|at| !parts.is_empty() && tokens[*at..].starts_with_words(&parts));
    Ok(Some(places.map(|at| at..at + parts.len()).collect()))
}

trait StartsWithWords {
    fn starts_with_words(&self, parts: &[String]) -> bool;
}

impl StartsWithWords for [&str] {
    fn starts_with_words(&self, parts: &[String]) -> bool {
        self.len() >= parts.len() && self.iter().zip(parts).all(|(token, part)| token == part)
    }
}

/// The sentences of an analysis as tokens of their own.
pub(super) fn sentences(analysis: &Analysis) -> Vec<Vec<String>> {
    analysis.sentences().map(|sentence| sentence.map(|token| token.text.to_owned()).collect()).collect()
}

fn wordnet_senses(
    wordnet: &WordNet,
    kit: Option<&Kit>,
    request: &SensesRequest,
    analysis: &Analysis,
    (asked, pos): (Option<Vec<Range<usize>>>, Option<PartOfSpeech>),
) -> Result<Vec<WordSenses>> {
    let mut passage = Passage::find(wordnet, sentences(analysis))?;
    let ranges = match asked {
        None => passage.mentions.iter().map(|mention| mention.tokens.clone()).collect(),
        Some(ranges) if ranges.is_empty() => inflected(&passage, request)?,
        Some(ranges) => ranges,
    };
    for range in &ranges {
        let at = passage.focus(wordnet, range.clone())?;
        if let Some(pos) = pos {
            passage.mentions[at].candidates.retain(|candidate| candidate.synset.pos() == pos);
        }
    }
    let disambiguator = Disambiguator::new(wordnet, kit.map(Kit::glosses), Weights::default());
    let tokens: Vec<Range<usize>> = analysis.tokens().map(|token| token.range).collect();
    let word = |range: &Range<usize>| {
        let at = passage.mentions.iter().position(|mention| mention.tokens == *range)?;
        let bytes = tokens[range.start].start..tokens[range.end - 1].end;
        Some(word_senses(&request.text, bytes, &disambiguator.rank(&passage, at)))
    };
    Ok(ranges.par_iter().filter_map(word).collect())
}

/// The places of a word that stands in the text in another form.
fn inflected(passage: &Passage<'_>, request: &SensesRequest) -> Result<Vec<Range<usize>>> {
    let word = request.word.as_deref().unwrap_or_default();
    let wanted = word.to_lowercase().replace('_', " ");
    let of = |candidate: &crate::sense::Candidate<'_>| {
        candidate.sense.is_some_and(|sense| sense.lemma() == wanted)
    };
    let found = passage.mentions.iter().filter(|mention| mention.candidates.iter().any(of));
    let found: Vec<Range<usize>> = found.map(|mention| mention.tokens.clone()).collect();
    if found.is_empty() {
        return Err(Error::invalid("word", "a word of the text", word, "write it as it stands there"));
    }
    Ok(found)
}

fn word_senses(text: &str, bytes: Range<usize>, ranking: &Ranking<'_>) -> WordSenses {
    let sense = |scored: &crate::sense::Scored<'_>| CandidateSense {
        sense: scored.candidate.sense.map_or_else(|| scored.candidate.synset.id(), |sense| sense.key()),
        synset: scored.candidate.synset.id(),
        name: scored.candidate.synset.name(),
        words: scored.candidate.synset.words().map(str::to_owned).collect(),
        definition: scored.candidate.synset.definition(),
        probability: scored.probability,
        score: scored.score,
        parts: scored.parts,
    };
    WordSenses {
        word: text[bytes.clone()].to_owned(),
        start: bytes.start,
        end: bytes.end,
        sure: ranking.sure,
        margin: ranking.margin,
        senses: ranking.senses.iter().map(sense).collect(),
    }
}
