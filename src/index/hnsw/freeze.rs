//! From a builder's links to the frozen form: numbering, flat arrays, self-search, calibration.

use super::build::{BuildReport, Links, Points};
use super::walk::Scratch;
use super::{Graph, Groups, Hnsw};
use crate::error::Result;
use crate::index::codes::{Codes, QueryCode};
use crate::progress::Progress;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Mutex;

/// Rounds of linking lost nodes again before they become stragglers.
const ROUNDS: usize = 4;
/// Search widths of the self-search: a narrow one for all, a wide one for those that it does not find.
const SELF_EF: [usize; 2] = [16, 64];
/// Questions whose answers are compared with the exact ones to calibrate ef.
const CALIBRATION_NODES: usize = 400;
const CALIBRATION_EF: [usize; 15] = [10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896, 1280];
/// Smaller indexes are scanned anyway.
const CALIBRATION_FROM: usize = 100;

pub(super) fn freeze(points: Points, links: &Links, progress: &dyn Progress) -> Result<Hnsw> {
    let order = order(links);
    let graph = flatten(links, &order);
    let order: Vec<u32> = order.iter().map(|node| links.order[*node as usize]).collect();
    let vectors: Vec<&[f32]> = order.iter().map(|point| points.vector(*point)).collect();
    let codes = Codes::encode(&vectors, points.matrix.dim());
    let groups = groups(&points.of_row, &order);
    let report = BuildReport { rows: points.matrix.len(), nodes: points.len(), ..BuildReport::default() };
    let matrix = points.matrix;
    let mut index =
        Hnsw { matrix, codes, graph, groups, calibration: Vec::new(), report, scratch: Mutex::default() };
    find_all(&mut index, progress)?;
    calibrate(&mut index, progress)?;
    Ok(index)
}

/// The builder's nodes by falling level; within a level as a breadth-first walk through level 0 meets them.
fn order(links: &Links) -> Vec<u32> {
    let len = links.order.len();
    let mut order = Vec::with_capacity(len);
    let mut met = vec![false; len];
    let mut queue = VecDeque::new();
    for start in 0..len as u32 {
        if !std::mem::replace(&mut met[start as usize], true) {
            queue.push_back(start);
        }
        while let Some(node) = queue.pop_front() {
            order.push(node);
            let near = links.layer(0).of(node);
            queue.extend(near.iter().filter(|next| !std::mem::replace(&mut met[**next as usize], true)));
        }
    }
    order.sort_by_key(|node| Reverse(links.level(*node))); // stable
    order
}

fn flatten(links: &Links, order: &[u32]) -> Graph {
    let mut new = vec![0; order.len()];
    order.iter().enumerate().for_each(|(node, old)| new[*old as usize] = node as u32);
    let layer = |level: usize, count: usize| {
        let layer = links.layer(level);
        order[..count]
            .iter()
            .flat_map(|old| layer.of(*old))
            .map(|old| new[*old as usize])
            .collect::<Vec<u32>>()
    };
    let base = layer(0, order.len()).into();
    let upper: Vec<Vec<u32>> =
        links.counts.iter().enumerate().map(|(at, count)| layer(at + 1, *count)).collect();
    let (m, counts) = (links.m, links.counts.clone());
    Graph { m, nodes: order.len(), base, upper: upper.concat().into(), counts, stragglers: Vec::new() }
}

fn groups(of_row: &[u32], order: &[u32]) -> Groups {
    let mut node_of = vec![0; order.len()];
    order.iter().enumerate().for_each(|(node, point)| node_of[*point as usize] = node as u32);
    let nodes: Vec<u32> = of_row.iter().map(|point| node_of[*point as usize]).collect();
    let mut rows: Vec<u32> = (0..of_row.len() as u32).collect();
    rows.sort_by_key(|row| nodes[*row as usize]); // stable: rows rise within a node
    let mut starts = Vec::new();
    if rows.len() > order.len() {
        starts = vec![0; order.len() + 1];
        nodes.iter().for_each(|node| starts[*node as usize + 1] += 1);
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
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
        let some: Vec<u32> =
            range.into_par_iter().with_min_len(64).filter(|node| !finds_itself(index, *node)).collect();
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

/// Measures recall@10 over ef against the exact scan, each question being a row that the walk may not see: as if it had
/// been held out. (Rows that may be seen are answered too well, since their neighbours were sought with them.)
fn calibrate(index: &mut Hnsw, progress: &dyn Progress) -> Result<()> {
    let first = index.graph.counts.first().copied().unwrap_or(0); // nodes of upper levels are entries: they are needed
    let nodes = index.graph.nodes;
    if nodes <= CALIBRATION_FROM || first >= nodes {
        return Ok(());
    }
    progress.step("measuring recall", 0, CALIBRATION_NODES as u64, "vectors")?;
    let step = (nodes - first).div_ceil(CALIBRATION_NODES);
    let asked: Vec<u32> = (first as u32..nodes as u32).step_by(step).collect();
    let exact: Vec<Vec<u32>> = asked.par_iter().map(|node| index.others(*node, None)).collect();
    let mut calibration = Vec::new();
    for ef in CALIBRATION_EF {
        let hits: usize = asked
            .par_iter()
            .zip(&exact)
            .map(|(node, exact)| {
                index.others(*node, Some(ef)).iter().filter(|row| exact.contains(row)).count()
            })
            .sum();
        let recall = hits as f32 / exact.iter().map(Vec::len).sum::<usize>().max(1) as f32;
        calibration.push((ef, recall));
        if recall >= 0.999 {
            break;
        }
    }
    index.calibration = calibration;
    Ok(())
}
