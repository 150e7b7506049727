//! What comes next in a sentence: a word, one outside of the vocabulary, or its end; and a distribution over these.

use super::WordId;

/// The next token of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Next {
    /// A word of the vocabulary.
    Word(WordId),
    /// One outside of it, `<unk>`.
    Unknown,
    /// None: the sentence ends, `</s>`.
    End,
}

/// Probabilities of the `V` words by id, then of `<unk>` and of `</s>`; they sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution(pub Vec<f64>);

impl Distribution {
    /// The `k` most probable tokens, best first, ties by their order.
    #[must_use]
    pub fn best(&self, k: usize) -> Vec<(Next, f64)> {
        let mut all: Vec<usize> = (0..self.0.len()).collect();
        let order = |a: &usize, b: &usize| self.0[*b].total_cmp(&self.0[*a]).then(a.cmp(b));
        let k = k.min(all.len());
        if k == 0 {
            return Vec::new();
        }
        all.select_nth_unstable_by(k - 1, order);
        all.truncate(k);
        all.sort_unstable_by(order);
        all.into_iter().map(|at| (self.token(at), self.0[at])).collect()
    }

    /// The probability of a token; 0 for a word of another vocabulary.
    #[must_use]
    pub fn of(&self, next: Next) -> f64 {
        let words = self.words();
        let at = match next {
            Next::Word(word) if word.index() < words => word.index(),
            Next::Word(_) => return 0.0,
            Next::Unknown => words,
            Next::End => words + 1,
        };
        self.0.get(at).copied().unwrap_or_default()
    }

    /// How many tokens are more probable than this one, and one more.
    #[must_use]
    pub fn rank(&self, next: Next) -> usize {
        let own = self.of(next);
        1 + self.0.iter().filter(|probability| **probability > own).count()
    }

    fn words(&self) -> usize {
        self.0.len().saturating_sub(2)
    }

    fn token(&self, at: usize) -> Next {
        match at.checked_sub(self.words()) {
            None => Next::Word(WordId(at as u32)),
            Some(0) => Next::Unknown,
            Some(_) => Next::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_words_by_hand() {
        let two = Distribution(vec![0.2, 0.5, 0.1, 0.2]);
        let best = [(Next::Word(WordId(1)), 0.5), (Next::Word(WordId(0)), 0.2), (Next::End, 0.2)];
        assert_eq!((two.best(3), two.best(9).len()), (best.to_vec(), 4));
        assert_eq!((two.rank(Next::End), two.rank(Next::Unknown)), (2, 4));
        assert_eq!((two.of(Next::Unknown), two.of(Next::Word(WordId(2)))), (0.1, 0.0));
    }
}
