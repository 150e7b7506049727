//! The vocabulary chunks of a finalfusion file: words, and how n-grams find their rows.
//!
//! finalfusion panics on a word that stands twice and allocates whatever a count says; here both are found first.

use super::bytes::{Complaint, Reader};
use super::layout::{BUCKET_VOCAB, EXPLICIT_VOCAB, FASTTEXT_VOCAB, FLORET_VOCAB, Layout, SIMPLE_VOCAB};
use crate::vectors::subwords::{Index, MAX_NGRAM, Ngrams};
use finalfusion::compat::floret::FloretIndexer;
use finalfusion::subword::{BucketIndexer, ExplicitIndexer, Indexer};
use finalfusion::vocab::SubwordVocab;
use std::collections::HashSet;
use std::io::{self, Write};

/// Words as they stand in a file, and where their n-grams stand.
pub(crate) struct WordsChunk<'a> {
    pub(crate) words: Vec<&'a str>,
    pub(crate) ngrams: Option<Ngrams>,
}

impl<'a> WordsChunk<'a> {
    pub(crate) fn read(bytes: &'a [u8], layout: &Layout) -> Result<Self, Complaint> {
        let kinds = [SIMPLE_VOCAB, BUCKET_VOCAB, FASTTEXT_VOCAB, EXPLICIT_VOCAB, FLORET_VOCAB];
        let chunk = layout.chunks.iter().find(|(kind, _)| kinds.contains(kind));
        let (kind, content) = chunk.ok_or_else(|| ("a vocabulary".to_string(), "none".to_string()))?;
        let mut reader = Reader::new(&bytes[..content.end], content.start);
        let read = match *kind {
            SIMPLE_VOCAB => {
                let count = reader.u64("number of words")?;
                Self { words: read_words(&mut reader, count, "word")?, ngrams: None }
            }
            FLORET_VOCAB => Self { words: Vec::new(), ngrams: Some(read_floret(&mut reader)?) },
            EXPLICIT_VOCAB => read_explicit(&mut reader)?,
            kind => read_buckets(&mut reader, kind)?,
        };
        if reader.left() > 0 {
            return Err(("the end of the vocabulary".into(), format!("{} more bytes", reader.left())));
        }
        Ok(read)
    }
}

/// `count` different strings, each after its length.
fn read_words<'a>(reader: &mut Reader<'a>, count: u64, what: &str) -> Result<Vec<&'a str>, Complaint> {
    if count > reader.left() as u64 / 4 {
        return Err((format!("{count} {what}s"), format!("{} bytes for them", reader.left())));
    }
    let mut words = Vec::with_capacity(count as usize);
    let mut seen = HashSet::with_capacity(count as usize);
    for at in 0..count {
        let word = read_string(reader, what)?;
        if !seen.insert(word) {
            return Err((format!("each {what} once"), format!("{what} {at}, {word:?}, twice")));
        }
        words.push(word);
    }
    Ok(words)
}

fn read_string<'a>(reader: &mut Reader<'a>, what: &str) -> Result<&'a str, Complaint> {
    let len = reader.u32("length")?;
    let bytes = reader.take(u64::from(len), what)?;
    str::from_utf8(bytes)
        .map_err(|_| (format!("a {what} in UTF-8"), String::from_utf8_lossy(bytes).into_owned()))
}

fn read_lengths(reader: &mut Reader<'_>) -> Result<(u32, u32), Complaint> {
    let min_n = reader.number(1..=u64::from(MAX_NGRAM), false, "shortest n-gram")?;
    let max_n = reader.number(min_n..=u64::from(MAX_NGRAM), false, "longest n-gram")?;
    Ok((min_n as u32, max_n as u32))
}

fn read_buckets<'a>(reader: &mut Reader<'a>, kind: u32) -> Result<WordsChunk<'a>, Complaint> {
    let count = reader.u64("number of words")?;
    let (min_n, max_n) = read_lengths(reader)?;
    let buckets = reader.u32("buckets")?;
    let ngrams = match kind {
        BUCKET_VOCAB => Ngrams::buckets(min_n, max_n, buckets),
        _ => Ngrams::fasttext(min_n, max_n, buckets),
    };
    let ngrams = ngrams.map_err(|error| ("buckets that can be".to_string(), error.to_string()))?;
    Ok(WordsChunk { words: read_words(reader, count, "word")?, ngrams: Some(ngrams) })
}

fn read_floret(reader: &mut Reader<'_>) -> Result<Ngrams, Complaint> {
    let (min_n, max_n) = read_lengths(reader)?;
    let buckets = reader.number(1..=1 << 30, true, "number of buckets")?;
    let hashes = reader.number(1..=4, false, "number of hashes")? as u32;
    let seed = reader.u32("hash seed")?;
    let bow = read_string(reader, "begin of word")?;
    let eow = read_string(reader, "end of word")?;
    let indexer = FloretIndexer::new(buckets, hashes, seed);
    let vocab = SubwordVocab::new_with_boundaries(Vec::new(), min_n, max_n, indexer, bow, eow);
    Ok(Ngrams(Index::Floret(vocab)))
}

