//! Building a graph: equal rows grouped, a builder's links, then freezing.

use super::walk::Layer;
use super::{Hnsw, freeze, hnsw_rs, own};
use crate::error::{Error, Result};
use crate::index::matrix::Matrix;
use crate::progress::Progress;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Which builder makes the links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Builder {
    /// Ours: parallel, and the same graph for the same seed on any number of threads.
    #[default]
    Own,
    /// The crate hnsw_rs; its graph differs from run to run on more than one thread.
    HnswRs,
}

/// Settings of a build.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildSettings {
    /// Connections M of a node above level 0, 2 to 64; twice as many at level 0.
    pub m: usize,
    /// Search width while building, efConstruction, `m` to 4096.
    pub ef_construction: usize,
    /// Draws levels and order.
    pub seed: u64,
    /// Which builder.
    pub builder: Builder,
}

impl Default for BuildSettings {
    fn default() -> Self {
        Self { m: 16, ef_construction: 200, seed: 1, builder: Builder::default() }
    }
}

impl BuildSettings {
    fn check(&self) -> Result<()> {
        if !(2..=64).contains(&self.m) {
            return Err(Error::invalid("m", "2 to 64", self.m, "16 is usual"));
        }
        if !(self.m..=4096).contains(&self.ef_construction) {
            let expected = format!("{} (m) to 4096", self.m);
            return Err(Error::invalid("ef_construction", expected, self.ef_construction, "200 is usual"));
        }
        Ok(())
    }
}

/// What a build found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildReport {
    /// Rows indexed.
    pub rows: usize,
    /// Nodes: rows that differ from each other.
    pub nodes: usize,
    /// Nodes that did not find themselves at first and were linked again.
    pub relinked: usize,
    /// Nodes that still did not, and are looked at in every search.
    pub stragglers: usize,
}

/// Distinct rows: what the builders see.
pub(super) struct Points {
    pub matrix: Matrix,
    /// The first row of each point, rising.
    first: Vec<u32>,
    /// The point of each row.
    pub of_row: Vec<u32>,
}

impl Points {
    pub fn len(&self) -> usize {
        self.first.len()
    }

    pub fn vector(&self, point: u32) -> &[f32] {
        self.matrix.row(self.first[point as usize])
    }

    fn group(matrix: Matrix) -> Self {
        let (mut first, mut of_row) = (Vec::with_capacity(matrix.len()), Vec::with_capacity(matrix.len()));
        let mut seen: HashMap<u64, Vec<u32>> = HashMap::with_capacity(matrix.len());
        for row in 0..matrix.len() as u32 {
            let values = matrix.row(row);
            let alike = seen.entry(hash(values)).or_default();
            let point = alike.iter().copied().find(|point| matrix.row(first[*point as usize]) == values);
            of_row.push(point.unwrap_or_else(|| {
                alike.push(first.len() as u32);
                first.push(row);
                first.len() as u32 - 1
            }));
        }
        Self { matrix, first, of_row }
    }
}

/// FNV-1a over whole values; only equality matters. −0 and 0 are equal, so they hash alike.
fn hash(values: &[f32]) -> u64 {
    values.iter().fold(0xcbf2_9ce4_8422_2325, |hash, value| {
        (hash ^ u64::from((value + 0.0).to_bits())).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What a builder makes. Nodes are points in another order, by falling level, so that layer l has the first nodes.
pub(super) struct Links {
    /// Connections M; twice as many at level 0.
    pub m: usize,
    /// The point of each node.
    pub order: Vec<u32>,
    /// Nodes at level 1, 2 …
    pub counts: Vec<usize>,
    /// Neighbours at level 0, 1 …: `2m` or `m` places a node, padded with the node itself.
    layers: Vec<Vec<u32>>,
}

impl Links {
    /// No links yet. `levels`: level and a draw for each point; nodes are ordered by level, then by the draw.
    pub fn unlinked(levels: &[(u8, u64)], settings: &BuildSettings) -> Self {
        let mut order: Vec<u32> = (0..levels.len() as u32).collect();
        order.sort_unstable_by_key(|point| {
            let (level, draw) = levels[*point as usize];
            (Reverse(level), draw, *point)
        });
        let top = levels.iter().map(|(level, _)| usize::from(*level)).max().unwrap_or(0);
        let count =
            |level: usize| order.partition_point(|point| usize::from(levels[*point as usize].0) >= level);
        let counts: Vec<usize> = (1..=top).map(count).collect();
        let padding = |count: usize, width: usize| {
            (0..count as u32).flat_map(|node| std::iter::repeat_n(node, width)).collect::<Vec<u32>>()
        };
        let mut layers = vec![padding(order.len(), 2 * settings.m)];
        layers.extend(counts.iter().map(|count| padding(*count, settings.m)));
        Self { m: settings.m, order, counts, layers }
    }

    /// Highest level of `node`.
    pub fn level(&self, node: u32) -> usize {
        self.counts.partition_point(|count| *count > node as usize)
    }

    pub fn layer(&self, level: usize) -> Layer<'_> {
        Layer { links: &self.layers[level], width: if level == 0 { 2 * self.m } else { self.m } }
    }

    /// Sets the neighbours of `node`: no more than the layer has places for.
    pub fn set(&mut self, level: usize, node: u32, list: &[u32]) {
        let width = self.layer(level).width;
        let places = &mut self.layers[level][node as usize * width..][..width];
        places.fill(node);
        places.iter_mut().zip(list).for_each(|(place, next)| *place = *next);
    }
}

/// Makes links. Points are distinct, finite and of length 1; there are at least two.
pub(super) trait LinkBuilder {
    fn links(&self, points: &Points, settings: &BuildSettings, progress: &dyn Progress) -> Result<Links>;
}

pub(super) fn build(matrix: Matrix, settings: &BuildSettings, progress: &dyn Progress) -> Result<Hnsw> {
    settings.check()?;
    let points = Points::group(matrix);
    let links = match (points.len(), settings.builder) {
        (0 | 1, _) => Links::unlinked(&vec![(0, 0); points.len()], settings),
        (_, Builder::Own) => own::Own.links(&points, settings, progress)?,
        (_, Builder::HnswRs) => hnsw_rs::Crate.links(&points, settings, progress)?,
    };
    freeze::freeze(points, &links, progress)
}
