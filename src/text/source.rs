//! Files, folders and standard input as a stream of [`Document`]s; nothing is ever wholly in memory.
//!
//! A line that cannot be read is an item of its own ([`Error::BadInput`], with file and line), and the rest goes on:
//! the caller counts it, or stops.

mod arriving;
mod lines;
mod rows;

use crate::error::{Error, Result};
pub use arriving::{Arrived, Arriving, BodyLimits, Packing, Shape, Taker, fields_of};
use lines::{JsonLines, Paragraphs};
use rows::Rows;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A document as read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Document {
    /// The source's own id, or file and line.
    pub id: String,
    /// Title, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// The text that is searched and learned from.
    pub text: String,
    /// All other fields, to filter on and to show.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
}

/// What is one document in a plain text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Split {
    /// Each line.
    Line,
    /// Each block of lines between blank lines.
    #[default]
    Paragraph,
    /// The whole file.
    File,
}

/// How to read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// For plain text.
    pub split: Split,
    /// JSON key or CSV column of the text; default `text`.
    pub text_field: String,
    /// Longest line or CSV record, in bytes; longer ones are reported and skipped. Default 16 MiB.
    pub record_bytes_max: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { split: Split::default(), text_field: "text".to_owned(), record_bytes_max: 16 << 20 }
    }
}

/// Longest document id, in bytes.
pub const ID_BYTES_MAX: usize = 512;

/// The documents of a file, a folder or standard input, in a fixed order.
pub struct Documents {
    options: ReadOptions,
    files: VecDeque<PathBuf>,
    root: PathBuf,
    current: Option<Box<dyn Iterator<Item = Result<Document>> + Send>>,
    bytes_read: Arc<AtomicU64>,
    bytes_total: u64,
    skipped: Vec<PathBuf>,
}

impl Documents {
    /// Opens a file, or a folder with all files of known kinds in it; `-` is standard input, as JSON lines or plain
    /// text by its first byte.
    ///
    /// # Errors
    /// [`Error::Io`] if the path does not exist or cannot be listed, [`Error::Invalid`] if a folder holds no readable
    /// file.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self> {
        let mut documents = Self {
            options,
            files: VecDeque::new(),
            root: path.to_path_buf(),
            current: None,
            bytes_read: Arc::default(),
            bytes_total: 0,
            skipped: Vec::new(),
        };
        if path == Path::new("-") {
            let input = documents.counted(io::stdin());
            documents.current = Some(documents.standard_input(input)?);
        } else if path.is_dir() {
            documents.list(path)?;
            if documents.files.is_empty() {
                let expected = "at least one .txt, .jsonl, .csv or .tsv file, plain, .gz or .zst";
                return Err(Error::invalid(path.display().to_string(), expected, "none", "name a file"));
            }
        } else {
            documents.bytes_total = path.metadata().map_err(Error::io("read", path))?.len();
            documents.root = path.parent().unwrap_or(Path::new("")).to_path_buf();
            documents.files.push_back(path.to_path_buf());
        }
        Ok(documents)
    }

    /// Compressed bytes read so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Compressed bytes in all files, 0 for standard input.
    #[must_use]
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    /// Files in the folder that are of no known kind and were left out.
    #[must_use]
    pub fn skipped(&self) -> &[PathBuf] {
        &self.skipped
    }

    fn list(&mut self, folder: &Path) -> Result<()> {
        let entries = folder.read_dir().map_err(Error::io("list", folder))?;
        let mut paths = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(Error::io("list", folder))?;
        paths.sort();
        for path in paths.into_iter().filter(|path| !is_hidden(path)) {
            let kind = path.symlink_metadata().map_err(Error::io("read", &path))?;
            if kind.is_dir() {
                self.list(&path)?;
            } else if Kind::of(&path).is_some() && path.is_file() {
                self.bytes_total += path.metadata().map_err(Error::io("read", &path))?.len();
                self.files.push_back(path);
            } else {
                self.skipped.push(path);
            }
        }
        Ok(())
    }

    fn counted(&self, inner: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        Box::new(Counted { inner, bytes: Arc::clone(&self.bytes_read) })
    }

    fn open_file(&self, path: &Path) -> Result<Box<dyn Iterator<Item = Result<Document>> + Send>> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let raw = self.counted(file);
        let plain: Box<dyn Read + Send> = match path.extension().and_then(|end| end.to_str()) {
            Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(raw))),
            Some("zst") => Box::new(zstd::Decoder::new(raw).map_err(Error::io("decompress", path))?),
            _ => raw,
        };
        let name = path.strip_prefix(&self.root).unwrap_or(path).to_path_buf();
        Ok(self.parse(Kind::of(path).unwrap_or(Kind::Text), BufReader::new(plain), path.to_path_buf(), name))
    }

    fn standard_input(
        &self,
        input: Box<dyn Read + Send>,
    ) -> Result<Box<dyn Iterator<Item = Result<Document>> + Send>> {
        let mut input = BufReader::new(input);
        let start = input.fill_buf().map_err(Error::io("read", "-"))?;
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        let kind = if first == Some(&b'{') { Kind::JsonLines } else { Kind::Text };
        Ok(self.parse(kind, input, PathBuf::from("-"), PathBuf::from("-")))
    }

    fn parse(
        &self,
        kind: Kind,
        input: impl BufRead + Send + 'static,
        path: PathBuf,
        name: PathBuf,
    ) -> Box<dyn Iterator<Item = Result<Document>> + Send> {
        let options = self.options.clone();
        match kind {
            Kind::Text => Box::new(Paragraphs::new(input, path, name, options)),
            Kind::JsonLines => Box::new(JsonLines::new(input, path, name, options)),
            Kind::Csv => Box::new(Rows::new(input, path, name, options, b',')),
            Kind::Tsv => Box::new(Rows::new(input, path, name, options, b'\t')),
        }
    }
}

