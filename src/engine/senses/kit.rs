//! What the senses of one generation are chosen by, made when first asked for and kept.

use super::super::Generation;
use super::chooser::Chooser;
use super::filter::{Readings, Whose};
use crate::bilm::Model;
use crate::encoder::StaticEncoder;
use crate::error::{Error, Result};
use crate::sense::context::{ContextEncoder, SAMPLE};
use crate::sense::induction::PASSAGE;
use crate::sense::{Examples, Glosses, Predominant};
use crate::vectors::WordVectors;
use crate::vocab::WordId;
use crate::vocab::corpus::Corpus;
use crate::wordnet::WordNet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Generations for which this is kept.
const KEPT: usize = 8;
/// Words whose senses in documents are kept.
const WORDS_KEPT: usize = 200;
/// Known words that a sentence of the sample has at least.
const WORDS_MIN: usize = 5;

/// What was made, by generation.
#[derive(Default)]
pub struct Shelf {
    contexts: Mutex<Vec<(String, Arc<Contexts>)>>,
    glosses: Mutex<Vec<(String, Arc<WordNet>, Arc<Glosses>)>>,
    examples: Mutex<Files<Examples>>,
    predominant: Mutex<Files<Predominant>>,
    readings: Mutex<Vec<Kept>>,
}

/// The senses of a word in documents, and what WordNet's were chosen by.
struct Kept {
    whose: Whose,
    chooser: Option<Chooser>,
    readings: Readings,
}

/// What was read from files, newest first.
type Files<T> = Vec<(Place, Option<Arc<T>>)>;

/// A file as it stood when it was read, and the vectors that it was read for.
type Place = (PathBuf, Option<SystemTime>, u64);

/// Sentences in the space of a generation's vectors.
pub struct Contexts {
    /// Vectors of a sample of the corpus's sentences.
    rows: Vec<f32>,
    /// What makes vectors of occurrences.
    pub encoder: Arc<ContextEncoder>,
}

impl Shelf {
    /// The contexts of a generation; `None` if it has no model.
    ///
    /// # Errors
    /// Those of reading the corpus.
    pub fn contexts(&self, generation: &Generation) -> Result<Option<Arc<Contexts>>> {
        let Ok(encoder) = generation.encoder() else { return Ok(None) };
        let mut kept = lock(&self.contexts);
        if let Some((_, contexts)) = kept.iter().find(|(of, _)| *of == generation.key()) {
            return Ok(Some(Arc::clone(contexts)));
        }
        let (samples, words) = match generation.corpus() {
            Ok(corpus) => (samples(corpus, encoder.vectors())?, corpus.words()),
            Err(_) => Default::default(), // of before corpora were kept: nothing is removed
        };
        let model = match generation.context() {
            Ok(context) => Some(context.model()),
            Err(Error::NotReady { .. }) => None,
            Err(error) => return Err(error),
        };
        let contexts = Arc::new(Contexts::of(encoder, model, &samples, words)?);
        kept.truncate(KEPT - 1);
        kept.insert(0, (generation.key(), Arc::clone(&contexts)));
        Ok(Some(contexts))
    }

    /// The tagged examples of a file, for the vectors of this fingerprint; `None` without such a file, or if they are of others.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`]; [`crate::Error::Io`].
    pub fn examples(
        &self,
        path: &Path,
        fingerprint: u64,
        wordnet: &WordNet,
    ) -> Result<Option<Arc<Examples>>> {
        of_file(&self.examples, path, fingerprint, || Examples::open(path, fingerprint, wordnet))
    }

    /// The same of how often a corpus uses each sense.
    ///
    /// # Errors
    /// As [`Shelf::examples`].
    pub fn predominant(&self, path: &Path, fingerprint: u64) -> Result<Option<Arc<Predominant>>> {
        of_file(&self.predominant, path, fingerprint, || Predominant::open(path, fingerprint))
    }

    /// The senses of a word in the documents that were read so far.
    pub fn readings(&self, whose: &Whose, chooser: Option<&Chooser>) -> Readings {
        let mut kept = lock(&self.readings);
        let same_chooser = |known: &Option<Chooser>| match (known, chooser) {
            (Some(known), Some(chooser)) => {
                Arc::ptr_eq(&known.wordnet, &chooser.wordnet)
                    && same(&known.examples, &chooser.examples)
                    && same(&known.predominant, &chooser.predominant)
            }
            (known, chooser) => known.is_none() && chooser.is_none(),
        };
        let is_asked = |kept: &Kept| kept.whose == *whose && same_chooser(&kept.chooser);
        if let Some(known) = kept.iter().find(|kept| is_asked(kept)) {
            return Arc::clone(&known.readings);
        }
        let readings = Readings::default();
        kept.truncate(WORDS_KEPT - 1);
        let (whose, chooser) = (whose.clone(), chooser.cloned());
        kept.insert(0, Kept { whose, chooser, readings: Arc::clone(&readings) });
        readings
    }

