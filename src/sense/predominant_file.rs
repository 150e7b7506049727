//! Shares of senses on disk. `docs/formats/predominant.md` draws the file byte by byte.

use super::frame::{Complaint, Frame, Reader, Writer};
use super::predominant::Predominant;
use crate::error::Result;
use std::collections::BTreeMap;
use std::path::Path;

const FRAME: Frame = Frame {
    magic: b"sememePR",
    version: 1,
    what: "shares of senses",
    cure: "estimate it again: sememe senses prior",
};

type Shares = BTreeMap<String, Vec<(String, f32)>>;

impl Predominant {
    /// Writes the shares, found with the vectors of this fingerprint.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the file cannot be written; it is then as it was before.
    pub fn save(&self, path: &Path, fingerprint: u64) -> Result<()> {
        FRAME.save(path, |to| self.write(fingerprint, to))
    }

    /// Reads shares; `None` if they were found with other vectors.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the file cannot be read, [`crate::error::Error::Damaged`] if it is not as it was written or of a
    /// newer version.
    pub fn open(path: &Path, fingerprint: u64) -> Result<Option<Self>> {
        let (found, words) = FRAME.open(path, read)?;
        Ok((found == fingerprint).then_some(Self { words }))
    }

    /// Reads a file to its end, whatever vectors it belongs to.
    ///
    /// # Errors
    /// As [`Predominant::open`].
    pub fn check(path: &Path) -> Result<()> {
        FRAME.open(path, read).map(drop)
    }

    fn write(&self, fingerprint: u64, to: &mut Writer) {
        to.fingerprint(fingerprint);
        to.number(self.words.len());
        for (word, shares) in &self.words {
            to.text(word);
            to.number(shares.len());
            for (synset, share) in shares {
                to.text(synset);
                to.float(*share);
            }
        }
    }
}

fn read(from: &mut Reader<'_>) -> Result<(u64, Shares), Complaint> {
    let fingerprint = from.fingerprint()?;
    let mut words = Shares::new();
    for _ in 0..from.number()? {
        let word = from.text()?;
        let count = from.number()?;
        let shares = (0..count).map(|_| share(from)).collect::<Result<_, _>>()?;
        words.insert(word, shares);
    }
    Ok((fingerprint, words))
}

fn share(from: &mut Reader<'_>) -> Result<(String, f32), Complaint> {
    Ok((from.text()?, from.float()?))
}

#[cfg(test)]
mod tests {
    use super::super::frame::finds_all_damage;
    use super::*;

    #[test]
    fn every_flipped_byte_and_every_cut_is_found() {
        let share = |synset: &str, share: f32| (synset.to_owned(), share);
        let both = vec![share("09213565-n", 0.75), share("08420278-n", 0.25)];
        let words: Shares =
            [("bank".to_owned(), both), ("银行".to_owned(), vec![share("08420278-n", 1.0)])].into();
        let bytes = FRAME.bytes(|to| Predominant { words: words.clone() }.write(7, to));
        assert_eq!(FRAME.parse(&bytes, read).unwrap(), (7, words));
        finds_all_damage(&bytes, |bytes| FRAME.parse(bytes, read));
    }
}
