//! Vector files of other tools: told apart, described, read and written.
//!
//! | format | read and written by |
//! |---|---|
//! | word2vec binary and text, GloVe text, fastText `.vec` | word2vec.c, gensim, GloVe, fastText |
//! | fastText `.bin` | fastText, gensim |
//! | floret text | floret, spaCy |
//! | finalfusion, plain and quantised | finalfusion |
//!
//! finalfusion itself reads and writes floret text and quantised matrices, and says which n-gram stands in which row. The
//! plain formats are read here, in the same pass that checks them: finalfusion allocates what a header names, panics on a
//! word that stands twice, drops counts, and gives vectors back only to the last bit but one.
//!
//! A file that is not what it claims is an [`Error::BadInput`] before anything of its size is allocated.

pub(crate) mod bytes;
mod detect;
mod fasttext;
mod fifu;
mod floret;
mod info;
pub(crate) mod layout;
mod quantized;
mod text;
mod word2vec;
pub(crate) mod words;

pub use info::{Info, info};
pub use quantized::Quantization;

use super::WordVectors;
use super::mapped::Mapped;
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::progress::Progress;
use crate::vocab::Vocabulary;
use bytes::Complaint;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// How vectors stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// word2vec.c's `-binary 1`: a line "V D", then for each word its spelling, a space, and D little-endian `f32`s.
    Word2vec,
    /// word2vec.c's `-binary 0`, and fastText's `.vec`: a line "V D", then a line a word.
    Text,
    /// GloVe's: a line a word, no first line.
    Glove,
    /// fastText's `.bin`, with n-grams.
    Fasttext,
    /// floret's text: a line of settings, then a line a bucket.
    Floret,
    /// finalfusion's own, mapped.
    Fifu,
    /// finalfusion's own, with a product-quantised matrix: small, and inexact.
    FifuQuantized,
}

impl Format {
    const ALL: [Self; 7] = [
        Self::Word2vec,
        Self::Text,
        Self::Glove,
        Self::Fasttext,
        Self::Floret,
        Self::Fifu,
        Self::FifuQuantized,
    ];

    /// The format's name, as it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Word2vec => "word2vec",
            Self::Text => "text",
            Self::Glove => "glove",
            Self::Fasttext => "fasttext",
            Self::Floret => "floret",
            Self::Fifu => "fifu",
            Self::FifuQuantized => "fifu-quantized",
        }
    }

    /// What a file of this name usually holds: `.bin` word2vec, `.vec` and `.txt` text, `.fifu`, `.glove`, `.floret`.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "bin" => Some(Self::Word2vec),
            "vec" | "txt" => Some(Self::Text),
            "glove" => Some(Self::Glove),
            "floret" => Some(Self::Floret),
            "fifu" => Some(Self::Fifu),
            _ => None,
        }
    }
}

impl std::str::FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.or((name == "vec").then_some(Self::Text)).ok_or_else(|| {
            let expected = Self::ALL.map(Self::name).join(", ");
            Error::invalid("format", format!("one of {expected}"), name, "name one of them")
        })
    }
}

/// Reads vectors from a file, whose format is told from its content unless named.
///
/// A plain finalfusion file stays mapped: do not change it while the vectors are in use.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::BadInput`] with the line or record if it is not what it claims,
/// [`Error::Cancelled`].
pub fn import(path: &Path, format: Option<Format>, progress: &dyn Progress) -> Result<(Format, WordVectors)> {
    let file = Arc::new(Mapped::open(path)?);
    let format = match format {
        Some(format) => format,
        None => detect::detect(&file).map_err(bad(path, 1))?,
    };
    let source = Source { path, bytes: &file, progress };
    let vectors = match format {
        Format::Word2vec => word2vec::read(&source)?,
        Format::Text => text::read(&source, true)?,
        Format::Glove => text::read(&source, false)?,
        Format::Fasttext => fasttext::read(&source)?,
        Format::Floret => floret::read(&source)?,
        Format::Fifu | Format::FifuQuantized => fifu::read(&source, &file)?,
    };
    if vectors.is_empty() && vectors.subwords().is_none() {
        return Err(bad(path, 1)(("vectors".into(), "none".into())));
    }
    Ok((format, vectors))
}

/// How to write vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Export {
    /// Into which format.
    pub format: Format,
    /// How to quantise; only for [`Format::FifuQuantized`].
    pub quantization: Quantization,
}

impl From<Format> for Export {
    fn from(format: Format) -> Self {
        Self { format, quantization: Quantization::default() }
    }
}

