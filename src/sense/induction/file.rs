//! Induced senses on disk: `senses.bin`, read whole. `docs/formats/senses.md` draws it byte by byte.

use super::{InducedSense, InducedSenses};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::vocab::WordId;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Name of the file, in the folder of the vectors.
pub const SENSES_FILE: &str = "senses.bin";

const MAGIC: &[u8; 8] = b"sememeSN";
const VERSION: u32 = 1;
const CURE: &str = "train the collection again";

impl InducedSenses {
    /// Writes the senses to `senses.bin` in a folder.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; it is then as it was before.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join(SENSES_FILE);
        let bytes = self.to_bytes();
        write_whole(&path, |to| {
            to.write_all(&bytes)
                .and_then(|()| to.write_all(&crc32fast::hash(&bytes).to_le_bytes()))
                .map_err(Error::io("write", &path))
        })
    }

    /// Reads what [`save`](Self::save) wrote; `words` is the size of the vocabulary.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Damaged`] if it is not as it was written or of a newer version.
    pub fn open(folder: &Path, words: usize) -> Result<Self> {
        let path = folder.join(SENSES_FILE);
        let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
        Self::from_bytes(&bytes, words).map_err(|(expected, got)| Error::damaged(&path, expected, got, CURE))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let number = |bytes: &mut Vec<u8>, number: usize| bytes.extend((number as u32).to_le_bytes());
        number(&mut bytes, VERSION as usize);
        number(&mut bytes, self.dim);
        bytes.extend(self.fingerprint.to_le_bytes());
        number(&mut bytes, self.words.len());
        for (word, senses) in &self.words {
            number(&mut bytes, word.index());
            number(&mut bytes, senses.len());
            for sense in senses {
                bytes.extend(sense.share.to_le_bytes());
                let lists = std::iter::once(&sense.label).chain(&sense.examples);
                number(&mut bytes, 1 + sense.examples.len());
                for list in lists {
                    number(&mut bytes, list.len());
                    list.iter().for_each(|id| number(&mut bytes, id.index()));
                }
                sense.centroid.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
            }
        }
        bytes
    }

    fn from_bytes(bytes: &[u8], words: usize) -> Result<Self, (String, String)> {
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or_else(|| short("a checksum"))?;
        let mut reader = Reader { rest: body, words };
        if reader.take::<8>()? != *MAGIC {
            return Err(("induced senses".into(), "another file".into()));
        }
        let version = reader.number()?;
        if version != VERSION {
            return Err((format!("version {VERSION}"), version.to_string()));
        }
        if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return Err(("the checksum of the content".into(), "another one".into()));
        }
        let dim = reader.number()? as usize;
        let fingerprint = u64::from_le_bytes(reader.take()?);
        let mut found = BTreeMap::new();
        for _ in 0..reader.number()? {
            let word = reader.word()?;
            let senses = (0..reader.number()?).map(|_| reader.sense(dim)).collect::<Result<_, _>>()?;
            found.insert(word, senses);
        }
        match reader.rest {
            [] => Ok(Self { fingerprint, dim, words: found }),
            rest => Err(("the end of the file".into(), format!("{} bytes more", rest.len()))),
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    words: usize,
}

fn short(what: &str) -> (String, String) {
    (what.to_owned(), "the end of the file".to_owned())
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], (String, String)> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or_else(|| short("more bytes"))?;
        self.rest = rest;
        Ok(*chunk)
    }

    fn number(&mut self) -> Result<u32, (String, String)> {
        self.take().map(u32::from_le_bytes)
    }

    fn word(&mut self) -> Result<WordId, (String, String)> {
        let id = self.number()?;
        if id as usize >= self.words {
            return Err((format!("word ids below {}", self.words), id.to_string()));
        }
        Ok(WordId(id))
    }

    fn list(&mut self) -> Result<Vec<WordId>, (String, String)> {
        (0..self.number()?).map(|_| self.word()).collect()
    }

    fn sense(&mut self, dim: usize) -> Result<InducedSense, (String, String)> {
        let share = f32::from_le_bytes(self.take()?);
        let lists = self.number()?;
        let label = if lists > 0 { self.list()? } else { Vec::new() };
        let examples = (1..lists).map(|_| self.list()).collect::<Result<_, _>>()?;
        let centroid = (0..dim).map(|_| self.take().map(f32::from_le_bytes)).collect::<Result<_, _>>()?;
        Ok(InducedSense { label, share, examples, centroid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> InducedSenses {
        let sense = |share: f32| InducedSense {
            label: vec![WordId(1), WordId(2)],
            share,
            examples: vec![vec![WordId(0), WordId(2)], Vec::new()],
            centroid: vec![0.6, -0.8],
        };
        let words = [(WordId(0), vec![sense(0.75), sense(0.25)]), (WordId(2), vec![sense(1.0)])];
        InducedSenses { fingerprint: 7, dim: 2, words: words.into_iter().collect() }
    }

    #[test]
    fn saved_and_opened_they_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        sample().save(folder.path()).unwrap();
        assert_eq!(InducedSenses::open(folder.path(), 3).unwrap(), sample());
        assert!(matches!(InducedSenses::open(folder.path(), 2), Err(Error::Damaged { .. })));
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let mut bytes = sample().to_bytes();
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x08;
            assert!(InducedSenses::from_bytes(&flipped, 3).is_err(), "byte {at}");
            assert!(InducedSenses::from_bytes(&bytes[..at], 3).is_err(), "cut to {at}");
        }
    }

    #[test]
    fn the_nearer_sense_fits_better() {
        let mut senses = sample();
        senses.words.get_mut(&WordId(0)).unwrap()[1].centroid = vec![0.8, 0.6];
        let fit = senses.fit(WordId(0), Some(&[0.8, 0.6]));
        assert_eq!(fit[0].0, 1);
        assert!((fit.iter().map(|(_, p)| p).sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(senses.fit(WordId(0), None)[0].0, 0); // the more frequent one
        assert!(senses.fit(WordId(1), None).is_empty());
    }
}
