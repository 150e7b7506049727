//! Induced senses on disk: `senses.bin`. `docs/formats/senses.md` draws it byte by byte.

use super::super::frame::{Complaint, Frame, Reader, Writer};
use super::{InducedSense, InducedSenses};
use crate::error::Result;
use crate::vocab::WordId;
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the file, in the folder of the vectors.
pub const SENSES_FILE: &str = "senses.bin";

const FRAME: Frame =
    Frame { magic: b"sememeSN", version: 1, what: "induced senses", cure: "train the collection again" };

impl InducedSenses {
    /// Writes the senses to `senses.bin` in a folder.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the file cannot be written; it is then as it was before.
    pub fn save(&self, folder: &Path) -> Result<()> {
        FRAME.save(&folder.join(SENSES_FILE), |to| self.write(to))
    }

    /// Reads what [`save`](Self::save) wrote; `words` is the size of the vocabulary.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if it cannot be read, [`crate::error::Error::Damaged`] if it is not as it was written or of a newer
    /// version.
    pub fn open(folder: &Path, words: usize) -> Result<Self> {
        FRAME.open(&folder.join(SENSES_FILE), |from| read(from, words))
    }

    fn write(&self, to: &mut Writer) {
        to.number(self.dim);
        to.fingerprint(self.fingerprint);
        to.number(self.words.len());
        for (word, senses) in &self.words {
            to.number(word.index());
            to.number(senses.len());
            for sense in senses {
                to.float(sense.share);
                to.number(1 + sense.examples.len());
                for list in std::iter::once(&sense.label).chain(&sense.examples) {
                    to.number(list.len());
                    list.iter().for_each(|id| to.number(id.index()));
                }
                sense.centroid.iter().for_each(|value| to.float(*value));
            }
        }
    }
}

fn read(from: &mut Reader<'_>, words: usize) -> Result<InducedSenses, Complaint> {
    let dim = from.number()?;
    let fingerprint = from.fingerprint()?;
    let mut found = BTreeMap::new();
    for _ in 0..from.number()? {
        let word = word(from, words)?;
        let senses = (0..from.number()?).map(|_| sense(from, words, dim)).collect::<Result<_, _>>()?;
        found.insert(word, senses);
    }
    Ok(InducedSenses { fingerprint, dim, words: found })
}

fn word(from: &mut Reader<'_>, words: usize) -> Result<WordId, Complaint> {
    let id = from.number()?;
    if id >= words {
        return Err((format!("word ids below {words}"), id.to_string()));
    }
    Ok(WordId(id as u32))
}

fn list(from: &mut Reader<'_>, words: usize) -> Result<Vec<WordId>, Complaint> {
    (0..from.number()?).map(|_| word(from, words)).collect()
}

fn sense(from: &mut Reader<'_>, words: usize, dim: usize) -> Result<InducedSense, Complaint> {
    let share = from.float()?;
    let lists = from.number()?;
    let label = if lists > 0 { list(from, words)? } else { Vec::new() };
    let examples = (1..lists).map(|_| list(from, words)).collect::<Result<_, _>>()?;
    let centroid = (0..dim).map(|_| from.float()).collect::<Result<_, _>>()?;
    Ok(InducedSense { label, share, examples, centroid })
}

#[cfg(test)]
mod tests {
    use super::super::super::frame::finds_all_damage;
    use super::*;
    use crate::error::Error;

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
        let bytes = FRAME.bytes(|to| sample().write(to));
        finds_all_damage(&bytes, |bytes| FRAME.parse(bytes, |from| read(from, 3)));
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
