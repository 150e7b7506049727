//! Tagged examples on disk. `docs/formats/tagged.md` draws the file byte by byte.

use super::examples::{Examples, Row};
use super::frame::{Complaint, Frame, Reader, Writer};
use crate::error::Result;
use crate::wordnet::WordNet;
use std::collections::HashMap;
use std::path::Path;

const FRAME: Frame = Frame {
    magic: b"sememeTX",
    version: 1,
    what: "tagged examples",
    cure: "fit it again: sememe senses fit",
};

impl Examples {
    /// Writes the examples, found with the vectors of this fingerprint.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the file cannot be written; it is then as it was before.
    pub fn save(&self, path: &Path, fingerprint: u64) -> Result<()> {
        FRAME.save(path, |to| self.write(fingerprint, to))
    }

    /// Reads examples; `None` if they were found with other vectors.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the file cannot be read, [`crate::error::Error::Damaged`] if it is not as it was written or of a
    /// newer version.
    pub fn open(path: &Path, fingerprint: u64, wordnet: &WordNet) -> Result<Option<Self>> {
        let (found, dim, of_sense) = FRAME.open(path, read)?;
        Ok((found == fingerprint).then(|| Self::of(dim, of_sense, wordnet)))
    }

    /// Reads a file to its end, whatever vectors it belongs to.
    ///
    /// # Errors
    /// As [`Examples::open`].
    pub fn check(path: &Path) -> Result<()> {
        FRAME.open(path, read).map(drop)
    }

    fn write(&self, fingerprint: u64, to: &mut Writer) {
        to.number(self.dim);
        to.fingerprint(fingerprint);
        to.number(self.of_sense.len());
        let mut senses: Vec<(&String, &Vec<Row>)> = self.of_sense.iter().collect();
        senses.sort_by_key(|(key, _)| *key);
        for (key, rows) in senses {
            to.text(key);
            to.number(rows.len());
            for row in rows {
                to.float(row.scale);
                to.bytes(row.codes.iter().map(|code| code.cast_unsigned()));
            }
        }
    }
}

/// Fingerprint, dimension, and the rows of each sense.
fn read(from: &mut Reader<'_>) -> Result<(u64, usize, HashMap<String, Vec<Row>>), Complaint> {
    let dim = from.number()?;
    let fingerprint = from.fingerprint()?;
    let mut senses = HashMap::new();
    for _ in 0..from.number()? {
        let key = from.text()?;
        let rows = (0..from.number()?).map(|_| row(from, dim)).collect::<Result<_, _>>()?;
        senses.insert(key, rows);
    }
    Ok((fingerprint, dim, senses))
}

fn row(from: &mut Reader<'_>, dim: usize) -> Result<Row, Complaint> {
    let scale = from.float()?;
    let codes = from.bytes(dim)?.iter().map(|code| code.cast_signed()).collect();
    Ok(Row { scale, codes })
}

#[cfg(test)]
mod tests {
    use super::super::frame::finds_all_damage;
    use super::*;

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let rows = vec![Row::new(&[0.6, -0.8]), Row::new(&[1.0, 0.0])];
        let of_sense: HashMap<String, Vec<Row>> = [("bank%1:17:01::".to_owned(), rows)].into_iter().collect();
        let examples = Examples { dim: 2, of_sense: of_sense.clone(), ..Examples::default() };
        let bytes = FRAME.bytes(|to| examples.write(7, to));
        assert_eq!(FRAME.parse(&bytes, read).unwrap(), (7, 2, of_sense));
        finds_all_damage(&bytes, |bytes| FRAME.parse(bytes, read));
    }
}
