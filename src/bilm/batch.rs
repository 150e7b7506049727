//! Sentences of different lengths side by side, packed: step by step, longest sentence first, no padding.
//!
//! Both directions read the same shape. Row `starts[t] + s` belongs to step `t` of sentence `s` (sentences by falling length). The
//! left-to-right stack is given at step `t` the word before position `t`, the other one the word after position `n - 1 - t`,
//! so that neither ever sees the word that it predicts.

/// Given before a sentence's first word.
pub(super) const BEGIN: u32 = 0;
/// Given after its last word.
pub(super) const END: u32 = 1;
/// Given for a word without a vector.
pub(super) const UNKNOWN: u32 = 2;
/// Trained input vectors: the three above.
pub(super) const SPECIALS: usize = 3;

/// What a stack is given at a row: a word by id, or one of the specials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Special(u32),
    Word(u32),
}

/// A position whose word is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// Row of the left-to-right stack that has read what stands before.
    pub left: u32,
    /// Row of the right-to-left stack that has read what stands after.
    pub right: u32,
    /// The word's id; anything where it is only asked for its context.
    pub word: u32,
}

/// Packed sentences.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// First row of each step, and the number of rows at the end.
    pub starts: Vec<usize>,
    /// Sentences by falling length: number of the sentence as given.
    pub order: Vec<u32>,
    /// Rows of the left-to-right stack.
    pub left: Vec<Input>,
    /// Rows of the right-to-left stack.
    pub right: Vec<Input>,
    /// What is predicted.
    pub targets: Vec<Target>,
}

impl Batch {
    /// Packs sentences; `targets` are left empty.
    pub(super) fn pack<S: AsRef<[Input]>>(&mut self, sentences: &[S]) {
        let length = |s: u32| sentences[s as usize].as_ref().len();
        self.order.clear();
        self.order.extend((0..sentences.len() as u32).filter(|s| length(*s) > 0));
        self.order.sort_by_key(|s| std::cmp::Reverse(length(*s)));
        self.starts.clear();
        self.left.clear();
        self.right.clear();
        self.targets.clear();
        let longest = self.order.first().map_or(0, |s| length(*s));
        for step in 0..longest {
            self.starts.push(self.left.len());
            let lasting = self.order.iter().map(|s| sentences[*s as usize].as_ref());
            for sentence in lasting.take_while(|sentence| sentence.len() > step) {
                let last = sentence.len() - 1;
                let given = |end, at: Option<usize>| at.map_or(Input::Special(end), |at| sentence[at]);
                self.left.push(given(BEGIN, step.checked_sub(1)));
                self.right.push(given(END, (step > 0).then(|| last + 1 - step)));
            }
        }
        self.starts.push(self.left.len());
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.left.len()
    }

    /// The rows that have read what stands around position `at` of the `s`th longest sentence, of `length` words.
    pub(super) fn target(&self, s: usize, at: usize, length: usize, word: u32) -> Target {
        let row = |step: usize| (self.starts[step] + s) as u32;
        Target { left: row(at), right: row(length - 1 - at), word }
    }
}

#[cfg(test)]
mod tests {
    use super::Input::{Special, Word};
    use super::*;

    #[test]
    fn two_sentences_are_packed_step_by_step() {
        // Sentences 7 and 3 4 5, the longer one first. Left: ^ ^ | 3 | 4. Right: $ $ | 5 | 4.
        let mut batch = Batch::default();
        batch.pack(&[vec![Word(7)], vec![Word(3), Word(4), Word(5)], vec![]]);
        assert_eq!((&batch.order[..], &batch.starts[..]), (&[1, 0][..], &[0, 2, 3, 4][..]));
        assert_eq!(batch.left, [Special(BEGIN), Special(BEGIN), Word(3), Word(4)]);
        assert_eq!(batch.right, [Special(END), Special(END), Word(5), Word(4)]);
        // The 4 in the middle: left has read ^ 3 (row 2), right $ 5 (row 2). The 5 at the end: ^ 3 4 (row 3), $ (row 0).
        assert_eq!(batch.target(0, 1, 3, 4), Target { left: 2, right: 2, word: 4 });
        assert_eq!(batch.target(0, 2, 3, 5), Target { left: 3, right: 0, word: 5 });
        assert_eq!(batch.target(1, 0, 1, 7), Target { left: 1, right: 1, word: 7 });
    }
}
