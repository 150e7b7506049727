//! Building a graph: equal rows grouped, a builder's links, then freezing.

use super::{Hnsw, freeze, hnsw_rs};
use crate::error::{Error, Result};
use crate::index::matrix::Matrix;
use crate::progress::Progress;
use std::collections::HashMap;

/// Which builder makes the links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Builder {
    /// The crate hnsw_rs.
    #[default]
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

/// Distinct rows: what the builders see. Point i stands for `rows[i]`, rising.
pub(super) struct Points {
    pub matrix: Matrix,
    pub rows: Vec<Vec<u32>>,
}

impl Points {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn vector(&self, point: u32) -> &[f32] {
        self.matrix.row(self.rows[point as usize][0])
    }

    fn group(matrix: Matrix) -> Self {
        let mut rows: Vec<Vec<u32>> = Vec::with_capacity(matrix.len());
        let mut seen: HashMap<u64, Vec<u32>> = HashMap::with_capacity(matrix.len());
        for row in 0..matrix.len() as u32 {
            let values = matrix.row(row);
            let alike = seen.entry(hash(values)).or_default();
            match alike.iter().find(|point| matrix.row(rows[**point as usize][0]) == values) {
                Some(point) => rows[*point as usize].push(row),
                None => {
                    alike.push(rows.len() as u32);
                    rows.push(vec![row]);
                }
            }
        }
        Self { matrix, rows }
    }
}

/// FNV-1a over whole values; only equality matters. −0 and 0 are equal, so they hash alike.
fn hash(values: &[f32]) -> u64 {
    values.iter().fold(0xcbf2_9ce4_8422_2325, |hash, value| {
        (hash ^ u64::from((value + 0.0).to_bits())).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What a builder makes: links between points, by level; level 0 has all points.
pub(super) struct Links {
    /// Level of each point.
    pub levels: Vec<u8>,
    /// `neighbours[point][level]`.
    pub neighbours: Vec<Vec<Vec<u32>>>,
}

/// Makes links. Points are distinct, finite and of length 1; there are at least two.
pub(super) trait LinkBuilder {
    fn links(&self, points: &Points, settings: &BuildSettings, progress: &dyn Progress) -> Result<Links>;
}

pub(super) fn build(matrix: Matrix, settings: &BuildSettings, progress: &dyn Progress) -> Result<Hnsw> {
    settings.check()?;
    let points = Points::group(matrix);
    let links = match (points.len(), settings.builder) {
        (0 | 1, _) => {
            Links { levels: vec![0; points.len()], neighbours: vec![vec![Vec::new()]; points.len()] }
        }
        (_, Builder::HnswRs) => hnsw_rs::Crate.links(&points, settings, progress)?,
    };
    freeze::freeze(points, links, settings, progress)
}
