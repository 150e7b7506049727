//! The file that holds a compiled WordNet: named sections of numbers and texts behind a checksum.
//!
//! Knows nothing of words; `layout` says which sections there are. Drawn byte by byte in `docs/formats/wordnet.md`.

use super::map::map;
use crate::error::{Error, Result};
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"sememeWN";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const ENTRY_BYTES: usize = 48;
const NAME_BYTES: usize = 32;
const SECTIONS_MAX: u32 = 4096;
const ALIGNMENT: usize = 8;
pub(super) const CURE: &str = "compile the WordNet database again";

/// An open file: its bytes and where each section stands in them.
pub(super) struct Container {
    pub path: PathBuf,
    bytes: Bytes,
    sections: Vec<(String, Range<usize>)>,
}

/// A mapped file, or one that was built in memory and not written yet.
enum Bytes {
    Mapped(memmap2::Mmap),
    Built(Vec<u8>),
}

impl Bytes {
    #[inline]
    fn all(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Built(bytes) => bytes,
        }
    }
}

impl Container {
    /// Maps the file and checks magic, version, length and both checksums.
    pub fn open(path: &Path) -> Result<Self> {
        let map = map(path)?;
        let sections = check(path, &map)?;
        Ok(Self { path: path.to_path_buf(), bytes: Bytes::Mapped(map), sections })
    }

    /// The same from sections in memory, under the name of the file they will be written to.
    pub fn build(path: &Path, sections: &[(String, Vec<u8>)]) -> Result<Self> {
        let body = body(sections)?;
        let mut bytes = header(sections.len(), (HEADER_BYTES + body.len()) as u64, &body).to_vec();
        bytes.extend_from_slice(&body);
        let sections = check(path, &bytes)?;
        Ok(Self { path: path.to_path_buf(), bytes: Bytes::Built(bytes), sections })
    }

    /// Length of the file in bytes.
    pub fn len(&self) -> usize {
        self.bytes.all().len()
    }

    pub fn sections(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.sections.iter().map(|(name, range)| (name.as_str(), &self.bytes.all()[range.clone()]))
    }

    /// Where a section stands, for [`bytes`](Self::bytes).
    pub fn range(&self, name: &str) -> Result<Range<usize>> {
        let found = self.sections.iter().find(|(known, _)| known == name);
        found.map(|(_, range)| range.clone()).ok_or_else(|| self.damaged(format!("a section {name}"), "none"))
    }

    #[inline]
    pub fn bytes(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes.all()[range.clone()]
    }

    pub fn damaged(&self, expected: impl Into<String>, got: impl ToString) -> Error {
        Error::damaged(&self.path, expected, got, CURE)
    }
}

fn check(path: &Path, bytes: &[u8]) -> Result<Vec<(String, Range<usize>)>> {
    let damaged = |expected: &str, got: String| Err(Error::damaged(path, expected, got, CURE));
    if bytes.len() < HEADER_BYTES || &bytes[..8] != MAGIC {
        return damaged("a compiled WordNet (magic sememeWN)", "another or an empty file".into());
    }
    if crc32fast::hash(&bytes[..28]) != u32_at(bytes, 28) {
        return damaged("the checksum of its header", "another".into());
    }
    if u32_at(bytes, 8) != VERSION {
        return damaged(&format!("format version {VERSION}"), u32_at(bytes, 8).to_string());
    }
    if u64_at(bytes, 16) != bytes.len() as u64 {
        return damaged(&format!("{} bytes", u64_at(bytes, 16)), format!("{} bytes", bytes.len()));
    }
    if crc32fast::hash(&bytes[HEADER_BYTES..]) != u32_at(bytes, 24) {
        return damaged("the checksum of its contents", "another".into());
    }
    let count = u32_at(bytes, 12);
    let table_end = HEADER_BYTES + count.min(SECTIONS_MAX) as usize * ENTRY_BYTES;
    if count > SECTIONS_MAX || table_end > bytes.len() {
        return damaged("a section table inside the file", format!("{count} sections"));
    }
    bytes[HEADER_BYTES..table_end]
        .chunks_exact(ENTRY_BYTES)
        .map(|entry| section(path, entry, bytes.len()))
        .collect()
}

fn section(path: &Path, entry: &[u8], length: usize) -> Result<(String, Range<usize>)> {
    let name = entry[..NAME_BYTES].split(|byte| *byte == 0).next().unwrap_or_default();
    let name = String::from_utf8_lossy(name).into_owned();
    let (start, size) = (u64_at(entry, NAME_BYTES), u64_at(entry, NAME_BYTES + 8));
    let end = start.checked_add(size).filter(|end| *end <= length as u64);
    let Some(end) = end else {
        return Err(Error::damaged(path, "sections inside the file", name, CURE));
    };
    Ok((name, start as usize..end as usize))
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let number: [u8; 4] = bytes[at..at + 4].try_into().unwrap_or_default();
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// Writes the sections to a temporary file beside `path`, fsyncs, and renames it to `path`.
pub(super) fn write(path: &Path, sections: &[(String, Vec<u8>)]) -> Result<u64> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let body = body(sections)?;
    let file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io("create a file in", folder))?;
    let mut writer = BufWriter::new(file);
    let bytes = (HEADER_BYTES + body.len()) as u64;
    writer.write_all(&header(sections.len(), bytes, &body)).map_err(Error::io("write", path))?;
    writer.write_all(&body).map_err(Error::io("write", path))?;
    let file = writer.into_inner().map_err(|error| Error::io("write", path)(error.into_error()))?;
    file.as_file().sync_all().map_err(Error::io("sync", path))?;
    file.persist(path).map_err(|error| Error::io("rename", path)(error.error))?;
    sync_folder(folder)?;
    Ok(bytes)
}

