//! Documents that hold a word in a sense: a filter on search, the same in every mode.
//!
//! The documents that hold the word are read, each of its places is given its best sense, and what was found is kept for as long as
//! the generation answers: the next question about any sense of that word reads only what was written since.

use super::super::{Engine, Generation};
use super::chooser::Chooser;
use super::induced::find_induced;
use super::places::sentences;
use crate::error::{Error, Result};
use crate::index::keyword::{KeywordIndex, KeywordOptions, Selection, WeightedTerm};
use crate::sense::{Candidate, ContextEncoder, Passage};
use crate::text::{Analysis, Analyzer};
use crate::vocab::WordId;
use crate::wordnet::{ENGLISH, SynsetId, WordNet};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Documents read for one question, at most.
const DOCUMENTS_MAX: usize = 5000;
/// Documents read at a time.
const BATCH: usize = 256;
/// Places of the word in one document that are looked at.
const PLACES_MAX: usize = 50;

/// A word in one sense.
enum Meant {
    Induced { id: WordId, word: String, number: usize },
    WordNet { word: String, language: String, synset: SynsetId },
}

/// Whose senses of which word: what readings are kept by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Whose {
    pub generation: String,
    /// The language; `None` for induced senses.
    pub language: Option<String>,
    pub word: String,
}

/// For each document read, the numbers of the senses in which it holds the word.
pub(in crate::engine) type Readings = Arc<Mutex<HashMap<i64, Vec<usize>>>>;

impl Engine {
    /// The documents, of those in `within`, that hold a word in one of these senses.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown sense of WordNet's, [`Error::Invalid`] for an unknown induced one or a word that too many
    /// documents hold; [`Error::NotReady`] without the inventory.
    pub(in crate::engine) fn holding_senses(
        &self,
        generation: &Generation,
        names: &[String],
        within: Option<&Selection>,
    ) -> Result<Selection> {
        let index = generation.keyword();
        let mut passing = BTreeSet::new();
        for name in names {
            if let Some((word, _)) = name.rsplit_once('~') {
                let (id, number) = find_induced(generation, "sense", name)?;
                let meant = Meant::Induced { id, word: word.to_owned(), number };
                passing.extend(self.holding(generation, &meant, None, within)?);
                continue;
            }
            let chooser = self.chooser(Some(generation), self.wordnet()?)?;
            for meant in words_of(&chooser.wordnet, name)? {
                passing.extend(self.holding(generation, &meant, Some(&chooser), within)?);
            }
        }
        Ok(index.select_documents(passing))
    }

    /// The documents that hold this word in this sense.
    fn holding(
        &self,
        generation: &Generation,
        meant: &Meant,
        chooser: Option<&Chooser>,
        within: Option<&Selection>,
    ) -> Result<Vec<u64>> {
        let documents = match meant {
            Meant::Induced { word, .. } => {
                documents_with(generation.keyword(), &[vec![word.clone()]], within, true)?
            }
            Meant::WordNet { word, language, .. } => {
                let forms = forms(generation, chooser.map(|chooser| &*chooser.wordnet), word, language);
                documents_with(generation.keyword(), &forms, within, false)?
            }
        };
        let (language, word, sense) = match meant {
            Meant::Induced { word, number, .. } => (None, word, *number),
            Meant::WordNet { word, language, synset } => (Some(language.clone()), word, synset.index()),
        };
        let whose = Whose { generation: generation.key(), language, word: word.clone() };
        let readings = self.senses.readings(&whose, chooser);
        let unread: Vec<i64> = {
            let known = readings.lock().unwrap_or_else(PoisonError::into_inner);
            documents.iter().map(|seq| seq.cast_signed()).filter(|seq| !known.contains_key(seq)).collect()
        };
        if unread.len() > DOCUMENTS_MAX {
            let expected = format!("a word that at most {DOCUMENTS_MAX} documents hold");
            let got = format!("{word:?} in {}", unread.len());
            return Err(Error::invalid("sense", expected, got, "let fewer documents answer by a filter"));
        }
        for some in unread.chunks(BATCH) {
            let read = self.read_senses(generation, some, meant, chooser)?;
            readings.lock().unwrap_or_else(PoisonError::into_inner).extend(read);
        }
        let known = readings.lock().unwrap_or_else(PoisonError::into_inner);
        let means = |seq: &u64| known.get(&seq.cast_signed()).is_some_and(|senses| senses.contains(&sense));
        Ok(documents.into_iter().filter(means).collect())
    }

    fn read_senses(
        &self,
        generation: &Generation,
        documents: &[i64],
        meant: &Meant,
        chooser: Option<&Chooser>,
    ) -> Result<Vec<(i64, Vec<usize>)>> {
        let contexts = self.senses.contexts(generation)?;
        let stored = self.store.documents(documents)?;
        let read = stored.into_par_iter().map(|stored| -> Result<(i64, Vec<usize>)> {
            let text = stored.document.full_text();
            let analysis = Analyzer.analyze(&text);
            let mut senses = match (meant, chooser) {
                (Meant::Induced { id, .. }, _) => match &contexts {
                    Some(contexts) => induced_in(generation, &contexts.encoder, *id, &analysis)?,
                    None => Vec::new(),
                },
                (Meant::WordNet { word, language, .. }, Some(chooser)) => {
                    chooser.senses_in(word, language, &analysis)?
                }
                (Meant::WordNet { .. }, None) => Vec::new(),
            };
            senses.sort_unstable();
            senses.dedup();
            Ok((stored.seq, senses))
        });
        read.collect()
    }
}

