//! Text whose words are tagged with WordNet senses, in the two forms in which such text is found.
//!
//! - SemCor's own (Miller et al. 1993, "A semantic concordance"): one SGML file a text, `<wf lemma=… lexsn=…>`.
//! - That of Raganato, Camacho-Collados and Navigli 2017, "Word sense disambiguation: a unified evaluation framework": one
//!   XML file `NAME.data.xml`, and the answers beside it in `NAME.gold.key.txt`.

mod raganato;
mod semcor;
pub(crate) mod tags;

use crate::error::{Error, Result};
use crate::text::Analyzer;
use crate::wordnet::PartOfSpeech;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A word of a tagged sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedWord {
    /// As written, with spaces between the parts of a compound.
    pub text: String,
    /// Its lemma, where one is given.
    pub lemma: Option<String>,
    /// Part of speech; `None` for those that WordNet leaves out.
    pub pos: Option<PartOfSpeech>,
    /// The name of the question, in a test set.
    pub id: Option<String>,
    /// Keys of the senses that annotators gave; empty if untagged.
    pub keys: Vec<String>,
}

/// A tagged sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaggedSentence {
    /// Number of the text it is from, from 0.
    pub document: usize,
    /// Its words and marks.
    pub words: Vec<TaggedWord>,
}

/// A sentence as the analyzer cuts it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cut {
    /// Its tokens.
    pub tokens: Vec<String>,
    /// For each of the sentence's words its tokens; empty for marks.
    pub words: Vec<Range<usize>>,
}

impl Cut {
    /// Cuts words into the tokens that vectors stand on.
    #[must_use]
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut cut = Self::default();
        for word in words {
            let start = cut.tokens.len();
            cut.tokens.extend(Analyzer.words(word));
            cut.words.push(start..cut.tokens.len());
        }
        cut
    }

    /// The tokens, borrowed.
    #[must_use]
    pub fn tokens(&self) -> Vec<&str> {
        self.tokens.iter().map(String::as_str).collect()
    }
}

impl TaggedSentence {
    /// Cuts the sentence into the tokens that vectors stand on.
    #[must_use]
    pub fn cut(&self) -> Cut {
        Cut::of(self.words.iter().map(|word| word.text.as_str()))
    }
}

/// Reads tagged text: a file of either form, or a folder, in which all such files are taken in the order of their paths.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadInput`] with the line for a file that is neither, or not as its form says;
/// [`Error::Invalid`] for a folder without any.
pub fn read(path: &Path) -> Result<Vec<TaggedSentence>> {
    let mut files = Vec::new();
    collect(path, &mut files)?;
    let mut sentences: Vec<TaggedSentence> = Vec::new();
    for file in &files {
        let first = sentences.last().map_or(0, |last| last.document + 1);
        let mut read = read_file(file, path != file)?;
        read.iter_mut().for_each(|sentence| sentence.document += first);
        sentences.extend(read);
    }
    if sentences.iter().all(|sentence| sentence.words.is_empty()) {
        let expected = "SemCor's files, or NAME.data.xml with NAME.gold.key.txt beside it";
        let cure = "name the file, or the folder that holds them";
        return Err(Error::invalid("tagged text", expected, path.display(), cure));
    }
    Ok(sentences)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let entries = path.read_dir().and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut entries: Vec<PathBuf> =
        entries.map_err(Error::io("list", path))?.into_iter().map(|entry| entry.path()).collect();
    entries.sort();
    entries.iter().try_for_each(|entry| collect(entry, files))
}

/// Of a folder, files of another kind are passed over.
fn read_file(path: &Path, in_folder: bool) -> Result<Vec<TaggedSentence>> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    let text = String::from_utf8_lossy(&bytes);
    let begins = text.trim_start_matches('\u{feff}').trim_start();
    if begins.starts_with("<contextfile") {
        return semcor::parse(&text).map_err(bad(path));
    }
    if begins.starts_with("<?xml") || begins.starts_with("<corpus") {
        let gold_path = raganato::gold_path(path);
        let gold = std::fs::read_to_string(&gold_path).map_err(Error::io("read", &gold_path))?;
        return raganato::parse(&text, &gold).map_err(bad(path));
    }
    if in_folder {
        return Ok(Vec::new());
    }
    Err(bad(path)((1, "expected <contextfile> (SemCor) or <corpus> (XML), got neither".into())))
}

fn bad(path: &Path) -> impl FnOnce((u64, String)) -> Error {
    let path = path.to_path_buf();
    move |(line, reason)| Error::BadInput { path, line, reason }
}