    /// WordNet's glosses in the space of a generation's vectors; `None` if it has no model.
    ///
    /// # Errors
    /// As [`Shelf::contexts`].
    pub fn glosses(&self, generation: &Generation, wordnet: &Arc<WordNet>) -> Result<Option<Arc<Glosses>>> {
        let (Ok(encoder), Some(contexts)) = (generation.encoder(), self.contexts(generation)?) else {
            return Ok(None);
        };
        let mut kept = lock(&self.glosses);
        let known = kept.iter().find(|(of, wn, _)| *of == generation.key() && Arc::ptr_eq(wn, wordnet));
        if let Some((.., glosses)) = known {
            return Ok(Some(Arc::clone(glosses)));
        }
        let glosses = Glosses::new(wordnet, encoder, &contexts.rows).with_contexts(&contexts.encoder);
        let glosses = Arc::new(glosses);
        kept.truncate(KEPT - 1);
        kept.insert(0, (generation.key(), Arc::clone(wordnet), Arc::clone(&glosses)));
        Ok(Some(glosses))
    }
}

/// What a file holds, as long as it is not written anew; `None` without it.
fn of_file<T>(
    kept: &Mutex<Files<T>>,
    path: &Path,
    fingerprint: u64,
    open: impl FnOnce() -> Result<Option<T>>,
) -> Result<Option<Arc<T>>> {
    let Ok(metadata) = path.metadata() else { return Ok(None) };
    let place = (path.to_path_buf(), metadata.modified().ok(), fingerprint);
    let mut kept = lock(kept);
    if let Some((_, known)) = kept.iter().find(|(of, _)| *of == place) {
        return Ok(known.clone());
    }
    let read = open()?.map(Arc::new);
    kept.truncate(KEPT - 1);
    kept.insert(0, (place, read.clone()));
    Ok(read)
}

fn same<T>(a: &Option<Arc<T>>, b: &Option<Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn lock<T>(shelf: &Mutex<T>) -> MutexGuard<'_, T> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Contexts {
    /// From a sample of the sentences of a corpus, the same ones every time, and a contextual model where there is one.
    ///
    /// # Errors
    /// Those of reading the corpus.
    pub fn new(encoder: &StaticEncoder, model: Option<&Model>, corpus: &Corpus) -> Result<Self> {
        Self::of(encoder, model, &samples(corpus, encoder.vectors())?, corpus.words())
    }

    /// From these sentences, and these surroundings, of a corpus of so many running words.
    pub fn of(
        encoder: &StaticEncoder,
        model: Option<&Model>,
        [sentences, surroundings]: &[Vec<Vec<String>>; 2],
        words: u64,
    ) -> Result<Self> {
        fn borrowed(texts: &[Vec<String>]) -> Vec<impl Iterator<Item = &str>> {
            texts.iter().map(|text| text.iter().map(String::as_str)).collect()
        }
        let plain = StaticEncoder::plain(encoder.vectors().clone()).listed_only();
        let rows =
            borrowed(sentences).into_iter().filter_map(|sentence| plain.text(sentence)).flatten().collect();
        let samples = [borrowed(sentences), borrowed(surroundings)];
        Ok(Self { rows, encoder: Arc::new(ContextEncoder::new(encoder, model.cloned(), samples, words)?) })
    }
}

/// Sentences spread over the corpus, and what is around a word of each.
fn samples(corpus: &Corpus, vectors: &WordVectors) -> Result<[Vec<Vec<String>>; 2]> {
    let every = (corpus.sentences() as usize / SAMPLE).max(1);
    let vocabulary = corpus.vocabulary();
    let counted = vectors.counted(vocabulary);
    let spelled = |ids: Vec<WordId>| ids.into_iter().map(|id| vocabulary.word(id).to_owned()).collect();
    let (mut number, mut sentences, mut surroundings) = (0, Vec::new(), Vec::new());
    corpus.for_each_passage(PASSAGE, |passage| {
        let text: Vec<WordId> = passage.iter().flatten().flatten().copied().collect();
        let mut start = 0;
        for sentence in passage {
            let words: Vec<WordId> = sentence.iter().flatten().copied().collect();
            let middle = start + words.len() / 2;
            start += words.len();
            number += 1;
            if number % every == 0 && words.len() >= WORDS_MIN {
                let count = |word: &WordId| counted[word.index()];
                let around = ContextEncoder::around(&text, middle, count);
                surroundings.push(spelled(around));
                sentences.push(spelled(words));
            }
        }
        Ok(())
    })?;
    Ok([sentences, surroundings])
}
