//! The network's sizes, and where each of its weights stands in one flat run of numbers.

use std::ops::Range;

/// Sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Dimension of words and contexts, D.
    pub dim: usize,
    /// Cells of a layer in one direction, H.
    pub hidden: usize,
    /// Layers in each direction, 1 or 2.
    pub layers: usize,
}

/// Left-to-right and right-to-left.
pub(super) const DIRECTIONS: usize = 2;

/// One array of weights. A layer's input is D wide in the first, H in the second: the directions never meet before the merge, or
/// the second layer would see the word that is to be predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `input × 4H`, of (direction, layer).
    Input(usize, usize),
    /// `H × 4H`.
    Hidden(usize, usize),
    /// `4H`.
    Bias(usize, usize),
    /// `3 × D`: begin, end, unknown.
    Specials,
    /// `2H × D`.
    Merge,
    /// `D`.
    MergeBias,
}

impl Shape {
    /// Width of a layer's input.
    pub(super) fn input(&self, layer: usize) -> usize {
        if layer == 0 { self.dim } else { self.hidden }
    }

    /// All arrays, in the order in which they stand.
    pub(super) fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for direction in 0..DIRECTIONS {
            for layer in 0..self.layers {
                parts.push(Part::Input(direction, layer));
                parts.push(Part::Hidden(direction, layer));
                parts.push(Part::Bias(direction, layer));
            }
        }
        parts.extend([Part::Specials, Part::Merge, Part::MergeBias]);
        parts
    }

    /// Rows and columns of an array as it stands in memory.
    pub(super) fn size(&self, part: Part) -> (usize, usize) {
        match part {
            Part::Input(_, layer) => (self.input(layer), 4 * self.hidden),
            Part::Hidden(..) => (self.hidden, 4 * self.hidden),
            Part::Bias(..) => (1, 4 * self.hidden),
            Part::Specials => (super::batch::SPECIALS, self.dim),
            Part::Merge => (2 * self.hidden, self.dim),
            Part::MergeBias => (1, self.dim),
        }
    }

    fn len_of(&self, part: Part) -> usize {
        let (rows, cols) = self.size(part);
        rows * cols
    }

    /// Where an array stands.
    pub(super) fn range(&self, part: Part) -> Range<usize> {
        let start = self.parts().into_iter().take_while(|other| *other != part);
        let start: usize = start.map(|other| self.len_of(other)).sum();
        start..start + self.len_of(part)
    }

    /// Where the weights of a layer stand: input, hidden and bias, one after the other.
    pub(super) fn layer(&self, direction: usize, layer: usize) -> Range<usize> {
        let start = self.range(Part::Input(direction, layer)).start;
        start..self.range(Part::Bias(direction, layer)).end
    }

    /// Number of all weights.
    pub(super) fn len(&self) -> usize {
        self.parts().into_iter().map(|part| self.len_of(part)).sum()
    }
}