impl Iterator for Documents {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.current.as_mut().and_then(Iterator::next) {
                return Some(item);
            }
            self.current = None;
            let path = self.files.pop_front()?;
            match self.open_file(&path) {
                Ok(documents) => self.current = Some(documents),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Documents of JSON lines that are part of the program; `name` stands for the file in errors.
pub fn bundled<'a>(name: &str, lines: &'a str) -> impl Iterator<Item = Result<Document>> + 'a {
    JsonLines::new(lines.as_bytes(), name.into(), name.into(), ReadOptions::default())
}

impl Document {
    /// Title and text as one: what is indexed and learned from.
    #[must_use]
    pub fn full_text(&self) -> Cow<'_, str> {
        match &self.title {
            Some(title) => Cow::Owned(format!("{title}\n{}", self.text)),
            None => Cow::Borrowed(&self.text),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    JsonLines,
    Csv,
    Tsv,
}

impl Kind {
    /// By the ending before `.gz` or `.zst`.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "txt" | "text" | "md" => Some(Self::Text),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            _ => None,
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_none_or(|name| name.starts_with('.'))
}

/// Counts what is read, for progress.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The document of one JSON object or CSV row, or what is wrong with it.
fn document(
    mut object: Map<String, Value>,
    text_field: &str,
    name: &Path,
    line: u64,
) -> Result<Document, String> {
    let text = match object.shift_remove(text_field) {
        Some(Value::String(text)) => text,
        Some(other) => {
            return Err(format!("expected a string in field {text_field:?}, got {}", kind_of(&other)));
        }
        None => {
            let known: Vec<&str> = object.keys().map(String::as_str).take(8).collect();
            return Err(format!("expected a field {text_field:?}, got only {}", known.join(", ")));
        }
    };
    let title = match object.shift_remove("title") {
        Some(Value::String(title)) if !title.is_empty() => Some(title),
        Some(Value::Null | Value::String(_)) | None => None,
        Some(other) => return Err(format!("expected a string in field \"title\", got {}", kind_of(&other))),
    };
    let id = match object.shift_remove("id").or_else(|| object.shift_remove("_id")) {
        Some(Value::String(id)) if !id.is_empty() && id.len() <= ID_BYTES_MAX => id,
        Some(Value::String(id)) => {
            return Err(format!("expected an id of 1 to {ID_BYTES_MAX} bytes, got {}", id.len()));
        }
        Some(Value::Number(id)) => id.to_string(),
        Some(Value::Null) | None => format!("{}:{line}", name.display()),
        Some(other) => return Err(format!("expected a string or number as id, got {}", kind_of(&other))),
    };
    Ok(Document { id, title, text, fields: object })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
