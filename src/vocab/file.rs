//! A vocabulary on the disk: spellings and counts, in one small file. `docs/formats/vocabulary.md` draws it byte by byte.

use super::Vocabulary;
use crate::error::{Error, Result};
use crate::files::write_whole;
use std::io::Write;
use std::path::Path;

const MAGIC: &[u8; 8] = b"sememeVO";
const VERSION: u32 = 1;
const HEADER: usize = 24;
const CURE: &str = "train again, or restore the folder from a backup";

impl Vocabulary {
    /// Writes words, in id order, and counts to `path`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; what stood there before is then still there.
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes();
        write_whole(path, |to| to.write_all(&bytes).map_err(Error::io("write", path)))
    }

    /// Opens what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Damaged`] if it is not as it was written or of a newer version.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        Self::from_bytes(&bytes).map_err(|(expected, got)| Error::damaged(path, expected, got, CURE))
    }

    /// CRC-32 of what [`save`](Self::save) writes: files that belong to a vocabulary name it by this.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        let bytes = self.to_bytes();
        crc32fast::hash(&bytes[..bytes.len() - 4])
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + 12 * self.len() + self.text.len() + 4);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(self.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.text.len() as u64).to_le_bytes());
        for count in &self.counts {
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        for end in self.starts.iter().skip(1) {
            bytes.extend_from_slice(&end.to_le_bytes());
        }
        bytes.extend_from_slice(self.text.as_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, (&'static str, String)> {
        let (words, text_len) = read_header(bytes)?;
        let expected_len = HEADER as u64 + 12 * words as u64 + 4;
        if expected_len.checked_add(text_len) != Some(bytes.len() as u64) {
            return Err(("the length that the header names", format!("{} bytes", bytes.len())));
        }
        let (body, checksum) = bytes.split_at(bytes.len() - 4);
        if crc32fast::hash(body).to_le_bytes() != checksum {
            return Err(("the checksum of the content", "another one".into()));
        }
        let (counts, rest) = body[HEADER..].split_at(8 * words);
        let (ends, text) = rest.split_at(4 * words);
        let counts = counts.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        let ends: Vec<usize> =
            ends.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes) as usize).collect();
        let text = str::from_utf8(text).map_err(|error| ("UTF-8", error.to_string()))?;
        let rise = ends.is_sorted() && ends.iter().all(|end| text.is_char_boundary(*end));
        if !rise || ends.last().copied().unwrap_or(0) != text.len() {
            return Err(("word ends that rise to the end of the text", "others".into()));
        }
        Self::from_parts(text.to_owned(), &ends, counts)
            .map_err(|error| ("each word once", error.to_string()))
    }
}

/// Number of words and of bytes of spellings.
fn read_header(bytes: &[u8]) -> Result<(usize, u64), (&'static str, String)> {
    if bytes.len() < HEADER + 4 {
        return Err(("a vocabulary file", format!("{} bytes", bytes.len())));
    }
    if &bytes[..8] != MAGIC {
        return Err(("a vocabulary file", format!("one that begins with {:?}", &bytes[..8])));
    }
    let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if number(8) != VERSION {
        return Err(("version 1 of the vocabulary format", format!("version {}", number(8))));
    }
    Ok((number(12) as usize, u64::from(number(16)) | u64::from(number(20)) << 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vocabulary {
        Vocabulary::from_counts([("bank", 3), ("银行", 5), ("", 2)], 1).unwrap()
    }

    #[test]
    fn saved_and_opened_it_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vocab.bin");
        for vocabulary in [sample(), Vocabulary::default()] {
            vocabulary.save(&path).unwrap();
            let opened = Vocabulary::open(&path).unwrap();
            assert!(opened.iter().eq(vocabulary.iter()));
            assert_eq!((opened.total(), opened.checksum()), (vocabulary.total(), vocabulary.checksum()));
            assert_eq!(opened.id("银行"), vocabulary.id("银行"));
        }
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let bytes = sample().to_bytes();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert!(Vocabulary::from_bytes(&flipped).is_err(), "byte {at} flipped");
            assert!(Vocabulary::from_bytes(&bytes[..at]).is_err(), "cut to {at} bytes");
        }
    }
}
