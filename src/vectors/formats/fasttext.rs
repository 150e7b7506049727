//! fastText's `.bin`: words with counts, and the matrix of words and hashed n-grams.
//!
//! A word's vector is the mean of its own row and the rows of its n-grams (`FastText::getWordVector`); only `</s>` has no
//! n-grams. Written files hold an output matrix of zeros, which fastText insists on reading: they answer, but training
//! cannot go on from them. Supervised, pruned and quantised models are refused.
//!
//! Source: fastText 0.9.2, `FastText::saveModel`, `Args::save`, `Dictionary::save`.

use super::bytes::{Complaint, Reader};
use super::{Source, Target, check_not_empty, check_word, clip};
use crate::error::{Error, Result};
use crate::vectors::rows::floats;
use crate::vectors::subwords::Index;
use crate::vectors::{MAX_DIM, Ngrams, Subwords, WordVectors};
use crate::vocab::WordId;
use rayon::prelude::*;
use std::io::Write;

pub(super) const MAGIC: u32 = 793_712_314;
const VERSION: u32 = 12;
/// The end of a sentence, a word without n-grams.
const END_OF_SENTENCE: &str = "</s>";

/// What of a model's settings matters to its vectors.
pub(super) struct Model<'a> {
    pub(super) dim: usize,
    pub(super) ngrams: Option<Ngrams>,
    pub(super) words: Vec<&'a str>,
    counts: Vec<u64>,
    /// Where the matrix begins, of words and buckets.
    matrix: usize,
    rows: usize,
}

pub(super) fn read(source: &Source<'_>) -> Result<WordVectors> {
    let model = Model::read(source.bytes).map_err(|(record, complaint)| source.bad(record, complaint))?;
    let (dim, count) = (model.dim, model.words.len());
    let vocabulary = source.vocabulary(&model.words, &model.counts, 1)?;
    let bytes = &source.bytes[model.matrix..][..4 * dim * model.rows];
    if let Some(at) = bytes.as_chunks().0.iter().position(|value| !f32::from_le_bytes(*value).is_finite()) {
        let row = at / dim;
        return Err(source.bad(row as u64 + 1, ("finite values".into(), format!("others in row {row}"))));
    }
    source.step(model.matrix)?;
    let mut words = floats(&bytes[..4 * dim * count]);
    let Some(ngrams) = model.ngrams else { return WordVectors::new(vocabulary, words, dim) };
    let subwords = Subwords::new(ngrams, floats(&bytes[4 * dim * count..]), dim)?;
    words.par_chunks_exact_mut(dim).zip(&model.words).for_each(|(row, word)| {
        let rows = rows_of(&subwords, word);
        let scale = 1.0 / (rows.len() + 1) as f64;
        let sum = sum_of(&subwords, &rows);
        row.iter_mut().zip(sum).for_each(|(value, sum)| *value = ((f64::from(*value) + sum) * scale) as f32);
    });
    WordVectors::new(vocabulary, words, dim)?.with_subwords(subwords)
}

fn rows_of(subwords: &Subwords, word: &str) -> Vec<usize> {
    if word == END_OF_SENTENCE { Vec::new() } else { subwords.ngrams().rows(word) }
}

fn sum_of(subwords: &Subwords, rows: &[usize]) -> Vec<f64> {
    let dim = subwords.dim();
    let mut sum = vec![0.0; dim];
    for row in rows {
        let values = &subwords.matrix()[row * dim..][..dim];
        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sum
}

impl<'a> Model<'a> {
    /// The head of a file, and where its matrix stands; complaints come with the number of the word.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, (u64, Complaint)> {
        let mut reader = Reader::new(bytes, 0);
        let settings = |complaint| (1, complaint);
        let (dim, buckets, min_n, max_n) = read_settings(&mut reader).map_err(settings)?;
        let (words, counts) = read_words(&mut reader)?;
        let matrix = |complaint| (words.len() as u64, complaint);
        let ngrams = if max_n == 0 || buckets == 0 {
            None
        } else {
            let ngrams = Ngrams::fasttext(min_n, max_n, buckets);
            Some(ngrams.map_err(|error| (1, ("n-grams that can be".to_string(), error.to_string())))?)
        };
        if reader.u8("quantisation").map_err(matrix)? != 0 {
            let got = "a quantised one".to_string();
            return Err((1, ("a model that is not quantised (.bin, not .ftz)".into(), got)));
        }
        let rows = words.len() as u64 + u64::from(buckets);
        reader.number(rows..=rows, true, "number of rows").map_err(matrix)?;
        reader.number(dim..=dim, true, "number of columns").map_err(matrix)?;
        let start = reader.at();
        reader.take(rows * dim * 4, "a matrix").map_err(matrix)?;
        Ok(Self { dim: dim as usize, ngrams, words, counts, matrix: start, rows: rows as usize })
    }
}

/// Dimension, buckets, shortest and longest n-gram.
fn read_settings(reader: &mut Reader<'_>) -> Result<(u64, u32, u32, u32), Complaint> {
    reader.number(u64::from(MAGIC)..=u64::from(MAGIC), false, "fastText's magic")?;
    reader.number(11..=u64::from(VERSION), false, "fastText version")?;
    let dim = reader.number(1..=MAX_DIM as u64, false, "dimension")?;
    reader.take(4 * 6, "settings")?; // window, epochs, least count, negatives, word n-grams, loss
    reader.number(1..=2, false, "unsupervised model")?;
    let buckets = reader.number(0..=1 << 30, false, "number of buckets")? as u32;
    let min_n = reader.u32("shortest n-gram")?;
    let max_n = reader.u32("longest n-gram")?;
    reader.take(4 + 8, "settings")?; // learning rate update, subsampling
    Ok((dim, buckets, min_n, max_n))
}

