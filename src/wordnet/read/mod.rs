//! Reads WordNet's own database files into one in-memory [`Source`], which `compile` turns into our file.
//!
//! Source: the manual pages `wndb(5WN)`, `senseidx(5WN)`, `cntlist(5WN)`. A damaged line is left out and counted as a
//! warning with file and line; a missing file, a file that is not WordNet's, or one with more than a hundredth of its
//! lines damaged is an error. Nothing here is seen by those who query.

mod counts;
mod data;
mod exceptions;
mod index;
pub(crate) mod tab;

use super::{PartOfSpeech, Relation};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Largest source file read, in bytes; WordNet's largest has 15 MB.
const FILE_BYTES_MAX: u64 = 512 << 20;
/// Warnings kept with file and line; the rest is counted.
const WARNINGS_KEPT: usize = 20;
/// Share of damaged lines from which on a file is refused: one in this many.
const DAMAGED_LINES_ONE_IN: u64 = 100;

/// One line of `data.*`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SourceSynset {
    pub offset: u32,
    pub line: u64,
    /// `n`, `v`, `a`, `s` or `r`.
    pub kind: u8,
    pub lexicographer_file: u8,
    pub words: Vec<SourceWord>,
    pub pointers: Vec<SourcePointer>,
    pub gloss: String,
}

/// A word of a synset, as spelled there, with spaces for underscores.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceWord {
    pub form: String,
    pub lexical_id: u8,
    /// Syntactic marker of an adjective: 0 none, 1 `(p)`, 2 `(a)`, 3 `(ip)`.
    pub marker: u8,
}

/// A pointer to another synset; word numbers from 1, 0 for the whole synset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourcePointer {
    pub relation: Relation,
    pub offset: u32,
    pub pos: PartOfSpeech,
    pub source_word: u8,
    pub target_word: u8,
}

/// Everything read from one database folder.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub version: String,
    /// By part of speech, in file order.
    pub synsets: [Vec<SourceSynset>; 4],
    /// By part of speech: lemma (lower case, spaces) → offsets in sense order.
    pub index: [HashMap<String, Vec<u32>>; 4],
    /// Sense key → how often it was tagged.
    pub tag_counts: HashMap<String, u32>,
    /// By part of speech: inflected form → base forms.
    pub exceptions: [Vec<(String, Vec<String>)>; 4],
    pub warnings: Warnings,
}

/// What was left out, and where.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Warnings {
    /// The first twenty, as `file:line: reason`.
    pub first: Vec<String>,
    /// How many there were in all.
    pub total: u64,
}

impl Warnings {
    pub(crate) fn add(&mut self, path: &Path, line: u64, reason: impl AsRef<str>) {
        self.total += 1;
        if self.first.len() < WARNINGS_KEPT {
            let name =
                path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into());
            let place = if line == 0 { name } else { format!("{name}:{line}") };
            self.first.push(format!("{place}: {}", reason.as_ref()));
        }
    }
}

/// Reads the database in `folder`.
///
/// # Errors
/// [`Error::Io`] if `data.*` or `index.*` cannot be read, [`Error::BadInput`] if one is not WordNet's.
pub(crate) fn read_folder(folder: &Path) -> Result<Source> {
    let mut source = Source::default();
    for pos in PartOfSpeech::ALL {
        data::read(&file(folder, "data", pos), pos, &mut source)?;
    }
    for pos in PartOfSpeech::ALL {
        index::read(&file(folder, "index", pos), pos, &mut source)?;
    }
    for pos in PartOfSpeech::ALL {
        let path = folder.join(format!("{}.exc", pos.file_ending()));
        if path.is_file() {
            exceptions::read(&path, pos, &mut source)?;
        } else {
            source.warnings.add(
                &path,
                0,
                "missing; irregular inflections of this part of speech are unknown",
            );
        }
    }
    counts::read(folder, &mut source)?;
    Ok(source)
}

fn file(folder: &Path, name: &str, pos: PartOfSpeech) -> PathBuf {
    folder.join(format!("{name}.{}", pos.file_ending()))
}

/// The whole file as text; bytes that are not UTF-8 become replacement characters and a warning.
pub(crate) fn read_text(path: &Path, warnings: &mut Warnings) -> Result<String> {
    let length = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
    if length > FILE_BYTES_MAX {
        let cure = "give the folder of a WordNet database, or a tab file of the Open Multilingual Wordnet";
        let expected = format!("at most {FILE_BYTES_MAX} bytes");
        return Err(Error::invalid(path.display().to_string(), expected, format!("{length} bytes"), cure));
    }
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| {
        warnings.add(path, 0, "not UTF-8 throughout; unreadable bytes were replaced");
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    }))
}

/// Goes through the lines of a file that are not part of its licence header (those begin with a space), hands each to
/// `take`, and counts refusals; refuses the file when too many lines are damaged or none is right.
pub(crate) fn each_line(
    path: &Path,
    text: &str,
    warnings: &mut Warnings,
    mut take: impl FnMut(u64, &str) -> std::result::Result<(), String>,
) -> Result<()> {
    let (mut right, mut damaged, mut first) = (0_u64, 0_u64, None);
    for (number, line) in text.lines().enumerate() {
        if line.starts_with(' ') || line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        match take(number as u64 + 1, line) {
            Ok(()) => right += 1,
            Err(reason) => {
                damaged += 1;
                warnings.add(path, number as u64 + 1, &reason);
                first.get_or_insert((number as u64 + 1, reason));
            }
        }
    }
    let bearable = right > 0 && damaged <= 1 + right / DAMAGED_LINES_ONE_IN;
    if bearable {
        return Ok(());
    }
    let (line, reason) = first.unwrap_or((0, "expected lines of a WordNet database, got none".into()));
    let path = path.to_path_buf();
    Err(Error::BadInput { path, line, reason: format!("{reason} ({damaged} of {} lines)", right + damaged) })
}

/// A lemma as it is looked up: lower case, spaces for underscores.
pub(crate) fn lookup_form(text: &str) -> String {
    text.replace('_', " ").to_lowercase()
}
