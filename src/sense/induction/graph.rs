//! The graph of a word's neighbours, the word itself left out: two are joined if one is among the nearest of the other. Chinese
//! Whispers cuts it: every node takes on the label that weighs most among its neighbours, until nothing changes.
//!
//! Sources: Pelevina, Arefyev, Biemann and Panchenko 2016, "Making sense of word embeddings"; Biemann 2006, "Chinese Whispers".

use super::Target;
use super::clusters::Group;
use crate::linalg::{add_scaled, dot, normalize};
use crate::vectors::{Similar, WordVectors};
use crate::vocab::WordId;
use crate::vocab::sampling::Rng;
use std::collections::HashMap;

/// Edges that each node begins.
const EDGES: usize = 10;
const ROUNDS: usize = 20;
/// Smallest cluster of neighbours.
const CLUSTER_MIN: usize = 5;

/// Clusters of the nearest neighbours, largest first.
pub(super) fn clusters(
    vectors: &WordVectors,
    word: &Target,
    neighbours: usize,
    rng: &mut Rng,
) -> Vec<Vec<WordId>> {
    let options = Similar { k: neighbours + word.words.len(), ..Similar::default() };
    let Ok(found) = vectors.similar_to_vector(&word.vector, &options) else { return Vec::new() };
    let nodes: Vec<WordId> =
        found.iter().map(|neighbour| neighbour.id).filter(|id| !word.words.contains(id)).collect();
    let edges = edges(vectors, &nodes);
    let labels = whispered(&edges, rng);
    let mut clusters: HashMap<usize, Vec<WordId>> = HashMap::new();
    for (node, label) in nodes.iter().zip(labels) {
        clusters.entry(label).or_default().push(*node);
    }
    let mut clusters: Vec<Vec<WordId>> =
        clusters.into_values().filter(|cluster| cluster.len() >= CLUSTER_MIN).collect();
    clusters.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    clusters
}

/// For each node the nodes joined to it, with the cosines.
fn edges(vectors: &WordVectors, nodes: &[WordId]) -> Vec<Vec<(usize, f32)>> {
    let mut edges: Vec<HashMap<usize, f32>> = vec![HashMap::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        let mut near: Vec<(f32, usize)> = nodes
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(other, id)| (dot(vectors.unit(*node), vectors.unit(*id)), other))
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (cosine, other) in near.into_iter().take(EDGES).filter(|(cosine, _)| *cosine > 0.0) {
            edges[at].insert(other, cosine);
            edges[other].insert(at, cosine);
        }
    }
    let sorted = |edges: HashMap<usize, f32>| {
        let mut edges: Vec<(usize, f32)> = edges.into_iter().collect();
        edges.sort_by_key(|(other, _)| *other);
        edges
    };
    edges.into_iter().map(sorted).collect()
}

fn whispered(edges: &[Vec<(usize, f32)>], rng: &mut Rng) -> Vec<usize> {
    let mut labels: Vec<usize> = (0..edges.len()).collect();
    let mut order = labels.clone();
    for _ in 0..ROUNDS {
        for at in (1..order.len()).rev() {
            order.swap(at, rng.below(at as u32 + 1) as usize);
        }
        let mut changed = false;
        for &node in &order {
            let mut weights: HashMap<usize, f32> = HashMap::new();
            edges[node]
                .iter()
                .for_each(|(other, weight)| *weights.entry(labels[*other]).or_default() += weight);
            let best = weights.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
            if let Some((label, _)) = best {
                changed |= labels[node] != label;
                labels[node] = label;
            }
        }
        if !changed {
            break;
        }
    }
    labels
}

/// Each cluster of neighbours draws the occurrences whose surroundings (static vectors) are nearest to it, seen from what the
/// clusters have in common. The groups' vectors are those surroundings; whoever goes on takes the members only.
pub(super) fn drawn(vectors: &WordVectors, clusters: &[Vec<WordId>], windows: &[&[f32]]) -> Vec<Group> {
    let all = || (0..windows.len()).collect();
    if clusters.len() < 2 {
        return vec![Group { members: all(), centroid: Vec::new(), seeds: (0..clusters.len()).collect() }];
    }
    let mut centres: Vec<Vec<f32>> = clusters.iter().map(|cluster| mean(vectors, cluster)).collect();
    let mut common = vec![0.0; vectors.dim()];
    centres.iter().for_each(|centre| add_scaled(&mut common, 1.0 / clusters.len() as f32, centre));
    centres.iter_mut().for_each(|centre| {
        add_scaled(centre, -1.0, &common);
        normalize(centre);
    });
    let mut members = vec![Vec::new(); clusters.len()];
    for (at, window) in windows.iter().enumerate() {
        let near = centres.iter().map(|centre| dot(centre, window)).enumerate();
        if let Some((best, _)) = near.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) {
            members[best].push(at);
        }
    }
    let groups = members.into_iter().enumerate().filter(|(_, members)| !members.is_empty());
    groups.map(|(seed, members)| Group { members, centroid: Vec::new(), seeds: vec![seed] }).collect()
}

fn mean(vectors: &WordVectors, words: &[WordId]) -> Vec<f32> {
    let mut mean = vec![0.0; vectors.dim()];
    words.iter().for_each(|id| add_scaled(&mut mean, 1.0, vectors.unit(*id)));
    normalize(&mut mean);
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cliques_with_one_weak_edge_are_two() {
        let mut edges: Vec<Vec<(usize, f32)>> = (0..10)
            .map(|node| {
                let first = node / 5 * 5;
                (first..first + 5).filter(|other| *other != node).map(|other| (other, 1.0)).collect()
            })
            .collect();
        edges[4].push((5, 0.1));
        edges[5].push((4, 0.1));
        let labels = whispered(&edges, &mut Rng::new(1, 0));
        assert!(labels[..5].iter().all(|label| *label == labels[0]), "{labels:?}");
        assert!(labels[5..].iter().all(|label| *label == labels[5] && *label != labels[0]), "{labels:?}");
    }
}
