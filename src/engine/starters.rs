//! The starter models that travel with the program, and which of them a collection begins with.

use super::model::STARTER_WORDS_MAX;
use super::{Engine, TrainSettings};
use crate::bilm::Model;
use crate::error::{Error, Result};
use crate::starter::Starter;
use crate::text::is_han;
use crate::vectors::WordVectors;
use crate::vocab::Vocabulary;
use crate::vocab::corpus::COVERED_MIN;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Arc, OnceLock};

const ENGLISH: (&str, &[u8]) = ("models/en.starter", include_bytes!("../../models/en.starter"));
const CHINESE: (&str, &[u8]) = ("models/zh.starter", include_bytes!("../../models/zh.starter"));

/// What a collection's training begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The starter model of the collection's language, if there is one, adapted to the documents.
    Starter,
    /// The same as it is, but for rare words that the documents lack: nothing is learned from them.
    Untouched,
    /// Nothing: all is learned from the documents.
    #[default]
    Scratch,
}

/// The starter for a corpus, unless the settings ask for another beginning, or for what no starter has.
pub(super) fn chosen(settings: &TrainSettings, vocabulary: &Vocabulary) -> Result<Option<Starter>> {
    let is_wanted = settings.start != Start::Scratch && settings.init.is_none();
    if !is_wanted || settings.word2vec.subwords.is_some() {
        return Ok(None);
    }
    let (path, bytes) = if is_chinese(vocabulary) { CHINESE } else { ENGLISH };
    let starter = Starter::read(bytes, Path::new(path))?;
    let words = vocabulary.iter().map(|(_, word, count)| (word, count));
    let covered = starter.vectors().vocabulary().covers(words, vocabulary.total());
    let is_fit = starter.vectors().dim() == settings.word2vec.dim && covered >= COVERED_MIN;
    match settings.start {
        _ if !is_fit => Ok(None),
        Start::Untouched => starter.of_corpus(vocabulary, STARTER_WORDS_MAX).map(Some),
        _ => Ok(Some(starter)),
    }
}

/// The words of the starters that a training with these settings could go on from.
pub(super) fn known(settings: &TrainSettings) -> Vec<&'static Vocabulary> {
    let is_wanted = settings.start == Start::Starter && settings.init.is_none();
    if !is_wanted || settings.word2vec.subwords.is_some() {
        return Vec::new();
    }
    let starters = ["en", "zh"].into_iter().filter_map(read);
    starters.filter(|(_, dim)| *dim == settings.word2vec.dim).map(|(words, _)| words).collect()
}

/// The words of the starter that vectors began with, by its name.
pub(super) fn words(name: &str) -> Option<&'static Vocabulary> {
    read(name).map(|(words, _)| words)
}

/// The words of a starter and the dimension of its vectors, read once.
fn read(name: &str) -> Option<(&'static Vocabulary, usize)> {
    static WORDS: [OnceLock<Option<(Vocabulary, usize)>>; 2] = [const { OnceLock::new() }; 2];
    let read = |(path, bytes): (&str, &[u8])| {
        let starter = Starter::read(bytes, Path::new(path)).ok()?;
        Some((Vocabulary::clone(starter.vectors().vocabulary()), starter.vectors().dim()))
    };
    let (at, file) = match name {
        "en" => (0, ENGLISH),
        "zh" => (1, CHINESE),
        _ => return None,
    };
    WORDS[at].get_or_init(|| read(file)).as_ref().map(|(words, dim)| (words, *dim))
}

impl Engine {
    /// A starter of a collection's models: their `words` most frequent words.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown collection; [`Error::NotReady`] without a
    /// contextual model; those of [`Starter::of`].
    pub fn starter(&self, collection: &str, name: &str, words: usize) -> Result<Starter> {
        let generation = self.generation(collection)?;
        Starter::of(name, generation.context()?.model(), words)
    }
}

/// A starter of the models in a folder, as [`Engine::starter`].
///
/// # Errors
/// Those of opening vectors and contextual model, and of [`Starter::of`].
pub fn starter_of(folder: &Path, name: &str, words: usize) -> Result<Starter> {
    let vectors = Arc::new(WordVectors::open(folder)?);
    let model = Model::open(folder, vectors)?;
    Starter::of(name, &model, words)
}

/// Writes the models of a starter file into a folder, as trainings leave them: to be evaluated, or to begin with.
///
/// # Errors
/// Those of [`Starter::open`] and of writing.
pub fn unpack_starter(file: &Path, folder: &Path) -> Result<()> {
    let starter = Starter::open(file)?;
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    starter.vectors().save(folder)?;
    starter.model()?.save(folder)
}

/// Whether most running words are Chinese.
fn is_chinese(vocabulary: &Vocabulary) -> bool {
    let chinese = vocabulary.iter().filter(|(_, word, _)| word.chars().any(is_han));
    2 * chinese.map(|(_, _, count)| count).sum::<u64>() > vocabulary.total()
}
