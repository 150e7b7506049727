//! Known words that are spelled nearly like an unknown one.

use super::WordNet;
use super::morphy::normalised;
use crate::error::Result;

/// Longest unknown word looked at, in characters: the distance costs its square.
const LENGTH_MAX: usize = 64;

impl WordNet {
    /// The `limit` lemmas of a language spelled most like `word` (Damerau–Levenshtein, at most a third of its letters
    /// different), the nearest first, then alphabetically.
    ///
    /// # Errors
    /// [`crate::error::Error::NotFound`] for a language that was not added.
    pub fn near_spellings(&self, word: &str, language: &str, limit: usize) -> Result<Vec<String>> {
        let language = self.language(language)?;
        let table = language.map_or_else(|| self.lemmas(), |language| language.lemmas(self));
        let word = normalised(word);
        let length = word.chars().count();
        if length == 0 || length > LENGTH_MAX {
            return Ok(Vec::new());
        }
        let reach = (length / 3).clamp(1, 3);
        let letters = letters(&word);
        let mut near = Vec::new();
        for at in 0..table.len() {
            let bytes = table.bounds.row(at).len();
            if bytes + 4 * reach < word.len() || bytes > word.len() + 4 * reach {
                continue;
            }
            let known = table.get(at);
            let differing = (letters ^ self::letters(known)).count_ones() as usize;
            if differing > 2 * reach || known.chars().count().abs_diff(length) > reach {
                continue;
            }
            let distance = strsim::damerau_levenshtein(&word, known);
            if distance <= reach {
                near.push((distance, at));
            }
        }
        near.sort_unstable();
        Ok(near.into_iter().take(limit).map(|(_, at)| table.get(at).to_owned()).collect())
    }
}

/// Which letters occur, one bit each: words at distance d differ in at most 2·d bits, whatever shares a bit.
fn letters(word: &str) -> u64 {
    word.chars().fold(0, |set, c| set | 1 << (u32::from(c) % 64))
}
