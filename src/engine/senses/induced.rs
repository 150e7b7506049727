//! Induced senses: found when a collection is trained, kept with its generation, and asked for by word or by sentence.

use super::super::answers::{
    InducedCandidate, InducedSenseAnswer, InducedSenses as InducedAnswer, InducedWord,
};
use super::kit::Contexts;
use super::places::Asked;
use super::{Engine, Found, Generation, SensesRequest, word_at};
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::progress::Progress;
use crate::sense::induction::{InducedSense, InducedSenses, Settings, induce};
use crate::text::Analysis;
use crate::vectors::WordVectors;
use crate::vocab::corpus::Corpus;
use crate::vocab::{Vocabulary, WordId};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A sense of less probability is not sure.
const SURE: f32 = 0.6;

/// Finds the senses of a corpus's frequent words, and writes them beside its vectors.
pub(in crate::engine) fn induce_into(
    folder: &Path,
    vectors: &WordVectors,
    corpus: &Corpus,
    progress: &dyn Progress,
) -> Result<()> {
    let encoder = StaticEncoder::plain(Arc::new(vectors.clone()));
    let contexts = Contexts::new(&encoder, corpus)?;
    induce(vectors, corpus, &contexts.encoder, &Settings::default(), progress)?.save(folder)
}

impl Engine {
    /// The senses that a collection's corpus tells apart for a word.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound) for an unknown collection or word; [`Error::NotReady`](crate::Error::NotReady) without induced senses.
    pub fn word_senses(&self, collection: &str, word: &str) -> Result<InducedWord> {
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        let word = super::super::words::spelling(vectors.vocabulary(), word)?;
        let id = vectors.id(&word)?;
        let senses = generation.induced()?.of(id);
        let vocabulary = vectors.vocabulary();
        Ok(InducedWord {
            count: vocabulary.count(id),
            looked_at: senses.is_some(),
            senses: senses
                .unwrap_or_default()
                .iter()
                .enumerate()
                .map(|(at, s)| told(vocabulary, id, at, s))
                .collect(),
            word,
        })
    }

    pub(super) fn induced_senses(
        &self,
        generation: &Generation,
        request: &SensesRequest,
        (analysis, asked): (&Analysis, &Asked),
        found: &mut Found,
    ) -> Result<()> {
        let senses = generation.induced()?;
        let vocabulary = generation.encoder()?.vectors().vocabulary();
        let Some(contexts) = self.senses.contexts(generation)? else { return Ok(()) };
        let places: Vec<Range<usize>> = match asked {
            Asked::All => (0..analysis.len()).map(|at| at..at + 1).collect(),
            Asked::Places(places) => places.clone(),
            Asked::Inflected(_) => found.keys().map(|(start, end)| *start..*end).collect(),
        };
        let mut start = 0;
        for sentence in analysis.sentences() {
            let tokens: Vec<String> = sentence.map(|token| token.text.to_owned()).collect();
            let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
            let range = start..start + tokens.len();
            start = range.end;
            for place in places.iter().filter(|place| range.contains(&place.start)) {
                let within = place.start - range.start..place.end.min(range.end) - range.start;
                let id = (within.len() == 1).then(|| vocabulary.id(tokens[within.start])).flatten();
                let Some(id) = id.filter(|id| senses.of(*id).is_some()) else {
                    if !matches!(asked, Asked::All) {
                        word_at(found, request, analysis, place.clone()).induced =
                            Some(InducedAnswer::default());
                    }
                    continue;
                };
                let joined = contexts.encoder.views(&tokens, &within).joined();
                let answer = chosen(vocabulary, senses, id, joined.as_deref());
                word_at(found, request, analysis, place.clone()).induced = Some(answer);
            }
        }
        Ok(())
    }
}

fn chosen(
    vocabulary: &Vocabulary,
    senses: &InducedSenses,
    id: WordId,
    joined: Option<&[f32]>,
) -> InducedAnswer {
    let fit = senses.fit(id, joined);
    let of = senses.of(id).unwrap_or_default();
    let probability = |at: usize| fit.get(at).map_or(0.0, |(_, p)| *p);
    InducedAnswer {
        sure: probability(0) >= SURE,
        margin: probability(0) - probability(1),
        senses: fit
            .iter()
            .map(|(at, probability)| InducedCandidate {
                sense: sense_id(vocabulary.word(id), *at),
                label: of[*at].label.iter().map(|id| vocabulary.word(*id).to_owned()).collect(),
                share: of[*at].share,
                probability: *probability,
            })
            .collect(),
    }
}

/// `bank~1`: the word, and the sense's rank by use.
fn sense_id(word: &str, at: usize) -> String {
    format!("{word}~{}", at + 1)
}

fn told(vocabulary: &Vocabulary, id: WordId, at: usize, sense: &InducedSense) -> InducedSenseAnswer {
    let text =
        |ids: &[WordId]| -> Vec<String> { ids.iter().map(|id| vocabulary.word(*id).to_owned()).collect() };
    InducedSenseAnswer {
        sense: sense_id(vocabulary.word(id), at),
        share: sense.share,
        label: text(&sense.label),
        examples: sense.examples.iter().map(|example| text(example).join(" ")).collect(),
    }
}