/// Writes vectors to a file. All formats but the quantised one give every vector back to the last bit; fastText's `.bin`
/// holds words as differences, which come back within rounding.
///
/// # Errors
/// [`Error::Invalid`] if the format has no place for a word (one with a space) or for these subwords, [`Error::Io`] if the
/// file cannot be written, [`Error::Cancelled`]. What stood at `path` before is then still there.
pub fn export(vectors: &WordVectors, path: &Path, export: &Export, progress: &dyn Progress) -> Result<()> {
    if export.format == Format::FifuQuantized {
        return quantized::write(vectors, path, &export.quantization);
    }
    write_whole(path, |to| {
        let target = Target { path, progress };
        match export.format {
            Format::Word2vec => word2vec::write(vectors, to, &target),
            Format::Text => text::write(vectors, to, &target, true),
            Format::Glove => text::write(vectors, to, &target, false),
            Format::Fasttext => fasttext::write(vectors, to, &target),
            Format::Floret => floret::write(vectors, to, path),
            Format::Fifu | Format::FifuQuantized => fifu::write(vectors, to, path),
        }
    })
}

/// Reads one file and writes another.
///
/// # Errors
/// As [`import`] and [`export`](fn@export).
pub fn convert(
    from: &Path,
    format: Option<Format>,
    to: &Path,
    export: &Export,
    progress: &dyn Progress,
) -> Result<()> {
    let (_, vectors) = import(from, format, progress)?;
    self::export(&vectors, to, export, progress)
}

/// A file that is being read.
struct Source<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    progress: &'a dyn Progress,
}

impl Source<'_> {
    fn bad(&self, line: u64, complaint: Complaint) -> Error {
        bad(self.path, line)(complaint)
    }

    fn step(&self, done: usize) -> Result<()> {
        self.progress.step("reading vectors", done as u64, self.bytes.len() as u64, "bytes")
    }

    /// The words of a file, each of which must stand there once; the first of them is in line or record `first`.
    fn vocabulary(&self, words: &[&str], counts: &[u64], first: u64) -> Result<Arc<Vocabulary>> {
        let mut lines = HashMap::with_capacity(words.len());
        for (line, word) in (first..).zip(words) {
            if let Some(before) = lines.insert(*word, line) {
                let got = format!("{:?} here and at {before}", clip(word));
                return Err(self.bad(line, ("each word once".into(), got)));
            }
        }
        let count = |i: usize| counts.get(i).copied().unwrap_or(0);
        let list = words.iter().enumerate().map(|(i, word)| ((*word).into(), count(i))).collect();
        Vocabulary::from_sorted(list).map(Arc::new)
    }
}

/// A file that is being written.
struct Target<'a> {
    path: &'a Path,
    progress: &'a dyn Progress,
}

impl Target<'_> {
    fn step(&self, done: usize, total: usize) -> Result<()> {
        if !done.is_multiple_of(4096) {
            return Ok(());
        }
        self.progress.step("writing vectors", done as u64, total as u64, "words")
    }
}

fn bad(path: &Path, line: u64) -> impl Fn(Complaint) -> Error {
    move |(expected, got)| Error::BadInput {
        path: path.to_path_buf(),
        line,
        reason: format!("expected {expected}, got {got}"),
    }
}

/// At most 40 characters of a word.
fn clip(word: &str) -> &str {
    word.char_indices().nth(40).map_or(word, |(end, _)| &word[..end])
}

/// "V D", the first line of word2vec's formats, held against the bytes that follow it.
fn read_shape(line: &[u8], left: usize, least_row: fn(u64) -> u64) -> Result<(usize, usize), Complaint> {
    let text = String::from_utf8_lossy(line).into_owned();
    let fields: Vec<u64> = text.split_ascii_whitespace().map_while(|field| field.parse().ok()).collect();
    let [rows, dim] = fields[..] else {
        return Err(("two numbers, of words and of values".into(), format!("{:?}", clip(&text))));
    };
    if rows == 0 || !(1..=super::MAX_DIM as u64).contains(&dim) {
        let expected = format!("at least 1 word of 1 to {} values", super::MAX_DIM);
        return Err((expected, format!("{rows} words of {dim}")));
    }
    match rows.checked_mul(least_row(dim)) {
        Some(needed) if needed <= left as u64 => Ok((rows as usize, dim as usize)),
        _ => Err((format!("{rows} words of {dim} values"), format!("{left} bytes, too few for them"))),
    }
}

/// A word that another reader will find whole: no white space, not empty.
fn check_word(word: &str) -> Result<()> {
    if !word.is_empty() && !word.contains(|c: char| c.is_ascii_whitespace() || c == '\0') {
        return Ok(());
    }
    let cure = "export as fifu, or leave the word out";
    Err(Error::invalid("word", "one without white space", format!("{word:?}"), cure))
}

fn check_not_empty(vectors: &WordVectors) -> Result<()> {
    if vectors.is_empty() {
        let cure = "export vectors of n-grams alone as floret or fifu";
        return Err(Error::invalid("vectors", "at least one word", "none", cure));
    }
    Ok(())
}
