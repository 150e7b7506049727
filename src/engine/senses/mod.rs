//! Which sense is meant: questions about words in a text, against WordNet's senses and those of the collection's own corpus.

mod chooser;
mod evaluate;
mod filter;
mod fit;
mod induced;
mod kit;
mod places;
mod wsi;

pub(super) use chooser::Chooser;
pub use evaluate::{SenseModel, SenseSet, SensesEvaluation};
pub use fit::{FitReport, PriorReport};
pub(super) use fit::{PREDOMINANT_FILE, TAGGED_FILE};
pub(super) use induced::{induce_into, named_induced};
pub(super) use kit::Shelf;

use super::answers::{CandidateSense, SensesAnswer, SensesAnswers, WordNetSenses, WordSenses};
use super::questions::check_length;
use super::{Engine, Generation};
use crate::error::{Error, Result};
use crate::sense::{Passage, Ranking, Scored};
use crate::text::{Analysis, Analyzer};
use crate::wordnet::PartOfSpeech;
use places::{Asked, asked, inflected, sentences, unknown_place};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

/// Questions of one batch.
const BATCH_MAX: usize = 1000;

/// Which senses are to be told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Inventory {
    /// WordNet's.
    #[default]
    Wordnet,
    /// Those that the collection's own corpus tells apart.
    Induced,
    /// Both, side by side.
    Both,
}

/// A text, and which of its words is asked about; without `word` and `offset`, all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SensesBatch {
    /// The questions, at most a thousand.
    pub requests: Vec<SensesRequest>,
}

/// The senses found so far, by the tokens of the word.
type Found = BTreeMap<(usize, usize), WordSenses>;

impl Engine {
    /// The senses of words in a text, ranked. Without a collection only WordNet and its graph answer.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an overlong text, a word that does not stand in it, or an offset that is outside or inside a
    /// character; [`Error::NotFound`] for an unknown collection; [`Error::NotReady`] without a WordNet, unless only induced senses
    /// are asked for, or without induced senses.
    pub fn senses(&self, collection: Option<&str>, request: &SensesRequest) -> Result<SensesAnswer> {
        check_length("text", &request.text)?;
        let generation = collection.map(|name| self.generation(name)).transpose()?;
        let analysis = Analyzer.analyze(&request.text);
        let asked = asked(request, &analysis)?;
        let mut found = Found::new();
        if request.inventory != Inventory::Induced {
            self.wordnet_senses(generation.as_deref(), request, (&analysis, &asked), &mut found)?;
        }
        if request.inventory != Inventory::Wordnet {
            let generation = generation.as_deref().ok_or_else(|| {
                let cure = "name the collection whose corpus tells them apart";
                Error::invalid("collection", "one with induced senses", "none", cure)
            })?;
            self.induced_senses(generation, request, (&analysis, &asked), &mut found)?;
        }
        if found.is_empty() && !matches!(asked, Asked::All) {
            return Err(unknown_place(request));
        }
        Ok(SensesAnswer { words: found.into_values().collect() })
    }

    /// Many questions, answered in parallel, in their order; the first error ends it.
    ///
    /// # Errors
    /// As [`Engine::senses`]; [`Error::Invalid`] for too many questions.
    pub fn senses_batch(&self, collection: Option<&str>, batch: &SensesBatch) -> Result<SensesAnswers> {
        let n = batch.requests.len();
        if n > BATCH_MAX {
            let cure = "send them in several batches";
            return Err(Error::invalid("requests", format!("at most {BATCH_MAX}"), n, cure));
        }
        // By threads of their own: one of rayon's that waits here for what another makes with rayon's help may wait for itself.
        let each = n.div_ceil(rayon::current_num_threads()).max(1);
        let answer = |part: &[SensesRequest]| -> Result<Vec<SensesAnswer>> {
            part.iter().map(|request| self.senses(collection, request)).collect()
        };
        let parts: Result<Vec<Vec<SensesAnswer>>> = thread::scope(|scope| {
            let threads = batch.requests.chunks(each).map(|part| scope.spawn(move || answer(part)));
            let threads: Vec<_> = threads.collect();
            threads.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        Ok(SensesAnswers { results: parts?.concat() })
    }

    fn wordnet_senses(
        &self,
        generation: Option<&Generation>,
        request: &SensesRequest,
        (analysis, asked): (&Analysis, &Asked),
        found: &mut Found,
    ) -> Result<()> {
        let pos = request.pos.as_deref().map(PartOfSpeech::parse).transpose()?;
        let wordnet = self.wordnet()?;
        let mut passage = Passage::find(&wordnet, sentences(analysis))?;
        let ranges: Vec<Range<usize>> = match asked {
            Asked::All => passage.mentions.iter().map(|mention| mention.tokens.clone()).collect(),
            Asked::Places(places) => places.clone(),
            Asked::Inflected(word) => inflected(&passage, word),
        };
        for range in &ranges {
            let at = passage.focus(&wordnet, range.clone())?;
            if let Some(pos) = pos {
                passage.mentions[at].candidates.retain(|candidate| candidate.synset.pos() == pos);
            }
        }
        let chooser = self.chooser(generation, Arc::clone(&wordnet))?;
        let disambiguator = chooser.disambiguator();
        let asked: HashSet<usize> = ranges.iter().map(|range| range.start).collect();
        disambiguator.show(&mut passage, |mention| asked.contains(&mention.tokens.start));
        let answers: Vec<(Range<usize>, WordNetSenses)> = ranges
            .into_par_iter()
            .filter_map(|range| {
                let at = passage
                    .mentions
                    .binary_search_by_key(&range.start, |mention| mention.tokens.start)
                    .ok()?;
                Some((range, wordnet_answer(&disambiguator.rank(&passage, at))))
            })
            .collect();
        for (range, answer) in answers {
            word_at(found, request, analysis, range).wordnet = Some(answer);
        }
        Ok(())
    }
}

/// The word at these tokens, without senses yet if it was not asked for.
fn word_at<'f>(
    found: &'f mut Found,
    request: &SensesRequest,
    analysis: &Analysis,
    tokens: Range<usize>,
) -> &'f mut WordSenses {
    let first = analysis.tokens().nth(tokens.start).map_or(0, |token| token.range.start);
    let last = analysis.tokens().nth(tokens.end.saturating_sub(1)).map_or(first, |token| token.range.end);
    found.entry((tokens.start, tokens.end)).or_insert_with(|| WordSenses {
        word: request.text[first..last].to_owned(),
        start: first,
        end: last,
        wordnet: None,
        induced: None,
    })
}

fn wordnet_answer(ranking: &Ranking<'_>) -> WordNetSenses {
    let sense = |scored: &Scored<'_>| CandidateSense {
        sense: scored.candidate.sense.map_or_else(|| scored.candidate.synset.id(), |sense| sense.key()),
        synset: scored.candidate.synset.id(),
        name: scored.candidate.synset.name(),
        words: scored.candidate.synset.words().map(str::to_owned).collect(),
        definition: scored.candidate.synset.definition(),
        probability: scored.probability,
        score: scored.score,
        parts: scored.parts,
    };
    WordNetSenses {
        sure: ranking.sure,
        margin: ranking.margin,
        senses: ranking.senses.iter().map(sense).collect(),
    }
}
