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
        collect(&graph, len, settings)
    }
}

fn collect(graph: &Hnsw<'_, f32, CosineDistance>, len: usize, settings: &BuildSettings) -> Result<Links> {
    let mut levels = vec![(0, 0); len];
    let mut lists: Vec<Vec<Vec<u32>>> = vec![Vec::new(); len];
    let mut seen = 0;
    for point in graph.get_point_indexation() {
        let id = point.get_origin_id();
        levels[id].0 = point.get_point_id().0;
        let neighborhood = point.get_neighborhood_id();
        let ids =
            neighborhood.iter().map(|list| list.iter().map(|neighbour| neighbour.d_id as u32).collect());
        lists[id] = ids.collect();
        seen += 1;
    }
    if seen != len {
        let message = format!("{seen} of {len} points are in the graph");
        return Err(Error::Library { library: "hnsw_rs", message });
    }
    let mut links = Links::unlinked(&levels, settings);
    let mut node_of = vec![0; len];
    links.order.iter().enumerate().for_each(|(node, point)| node_of[*point as usize] = node as u32);
    for (point, lists) in lists.iter().enumerate() {
        let node = node_of[point];
        for (level, list) in lists.iter().enumerate().take(links.level(node) + 1) {
            // It may list points that are not on the level, or the point itself.
            let nodes = list.iter().map(|next| node_of[*next as usize]);
            let list: Vec<u32> = nodes.filter(|next| *next != node && links.level(*next) >= level).collect();
            links.set(level, node, &list);
        }
    }
    Ok(links)
}
