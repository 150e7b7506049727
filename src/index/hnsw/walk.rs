//! Greedy search in one layer (Malkov and Yashunin 2018, algorithm 2), over 8-bit codes.
//!
//! The candidates and the results are one sorted list of at most ef nodes: what does not fit into it would never be
//! expanded. Neighbours are marked, fetched and scored list by list.

use crate::index::codes::{Codes, Ordered, QueryCode, Scores};
use crate::linalg::int8::{self, Line};
use std::collections::BinaryHeap;

/// A node and its approximate similarity to the query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub similarity: f32,
    /// The top bit says that its neighbours have been looked at.
    node: u32,
}

const EXPANDED: u32 = 1 << 31;

impl Candidate {
    pub fn node(self) -> u32 {
        self.node & !EXPANDED
    }
}

/// The ef best nodes so far, best first (`W` and `C` of the paper in one).
#[derive(Debug, Default)]
pub(crate) struct Pool {
    items: Vec<Candidate>,
    capacity: usize,
    /// No unexpanded candidate stands before this place.
    next: usize,
}

impl Pool {
    fn reset(&mut self, capacity: usize) {
        self.items.clear();
        self.capacity = capacity;
        self.next = 0;
    }

    /// What a similarity has to exceed to get in.
    #[inline]
    fn floor(&self) -> f32 {
        if self.items.len() < self.capacity { f32::MIN } else { self.items[self.capacity - 1].similarity }
    }

    #[inline]
    fn offer(&mut self, node: u32, similarity: f32) {
        if similarity <= self.floor() {
            return;
        }
        if self.items.len() == self.capacity {
            self.items.pop();
        }
        let at = self.items.partition_point(|item| item.similarity >= similarity);
        self.items.insert(at, Candidate { similarity, node });
        self.next = self.next.min(at);
    }

    /// The best candidate not yet expanded, now marked as expanded.
    #[inline]
    fn pop(&mut self) -> Option<u32> {
        let rest = self.items.get_mut(self.next..)?;
        let skip = rest.iter().position(|item| item.node & EXPANDED == 0)?;
        let node = rest[skip].node;
        rest[skip].node |= EXPANDED;
        self.next += skip + 1;
        Some(node)
    }

    #[inline]
    fn peek(&self) -> Option<u32> {
        self.items.get(self.next).map(|item| item.node()) // a guess is enough: it is only prefetched
    }

    pub fn items(&self) -> &[Candidate] {
        &self.items
    }
}

/// Nodes seen in this search (`v` in the paper), one bit each.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    words: Vec<u64>,
    touched: Vec<u32>,
}

impl Visited {
    fn reset(&mut self, nodes: usize, hidden: Option<u32>) {
        self.words.resize(nodes.div_ceil(64), 0);
        if self.touched.len() * 16 > self.words.len() {
            self.words.fill(0);
        } else {
            self.touched.iter().for_each(|node| self.words[*node as usize / 64] = 0);
        }
        self.touched.clear();
        if let Some(node) = hidden {
            self.insert(node);
        }
    }

    /// Marks `node`; says whether it is new.
    #[inline]
    pub fn insert(&mut self, node: u32) -> bool {
        let word = &mut self.words[node as usize / 64];
        let bit = 1 << (node % 64);
        let new = *word & bit == 0;
        *word |= bit;
        if new {
            self.touched.push(node);
        }
        new
    }
}

/// What a search needs room for; kept from one search to the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub visited: Visited,
    pub pool: Pool,
    /// Candidates of a filtered search, which need not pass.
    pub frontier: BinaryHeap<(Ordered, u32)>,
    pub fresh: Vec<u32>,
    /// A node that searches do not see.
    pub hidden: Option<u32>,
    pub scores: Scores,
}

/// One layer's neighbours: `width` a node, padded with the node itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'a> {
    pub links: &'a [u32],
    pub width: usize,
}

impl<'a> Layer<'a> {
    #[inline]
    pub fn of(&self, node: u32) -> &'a [u32] {
        &self.links[node as usize * self.width..][..self.width]
    }
}

