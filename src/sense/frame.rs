//! What the files of this room have in common: eight bytes that say which file it is, a version, numbers in little endian, and at the end
//! the CRC-32 of everything before it. They are small, and read whole.

use crate::error::{Error, Result};
use crate::files::write_whole;
use std::io::Write;
use std::path::Path;

/// What was expected, and what stood there.
pub(super) type Complaint = (String, String);

/// A kind of file.
pub(super) struct Frame {
    pub magic: &'static [u8; 8],
    pub version: u32,
    /// What it holds, for messages.
    pub what: &'static str,
    /// What to do about a damaged one.
    pub cure: &'static str,
}

impl Frame {
    /// The bytes of a whole file, with what `write` puts into it.
    pub fn bytes(&self, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut to = Writer(self.magic.to_vec());
        to.number(self.version as usize);
        write(&mut to);
        let checksum = crc32fast::hash(&to.0);
        to.0.extend(checksum.to_le_bytes());
        to.0
    }

    /// Writes a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written; it is then as it was before.
    pub fn save(&self, path: &Path, write: impl FnOnce(&mut Writer)) -> Result<()> {
        let bytes = self.bytes(write);
        write_whole(path, |to| to.write_all(&bytes).map_err(Error::io("write", path)))
    }

    /// Reads a file, all of it, by `read`.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Damaged`] if it is not as it was written or of another version.
    pub fn open<T>(
        &self,
        path: &Path,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Complaint>,
    ) -> Result<T> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        self.parse(&bytes, read).map_err(|(expected, got)| Error::damaged(path, expected, got, self.cure))
    }

    /// The same from the bytes of a file.
    pub fn parse<T>(
        &self,
        bytes: &[u8],
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Complaint>,
    ) -> Result<T, Complaint> {
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or_else(short)?;
        let mut reader = Reader(body);
        if reader.take::<8>()? != *self.magic {
            return Err((self.what.to_owned(), "another file".to_owned()));
        }
        let version = u32::from_le_bytes(reader.take()?);
        if version != self.version {
            return Err((format!("version {}", self.version), version.to_string()));
        }
        if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return Err(("the checksum of the content".to_owned(), "another one".to_owned()));
        }
        let read = read(&mut reader)?;
        match reader.0 {
            [] => Ok(read),
            rest => Err(("the end of the file".to_owned(), format!("{} bytes more", rest.len()))),
        }
    }
}

pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A length or an index, in four bytes.
    pub fn number(&mut self, number: usize) {
        self.0.extend((number as u32).to_le_bytes());
    }

    pub fn fingerprint(&mut self, fingerprint: u64) {
        self.0.extend(fingerprint.to_le_bytes());
    }

    pub fn float(&mut self, value: f32) {
        self.0.extend(value.to_le_bytes());
    }

    /// Its length, then its bytes.
    pub fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend(text.as_bytes());
    }

    pub fn bytes(&mut self, bytes: impl IntoIterator<Item = u8>) {
        self.0.extend(bytes);
    }
}

fn short() -> Complaint {
    ("more bytes".to_owned(), "the end of the file".to_owned())
}

/// What is left to read.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Complaint> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or_else(short)?;
        self.0 = rest;
        Ok(*chunk)
    }

    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], Complaint> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(short)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub fn number(&mut self) -> Result<usize, Complaint> {
        Ok(u32::from_le_bytes(self.take()?) as usize)
    }

    pub fn fingerprint(&mut self) -> Result<u64, Complaint> {
        self.take().map(u64::from_le_bytes)
    }

    pub fn float(&mut self) -> Result<f32, Complaint> {
        self.take().map(f32::from_le_bytes)
    }

    pub fn text(&mut self) -> Result<String, Complaint> {
        let length = self.number()?;
        String::from_utf8(self.bytes(length)?.to_vec())
            .map_err(|_| ("UTF-8".to_owned(), "other bytes".to_owned()))
    }
}

/// Holds a reader of a kind of file against every flipped byte and every cut.
#[cfg(test)]
pub(super) fn finds_all_damage<T>(whole: &[u8], parse: impl Fn(&[u8]) -> Result<T, Complaint>) {
    assert!(parse(whole).is_ok());
    for at in 0..whole.len() {
        let mut flipped = whole.to_vec();
        flipped[at] ^= 0x08;
        assert!(parse(&flipped).is_err(), "byte {at}");
        assert!(parse(&whole[..at]).is_err(), "cut to {at}");
    }
}
