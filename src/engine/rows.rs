//! `documents.rows`: which document each row of the document vectors is.
//!
//! Magic `SMMROWS1`, number of rows (u64), one i64 a row, CRC-32 of all before (u32); little-endian.

use crate::error::{Error, Result};
use crate::files::write_whole;
use std::io::Write;
use std::path::Path;

const MAGIC: &[u8; 8] = b"SMMROWS1";
const CURE: &str = "rebuild it with `sememe index COLLECTION`";

/// Writes the documents' keys in the order of rows.
pub(super) fn save(path: &Path, seqs: &[i64]) -> Result<()> {
    let mut bytes = Vec::with_capacity(20 + 8 * seqs.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(seqs.len() as u64).to_le_bytes());
    seqs.iter().for_each(|seq| bytes.extend_from_slice(&seq.to_le_bytes()));
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    write_whole(path, |to| to.write_all(&bytes).map_err(Error::io("write", path)))
}

/// Reads them back.
pub(super) fn open(path: &Path) -> Result<Vec<i64>> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    let damaged = |expected: &str, got: String| Error::damaged(path, expected, got, CURE);
    let Some((body, checksum)) = bytes.split_last_chunk::<4>() else {
        return Err(damaged("at least 20 bytes", bytes.len().to_string()));
    };
    if !body.starts_with(MAGIC) {
        return Err(damaged("a file of rows", "another beginning".to_owned()));
    }
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return Err(damaged("its checksum", "another".to_owned()));
    }
    let (numbers, rest) = body[8..].as_chunks::<8>();
    let count = numbers.first().map_or(0, |count| u64::from_le_bytes(*count));
    if !rest.is_empty() || numbers.len() as u64 != count + 1 {
        return Err(damaged(&format!("{count} rows"), format!("{} bytes", body.len())));
    }
    Ok(numbers[1..].iter().map(|number| i64::from_le_bytes(*number)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_and_damaged_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("documents.rows");
        save(&path, &[3, -1, i64::MAX]).unwrap();
        assert_eq!(open(&path).unwrap(), [3, -1, i64::MAX]);
        let sound = std::fs::read(&path).unwrap();
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            assert!(open(&path).is_err(), "byte {at} flipped");
            std::fs::write(&path, &sound[..at]).unwrap();
            assert!(open(&path).is_err(), "cut at {at}");
        }
    }
}
