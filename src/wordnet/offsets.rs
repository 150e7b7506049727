//! Finds out where the offsets of a tab file stand in this copy of WordNet.
//!
//! A synset is named by the byte offset of its line, so that an edited gloss moves all synsets behind it. Debian's copy of
//! WordNet 3.0 has such edits: its verbs stand 18 bytes further from about 00613393 to 02422967, its adjectives one byte
//! further from about 01682677 on. Going through a tab file's offsets in order, a run of misses that all hit again when moved by the same
//! few bytes is taken for such an edit.

use super::container::Numbers;
use std::ops::Range;

/// Farthest move looked for, in bytes.
const MOVE_MAX: i64 = 64;
/// Offsets that a move is judged by, and the fewest.
const WINDOW: usize = 40;
const WINDOW_MIN: usize = 10;
/// Most moves believed, and most searches for one: beyond that the file is for another version.
const MOVES_MAX: usize = 16;
const SEARCHES_MAX: usize = 100;

/// From `offset` on, what the tab file calls `x` is found at `x + bytes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    pub offset: u32,
    pub bytes: i64,
}

/// The synsets of one part of speech: sorted offsets, in the rows of `range`.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub offsets: Numbers<'a>,
    pub from: usize,
    pub to: usize,
}

impl Known<'_> {
    /// The synset number at an offset moved by some bytes.
    pub fn find(self, offset: u32, bytes: i64) -> Option<u32> {
        let offset = u32::try_from(i64::from(offset) + bytes).ok()?;
        let range: Range<usize> = self.from..self.to;
        let at = self.offsets.lower_bound(range, offset);
        (at < self.to && self.offsets.get(at) == offset).then_some(at as u32)
    }
}

/// The moves that bring `wanted` (sorted, each once) to known offsets; none if they stand where they should.
pub(super) fn moves(wanted: &[u32], known: Known<'_>) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    let mut bytes = 0;
    let mut searches = 0;
    for (at, &offset) in wanted.iter().enumerate() {
        let window = &wanted[at..(at + WINDOW).min(wanted.len())];
        if known.find(offset, bytes).is_some() || window.len() < WINDOW_MIN {
            continue;
        }
        if searches == SEARCHES_MAX || moves.len() == MOVES_MAX {
            break;
        }
        searches += 1;
        let hits = |bytes: i64| window.iter().filter(|offset| known.find(**offset, bytes).is_some()).count();
        let best = (-MOVE_MAX..=MOVE_MAX).max_by_key(|bytes| (hits(*bytes), -bytes.abs())).unwrap_or(0);
        if best != bytes && hits(best) * 10 >= window.len() * 8 {
            moves.push(Move { offset, bytes: best });
            bytes = best;
        }
    }
    moves
}

/// By how many bytes the offset was moved.
pub(super) fn moved(moves: &[Move], offset: u32) -> i64 {
    let at = moves.partition_point(|step| step.offset <= offset);
    at.checked_sub(1).map_or(0, |at| moves[at].bytes)
}

#[cfg(test)]
mod tests {
    use super::super::container::number_bytes;
    use super::*;

    /// Lines of uneven length, as glosses are.
    fn lines() -> Vec<u32> {
        (0..500_u32).scan(1740, |at, n| Some(std::mem::replace(at, *at + 90 + n * n * 7 % 101))).collect()
    }

    fn found(wanted: &[u32], known: &[u32]) -> Vec<Move> {
        let bytes = number_bytes(known);
        moves(wanted, Known { offsets: Numbers(&bytes), from: 0, to: known.len() })
    }

    #[test]
    fn edits_are_found_where_they_begin_and_end() {
        let wanted = lines();
        let mut known = wanted.clone();
        known[200..300].iter_mut().for_each(|offset| *offset += 18);
        let expected = [Move { offset: wanted[200], bytes: 18 }, Move { offset: wanted[300], bytes: 0 }];
        assert_eq!(found(&wanted, &known), expected);
        assert_eq!(moved(&expected, wanted[199]), 0);
        assert_eq!(moved(&expected, wanted[250]), 18);
        assert_eq!(moved(&expected, wanted[300]), 0);
    }

    #[test]
    fn single_misses_and_foreign_offsets_are_no_edits() {
        let known = lines();
        let mut wanted = known.clone();
        wanted[100] += 5;
        assert_eq!(found(&wanted, &known), []);
        let foreign: Vec<u32> = (0..500).map(|n| 2000 + n * 137).collect();
        assert_eq!(found(&foreign, &known), []);
    }
}
