//! Shares of senses on disk, read whole. `docs/formats/predominant.md` draws the file byte by byte.

use super::predominant::Predominant;
use crate::error::{Error, Result};
use crate::files::write_whole;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

const MAGIC: &[u8; 8] = b"sememePR";
const VERSION: u32 = 1;
const CURE: &str = "estimate it again: sememe senses prior";

type Complaint = (String, String);
type Shares = BTreeMap<String, Vec<(String, f32)>>;

impl Predominant {
    /// Writes the shares, found with the vectors of this fingerprint.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; it is then as it was before.
    pub fn save(&self, path: &Path, fingerprint: u64) -> Result<()> {
        let bytes = self.to_bytes(fingerprint);
        write_whole(path, |to| {
            to.write_all(&bytes)
                .and_then(|()| to.write_all(&crc32fast::hash(&bytes).to_le_bytes()))
                .map_err(Error::io("write", path))
        })
    }

    /// Reads shares; `None` if they were found with other vectors.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Damaged`] if it is not as it was written or of a newer version.
    pub fn open(path: &Path, fingerprint: u64) -> Result<Option<Self>> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let parsed = parse(&bytes).map_err(|(expected, got)| Error::damaged(path, expected, got, CURE))?;
        let (found, words) = parsed;
        Ok((found == fingerprint).then_some(Self { words }))
    }

    fn to_bytes(&self, fingerprint: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let number = |bytes: &mut Vec<u8>, number: usize| bytes.extend((number as u32).to_le_bytes());
        number(&mut bytes, VERSION as usize);
        bytes.extend(fingerprint.to_le_bytes());
        number(&mut bytes, self.words.len());
        for (word, shares) in &self.words {
            let text = |bytes: &mut Vec<u8>, text: &str| {
                number(bytes, text.len());
                bytes.extend(text.as_bytes());
            };
            text(&mut bytes, word);
            number(&mut bytes, shares.len());
            for (synset, share) in shares {
                text(&mut bytes, synset);
                bytes.extend(share.to_le_bytes());
            }
        }
        bytes
    }
}

fn parse(bytes: &[u8]) -> Result<(u64, Shares), Complaint> {
    let (body, checksum) = bytes.split_last_chunk::<4>().ok_or_else(short)?;
    let mut reader = Reader(body);
    if reader.take::<8>()? != *MAGIC {
        return Err(("shares of senses".into(), "another file".into()));
    }
    let version = u32::from_le_bytes(reader.take()?);
    if version != VERSION {
        return Err((format!("version {VERSION}"), version.to_string()));
    }
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return Err(("the checksum of the content".into(), "another one".into()));
    }
    let fingerprint = u64::from_le_bytes(reader.take()?);
    let mut words = Shares::new();
    for _ in 0..u32::from_le_bytes(reader.take()?) {
        let word = reader.text()?;
        let count = u32::from_le_bytes(reader.take()?);
        let shares = (0..count).map(|_| reader.share()).collect::<Result<_, _>>()?;
        words.insert(word, shares);
    }
    match reader.0 {
        [] => Ok((fingerprint, words)),
        rest => Err(("the end of the file".into(), format!("{} bytes more", rest.len()))),
    }
}

fn short() -> Complaint {
    ("more bytes".to_owned(), "the end of the file".to_owned())
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Complaint> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or_else(short)?;
        self.0 = rest;
        Ok(*chunk)
    }

    fn text(&mut self) -> Result<String, Complaint> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(short)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).map_err(|_| ("UTF-8".to_owned(), "other bytes".to_owned()))
    }

    fn share(&mut self) -> Result<(String, f32), Complaint> {
        Ok((self.text()?, f32::from_le_bytes(self.take()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let share = |synset: &str, share: f32| (synset.to_owned(), share);
        let both = vec![share("09213565-n", 0.75), share("08420278-n", 0.25)];
        let words: Shares =
            [("bank".to_owned(), both), ("银行".to_owned(), vec![share("08420278-n", 1.0)])].into();
        let mut bytes = Predominant { words: words.clone() }.to_bytes(7);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        assert_eq!(parse(&bytes).unwrap(), (7, words));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x08;
            assert!(parse(&flipped).is_err(), "byte {at}");
            assert!(parse(&bytes[..at]).is_err(), "cut to {at}");
        }
    }
}
