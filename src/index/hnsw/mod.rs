//! Approximate nearest neighbours: a hierarchical navigable small world (Malkov and Yashunin 2018), built once, then
//! frozen into flat arrays that are mapped from one checksummed file.
//!
//! Not a graph that changes: what comes later stands beside it until the next build (`index::live`). The walk reads
//! 8-bit codes; the answer is re-scored in f32. Equal rows are one node, so that duplicates neither crowd a
//! neighbourhood nor get lost. Nodes are numbered by falling level, then by a walk through level 0: the nodes of level l
//! are the first ones, and neighbours lie near each other.

mod build;
mod file;
mod freeze;
mod hnsw_rs;
mod own;
mod search;
mod select;
mod walk;

pub use build::{BuildReport, BuildSettings, Builder};

use crate::error::Result;
use crate::index::codes::Codes;
use crate::index::mapped::Array;
use crate::index::matrix::Matrix;
use crate::progress::Progress;
use std::sync::Mutex;
use walk::{Layer, Scratch};

/// A frozen graph over the rows of a matrix.
#[derive(Debug)]
pub struct Hnsw {
    matrix: Matrix,
    codes: Codes,
    graph: Graph,
    /// Which rows each node stands for.
    groups: Groups,
    /// Recall@10 that was measured on rows of its own for some ef, rising.
    calibration: Vec<(usize, f32)>,
    report: BuildReport,
    scratch: Mutex<Vec<Scratch>>,
}

/// Layers of links. Node 0 is the entry point.
#[derive(Debug)]
pub(crate) struct Graph {
    m: usize,
    nodes: usize,
    /// `2m` links a node.
    base: Array<u32>,
    /// `m` links a node, level 1 first; level l has the first `counts[l - 1]` nodes.
    upper: Array<u32>,
    counts: Vec<usize>,
    /// Nodes that the walk cannot reach: every search starts from them too.
    stragglers: Vec<u32>,
}

impl Graph {
    pub(crate) fn base(&self) -> Layer<'_> {
        Layer { links: &self.base, width: 2 * self.m }
    }

    /// Layers above 0, top first.
    fn upper(&self) -> impl Iterator<Item = Layer<'_>> {
        let mut end = self.upper.len();
        self.counts.iter().rev().map(move |count| {
            let start = end - count * self.m;
            let layer = Layer { links: &self.upper[start..end], width: self.m };
            end = start;
            layer
        })
    }
}

/// Equal rows as one node.
#[derive(Debug)]
pub(crate) struct Groups {
    /// Rows of node 0, node 1 …; rising within a node.
    rows: Array<u32>,
    /// Where each node's rows start, and the end; empty where every node has one row.
    starts: Array<u32>,
    /// The node of each row.
    nodes: Array<u32>,
}

impl Groups {
    #[inline]
    pub(crate) fn rows(&self, node: u32) -> &[u32] {
        let node = node as usize;
        if self.starts.is_empty() {
            return &self.rows[node..=node];
        }
        &self.rows[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    pub(crate) fn node(&self, row: u32) -> u32 {
        self.nodes[row as usize]
    }
}

impl Hnsw {
    /// Builds the graph of `matrix`, and checks that every row finds itself.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) for settings outside their ranges;
    /// [`Error::Cancelled`](crate::error::Error::Cancelled).
    pub fn build(matrix: Matrix, settings: &BuildSettings, progress: &dyn Progress) -> Result<Self> {
        build::build(matrix, settings, progress)
    }

    /// The rows searched.
    #[must_use]
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// What the build found.
    #[must_use]
    pub fn report(&self) -> &BuildReport {
        &self.report
    }

    /// Recall@10 measured at the end of the build for rising ef, on rows of its own (themselves left out).
    #[must_use]
    pub fn calibration(&self) -> &[(usize, f32)] {
        &self.calibration
    }

    /// Bytes of links, codes and row numbers; the f32 rows apart.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let links = self.graph.base.len() + self.graph.upper.len();
        let rows = self.groups.rows.len() + self.groups.starts.len() + self.groups.nodes.len();
        4 * (links + rows) + 64 * self.codes.lines.len()
    }
}
