//! Sentences in which words occur, some hundred for each, spread over the corpus.

use super::Settings;
use crate::error::Result;
use crate::progress::Progress;
use crate::sense::ContextEncoder;
use crate::vectors::WordVectors;
use crate::vocab::WordId;
use crate::vocab::corpus::Corpus;
use std::collections::HashMap;
use std::ops::Range;

/// Longest part of a sentence that is kept, to each side of the word.
const REACH: usize = 40;
/// Words of a document that are looked at together.
pub(crate) const PASSAGE: usize = 2000;

/// A word in its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// Its known words, as the corpus numbers them.
    pub sentence: Vec<WordId>,
    /// Which of them is the word.
    pub at: usize,
    /// Words around it, as [`ContextEncoder::around`] has them.
    pub around: Vec<WordId>,
}

/// Up to `occurrences_max` occurrences of each word, evenly spread.
pub(crate) fn occurrences(
    corpus: &Corpus,
    vectors: &WordVectors,
    words: &[WordId],
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<HashMap<WordId, Vec<Occurrence>>> {
    let mut left: HashMap<WordId, (u64, u64)> = words
        .iter()
        .map(|word| {
            let every = corpus.vocabulary().count(*word).div_ceil(settings.occurrences_max.max(1) as u64);
            (*word, (every.max(1), 0))
        })
        .collect();
    let mut found: HashMap<WordId, Vec<Occurrence>> = HashMap::new();
    let counted = vectors.counted(corpus.vocabulary());
    let (mut read, total) = (0, corpus.sentences());
    corpus.for_each_passage(PASSAGE, |sentences| {
        let before = read / 20_000;
        read += sentences.len() as u64;
        if read / 20_000 > before {
            progress.step("reading sentences", read, total, "sentences")?;
        }
        let passage: Vec<WordId> = sentences.iter().flatten().flatten().copied().collect();
        let mut start = 0;
        for sentence in sentences {
            let range = start..start + sentence.iter().flatten().count();
            start = range.end;
            for at in range.clone() {
                let Some((every, met)) = left.get_mut(&passage[at]) else { continue };
                *met += 1;
                if *met % *every == 0 && range.len() >= 3 {
                    let occurrence = occurrence(&counted, &passage, &range, at);
                    found.entry(passage[at]).or_default().push(occurrence);
                }
            }
        }
        Ok(())
    })?;
    found.retain(|_, occurrences| {
        occurrences.len() >= settings.occurrences_min.min(settings.occurrences_max) / 2
    });
    Ok(found)
}

fn occurrence(counted: &[Option<u64>], passage: &[WordId], sentence: &Range<usize>, at: usize) -> Occurrence {
    let near = at.saturating_sub(REACH).max(sentence.start)..(at + REACH).min(sentence.end);
    Occurrence {
        sentence: passage[near.clone()].to_vec(),
        at: at - near.start,
        around: ContextEncoder::around(passage, at, |word| counted[word.index()]),
    }
}
