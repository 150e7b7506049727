//! `next.bin`, read whole. `docs/formats/next.md` draws it byte by byte.

use super::{KINDS, NextWords};
use crate::error::{Error, Result};
use crate::files::write_whole;
use std::io::Write;
use std::path::Path;

/// Name of the file, in the folder of the contextual model.
pub const NEXT_FILE: &str = "next.bin";

const MAGIC: &[u8; 8] = b"sememeNX";
const VERSION: u32 = 1;
const HEADER: usize = 40;
const CURE: &str = "delete it; the next build of the collection (`sememe index`) learns it again";

type Complaint = (String, String);

impl NextWords {
    /// Writes `next.bin` into a folder.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; it is then as it was before.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let (path, bytes) = (folder.join(NEXT_FILE), self.to_bytes());
        write_whole(&path, |to| {
            let checksum = crc32fast::hash(&bytes).to_le_bytes();
            to.write_all(&bytes).and_then(|()| to.write_all(&checksum)).map_err(Error::io("write", &path))
        })
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Damaged`] if it is not as it was written or of a newer version.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(NEXT_FILE);
        let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
        Self::from_bytes(&bytes).map_err(|(expected, got)| Error::damaged(&path, expected, got, CURE))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let sizes = [self.hidden, self.dim, self.words].map(|size| size as u32);
        [VERSION].iter().chain(&sizes).for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(self.fingerprint.to_le_bytes());
        let numbers = [self.sharpness, self.unigram];
        let values = numbers.iter().chain(&self.head).chain(&self.kinds).chain(&self.bias);
        values.for_each(|value| bytes.extend(value.to_le_bytes()));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Complaint> {
        let told = |expected: &str, got: &str| (expected.to_owned(), got.to_owned());
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or_else(|| told("a checksum", "no bytes"))?;
        let header = body.first_chunk::<HEADER>().ok_or_else(|| told("a header", "a shorter file"))?;
        if header[..8] != *MAGIC {
            return Err(told("readings of left states", "another file"));
        }
        let number =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        if number(8) != VERSION {
            return Err((format!("version {VERSION}"), number(8).to_string()));
        }
        if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return Err(told("the checksum of the content", "another one"));
        }
        let [hidden, dim, words] = [12, 16, 20].map(|at| number(at) as usize);
        let values: Vec<f32> =
            body[HEADER..].as_chunks::<4>().0.iter().map(|v| f32::from_le_bytes(*v)).collect();
        let lens = [(hidden + 1).checked_mul(dim + 1), (hidden + 1).checked_mul(KINDS), Some(words)];
        let [Some(head), Some(kinds), Some(bias)] = lens else { return Err(told("sizes", "larger ones")) };
        let total = head.checked_add(kinds).and_then(|sum| sum.checked_add(bias));
        if total != Some(values.len()) || !(body.len() - HEADER).is_multiple_of(4) {
            return Err((format!("{total:?} values"), values.len().to_string()));
        }
        if !values.iter().all(|value| value.is_finite()) {
            return Err(told("numbers", "values that are none"));
        }
        let [sharpness, unigram] = [32, 36].map(|at| f32::from_bits(number(at)));
        let is_share = (0.0..=1.0).contains(&unigram) && (0.0..100.0).contains(&sharpness);
        if !is_share {
            return Err(told("a factor and a share", &format!("{sharpness} and {unigram}")));
        }
        Ok(Self {
            fingerprint: u64::from(number(28)) << 32 | u64::from(number(24)),
            hidden,
            dim,
            words,
            head: values[..head].to_vec(),
            kinds: values[head..head + kinds].to_vec(),
            bias: values[head + kinds..].to_vec(),
            sharpness,
            unigram,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> NextWords {
        let values = |len: usize| (0..len).map(|i| i as f32 / 7.0 - 1.0).collect();
        let (hidden, dim, words) = (2, 3, 5);
        let (head, kinds, bias) = (values(12), values(9), values(5));
        let (fingerprint, sharpness, unigram) = (1 << 40 | 7, 0.9, 0.25);
        NextWords { fingerprint, hidden, dim, words, head, kinds, bias, sharpness, unigram }
    }

    #[test]
    fn saved_and_opened_it_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        sample().save(folder.path()).unwrap();
        assert_eq!(NextWords::open(folder.path()).unwrap(), sample());
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let mut bytes = sample().to_bytes();
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x08;
            assert!(NextWords::from_bytes(&flipped).is_err(), "byte {at}");
            assert!(NextWords::from_bytes(&bytes[..at]).is_err(), "cut to {at}");
        }
    }
}
