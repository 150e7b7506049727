//! Sentences of different lengths side by side, packed: step by step, longest sentence first, no padding.
//!
//! Both directions read the same shape. Row `starts[t] + s` belongs to step `t` of sentence `s` (sentences by falling length). The
//! left-to-right stack is given at step `t` the word before position `t`, the other one the word after position `n - 1 - t`,
//! so that neither ever sees the word that it predicts. Running text says most of its words several times: what is read stands once in
//! `distinct`, and rows name it, so that products with word vectors are made once a word and not once a row.

use super::shape::DIRECTIONS;
use std::collections::HashMap;

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
    /// What is read, each once: the specials in their order, then words as they come.
    pub distinct: Vec<Input>,
    /// For each row of the left-to-right and of the right-to-left stack its place in `distinct`.
    pub given: [Vec<u32>; DIRECTIONS],
    /// What is predicted.
    pub targets: Vec<Target>,
    place_of: HashMap<u32, u32>,
    /// Places in `distinct` of all sentences' inputs, by falling length.
    places: Vec<u32>,
}

impl Batch {
    /// Packs sentences; `targets` are left empty.
    pub(super) fn pack<S: AsRef<[Input]>>(&mut self, sentences: &[S]) {
        let length = |s: u32| sentences[s as usize].as_ref().len();
        self.order.clear();
        self.order.extend((0..sentences.len() as u32).filter(|s| length(*s) > 0));
        self.order.sort_by_key(|s| std::cmp::Reverse(length(*s)));
        self.name_inputs(sentences);
        self.starts.clear();
        self.given.iter_mut().for_each(Vec::clear);
        self.targets.clear();
        let longest = self.order.first().map_or(0, |s| length(*s));
        for step in 0..longest {
            self.starts.push(self.rows());
            let mut first = 0;
            for length in self.order.iter().map(|s| length(*s)).take_while(|length| *length > step) {
                let sentence = &self.places[first..first + length];
                let [left, right] = &mut self.given;
                left.push(step.checked_sub(1).map_or(BEGIN, |at| sentence[at]));
                right.push(if step > 0 { sentence[length - step] } else { END });
                first += length;
            }
        }
        self.starts.push(self.rows());
    }

    fn name_inputs<S: AsRef<[Input]>>(&mut self, sentences: &[S]) {
        self.distinct.clear();
        self.distinct.extend((0..SPECIALS as u32).map(Input::Special));
        self.place_of.clear();
        self.places.clear();
        for input in self.order.iter().flat_map(|s| sentences[*s as usize].as_ref()) {
            let place = match *input {
                Input::Special(which) => which,
                Input::Word(id) => *self.place_of.entry(id).or_insert_with(|| {
                    self.distinct.push(*input);
                    self.distinct.len() as u32 - 1
                }),
            };
            self.places.push(place);
        }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.given[0].len()
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
    fn a_word_said_twice_is_read_once() {
        let mut batch = Batch::default();
        batch.pack(&[vec![Word(7), Special(UNKNOWN), Word(7), Word(9)], vec![Word(9), Word(7)]]);
        let specials = [BEGIN, END, UNKNOWN].map(Special);
        assert_eq!(batch.distinct, [&specials[..], &[Word(7), Word(9)]].concat());
        // Left: ^ ^ | 7 9 | ? | 7. Right: $ $ | 9 7 | 7 | ?.
        assert_eq!(batch.given, [vec![0, 0, 3, 4, 2, 3], vec![1, 1, 4, 3, 3, 2]]);
        batch.pack(&[vec![Word(9)]]);
        assert_eq!((batch.distinct.len(), batch.given), (4, [vec![0], vec![1]]));
    }

    #[test]
    fn two_sentences_are_packed_step_by_step() {
        // Sentences 7 and 3 4 5, the longer one first. Left: ^ ^ | 3 | 4. Right: $ $ | 5 | 4.
        let mut batch = Batch::default();
        batch.pack(&[vec![Word(7)], vec![Word(3), Word(4), Word(5)], vec![]]);
        assert_eq!((&batch.order[..], &batch.starts[..]), (&[1, 0][..], &[0, 2, 3, 4][..]));
        let given = |direction: usize| -> Vec<Input> {
            batch.given[direction].iter().map(|place| batch.distinct[*place as usize]).collect()
        };
        assert_eq!(given(0), [Special(BEGIN), Special(BEGIN), Word(3), Word(4)]);
        assert_eq!(given(1), [Special(END), Special(END), Word(5), Word(4)]);
        // The 4 in the middle: left has read ^ 3 (row 2), right $ 5 (row 2). The 5 at the end: ^ 3 4 (row 3), $ (row 0).
        assert_eq!(batch.target(0, 1, 3, 4), Target { left: 2, right: 2, word: 4 });
        assert_eq!(batch.target(0, 2, 3, 5), Target { left: 3, right: 0, word: 5 });
        assert_eq!(batch.target(1, 0, 1, 7), Target { left: 1, right: 1, word: 7 });
    }
}
