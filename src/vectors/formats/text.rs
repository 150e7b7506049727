//! Vectors as lines of text: word2vec's and fastText's `.vec` with a first line "V D", GloVe's without.
//!
//! A line is a word and D numbers, separated by spaces or tabs. A word with a space in it makes a line of D + 2 fields and
//! is refused: which of them is the word cannot be told.

use super::bytes::{Complaint, Reader};
use super::{Source, Target, check_not_empty, check_word, clip, read_shape};
use crate::error::{Error, Result};
use crate::vectors::{MAX_DIM, WordVectors};
use rayon::prelude::*;
use std::io::Write;

/// Lines read by one thread at a time.
const BLOCK: usize = 1024;

pub(super) fn read(source: &Source<'_>, has_shape: bool) -> Result<WordVectors> {
    let first = |complaint| source.bad(1, complaint);
    let mut reader = Reader::new(source.bytes, 0);
    let shape = if has_shape {
        let line = reader.until(b'\n', "a first line").map_err(first)?;
        Some(read_shape(line, reader.left() + 1, |dim| 2 * dim + 2).map_err(first)?)
    } else {
        None
    };
    let lines = lines_of(&source.bytes[reader.at()..]);
    let first_line = 1 + u64::from(has_shape);
    let (rows, dim) = match shape {
        Some(shape) => shape,
        None => (lines.len(), dim_of(&lines).map_err(first)?),
    };
    if lines.len() != rows {
        let line = first_line + lines.len().min(rows) as u64;
        let got = format!("{} lines", lines.len());
        return Err(source.bad(line, (format!("{rows} lines of words, as the first line says"), got)));
    }
    let (words, values) = read_lines(source, &lines, dim, first_line)?;
    let vocabulary = source.vocabulary(&words, &[], first_line)?;
    WordVectors::new(vocabulary, values, dim)
}

/// The lines, without the empty rest after the last line end.
fn lines_of(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

/// The number of values in the first line of a file that does not say it.
fn dim_of(lines: &[&[u8]]) -> Result<usize, Complaint> {
    let fields = lines.first().map_or(0, |line| fields_of(line).count());
    if (2..=MAX_DIM + 1).contains(&fields) {
        Ok(fields - 1)
    } else {
        Err((format!("a word and 1 to {MAX_DIM} values"), format!("{fields} fields")))
    }
}

fn fields_of(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).filter(|field| !field.is_empty())
}

fn read_lines<'a>(
    source: &Source<'a>,
    lines: &[&'a [u8]],
    dim: usize,
    first_line: u64,
) -> Result<(Vec<&'a str>, Vec<f32>)> {
    // Each line is at least `dim` values of two characters, as the shape was held against the size of the file.
    let short = lines.iter().position(|line| line.len() < 2 * dim + 1);
    if let Some(line) = short {
        return Err(source.bad(first_line + line as u64, wrong_line(lines[line], dim)));
    }
    let mut values = vec![0.0; lines.len() * dim];
    let blocks: Vec<Vec<&str>> = lines
        .par_chunks(BLOCK)
        .zip(values.par_chunks_mut(BLOCK * dim))
        .enumerate()
        .map(|(block, (lines, values))| {
            let rows = lines.iter().zip(values.chunks_exact_mut(dim)).enumerate();
            let words = rows.map(|(i, (line, values))| {
                let line_number = first_line + (block * BLOCK + i) as u64;
                read_line(line, values).map_err(|complaint| source.bad(line_number, complaint))
            });
            source.step(lines[0].as_ptr() as usize - source.bytes.as_ptr() as usize)?;
            words.collect()
        })
        .collect::<Result<_>>()?;
    Ok((blocks.into_iter().flatten().collect(), values))
}

fn read_line<'a>(line: &'a [u8], values: &mut [f32]) -> Result<&'a str, Complaint> {
    let mut fields = fields_of(line);
    let word = fields.next().unwrap_or_default();
    let word = str::from_utf8(word).map_err(|_| {
        ("a word in UTF-8".to_string(), format!("{:?}", clip(&String::from_utf8_lossy(word))))
    })?;
    let dim = values.len();
    for value in values {
        let field = fields.next().ok_or_else(|| wrong_line(line, dim))?;
        let number = str::from_utf8(field).ok().and_then(|field| field.parse::<f32>().ok());
        *value = match number {
            Some(number) if number.is_finite() => number,
            _ => {
                let got = String::from_utf8_lossy(field).into_owned();
                return Err((
                    format!("{dim} finite numbers after {:?}", clip(word)),
                    format!("{:?}", clip(&got)),
                ));
            }
        };
    }
    if fields.next().is_some() { Err(wrong_line(line, dim)) } else { Ok(word) }
}

fn wrong_line(line: &[u8], dim: usize) -> Complaint {
    let count = fields_of(line).count().saturating_sub(1);
    (format!("a word without spaces and {dim} numbers"), format!("{count} fields after the first"))
}

pub(super) fn write(
    vectors: &WordVectors,
    to: &mut impl Write,
    target: &Target<'_>,
    has_shape: bool,
) -> Result<()> {
    check_not_empty(vectors)?;
    let io = |error| Error::io("write", target.path)(error);
    if has_shape {
        writeln!(to, "{} {}", vectors.len(), vectors.dim()).map_err(io)?;
    }
    for (id, word, _) in vectors.vocabulary().iter() {
        target.step(id.index(), vectors.len())?;
        check_word(word)?;
        write!(to, "{word}").map_err(io)?;
        for value in vectors.original(id) {
            write_number(to, value).map_err(io)?;
        }
        writeln!(to).map_err(io)?;
    }
    Ok(())
}

/// A space and the shortest number that reads back as the same `f32`.
fn write_number(to: &mut impl Write, value: f32) -> std::io::Result<()> {
    if value == 0.0 || (1e-5..1e16).contains(&value.abs()) {
        write!(to, " {value}")
    } else {
        write!(to, " {value:e}")
    }
}