fn read_explicit<'a>(reader: &mut Reader<'a>) -> Result<WordsChunk<'a>, Complaint> {
    let count = reader.u64("number of words")?;
    let ngram_count = reader.u64("number of n-grams")?;
    let (min_n, max_n) = read_lengths(reader)?;
    let words = read_words(reader, count, "word")?;
    if ngram_count > reader.left() as u64 / 12 {
        return Err((format!("{ngram_count} n-grams"), format!("{} bytes for them", reader.left())));
    }
    let mut seen = HashSet::with_capacity(ngram_count as usize);
    let mut ngrams = Vec::with_capacity(ngram_count as usize);
    for _ in 0..ngram_count {
        let ngram = read_string(reader, "n-gram")?;
        if !seen.insert(ngram) {
            return Err(("each n-gram once".into(), format!("{ngram:?} twice")));
        }
        ngrams.push((ngram.to_owned(), reader.u64("row")?));
    }
    let (indexer, _) = ExplicitIndexer::new_with_indices(ngrams);
    let vocab = SubwordVocab::new(Vec::new(), min_n, max_n, indexer);
    Ok(WordsChunk { words, ngrams: Some(Ngrams(Index::Explicit(vocab))) })
}

/// The number of the vocabulary chunk with such n-grams.
pub(crate) fn kind_of(ngrams: &Ngrams) -> u32 {
    match ngrams.0 {
        Index::Bucket(_) => BUCKET_VOCAB,
        Index::FastText(_) => FASTTEXT_VOCAB,
        Index::Explicit(_) => EXPLICIT_VOCAB,
        Index::Floret(_) => FLORET_VOCAB,
    }
}

/// The chunk of a vocabulary: its number, its length, and what [`WordsChunk::read`] reads.
pub(crate) fn write_words<'a>(
    to: &mut impl Write,
    words: impl ExactSizeIterator<Item = &'a str> + Clone,
    ngrams: Option<&Ngrams>,
) -> io::Result<()> {
    let mut head: Vec<u8> = Vec::new();
    let mut tail: Vec<u8> = Vec::new();
    let count = words.len() as u64;
    match ngrams.map(|ngrams| &ngrams.0) {
        None => head.extend(count.to_le_bytes()),
        Some(Index::Bucket(vocab)) => put_buckets(&mut head, count, vocab),
        Some(Index::FastText(vocab)) => put_buckets(&mut head, count, vocab),
        Some(Index::Explicit(vocab)) => put_explicit(&mut head, &mut tail, count, vocab),
        Some(Index::Floret(vocab)) => put_floret(&mut head, vocab),
    }
    let kind = ngrams.map_or(SIMPLE_VOCAB, kind_of);
    let has_words = kind != FLORET_VOCAB;
    let len: usize = if has_words { words.clone().map(|word| 4 + word.len()).sum() } else { 0 };
    to.write_all(&kind.to_le_bytes())?;
    to.write_all(&((head.len() + len + tail.len()) as u64).to_le_bytes())?;
    to.write_all(&head)?;
    for word in words.take(if has_words { usize::MAX } else { 0 }) {
        to.write_all(&(word.len() as u32).to_le_bytes())?;
        to.write_all(word.as_bytes())?;
    }
    to.write_all(&tail)
}

fn put_numbers(to: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|number| to.extend(number.to_le_bytes()));
}

fn put_string(to: &mut Vec<u8>, text: &str) {
    put_numbers(to, &[text.len() as u32]);
    to.extend(text.as_bytes());
}

fn put_buckets<I: BucketIndexer>(to: &mut Vec<u8>, count: u64, vocab: &SubwordVocab<I>) {
    to.extend(count.to_le_bytes());
    put_numbers(to, &[vocab.min_n(), vocab.max_n(), vocab.indexer().buckets() as u32]);
}

fn put_floret(to: &mut Vec<u8>, vocab: &SubwordVocab<FloretIndexer>) {
    put_numbers(to, &[vocab.min_n(), vocab.max_n()]);
    to.extend(vocab.indexer().n_buckets().to_le_bytes());
    put_numbers(to, &[vocab.indexer().n_hashes(), vocab.indexer().seed()]);
    put_string(to, vocab.bow());
    put_string(to, vocab.eow());
}

fn put_explicit(head: &mut Vec<u8>, tail: &mut Vec<u8>, count: u64, vocab: &SubwordVocab<ExplicitIndexer>) {
    let ngrams = vocab.indexer().ngrams();
    head.extend(count.to_le_bytes());
    head.extend((ngrams.len() as u64).to_le_bytes());
    put_numbers(head, &[vocab.min_n(), vocab.max_n()]);
    for ngram in ngrams {
        let row = vocab.indexer().index_ngram(&ngram.as_str().into());
        put_string(tail, ngram);
        tail.extend(row[0].to_le_bytes());
    }
}
