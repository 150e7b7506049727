//! From a builder's links to the frozen form: numbering, flat arrays, self-search, calibration.

use super::build::{BuildReport, BuildSettings, Links, Points};
use super::walk::Scratch;
use super::{Graph, Groups, Hnsw};
use crate::error::Result;
use crate::index::codes::{Codes, QueryCode};
use crate::index::vector::{SearchOptions, VectorIndex};
use crate::progress::Progress;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::sync::Mutex;

/// Rounds of linking lost nodes again before they become stragglers.
const ROUNDS: usize = 4;
/// Search widths of the self-search: a narrow one for all, a wide one for those that it does not find.
const SELF_EF: [usize; 2] = [16, 64];
/// Rows whose neighbours are compared with the exact ones to calibrate ef.
const CALIBRATION_ROWS: usize = 200;

pub(super) fn freeze(
    points: Points,
    links: Links,
    settings: &BuildSettings,
    progress: &dyn Progress,
) -> Result<Hnsw> {
    let order = order(&links);
    let graph = flatten(&links, &order, settings.m);
    let codes = Codes::encode(order.iter().map(|point| points.vector(*point)), points.matrix.dim());
    let groups = groups(&points, &order);
    let report = BuildReport { rows: points.matrix.len(), nodes: points.len(), ..BuildReport::default() };
    let matrix = points.matrix;
    let mut index =
        Hnsw { matrix, codes, graph, groups, calibration: Vec::new(), report, scratch: Mutex::default() };
    find_all(&mut index, progress)?;
    calibrate(&mut index, progress)?;
    Ok(index)
}

/// Points by falling level; within a level as a breadth-first walk through level 0 meets them.
fn order(links: &Links) -> Vec<u32> {
    let len = links.levels.len();
    let top = (0..len as u32).max_by_key(|point| (links.levels[*point as usize], std::cmp::Reverse(*point)));
    let mut order = Vec::with_capacity(len);
    let mut met = vec![false; len];
    let mut queue = VecDeque::new();
    for start in top.into_iter().chain(0..len as u32) {
        if !std::mem::replace(&mut met[start as usize], true) {
            queue.push_back(start);
        }
        while let Some(point) = queue.pop_front() {
            order.push(point);
            let near = links.neighbours[point as usize].first().map_or(&[][..], Vec::as_slice);
            queue.extend(near.iter().filter(|next| !std::mem::replace(&mut met[**next as usize], true)));
        }
    }
    order.sort_by_key(|point| std::cmp::Reverse(links.levels[*point as usize])); // stable
    order
}

fn flatten(links: &Links, order: &[u32], m: usize) -> Graph {
    let mut node_of = vec![0; order.len()];
    order.iter().enumerate().for_each(|(node, point)| node_of[*point as usize] = node as u32);
    let top = links.levels.iter().max().map_or(0, |level| usize::from(*level));
    let count = |level: usize| links.levels.iter().filter(|own| usize::from(**own) >= level).count();
    let counts: Vec<usize> = (1..=top).map(count).collect();
    let layer = |level: usize, count: usize, width: usize, to: &mut Vec<u32>| {
        for (node, point) in order[..count].iter().enumerate() {
            let start = to.len();
            let list = links.neighbours[*point as usize].get(level).map_or(&[][..], Vec::as_slice);
            // A node belongs to a list of this level only if it is there, and links to itself say nothing.
            let nodes = list.iter().map(|point| node_of[*point as usize]);
            to.extend(nodes.filter(|next| (*next as usize) < count && *next as usize != node).take(width));
            to.resize(start + width, node as u32);
        }
    };
    let (mut base, mut upper) = (Vec::with_capacity(order.len() * 2 * m), Vec::new());
    layer(0, order.len(), 2 * m, &mut base);
    counts.iter().enumerate().for_each(|(at, count)| layer(at + 1, *count, m, &mut upper));
    let (base, upper) = (base.into(), upper.into());
    Graph { m, nodes: order.len(), base, upper, counts, stragglers: Vec::new() }
}

fn groups(points: &Points, order: &[u32]) -> Groups {
    let (mut rows, mut starts) = (Vec::with_capacity(points.matrix.len()), vec![0]);
    let mut nodes = vec![0; points.matrix.len()];
    for (node, point) in order.iter().enumerate() {
        for &row in &points.rows[*point as usize] {
            rows.push(row);
            nodes[row as usize] = node as u32;
        }
        starts.push(rows.len() as u32);
    }
    if rows.len() == order.len() {
        starts.clear();
    }
    Groups { rows: rows.into(), starts: starts.into(), nodes: nodes.into() }
}