fn body(sections: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let table = sections.len() * ENTRY_BYTES;
    let mut body = vec![0; table];
    for (number, (name, bytes)) in sections.iter().enumerate() {
        if name.len() > NAME_BYTES {
            return Err(Error::invalid(
                "section name",
                "at most 32 bytes",
                name,
                "shorten the language code",
            ));
        }
        body.resize((HEADER_BYTES + body.len()).next_multiple_of(ALIGNMENT) - HEADER_BYTES, 0);
        let start = (HEADER_BYTES + body.len()) as u64;
        body.extend_from_slice(bytes);
        let entry = &mut body[number * ENTRY_BYTES..(number + 1) * ENTRY_BYTES];
        entry[..name.len()].copy_from_slice(name.as_bytes());
        entry[NAME_BYTES..NAME_BYTES + 8].copy_from_slice(&start.to_le_bytes());
        entry[NAME_BYTES + 8..].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
    }
    Ok(body)
}

fn header(sections: usize, bytes: u64, body: &[u8]) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..16].copy_from_slice(&(sections as u32).to_le_bytes());
    header[16..24].copy_from_slice(&bytes.to_le_bytes());
    header[24..28].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    let own = crc32fast::hash(&header[..28]);
    header[28..].copy_from_slice(&own.to_le_bytes());
    header
}

/// A renamed file survives a power cut only once its folder is synced; Windows cannot open folders, nor needs to.
fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", folder))
}

/// A little-endian table of `u32`.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a>(pub &'a [u8]);

impl<'a> Numbers<'a> {
    pub fn len(self) -> usize {
        self.0.len() / 4
    }

    #[inline]
    pub fn get(self, at: usize) -> u32 {
        u32_at(self.0, at * 4)
    }

    /// `[self[row], self[row + 1])`: where row `row` stands in the table that these numbers bound.
    #[inline]
    pub fn row(self, row: usize) -> Range<usize> {
        let bounds = &self.0[row * 4..row * 4 + 8];
        u32_at(bounds, 0) as usize..u32_at(bounds, 4) as usize
    }

    #[inline]
    pub fn slice(self, range: Range<usize>) -> Numbers<'a> {
        Numbers(&self.0[range.start * 4..range.end * 4])
    }

    #[inline]
    pub fn iter(self) -> impl ExactSizeIterator<Item = u32> + 'a {
        self.0.chunks_exact(4).map(|bytes| u32_at(bytes, 0))
    }

    /// First position whose number is not less than `number`, in a sorted table.
    pub fn lower_bound(self, range: Range<usize>, number: u32) -> usize {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle) < number { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// Texts one behind the other, with the bound of each.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a> {
    pub bounds: Numbers<'a>,
    pub text: &'a [u8],
}

impl<'a> Texts<'a> {
    pub fn len(self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    #[inline]
    pub fn get(self, at: usize) -> &'a str {
        std::str::from_utf8(&self.text[self.bounds.row(at)]).unwrap_or_default()
    }

    /// First text that is not less than `text` by bytes, in a sorted table.
    pub fn lower_bound(self, text: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if &self.text[self.bounds.row(middle)] < text.as_bytes() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Position of exactly this text, in a sorted table.
    pub fn find(self, text: &str) -> Option<usize> {
        let at = self.lower_bound(text);
        (at < self.len() && self.get(at) == text).then_some(at)
    }
}

/// Collects rows of numbers or texts, and the bounds between them.
pub(super) struct Rows<T> {
    pub bounds: Vec<u32>,
    pub items: Vec<T>,
}

impl<T> Rows<T> {
    pub fn new() -> Self {
        Self { bounds: vec![0], items: Vec::new() }
    }

    pub fn push(&mut self, row: impl IntoIterator<Item = T>) {
        self.items.extend(row);
        self.bounds.push(u32::try_from(self.items.len()).unwrap_or(u32::MAX));
    }
}

/// Texts as the two sections `NAME.bound` and `NAME.text`.
pub(super) fn text_sections<'t>(
    name: &str,
    texts: impl IntoIterator<Item = &'t str>,
) -> [(String, Vec<u8>); 2] {
    let mut rows = Rows::new();
    for text in texts {
        rows.push(text.bytes());
    }
    [(format!("{name}.bound"), number_bytes(&rows.bounds)), (format!("{name}.text"), rows.items)]
}

pub(super) fn number_bytes(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_come_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wn");
        let mut sections = vec![("numbers".to_owned(), number_bytes(&[7, 9]))];
        sections.extend(text_sections("word", ["a", "bc"]));
        write(&path, &sections).unwrap();
        let file = Container::open(&path).unwrap();
        let section = |name: &str| file.bytes(&file.range(name).unwrap()).to_vec();
        assert_eq!(Numbers(&section("numbers")).iter().collect::<Vec<_>>(), [7, 9]);
        let (bounds, text) = (section("word.bound"), section("word.text"));
        let words = Texts { bounds: Numbers(&bounds), text: &text };
        assert_eq!((words.len(), words.get(1), words.find("bc"), words.find("b")), (2, "bc", Some(1), None));
        assert!(file.range("none").is_err());
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wn");
        write(&path, &[("n".to_owned(), vec![1, 2, 3])]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            assert!(check(&path, &bytes).is_err(), "flip at {at}");
            assert!(check(&path, &whole[..at]).is_err(), "cut at {at}");
        }
        assert!(check(&path, &whole).is_ok());
    }
}
