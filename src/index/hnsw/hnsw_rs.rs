//! Links made by the crate hnsw_rs. It ends the process on a bad M, panics on a wrong dimension, and takes zero and NaN
//! vectors for perfect matches: everything is checked before it is called, and nothing but its links is kept.

use super::build::{BuildSettings, LinkBuilder, Links, Points};
use crate::error::{Error, Result};
use crate::linalg;
use crate::progress::Progress;
use ::hnsw_rs::anndists::dist::distances::Distance;
use ::hnsw_rs::hnsw::Hnsw;

/// Points inserted between two reports.
const BATCH: usize = 4096;
const MAX_LEVELS: usize = 16;

pub(super) struct Crate;

/// 1 − cosine of rows of length 1, never negative (the crate asserts it).
#[derive(Clone, Copy)]
struct CosineDistance;

impl Distance<f32> for CosineDistance {
    fn eval(&self, x: &[f32], y: &[f32]) -> f32 {
        (1.0 - linalg::dot(x, y)).max(0.0)
    }
}

impl LinkBuilder for Crate {
    fn links(&self, points: &Points, settings: &BuildSettings, progress: &dyn Progress) -> Result<Links> {
        let len = points.len();
        let graph = Hnsw::<f32, CosineDistance>::new(
            settings.m,
            len,
            MAX_LEVELS,
            settings.ef_construction,
            CosineDistance,
        );
        let all: Vec<(&[f32], usize)> = (0..len).map(|point| (points.vector(point as u32), point)).collect();
        for (done, batch) in all.chunks(BATCH).enumerate() {
            progress.step("linking neighbours", (done * BATCH) as u64, len as u64, "vectors")?;
            graph.parallel_insert_slice(&batch.to_vec());
        }
        collect(&graph, len)
    }
}

fn collect(graph: &Hnsw<'_, f32, CosineDistance>, len: usize) -> Result<Links> {
    let mut links = Links { levels: vec![0; len], neighbours: vec![Vec::new(); len] };
    let mut seen = 0;
    for point in graph.get_point_indexation() {
        let (id, level) = (point.get_origin_id(), point.get_point_id().0);
        let mut lists: Vec<Vec<u32>> = point
            .get_neighborhood_id()
            .iter()
            .map(|list| list.iter().map(|neighbour| neighbour.d_id as u32).collect())
            .collect();
        lists.truncate(usize::from(level) + 1);
        links.levels[id] = level;
        links.neighbours[id] = lists;
        seen += 1;
    }
    if seen != len {
        let message = format!("{seen} of {len} points are in the graph");
        return Err(Error::Library { library: "hnsw_rs", message });
    }
    Ok(links)
}
