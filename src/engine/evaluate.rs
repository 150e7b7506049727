//! How good are word vectors? Sets of questions in files, against the vectors of a collection or of a file.

use super::Engine;
use crate::error::{Error, Result};
use crate::eval::hidden::{HiddenReport, hidden_words};
use crate::eval::words::{AnalogyReport, SimilarityReport, WordSet, WordsOptions, analogies, similarity};
use crate::progress::Progress;
use crate::vectors::WordVectors;
use serde::Serialize;
use std::path::{Path, PathBuf};

impl Engine {
    /// The vectors of a collection's documents, row-major and of length 1, and their dimension.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown collection; [`Error::NotReady`] if it
    /// has no model, or no document that the model can place.
    pub fn document_vectors(&self, collection: &str) -> Result<(Vec<f32>, usize)> {
        let generation = self.generation(collection)?;
        let dim = generation.encoder()?.dim();
        let rows = generation.document_rows()?.ok_or_else(|| Error::NotReady {
            what: format!("collection {collection:?} has no document vectors"),
            cure: format!("add documents, then train it: sememe train {collection}"),
        })?;
        Ok((rows, dim))
    }

    /// How well a collection's contextual model guesses hidden words, in the sentences that its training held out.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] for an unknown collection; [`crate::Error::NotReady`] without a contextual model or the corpus that it
    /// was trained on.
    pub fn evaluate_hidden_words(&self, collection: &str) -> Result<HiddenReport> {
        let generation = self.generation(collection)?;
        hidden_words(generation.context()?.model(), generation.corpus()?)
    }
}

/// What a set of questions says about word vectors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WordSetReport {
    /// The file of the set.
    pub file: PathBuf,
    /// For pairs with marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<SimilarityReport>,
    /// For analogies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analogies: Option<AnalogyReport>,
}

/// Asks the questions of each file, in the order of the files. All files are read before the first question is asked.
///
/// # Errors
/// Those of [`WordSet::read`]; [`Error::Cancelled`](crate::Error::Cancelled).
pub fn evaluate_words(
    vectors: &WordVectors,
    files: &[PathBuf],
    options: &WordsOptions,
    progress: &dyn Progress,
) -> Result<Vec<WordSetReport>> {
    let sets = files.iter().map(|file| Ok((file, WordSet::read(file)?))).collect::<Result<Vec<_>>>()?;
    sets.iter().map(|(file, set)| evaluate(vectors, (file, set), options, progress)).collect()
}

fn evaluate(
    vectors: &WordVectors,
    (file, set): (&Path, &WordSet),
    options: &WordsOptions,
    progress: &dyn Progress,
) -> Result<WordSetReport> {
    let mut report = WordSetReport { file: file.to_path_buf(), similarity: None, analogies: None };
    match set {
        WordSet::Similarity(pairs) => report.similarity = Some(similarity(vectors, pairs, options)),
        WordSet::Analogies(sections) => {
            report.analogies = Some(analogies(vectors, sections, options, progress)?);
        }
    }
    Ok(report)
}
