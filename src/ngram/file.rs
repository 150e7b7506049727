//! `ngrams.bin`: tables of n-grams in a mapped file. `docs/formats/ngrams.md` draws it.

use super::ORDER_MAX;
use super::discounts::Discounts;
use super::keys::Packing;
use super::model::{NGrams, Tables};
use crate::error::{Error, Result};
use crate::index::mapped::{self, Kind, Mapped, bytes_of};
use crate::vectors;
use std::path::{Path, PathBuf};

/// Name of the file, in the folder of a generation.
pub const NGRAMS_FILE: &str = "ngrams.bin";

const KIND: Kind = Kind {
    magic: b"SMNGRAMS",
    version: 1,
    cure: "delete it; the next build of the collection (`sememe index`) counts them again",
};

/// What a file is made of.
pub(super) struct Parts<'a> {
    pub packing: Packing,
    /// Number of n-grams of 2, 3 … words.
    pub lens: &'a [u64],
    /// Of 1, 2 … words.
    pub discounts: &'a [Discounts],
    pub unigrams: &'a [u32],
    /// Positions and counts.
    pub large: &'a [Vec<u32>; 2],
    /// Files of words, counts and starts.
    pub columns: [PathBuf; 3],
}

/// Bytes of a word's id.
pub(super) fn width(packing: Packing) -> usize {
    (u32::BITS - packing.begin().leading_zeros()).div_ceil(8) as usize
}

pub(super) fn write(folder: &Path, corpus: u64, parts: &Parts<'_>) -> Result<()> {
    let mut numbers = [0; 8];
    (numbers[0], numbers[1]) = (parts.discounts.len() as u64, u64::from(parts.packing.words));
    numbers[2..2 + parts.lens.len()].copy_from_slice(parts.lens);
    let discounts: Vec<f32> = parts.discounts.iter().flatten().map(|discount| *discount as f32).collect();
    let [words, counts, starts] = &parts.columns;
    let [words, counts, starts] = [words, counts, starts].map(|path| vectors::Mapped::open(path));
    let (words, counts, starts) = (words?, counts?, starts?);
    let sections = [
        bytes_of(&discounts),
        bytes_of(parts.unigrams),
        &words,
        &counts,
        &starts,
        bytes_of(&parts.large[0]),
        bytes_of(&parts.large[1]),
    ];
    mapped::write(&folder.join(NGRAMS_FILE), &KIND, corpus, &numbers, &sections)
}

impl NGrams {
    /// Maps `ngrams.bin` in a folder and checks all of it; `corpus`, where given, is the checksum of the corpus it has to be of.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read; [`Error::Damaged`] if it is not as it was written, of a newer version, or of another corpus.
    pub fn open(folder: &Path, corpus: Option<u32>) -> Result<Self> {
        let path = folder.join(NGRAMS_FILE);
        let file = Mapped::open(&path, &KIND, corpus.map(u64::from))?;
        let tables =
            tables(&file).map_err(|(expected, got)| Error::damaged(&path, expected, got, KIND.cure))?;
        Ok(Self::new(tables))
    }
}

/// The checksums hold; this makes sure that the numbers fit together, whoever wrote them.
fn tables(file: &Mapped) -> Result<Tables, (String, String)> {
    let [order, words, rest @ ..] = file.numbers;
    if !(2..=ORDER_MAX as u64).contains(&order) || words >= u64::from(u32::MAX) - 3 {
        return Err(("n-grams of 2 to 5 words".into(), format!("{order}, of {words} words")));
    }
    let (order, words) = (order as usize, words as usize);
    let packing = Packing::new(words, order).map_err(|error| ("a vocabulary".into(), error.to_string()))?;
    let lens = &rest[..order - 1];
    let total = lens.iter().try_fold(0u64, |sum, len| sum.checked_add(*len));
    let total = total.filter(|total| *total < u64::from(u32::MAX));
    let total = total.ok_or_else(|| ("less than 2^32 n-grams".to_owned(), format!("{lens:?}")))? as usize;
    let lens: Vec<usize> = lens.iter().map(|len| *len as usize).collect();
    let contexts = words + 3 + lens[..order - 2].iter().sum::<usize>() + order - 1;
    let width = width(packing);
    let section = |name: &str| (format!("a section of {name}"), "one of another size".to_owned());
    let large = file.len(5) / size_of::<u32>();
    let discounts = file.array::<f32>(0, 3 * order).ok_or_else(|| section("discounts"))?;
    let tables = Tables {
        packing,
        width,
        discounts: discounts.as_chunks::<3>().0.iter().map(|of| of.map(f64::from)).collect(),
        unigrams: file.array(1, words + 2).ok_or_else(|| section("unigrams"))?,
        words: file.array(2, total * width).ok_or_else(|| section("words"))?,
        counts: file.array(3, total).ok_or_else(|| section("counts"))?,
        starts: file.array(4, contexts).ok_or_else(|| section("starts"))?,
        large: [5, 6]
            .map(|at| file.array(at, large))
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| section("large counts"))?,
        lens,
    };
    let ordered = (1..order).all(|length| {
        let (starts, ngrams) = (tables.starts_of(length), tables.ngrams(length + 1));
        let ends = (starts.first().copied(), starts.last().copied());
        ends == (Some(ngrams.start as u32), Some(ngrams.end as u32)) && is_rising(starts)
    });
    let large = tables.large[1].iter().all(|count| *count >= u32::from(super::build::LARGE));
    match ordered && large && is_rising(&tables.large[0]) {
        true => Ok(tables),
        false => Err(("contexts in their order".into(), "others".into())),
    }
}

fn is_rising(values: &[u32]) -> bool {
    values.windows(2).all(|pair| pair[0] <= pair[1])
}