/// The words that a name stands for: one for a sense key, all of the synset otherwise.
fn words_of(wordnet: &WordNet, name: &str) -> Result<Vec<Meant>> {
    let synset = wordnet.synset(name)?;
    let meant = |word: &str, language: &str| Meant::WordNet {
        word: word.to_lowercase().replace('_', " "),
        language: language.to_owned(),
        synset: synset.number(),
    };
    if name.contains('%')
        && let Some(sense) = wordnet.sense_by_key(name)
    {
        return Ok(vec![meant(sense.lemma(), ENGLISH)]);
    }
    let mut words: Vec<Meant> = synset.words().map(|word| meant(word, ENGLISH)).collect();
    for language in wordnet.languages().into_iter().filter(|language| *language != ENGLISH) {
        words.extend(synset.words_in(language)?.into_iter().map(|word| meant(word, language)));
    }
    Ok(words)
}

/// The ways in which a word may stand in a text, each as its parts.
fn forms(generation: &Generation, wordnet: Option<&WordNet>, word: &str, language: &str) -> Vec<Vec<String>> {
    let parts = Analyzer.words(word);
    let mut forms = vec![parts.clone()];
    if let (Some(wordnet), Ok(encoder), [one], ENGLISH) =
        (wordnet, generation.encoder(), &parts[..], language)
    {
        let vocabulary = encoder.vectors().vocabulary();
        let begins = one.chars().next();
        let inflected = |form: &str| {
            let senses = Candidate::of_english(wordnet, form, None);
            senses.iter().any(|candidate| candidate.sense.is_some_and(|sense| sense.lemma() == word))
        };
        let others = vocabulary.iter().map(|(_, form, _)| form).filter(|form| form != one);
        let others = others.filter(|form| form.chars().next() == begins && inflected(form));
        forms.extend(others.map(|form| vec![form.to_owned()]));
    }
    forms
}

/// The rows of the documents that hold one of these forms.
fn documents_with(
    index: &KeywordIndex,
    forms: &[Vec<String>],
    within: Option<&Selection>,
    as_written: bool,
) -> Result<Vec<u64>> {
    let options = KeywordOptions { selection: within, as_written, ..KeywordOptions::default() };
    let terms: Vec<WeightedTerm> =
        forms.iter().map(|words| WeightedTerm::of_words(words.clone(), 1.0)).collect();
    let found = index.matching_weighted(&terms.iter().collect::<Vec<_>>(), &options)?;
    let limit = usize::try_from(found.total()).unwrap_or(usize::MAX);
    Ok(found.top(index, limit).into_iter().map(|(seq, _)| seq).collect())
}

/// The numbers of the induced senses in which a text holds a word.
fn induced_in(
    generation: &Generation,
    encoder: &ContextEncoder,
    id: WordId,
    analysis: &Analysis,
) -> Result<Vec<usize>> {
    let senses = generation.induced()?;
    let vectors = generation.encoder()?.vectors();
    let vocabulary = vectors.vocabulary();
    let count = |word: &&str| vectors.listed_id(word).map(|id| vocabulary.count(id));
    let text: Vec<&str> = analysis.tokens().map(|token| token.text).collect();
    let (mut start, mut asked, mut around) = (0, Vec::new(), Vec::new());
    let cut: Vec<Vec<&str>> =
        analysis.sentences().map(|sentence| sentence.map(|token| token.text).collect()).collect();
    for tokens in &cut {
        let is_word = |at: &usize| tokens[*at] == vocabulary.word(id);
        let places: Vec<Range<usize>> = (0..tokens.len()).filter(is_word).map(|at| at..at + 1).collect();
        if !places.is_empty() && asked.len() < PLACES_MAX {
            around.extend(places.iter().map(|at| ContextEncoder::around(&text, start + at.start, count)));
            asked.push((&tokens[..], places));
        }
        start += tokens.len();
    }
    let views = encoder.all_views(&asked).into_iter().flatten().zip(around);
    let best = views.filter_map(|(views, around)| {
        let joined = encoder.in_text(views, around).in_text();
        senses.fit(id, joined.as_deref()).first().map(|(sense, _)| *sense)
    });
    Ok(best.collect())
}

impl Chooser {
    /// The numbers of the synsets that a word means in a text.
    fn senses_in(&self, word: &str, language: &str, analysis: &Analysis) -> Result<Vec<usize>> {
        let wordnet = &*self.wordnet;
        let mut passage = Passage::find(wordnet, sentences(analysis))?;
        let same = |tokens: &[String]| tokens.concat() == word.replace(' ', "");
        let asked: Vec<usize> = (0..passage.mentions.len())
            .filter(|at| {
                let mention = &passage.mentions[*at];
                match language {
                    ENGLISH => mention.candidates.iter().any(|c| c.sense.is_some_and(|s| s.lemma() == word)),
                    _ => same(&passage.tokens[mention.tokens.clone()]),
                }
            })
            .take(PLACES_MAX)
            .collect();
        let starts: Vec<usize> = asked.iter().map(|at| passage.mentions[*at].tokens.start).collect();
        let disambiguator = self.at_once();
        disambiguator.show(&mut passage, |mention| starts.contains(&mention.tokens.start));
        let best = |at: usize| {
            let ranking = disambiguator.rank(&passage, at);
            ranking.senses.first().map(|scored| scored.candidate.synset.number().index())
        };
        Ok(asked.into_iter().filter_map(best).collect())
    }
}