type Words<'a> = (Vec<&'a str>, Vec<u64>);

fn read_words<'a>(reader: &mut Reader<'a>) -> Result<Words<'a>, (u64, Complaint)> {
    let head = |complaint| (1, complaint);
    let least = 10; // an empty word, its count and its kind
    let most = reader.left() as u64 / least;
    let count = reader.number(1..=most, false, "number of words").map_err(head)?;
    reader.number(count..=count, false, "number of words").map_err(head)?;
    reader.number(0..=0, false, "number of labels").map_err(head)?;
    reader.u64("number of tokens").map_err(head)?;
    let pruned = reader.u64("number of pruned n-grams").map_err(head)?;
    if pruned as i64 >= 0 {
        return Err((1, ("a model that is not pruned".into(), format!("{pruned} n-grams"))));
    }
    let mut words = Vec::with_capacity(count as usize);
    let mut counts = Vec::with_capacity(count as usize);
    for record in 1..=count {
        let bad = |complaint| (record, complaint);
        let word = reader.until(0, "a word").map_err(bad)?;
        let utf8 = |_| ("a word in UTF-8".to_string(), String::from_utf8_lossy(word).into_owned());
        words.push(str::from_utf8(word).map_err(utf8).map_err(bad)?);
        counts.push(reader.u64("a count").map_err(bad)?);
        if reader.u8("a kind").map_err(bad)? != 0 {
            let got = format!("a label, {:?}", clip(words[words.len() - 1]));
            return Err((record, ("words alone".into(), got)));
        }
    }
    Ok((words, counts))
}

pub(super) fn write(vectors: &WordVectors, to: &mut impl Write, target: &Target<'_>) -> Result<()> {
    check_not_empty(vectors)?;
    let subwords = vectors.subwords();
    let buckets = match subwords.map(|subwords| &subwords.ngrams().0) {
        None => 0,
        Some(Index::FastText(_)) => subwords.map_or(0, |subwords| subwords.ngrams().len()),
        Some(_) => {
            let cure = "export as fifu, or leave the subwords out";
            return Err(Error::invalid("subwords", "fastText's buckets", "those of another kind", cure));
        }
    };
    let io = |error| Error::io("write", target.path)(error);
    let mut head = settings(vectors, buckets as u32);
    for (_, word, count) in vectors.vocabulary().iter() {
        check_word(word)?;
        head.extend_from_slice(word.as_bytes());
        head.push(0);
        head.extend(count.to_le_bytes());
        head.push(0);
    }
    head.push(0);
    put_shape(&mut head, vectors.len() + buckets, vectors.dim());
    to.write_all(&head).map_err(io)?;
    for (id, word, _) in vectors.vocabulary().iter() {
        target.step(id.index(), vectors.len())?;
        put_values(to, &own_row(vectors, id, word)).map_err(io)?;
    }
    for rows in subwords.map_or(&[][..], Subwords::matrix).chunks(1 << 14) {
        put_values(to, rows).map_err(io)?;
    }
    let mut output = vec![0];
    put_shape(&mut output, vectors.len(), vectors.dim());
    to.write_all(&output).map_err(io)?;
    let zeros = vec![0; 4 * vectors.dim()];
    (0..vectors.len()).try_for_each(|_| to.write_all(&zeros)).map_err(io)
}

/// What of a word's vector its n-grams do not make.
fn own_row(vectors: &WordVectors, id: WordId, word: &str) -> Vec<f32> {
    let mut row = vectors.original(id);
    if let Some(subwords) = vectors.subwords() {
        let rows = rows_of(subwords, word);
        let count = (rows.len() + 1) as f64;
        let sum = sum_of(subwords, &rows);
        row.iter_mut().zip(sum).for_each(|(value, sum)| *value = (f64::from(*value) * count - sum) as f32);
    }
    row
}

fn settings(vectors: &WordVectors, buckets: u32) -> Vec<u8> {
    let (min_n, max_n) = vectors.subwords().map_or((0, 0), |subwords| subwords.ngrams().lengths());
    let (dim, words) = (vectors.dim() as u32, vectors.len() as u32);
    // Window, epochs, least count, negatives, word n-grams, loss (softmax: it needs no table), model (skip-gram) …
    let numbers = [MAGIC, VERSION, dim, 5, 5, 1, 5, 1, 3, 2, buckets, min_n, max_n, 100];
    let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    bytes.extend(1e-4f64.to_le_bytes());
    [words, words, 0].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.extend(vectors.vocabulary().total().to_le_bytes());
    bytes.extend((-1i64).to_le_bytes());
    bytes
}

fn put_shape(to: &mut Vec<u8>, rows: usize, dim: usize) {
    to.extend((rows as u64).to_le_bytes());
    to.extend((dim as u64).to_le_bytes());
}

fn put_values(to: &mut impl Write, values: &[f32]) -> std::io::Result<()> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    to.write_all(&bytes)
}
