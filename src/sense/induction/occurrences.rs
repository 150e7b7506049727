//! Sentences in which words occur, some hundred for each, spread over the corpus.

use super::Settings;
use crate::error::Result;
use crate::progress::Progress;
use crate::vocab::WordId;
use crate::vocab::corpus::Corpus;
use std::collections::HashMap;

/// Longest part of a sentence that is kept, around the word.
const REACH: usize = 40;

/// A word in its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// Its known words, as the corpus numbers them.
    pub sentence: Vec<WordId>,
    /// Which of them is the word.
    pub at: usize,
}

/// Up to `occurrences_max` occurrences of each word, evenly spread.
pub(crate) fn occurrences(
    corpus: &Corpus,
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
    let (mut number, total) = (0, corpus.sentences());
    corpus.for_each_sentence(|sentence| {
        number += 1;
        if number % 20_000 == 0 {
            progress.step("reading sentences", number, total, "sentences")?;
        }
        let known: Vec<WordId> = sentence.iter().flatten().copied().collect();
        for (at, word) in known.iter().enumerate() {
            let Some((every, met)) = left.get_mut(word) else { continue };
            *met += 1;
            if *met % *every == 0 && known.len() >= 3 {
                let start = at.saturating_sub(REACH);
                let end = (at + REACH).min(known.len());
                let occurrence = Occurrence { sentence: known[start..end].to_vec(), at: at - start };
                found.entry(*word).or_default().push(occurrence);
            }
        }
        Ok(())
    })?;
    found.retain(|_, occurrences| {
        occurrences.len() >= settings.occurrences_min.min(settings.occurrences_max) / 2
    });
    Ok(found)
}
