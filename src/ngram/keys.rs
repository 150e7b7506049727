//! N-grams as numbers: each token in so many bits, the first one highest, so that sorting numbers sorts n-grams.

use super::ORDER_MAX;
use crate::error::{Error, Result};

/// How n-grams of up to some order are packed. Tokens are the ids of `V` words, then `<unk>`, `</s>` and `<s>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packing {
    /// Words of the vocabulary, `V`.
    pub words: u32,
    bits: u32,
}

impl Packing {
    /// # Errors
    /// [`Error::Invalid`] if n-grams of that order do not fit into 128 bits: more than 33 million words at order 5.
    pub(super) fn new(words: usize, order: usize) -> Result<Self> {
        if !(2..=ORDER_MAX).contains(&order) {
            return Err(Error::invalid("order of n-grams", "2 to 5", order, "3 is the default"));
        }
        let bits = usize::BITS - (words + 2).leading_zeros();
        if bits as usize * order > 128 {
            let cure = "raise the minimum count, or lower the order";
            return Err(Error::invalid("vocabulary of n-grams", "at most 33 million words", words, cure));
        }
        Ok(Self { words: words as u32, bits })
    }

    /// Stands for any word outside of the vocabulary.
    pub(super) fn unknown(self) -> u32 {
        self.words
    }

    /// Follows a sentence's last word.
    pub(super) fn end(self) -> u32 {
        self.words + 1
    }

    /// Stands before a sentence's first word; never predicted.
    pub(super) fn begin(self) -> u32 {
        self.words + 2
    }

    /// `key` with `token` behind it, of which the last `length` tokens are kept.
    pub(super) fn push(self, key: u128, token: u32, length: usize) -> u128 {
        self.last(key << self.bits | u128::from(token), length)
    }

    /// The last `length` tokens.
    pub(super) fn last(self, key: u128, length: usize) -> u128 {
        let bits = self.bits * length as u32;
        if bits >= u128::BITS { key } else { key & ((1 << bits) - 1) }
    }

    /// Without the last token.
    pub(super) fn context(self, key: u128) -> u128 {
        key >> self.bits
    }

    /// The last token.
    pub(super) fn token(self, key: u128) -> u32 {
        self.last(key, 1) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_and_sort_as_they_stand() {
        // Five words and three marks: ids to 7, three bits each.
        let packing = Packing::new(5, 3).unwrap();
        assert_eq!((packing.unknown(), packing.end(), packing.begin()), (5, 6, 7));
        let key = [7, 1, 4, 6].iter().fold(0, |key, token| packing.push(key, *token, 3));
        assert_eq!(key, 1 << 6 | 4 << 3 | 6);
        assert_eq!(
            (packing.token(key), packing.context(key), packing.last(key, 2)),
            (6, 1 << 3 | 4, 4 << 3 | 6)
        );
        // 2^25 ids: 25 bits, 125 for five.
        let largest = (1 << 25) - 3;
        assert!(Packing::new(largest, 5).is_ok() && Packing::new(largest + 1, 5).is_err());
        assert!(Packing::new(10, 1).is_err() && Packing::new(10, 6).is_err());
    }
}
