//! Tagged text that a user has, for choosing among WordNet's senses: read once, kept beside a collection's generations.

use super::super::build::PATIENCE;
use super::super::{Engine, Generation};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::sense::{Disambiguator, Examples, Predominant, Weights, tagged};
use crate::wordnet::WordNet;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the file, in a collection's folder.
pub(in crate::engine) const TAGGED_FILE: &str = "tagged-senses.bin";

/// Name of the file that holds how often a collection's text uses each sense.
pub(in crate::engine) const PREDOMINANT_FILE: &str = "predominant-senses.bin";

/// What was learned from a collection's own text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PriorReport {
    /// Words whose senses were weighed.
    pub words: usize,
    /// Occurrences of all words in the corpus.
    pub corpus_words: u64,
    /// The file that holds them.
    pub file: PathBuf,
}

/// What was learned from tagged text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FitReport {
    /// Sentences read.
    pub sentences: usize,
    /// Tagged words in them, once for each of their senses.
    pub examples: usize,
    /// Senses with an example.
    pub senses: usize,
    /// The file that holds them.
    pub file: PathBuf,
}

impl Engine {
    /// Learns from sense-tagged text (SemCor's files, or the XML of the unified evaluation framework with its keys). What was learned before is
    /// replaced. It belongs to the collection's word vectors: train them again, and it has to be fitted again.
    ///
    /// # Errors
    /// Those of reading tagged text; [`Error::NotReady`] without a model or WordNet, or while the collection is being built;
    /// [`Error::Cancelled`].
    pub fn fit_senses(&self, collection: &str, path: &Path, progress: &dyn Progress) -> Result<FitReport> {
        let generation = self.generation(collection)?;
        let fingerprint = generation.encoder()?.vectors().fingerprint();
        let wordnet = self.prepare_wordnet(progress)?;
        let sentences = tagged::read(path)?;
        let _lock = self.lock(collection, PATIENCE, progress)?;
        let contexts = self.senses.contexts(&generation)?.ok_or_else(|| untrained(collection))?;
        let examples = Examples::fit(&sentences, &contexts.encoder, &wordnet, progress)?;
        let file = self.folder(collection).join(TAGGED_FILE);
        examples.save(&file, fingerprint)?;
        Ok(FitReport {
            sentences: sentences.len(),
            examples: examples.len(),
            senses: examples.senses(),
            file,
        })
    }

    /// Estimates from a collection's text how often it uses each of WordNet's senses of its frequent words; from then on that is
    /// added to the tag counts. It belongs to the collection's word vectors: train them again, and it has to be estimated again.
    ///
    /// # Errors
    /// [`Error::NotReady`] without a model or WordNet, or while the collection is being built; [`Error::Cancelled`].
    pub fn estimate_prior(&self, collection: &str, progress: &dyn Progress) -> Result<PriorReport> {
        let generation = self.generation(collection)?;
        let fingerprint = generation.encoder()?.vectors().fingerprint();
        let wordnet = self.prepare_wordnet(progress)?;
        let _lock = self.lock(collection, PATIENCE, progress)?;
        let contexts = self.senses.contexts(&generation)?.ok_or_else(|| untrained(collection))?;
        let glosses = self.senses.glosses(&generation, &wordnet)?;
        let disambiguator = Disambiguator::new(&wordnet, glosses.as_deref(), Weights::default());
        let corpus = generation.corpus()?;
        let found = Predominant::estimate(&wordnet, &disambiguator, corpus, &contexts.encoder, progress)?;
        let file = self.folder(collection).join(PREDOMINANT_FILE);
        found.save(&file, fingerprint)?;
        Ok(PriorReport { words: found.len(), corpus_words: corpus.words(), file })
    }

    /// How often the collection's text uses each sense, if that was estimated for its vectors.
    pub(super) fn predominant(&self, generation: &Generation) -> Result<Option<Arc<Predominant>>> {
        let Ok(encoder) = generation.encoder() else { return Ok(None) };
        let path = self.folder(generation.collection()).join(PREDOMINANT_FILE);
        self.senses.predominant(&path, encoder.vectors().fingerprint())
    }

    /// The tagged examples for a generation's vectors, if there are any.
    pub(super) fn tagged_examples(
        &self,
        generation: &Generation,
        wordnet: &Arc<WordNet>,
    ) -> Result<Option<Arc<Examples>>> {
        let Ok(encoder) = generation.encoder() else { return Ok(None) };
        let path = self.folder(generation.collection()).join(TAGGED_FILE);
        self.senses.examples(&path, encoder.vectors().fingerprint(), wordnet)
    }
}

fn untrained(collection: &str) -> Error {
    Error::NotReady {
        what: format!("collection {collection:?} has no model yet"),
        cure: format!("train it: sememe train {collection}"),
    }
}
