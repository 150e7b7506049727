//! Induced senses: found when a collection is trained, kept with its generation, and asked for by word or by sentence.

use super::super::answers::{
    InducedCandidate, InducedSenseAnswer, InducedSenses as InducedAnswer, InducedWord, NearestSynset,
};
use super::kit::Contexts;
use super::places::Asked;
use super::{Engine, Found, Generation, SensesRequest, word_at};
use crate::bilm::Model;
use crate::encoder::StaticEncoder;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::search::NamedInduced;
use crate::sense::induction::{InducedSense, InducedSenses, Settings, induce};
use crate::sense::{ContextEncoder, Disambiguator, Passage, Weights};
use crate::text::Analysis;
use crate::vectors::WordVectors;
use crate::vocab::corpus::Corpus;
use crate::vocab::{Vocabulary, WordId};
use crate::wordnet::{Synset, WordNet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A sense of less probability is not sure.
const SURE: f32 = 0.6;

/// Finds the senses of a corpus's frequent words, and writes them beside its vectors; by the contextual model where there is one.
pub(in crate::engine) fn induce_into(
    folder: &Path,
    vectors: &WordVectors,
    model: Option<&Model>,
    corpus: &Corpus,
    progress: &dyn Progress,
) -> Result<()> {
    let encoder = StaticEncoder::plain(Arc::new(vectors.clone()));
    let contexts = Contexts::new(&encoder, model, corpus)?;
    induce(vectors, corpus, &contexts.encoder, &Settings::by(&contexts.encoder), progress)?.save(folder)
}

impl Engine {
    /// The senses that a collection's corpus tells apart for a word.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown collection or word; [`Error::NotReady`] without induced senses.
    pub fn word_senses(&self, collection: &str, word: &str) -> Result<InducedWord> {
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        let word = super::super::words::spelling(vectors.vocabulary(), word)?;
        let id = vectors.id(&word)?;
        let senses = generation.induced()?.of(id);
        let vocabulary = vectors.vocabulary();
        let told = |(at, sense)| told(vocabulary, id, at, sense);
        let mut answers: Vec<InducedSenseAnswer> =
            senses.unwrap_or_default().iter().enumerate().map(told).collect();
        if let Ok(wordnet) = self.wordnet() {
            let glosses = self.senses.glosses(&generation, &wordnet)?;
            let disambiguator = Disambiguator::new(&wordnet, glosses.as_deref(), Weights::by_contexts());
            for answer in &mut answers {
                answer.nearest = nearest_synset(&wordnet, &disambiguator, &word, answer)?;
            }
        }
        Ok(InducedWord { count: vocabulary.count(id), looked_at: senses.is_some(), senses: answers, word })
    }

    pub(super) fn induced_senses(
        &self,
        generation: &Generation,
        request: &SensesRequest,
        (analysis, asked): (&Analysis, &Asked),
        found: &mut Found,
    ) -> Result<()> {
        let senses = generation.induced()?;
        let vectors = generation.encoder()?.vectors();
        let vocabulary = vectors.vocabulary();
        let Some(contexts) = self.senses.contexts(generation)? else { return Ok(()) };
        let places: Vec<Range<usize>> = match asked {
            Asked::All => (0..analysis.len()).map(|at| at..at + 1).collect(),
            Asked::Places(places) => places.clone(),
            Asked::Inflected(_) => found.keys().map(|(start, end)| *start..*end).collect(),
        };
        let text: Vec<&str> = analysis.tokens().map(|token| token.text).collect();
        let mut start = 0;
        for sentence in analysis.sentences() {
            let tokens: Vec<&str> = sentence.map(|token| token.text).collect();
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
                let around = ContextEncoder::around(&text, place.start, |word| {
                    vectors.listed_id(word).map(|id| vocabulary.count(id))
                });
                let views = contexts.encoder.in_text(contexts.encoder.views(&tokens, &within), around);
                let answer = chosen(vocabulary, senses, id, views.in_text().as_deref());
                word_at(found, request, analysis, place.clone()).induced = Some(answer);
            }
        }
        Ok(())
    }
}

/// The induced senses among these names: those with a `~`.
pub(in crate::engine) fn named_induced<'n>(
    generation: &Generation,
    names: impl Iterator<Item = &'n String>,
) -> Result<Vec<NamedInduced>> {
    let named = |sense: &String| {
        let (id, number) = find_induced(generation, "named", sense)?;
        let vocabulary = generation.encoder()?.vectors().vocabulary();
        let found = generation.induced()?.of(id).and_then(|senses| senses.get(number));
        let label = found.map(|sense| &sense.label[..]).unwrap_or_default();
        let label = label.iter().map(|id| vocabulary.word(*id).to_owned()).collect();
        Ok(NamedInduced { word: vocabulary.word(id).to_owned(), sense: sense.clone(), label })
    };
    names.filter(|name| name.contains('~')).map(named).collect()
}

/// The word and the number, from 0, of an induced sense: `bank~1`.
pub(super) fn find_induced(generation: &Generation, what: &str, sense: &str) -> Result<(WordId, usize)> {
    let find = || -> Result<Option<(WordId, usize)>> {
        let Some((word, number)) = sense.rsplit_once('~') else { return Ok(None) };
        let vocabulary = generation.encoder()?.vectors().vocabulary();
        let number = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let Some((id, number)) = vocabulary.id(word).zip(number) else { return Ok(None) };
        let senses = generation.induced()?.of(id).unwrap_or_default();
        Ok((number < senses.len()).then_some((id, number)))
    };
    find()?.ok_or_else(|| {
        let expected = "a sense key, a synset's id or name, or an induced sense's id";
        let cure = "ask for the word's senses: GET words/{word}/senses";
        Error::invalid(what, expected, format!("{sense:?}"), cure)
    })
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
        nearest: None,
    }
}

/// The synset that an induced sense's sentences, and its label, mean when their scores are added up.
fn nearest_synset<'a>(
    wordnet: &'a WordNet,
    disambiguator: &Disambiguator<'a>,
    word: &str,
    sense: &InducedSenseAnswer,
) -> Result<Option<NearestSynset>> {
    let label = std::iter::once(word.to_owned()).chain(sense.label.iter().cloned()).collect();
    let examples = sense.examples.iter().map(|example| example.split(' ').map(str::to_owned).collect());
    let mut scores: Vec<(Synset<'a>, f32)> = Vec::new();
    for tokens in std::iter::once::<Vec<String>>(label).chain(examples) {
        let Some(at) = tokens.iter().position(|token| token == word) else { continue };
        let mut passage = Passage::find(wordnet, vec![tokens])?;
        let mention = passage.focus(wordnet, at..at + 1)?;
        disambiguator.show(&mut passage, |mention| mention.tokens.start == at);
        for scored in disambiguator.rank(&passage, mention).senses {
            let synset = scored.candidate.synset;
            match scores.iter_mut().find(|(known, _)| *known == synset) {
                Some((_, score)) => *score += scored.score,
                None => scores.push((synset, scored.score)),
            }
        }
    }
    let highest = scores.iter().map(|(_, score)| *score).fold(f32::MIN, f32::max);
    let total: f32 = scores.iter().map(|(_, score)| (score - highest).exp()).sum();
    let best = scores.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|_| total < 2.0);
    Ok(best.map(|(synset, _)| NearestSynset {
        synset: synset.id(),
        name: synset.name(),
        definition: synset.definition(),
        probability: 1.0 / total,
    }))
}