/// Every node has to find itself. Those that do not are linked from their nearest neighbours; those that still do not
/// become entry points of every search.
fn find_all(index: &mut Hnsw, progress: &dyn Progress) -> Result<()> {
    let mut lost = lost(index, progress)?;
    index.report.relinked = lost.len();
    for _ in 0..ROUNDS {
        if lost.is_empty() {
            break;
        }
        relink(index, &lost);
        lost = self::lost(index, progress)?;
    }
    index.report.relinked = index.report.relinked.min(0xFF_FFFF);
    index.report.stragglers = lost.len();
    index.graph.stragglers = lost;
    Ok(())
}

fn lost(index: &Hnsw, progress: &dyn Progress) -> Result<Vec<u32>> {
    let nodes = index.graph.nodes;
    let mut lost = Vec::new();
    for first in (0..nodes).step_by(1 << 15) {
        progress.step("checking that every vector finds itself", first as u64, nodes as u64, "vectors")?;
        let range = first as u32..nodes.min(first + (1 << 15)) as u32;
        let some: Vec<u32> = range.into_par_iter().filter(|node| !finds_itself(index, *node)).collect();
        lost.extend(some);
    }
    Ok(lost)
}

fn finds_itself(index: &Hnsw, node: u32) -> bool {
    index.with_scratch(|scratch| {
        let mut query = QueryCode::empty();
        index.codes.as_query(node, &mut query);
        SELF_EF.iter().any(|ef| {
            index.walk(&query, *ef, scratch);
            scratch.pool.items().iter().any(|item| item.node() == node)
        })
    })
}

/// Links each lost node from the nearest nodes that are found, in the place of a padding or of the farthest link.
fn relink(index: &mut Hnsw, lost: &[u32]) {
    let width = 2 * index.graph.m;
    let mut base = index.graph.base.to_vec();
    let mut scratch = Scratch::default();
    let mut query = QueryCode::empty();
    for &node in lost {
        index.codes.as_query(node, &mut query);
        index.walk(&query, SELF_EF[1], &mut scratch);
        let near: Vec<u32> = scratch.pool.items().iter().map(|item| item.node()).take(4).collect();
        for (at, &neighbour) in near.iter().enumerate() {
            let list = &mut base[neighbour as usize * width..][..width];
            if !list.contains(&node) {
                let padding = list.iter().position(|next| *next == neighbour);
                list[padding.unwrap_or(width - 1 - at)] = node;
            }
            let own = &mut base[node as usize * width..][..width];
            if let (false, Some(place)) =
                (own.contains(&neighbour), own.iter().position(|next| *next == node))
            {
                own[place] = neighbour;
            }
        }
    }
    index.graph.base = base.into();
}

/// Measures recall@10 over ef on rows of its own, against the exact scan.
fn calibrate(index: &mut Hnsw, progress: &dyn Progress) -> Result<()> {
    let len = index.len();
    if len <= 100 {
        return Ok(());
    }
    progress.step("measuring recall", 0, CALIBRATION_ROWS as u64, "vectors")?;
    let step = len.div_ceil(CALIBRATION_ROWS).max(1);
    let rows: Vec<u32> = (0..len as u32).step_by(step).collect();
    let exact: Vec<Vec<u32>> = rows.par_iter().map(|row| near(index, *row, &SearchOptions::EXACT)).collect();
    for ef in [10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896, 1280] {
        let options = SearchOptions { ef: Some(ef), ..SearchOptions::default() };
        let hits: usize = rows
            .par_iter()
            .zip(&exact)
            .map(|(row, exact)| {
                near(index, *row, &options).iter().filter(|found| exact.contains(found)).count()
            })
            .sum();
        let recall = hits as f32 / exact.iter().map(Vec::len).sum::<usize>().max(1) as f32;
        index.calibration.push((ef, recall));
        if recall >= 0.999 {
            break;
        }
    }
    Ok(())
}

/// The ten nearest other rows.
fn near(index: &Hnsw, row: u32, options: &SearchOptions<'_>) -> Vec<u32> {
    let found = index.search(index.matrix.row(row), 11, options).unwrap_or_default();
    found.iter().map(|hit| hit.row).filter(|found| *found != row).take(10).collect()
}
