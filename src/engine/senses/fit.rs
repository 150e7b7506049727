//! Tagged text that a user has, for choosing among WordNet's senses: read once, kept beside a collection's generations.

use super::super::build::PATIENCE;
use super::super::{Engine, Generation};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::sense::{Examples, tagged};
use crate::wordnet::WordNet;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the file, in a collection's folder.
pub(in crate::engine) const TAGGED_FILE: &str = "tagged-senses.bin";

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
        let contexts = self.senses.contexts(&generation)?.ok_or_else(|| Error::NotReady {
            what: format!("collection {collection:?} has no model yet"),
            cure: format!("train it: sememe train {collection}"),
        })?;
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
