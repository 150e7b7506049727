//! What the senses of one generation are chosen by, made when first asked for and kept.

use super::super::Generation;
use crate::bilm::Model;
use crate::encoder::StaticEncoder;
use crate::error::{Error, Result};
use crate::sense::context::{ContextEncoder, SAMPLE};
use crate::sense::{Examples, Glosses};
use crate::vocab::corpus::Corpus;
use crate::wordnet::WordNet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Generations for which this is kept.
const KEPT: usize = 8;
/// Known words that a sentence of the sample has at least.
const WORDS_MIN: usize = 5;

/// What was made, by generation.
#[derive(Default)]
pub struct Shelf {
    contexts: Mutex<Vec<(String, Arc<Contexts>)>>,
    glosses: Mutex<Vec<(String, Arc<WordNet>, Arc<Glosses>)>>,
    examples: Mutex<Vec<(Place, Option<Arc<Examples>>)>>,
}

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
        let sentences = match generation.corpus() {
            Ok(corpus) => sample(corpus)?,
            Err(_) => Vec::new(), // of before corpora were kept: nothing is removed
        };
        let model = match generation.context() {
            Ok(context) => Some(context.model()),
            Err(Error::NotReady { .. }) => None,
            Err(error) => return Err(error),
        };
        let contexts = Arc::new(Contexts::of(encoder, model, &sentences)?);
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
        let Ok(metadata) = path.metadata() else { return Ok(None) };
        let place = (path.to_path_buf(), metadata.modified().ok(), fingerprint);
        let mut kept = lock(&self.examples);
        if let Some((_, examples)) = kept.iter().find(|(of, _)| *of == place) {
            return Ok(examples.clone());
        }
        let examples = Examples::open(path, fingerprint, wordnet)?.map(Arc::new);
        kept.truncate(KEPT - 1);
        kept.insert(0, (place, examples.clone()));
        Ok(examples)
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

fn lock<T>(shelf: &Mutex<T>) -> MutexGuard<'_, T> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Contexts {
    /// From a sample of the sentences of a corpus, the same ones every time, and a contextual model where there is one.
    ///
    /// # Errors
    /// Those of reading the corpus.
    pub fn new(encoder: &StaticEncoder, model: Option<&Model>, corpus: &Corpus) -> Result<Self> {
        Self::of(encoder, model, &sample(corpus)?)
    }

    /// From these sentences.
    pub fn of(encoder: &StaticEncoder, model: Option<&Model>, sentences: &[Vec<String>]) -> Result<Self> {
        let plain = StaticEncoder::plain(encoder.vectors().clone());
        let borrowed = || sentences.iter().map(|sentence| sentence.iter().map(String::as_str));
        let rows = borrowed().filter_map(|sentence| plain.text(sentence)).flatten().collect();
        Ok(Self { rows, encoder: Arc::new(ContextEncoder::new(encoder, model.cloned(), borrowed())?) })
    }
}

/// Sentences spread over the corpus.
fn sample(corpus: &Corpus) -> Result<Vec<Vec<String>>> {
    let every = (corpus.sentences() as usize / SAMPLE).max(1);
    let (mut number, mut sentences) = (0, Vec::new());
    let vocabulary = corpus.vocabulary();
    corpus.for_each_sentence(|sentence| {
        number += 1;
        if number % every == 0 && sentence.iter().flatten().count() >= WORDS_MIN {
            sentences.push(sentence.iter().flatten().map(|id| vocabulary.word(*id).to_owned()).collect());
        }
        Ok(())
    })?;
    Ok(sentences)
}
