//! Here are the last words, give me the next one by what was counted: n-grams with Kneser-Ney smoothing.
//!
//! Interpolated modified Kneser-Ney (Chen & Goodman 1999, section 3): the longest n-grams count how often they occur, shorter ones after
//! how many different words, and three discounts for each length take from what was seen for what was not. Sentences stand by themselves,
//! between `<s>` and `</s>`; a word outside of the vocabulary is the token `<unk>`. The file keeps counts, not probabilities: what is
//! answered is exact, and the distribution after any context sums to 1.
//!
//! Not here: cutting text into words (`text`), the neural model that answers the same question (`bilm`).

mod build;
mod discounts;
mod file;
mod keys;
mod model;
mod runs;
#[cfg(test)]
mod tests;

pub use build::{Settings, build};
pub use file::NGRAMS_FILE;
pub use model::NGrams;

/// Longest n-grams that can be counted, in words.
pub const ORDER_MAX: usize = 5;
