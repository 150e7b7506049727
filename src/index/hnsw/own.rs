//! Links made here: batches of points search the graph of all earlier batches in parallel, then join it together.
//!
//! A batch sees none of its own points, and its links are written in one fixed order; so the graph is the same for a
//! given seed, whatever the number of threads. Batches stay small beside the graph, so that little is missed (the
//! manner of ParlayANN: Manohar et al. 2024, "Scalable and Deterministic Parallel Graph-Based Approximate Nearest
//! Neighbor Search Algorithms"). Points of high level come first: their layers are whole when the others descend.

use super::build::{BuildSettings, LinkBuilder, Links, Points};
use super::select::{Selection, nearest_first};
use super::walk::{self, Layer, Scratch};
use crate::error::Result;
use crate::index::codes::{Codes, QueryCode};
use crate::progress::Progress;
use rayon::prelude::*;
use std::sync::Mutex;

/// A batch is at most one part in so many of the graph that it searches.
const BATCH_PART: usize = 24;
const BATCH_MOST: usize = 8192;
const LEVEL_MOST: usize = 15;

pub(super) struct Own;

impl LinkBuilder for Own {
    fn links(&self, points: &Points, settings: &BuildSettings, progress: &dyn Progress) -> Result<Links> {
        let links = Links::unlinked(&levels(points.len(), settings), settings);
        let vectors: Vec<&[f32]> = links.order.iter().map(|point| points.vector(*point)).collect();
        let mut growing = Growing {
            codes: Codes::encode(&vectors, points.matrix.dim()),
            links,
            ef: settings.ef_construction,
            scratch: Mutex::default(),
        };
        let mut done = 1;
        while done < points.len() {
            progress.step("linking neighbours", done as u64, points.len() as u64, "vectors")?;
            let end = points.len().min(done + (done / BATCH_PART).clamp(1, BATCH_MOST));
            growing.join(done..end);
            done = end;
        }
        Ok(growing.links)
    }
}

/// Level of each point, geometric with mean 1 / ln M, then a draw that orders points of one level.
fn levels(len: usize, settings: &BuildSettings) -> Vec<(u8, u64)> {
    let per_level = 1.0 / (settings.m as f64).ln();
    let level = |point: usize| {
        let draw = mix(settings.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ mix(point as u64));
        let uniform = ((draw >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
        let level = ((-uniform.ln() * per_level) as usize).min(LEVEL_MOST);
        (level as u8, mix(draw))
    };
    (0..len).map(level).collect()
}

/// SplitMix64's mixing step (Steele, Lea and Flood 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

struct Growing {
    codes: Codes,
    links: Links,
    ef: usize,
    scratch: Mutex<Vec<Room>>,
}

#[derive(Default)]
struct Room {
    walk: Scratch,
    selection: Selection,
    candidates: Vec<(f32, u32)>,
}

/// One new link back: at `level`, to `target`, from `source`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Back {
    level: u8,
    target: u32,
    source: u32,
}

impl Growing {
    fn with_room<T>(&self, work: impl FnOnce(&mut Room) -> T) -> T {
        let lock = || self.scratch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut room = lock().pop().unwrap_or_default();
        let answer = work(&mut room);
        lock().push(room);
        answer
    }

    /// Links the nodes of `batch` with the graph of all nodes before it.
    fn join(&mut self, batch: std::ops::Range<usize>) {
        let nodes: Vec<u32> = (batch.start as u32..batch.end as u32).collect();
        let found: Vec<Vec<Vec<u32>>> = nodes
            .par_iter()
            .with_min_len(4)
            .map(|node| self.with_room(|room| self.find(*node, batch.start, room)))
            .collect();
        let mut back = Vec::new();
        for (&source, lists) in nodes.iter().zip(found) {
            for (level, list) in lists.into_iter().enumerate() {
                back.extend(list.iter().map(|&target| Back { level: level as u8, target, source }));
                self.links.set(level, source, &list);
            }
        }
        back.par_sort_unstable();
        let groups: Vec<&[Back]> = back.chunk_by(|a, b| (a.level, a.target) == (b.level, b.target)).collect();
        let lists: Vec<Vec<u32>> = groups
            .par_iter()
            .with_min_len(32)
            .map(|group| self.with_room(|room| self.joined(group, room)))
            .collect();
        for (group, list) in groups.iter().zip(lists) {
            self.links.set(usize::from(group[0].level), group[0].target, &list);
        }
    }

    /// Neighbours for `node` by level from 0, among the first `known` nodes.
    fn find(&self, node: u32, known: usize, room: &mut Room) -> Vec<Vec<u32>> {
        let mut query = QueryCode::empty();
        self.codes.as_query(node, &mut query);
        let own_level = self.links.level(node);
        // A layer counts only if some node of it is there already: node 0 is on every layer.
        let top = self.links.counts.len();
        let mut entry = 0;
        for level in (own_level + 1..=top).rev() {
            entry = walk::descend(self.links.layer(level), &self.codes, &query, entry, &mut room.walk.scores);
        }
        let mut lists = vec![Vec::new(); own_level + 1];
        for level in (0..=own_level).rev() {
            let layer = self.links.layer(level);
            walk::search_layer(layer, &self.codes, &query, &[entry], self.ef, &mut room.walk);
            room.candidates.clear();
            let items = room.walk.pool.items().iter();
            room.candidates.extend(items.map(|item| (item.similarity, item.node())));
            nearest_first(&mut room.candidates);
            debug_assert!(room.candidates.iter().all(|(_, found)| (*found as usize) < known));
            entry = room.candidates[0].1;
            room.selection.choose(&self.codes, &room.candidates, self.links.m);
            lists[level].clone_from(&room.selection.chosen);
        }
        lists
    }

    /// The neighbours of a target after its new links, chosen anew where they have become too many.
    fn joined(&self, group: &[Back], room: &mut Room) -> Vec<u32> {
        let Back { level, target, .. } = group[0];
        let Layer { links: _, width } = self.links.layer(usize::from(level));
        let old = self.links.layer(usize::from(level)).of(target);
        let mut list: Vec<u32> = old.iter().copied().filter(|next| *next != target).collect();
        list.extend(group.iter().map(|back| back.source));
        if list.len() <= width {
            return list;
        }
        let mut query = QueryCode::empty();
        self.codes.as_query(target, &mut query);
        let scores = &mut room.walk.scores;
        self.codes.similarities(&self.codes.lines, &query, &list, scores);
        room.candidates.clear();
        room.candidates.extend(scores.similarities.iter().copied().zip(list.iter().copied()));
        nearest_first(&mut room.candidates);
        room.selection.choose(&self.codes, &room.candidates, width);
        room.selection.chosen.clone()
    }
}