/// Fills `scratch.pool` with the `ef` nodes nearest to the query that are found from `entries`.
pub(crate) fn search_layer(
    layer: Layer<'_>,
    codes: &Codes,
    query: &QueryCode,
    entries: &[u32],
    ef: usize,
    scratch: &mut Scratch,
) {
    let lines: &[Line] = &codes.lines;
    scratch.visited.reset(lines.len() / codes.width, scratch.hidden);
    scratch.pool.reset(ef);
    score_new(codes, lines, query, entries, scratch);
    while let Some(node) = scratch.pool.pop() {
        let links = layer.of(node);
        score_new(codes, lines, query, links, scratch);
        if let Some(next) = scratch.pool.peek() {
            int8::prefetch(layer.of(next));
        }
    }
}

/// As [`search_layer`], but only nodes that `passes` get into the pool; all are walked through. Gives up, and says so
/// with false, after `most` nodes.
#[allow(clippy::too_many_arguments)] // a search with its filter
pub(crate) fn search_layer_filtered(
    layer: Layer<'_>,
    codes: &Codes,
    query: &QueryCode,
    entries: &[u32],
    ef: usize,
    passes: impl Fn(u32) -> bool,
    most: usize,
    scratch: &mut Scratch,
) -> bool {
    let lines: &[Line] = &codes.lines;
    scratch.visited.reset(lines.len() / codes.width, scratch.hidden);
    scratch.pool.reset(ef);
    scratch.frontier.clear();
    let mut links = entries;
    loop {
        score_fresh(codes, lines, query, links, scratch);
        for (&node, &similarity) in scratch.fresh.iter().zip(&scratch.scores.similarities) {
            if similarity > scratch.pool.floor() {
                scratch.frontier.push((Ordered(similarity), node));
                if passes(node) {
                    scratch.pool.offer(node, similarity);
                }
            }
        }
        if scratch.visited.touched.len() > most {
            return false;
        }
        match scratch.frontier.pop() {
            Some((Ordered(similarity), node)) if similarity >= scratch.pool.floor() => links = layer.of(node),
            _ => return true,
        }
    }
}

/// Scores those of `nodes` that were not seen yet, and offers them to the pool.
#[inline]
fn score_new(codes: &Codes, lines: &[Line], query: &QueryCode, nodes: &[u32], scratch: &mut Scratch) {
    score_fresh(codes, lines, query, nodes, scratch);
    for (&node, &similarity) in scratch.fresh.iter().zip(&scratch.scores.similarities) {
        scratch.pool.offer(node, similarity);
    }
}

/// Scores those of `nodes` that were not seen yet.
#[inline]
fn score_fresh(codes: &Codes, lines: &[Line], query: &QueryCode, nodes: &[u32], scratch: &mut Scratch) {
    scratch.fresh.clear();
    for &node in nodes {
        if scratch.visited.insert(node) {
            int8::prefetch(&lines[node as usize * codes.width..][..codes.width]);
            scratch.fresh.push(node);
        }
    }
    codes.similarities(lines, query, &scratch.fresh, &mut scratch.scores);
}

/// Goes to the nearest node of one layer, step by step (ef = 1 without its list).
pub(crate) fn descend(
    layer: Layer<'_>,
    codes: &Codes,
    query: &QueryCode,
    start: u32,
    scores: &mut Scores,
) -> u32 {
    let lines: &[Line] = &codes.lines;
    codes.similarities(lines, query, &[start], scores);
    let mut best = (scores.similarities[0], start);
    loop {
        let links = layer.of(best.1);
        links.iter().for_each(|&node| int8::prefetch(&lines[node as usize * codes.width..][..codes.width]));
        codes.similarities(lines, query, links, scores);
        let before = best.1;
        for (&node, &similarity) in links.iter().zip(&scores.similarities) {
            if similarity > best.0 {
                best = (similarity, node);
            }
        }
        if best.1 == before {
            return before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pool_keeps_the_best_and_expands_them_in_order() {
        let mut pool = Pool::default();
        pool.reset(3);
        for (node, similarity) in [(1, 0.1), (2, 0.5), (3, 0.3), (4, 0.05)] {
            pool.offer(node, similarity);
        }
        assert_eq!(pool.pop(), Some(2));
        pool.offer(5, 0.9); // pushes node 1 out
        assert_eq!((pool.pop(), pool.pop(), pool.pop()), (Some(5), Some(3), None));
        assert_eq!(pool.items().iter().map(|item| item.node()).collect::<Vec<_>>(), [5, 2, 3]);
    }
}
