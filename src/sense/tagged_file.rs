//! Tagged examples on disk, read whole. `docs/formats/tagged.md` draws the file byte by byte.

use super::examples::{Examples, Row};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::wordnet::WordNet;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

const MAGIC: &[u8; 8] = b"sememeTX";
const VERSION: u32 = 1;
const CURE: &str = "fit it again: sememe senses fit";

type Complaint = (String, String);

impl Examples {
    /// Writes the examples, found with the vectors of this fingerprint.
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

    /// Reads examples; `None` if they were found with other vectors.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Damaged`] if it is not as it was written or of a newer version.
    pub fn open(path: &Path, fingerprint: u64, wordnet: &WordNet) -> Result<Option<Self>> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let parsed = parse(&bytes).map_err(|(expected, got)| Error::damaged(path, expected, got, CURE))?;
        let (found, dim, of_sense) = parsed;
        Ok((found == fingerprint).then(|| Self::of(dim, of_sense, wordnet)))
    }

    fn to_bytes(&self, fingerprint: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let number = |bytes: &mut Vec<u8>, number: usize| bytes.extend((number as u32).to_le_bytes());
        number(&mut bytes, VERSION as usize);
        number(&mut bytes, self.dim);
        bytes.extend(fingerprint.to_le_bytes());
        number(&mut bytes, self.of_sense.len());
        let mut senses: Vec<(&String, &Vec<Row>)> = self.of_sense.iter().collect();
        senses.sort_by_key(|(key, _)| *key);
        for (key, rows) in senses {
            number(&mut bytes, key.len());
            bytes.extend(key.as_bytes());
            number(&mut bytes, rows.len());
            for row in rows {
                bytes.extend(row.scale.to_le_bytes());
                bytes.extend(row.codes.iter().map(|code| code.cast_unsigned()));
            }
        }
        bytes
    }
}

/// Fingerprint, dimension, and the rows of each sense.
fn parse(bytes: &[u8]) -> Result<(u64, usize, HashMap<String, Vec<Row>>), Complaint> {
    let (body, checksum) = bytes.split_last_chunk::<4>().ok_or_else(short)?;
    let mut reader = Reader(body);
    if reader.take::<8>()? != *MAGIC {
        return Err(("tagged examples".into(), "another file".into()));
    }
    let version = reader.number()?;
    if version != VERSION as usize {
        return Err((format!("version {VERSION}"), version.to_string()));
    }
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return Err(("the checksum of the content".into(), "another one".into()));
    }
    let dim = reader.number()?;
    let fingerprint = u64::from_le_bytes(reader.take()?);
    let mut senses = HashMap::new();
    for _ in 0..reader.number()? {
        let length = reader.number()?;
        let key = String::from_utf8(reader.bytes(length)?.to_vec());
        let key = key.map_err(|_| ("a sense key".to_owned(), "other bytes".to_owned()))?;
        let rows = (0..reader.number()?).map(|_| reader.row(dim)).collect::<Result<_, _>>()?;
        senses.insert(key, rows);
    }
    Ok((fingerprint, dim, senses))
}

fn short() -> Complaint {
    ("more bytes".to_owned(), "the end of the file".to_owned())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Complaint> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or_else(short)?;
        self.0 = rest;
        Ok(*chunk)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Complaint> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(short)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<usize, Complaint> {
        Ok(u32::from_le_bytes(self.take()?) as usize)
    }

    fn row(&mut self, dim: usize) -> Result<Row, Complaint> {
        let scale = f32::from_le_bytes(self.take()?);
        let codes = self.bytes(dim)?.iter().map(|code| code.cast_signed()).collect();
        Ok(Row { scale, codes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let rows = vec![Row::new(&[0.6, -0.8]), Row::new(&[1.0, 0.0])];
        let of_sense: HashMap<String, Vec<Row>> = [("bank%1:17:01::".to_owned(), rows)].into_iter().collect();
        let examples = Examples { dim: 2, of_sense: of_sense.clone(), ..Examples::default() };
        let mut bytes = examples.to_bytes(7);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        assert_eq!(parse(&bytes).unwrap(), (7, 2, of_sense));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x08;
            assert!(parse(&flipped).is_err(), "byte {at}");
            assert!(parse(&bytes[..at]).is_err(), "cut to {at}");
        }
    }
}
