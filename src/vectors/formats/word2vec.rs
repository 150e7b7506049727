//! word2vec's binary format.
//!
//! Source: word2vec.c, the end of `TrainModel`: a line "V D", then for each word its spelling, a space, D little-endian
//! `f32`s and a line end, which gensim leaves out.

use super::bytes::Reader;
use super::{Source, Target, check_not_empty, check_word, clip, read_shape};
use crate::error::{Error, Result};
use crate::vectors::WordVectors;
use crate::vectors::rows::floats;
use std::io::Write;

pub(super) fn read(source: &Source<'_>) -> Result<WordVectors> {
    let mut reader = Reader::new(source.bytes, 0);
    let first = |complaint| source.bad(1, complaint);
    let line = reader.until(b'\n', "a first line").map_err(first)?;
    let (rows, dim) = read_shape(line, reader.left(), |dim| 4 * dim + 2).map_err(first)?;
    let mut words = Vec::with_capacity(rows);
    let mut values = Vec::with_capacity(rows * dim);
    for record in 1..=rows as u64 {
        let bad = |complaint| source.bad(record, complaint);
        while reader.peek() == Some(b'\n') {
            reader.take(1, "a line end").map_err(bad)?;
        }
        let word = reader.until(b' ', "a word").map_err(bad)?;
        words.push(check_spelling(word).map_err(bad)?);
        let row = floats(reader.take(4 * dim as u64, "values").map_err(bad)?);
        if !row.iter().all(|value| value.is_finite()) {
            let got = format!("others for {:?}", clip(words[words.len() - 1]));
            return Err(bad(("finite values".into(), got)));
        }
        values.extend(row);
        if record.is_multiple_of(8192) {
            source.step(reader.at())?;
        }
    }
    let rest = &source.bytes[reader.at()..];
    if !rest.iter().all(u8::is_ascii_whitespace) {
        let got = format!("{} more bytes", rest.len());
        return Err(source.bad(rows as u64, (format!("the end after {rows} words of {dim} values"), got)));
    }
    let vocabulary = source.vocabulary(&words, &[], 1)?;
    WordVectors::new(vocabulary, values, dim)
}

fn check_spelling(word: &[u8]) -> Result<&str, super::Complaint> {
    let got = || format!("{:?}", clip(&String::from_utf8_lossy(word)));
    match str::from_utf8(word) {
        Ok(text) if !text.is_empty() && !text.contains(|c: char| c.is_ascii_control()) => Ok(text),
        Ok(_) => Err(("a word of printable characters".into(), got())),
        Err(_) => Err(("a word in UTF-8".into(), got())),
    }
}

pub(super) fn write(vectors: &WordVectors, to: &mut impl Write, target: &Target<'_>) -> Result<()> {
    check_not_empty(vectors)?;
    let io = |error| Error::io("write", target.path)(error);
    writeln!(to, "{} {}", vectors.len(), vectors.dim()).map_err(io)?;
    for (id, word, _) in vectors.vocabulary().iter() {
        target.step(id.index(), vectors.len())?;
        check_word(word)?;
        let values: Vec<u8> = vectors.original(id).iter().flat_map(|value| value.to_le_bytes()).collect();
        write!(to, "{word} ").map_err(io)?;
        to.write_all(&values).map_err(io)?;
        writeln!(to).map_err(io)?;
    }
    Ok(())
}
