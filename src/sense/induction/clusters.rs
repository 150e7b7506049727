//! Groups of unit vectors: spherical k-means, average link, merging, pruning.
//!
//! Sources: Dhillon and Modha 2001 (spherical k-means); Arthur and Vassilvitskii 2007 (choice of the first centroids); Sokal and Michener
//! 1958 (average link).

use super::Settings;
use crate::linalg::{add_scaled, dot, normalize};
use crate::vocab::sampling::Rng;

/// Groups that clustering begins with, at most.
pub(super) const GROUPS_MAX: usize = 6;
const ROUNDS: usize = 10;
/// A sense that stands in fewer places is none.
const MEMBERS_MIN: f32 = 2.0;

/// Vectors that belong together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// Numbers of the vectors.
    pub members: Vec<usize>,
    /// Their mean at length 1.
    pub centroid: Vec<f32>,
    /// Numbers of the seeds that went into it.
    pub seeds: Vec<usize>,
}

impl Group {
    pub fn of(vectors: &[&[f32]], members: Vec<usize>, seeds: Vec<usize>) -> Self {
        let mut centroid = vec![0.0; vectors.first().map_or(0, |vector| vector.len())];
        members.iter().for_each(|at| add_scaled(&mut centroid, 1.0, vectors[*at]));
        normalize(&mut centroid);
        Self { members, centroid, seeds }
    }
}

/// At most `k` groups.
pub(super) fn k_means(vectors: &[&[f32]], k: usize, rng: &mut Rng) -> Vec<Group> {
    let mut centroids = first_centroids(vectors, k, rng);
    let mut groups = Vec::new();
    for _ in 0..ROUNDS {
        groups = assigned(vectors, &centroids);
        let next: Vec<Vec<f32>> = groups.iter().map(|group| group.centroid.clone()).collect();
        if next == centroids {
            break;
        }
        centroids = next;
    }
    groups
}

/// Each next centroid is drawn in proportion to its distance from those before.
fn first_centroids(vectors: &[&[f32]], k: usize, rng: &mut Rng) -> Vec<Vec<f32>> {
    let mut centroids: Vec<Vec<f32>> = Vec::new();
    let mut distance = vec![2.0f32; vectors.len()];
    while centroids.len() < k.min(vectors.len()) {
        let total: f32 = distance.iter().sum();
        if total <= 1e-6 {
            break;
        }
        let mut left = rng.unit() * total;
        let at = distance.iter().position(|d| {
            left -= d;
            left <= 0.0
        });
        let chosen = vectors[at.unwrap_or(vectors.len() - 1)].to_vec();
        for (distance, vector) in distance.iter_mut().zip(vectors) {
            *distance = distance.min((1.0 - dot(vector, &chosen)).max(0.0));
        }
        centroids.push(chosen);
    }
    centroids
}

/// Groups joined two by two, always those whose members are the most alike on average, until no two are above the threshold. Nothing is left to
/// chance, and a group is no nearer to others for being large, as its centroid is: both tell where occurrences are few.
pub(super) fn average_link(vectors: &[&[f32]], threshold: f32, settings: &Settings) -> Vec<Group> {
    let mut alike: Vec<Vec<f32>> =
        vectors.iter().map(|a| vectors.iter().map(|b| dot(a, b)).collect::<Vec<f32>>()).collect();
    let mut members: Vec<Vec<usize>> = (0..vectors.len()).map(|at| vec![at]).collect();
    while let Some((i, j)) = most_alike(&alike, &members, threshold) {
        let (a, b) = (members[i].len() as f32, members[j].len() as f32);
        let means: Vec<f32> =
            alike[i].iter().zip(&alike[j]).map(|(to_i, to_j)| (a * to_i + b * to_j) / (a + b)).collect();
        for (row, mean) in alike.iter_mut().zip(&means) {
            row[i] = *mean;
        }
        alike[i] = means;
        let other = std::mem::take(&mut members[j]);
        members[i].extend(other);
    }
    let groups = members.into_iter().filter(|members| !members.is_empty()).enumerate();
    let groups = groups.map(|(seed, members)| Group::of(vectors, members, vec![seed])).collect();
    merged(vectors, groups, &Settings { merge: f32::INFINITY, ..settings.clone() })
}

/// The two groups that are the most alike, the first of them first, if they are more alike than `threshold`.
fn most_alike(alike: &[Vec<f32>], members: &[Vec<usize>], threshold: f32) -> Option<(usize, usize)> {
    let (mut highest, mut found) = (threshold, None);
    for (j, _) in members.iter().enumerate().filter(|(_, members)| !members.is_empty()) {
        for (i, _) in members[..j].iter().enumerate().filter(|(_, members)| !members.is_empty()) {
            if alike[i][j] > highest {
                (highest, found) = (alike[i][j], Some((i, j)));
            }
        }
    }
    found
}

fn assigned(vectors: &[&[f32]], centroids: &[Vec<f32>]) -> Vec<Group> {
    let mut members = vec![Vec::new(); centroids.len()];
    for (at, vector) in vectors.iter().enumerate() {
        let near = centroids.iter().map(|centroid| dot(centroid, vector));
        if let Some((best, _)) = near.enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) {
            members[best].push(at);
        }
    }
    let groups = members.into_iter().enumerate().filter(|(_, members)| !members.is_empty());
    groups.map(|(seed, members)| Group::of(vectors, members, vec![seed])).collect()
}

/// Gives up groups that are too small, and joins the two most alike until none are.
pub(super) fn merged(vectors: &[&[f32]], mut groups: Vec<Group>, settings: &Settings) -> Vec<Group> {
    loop {
        let least = (settings.share_min * vectors.len() as f32).max(MEMBERS_MIN) as usize;
        let small = (0..groups.len()).filter(|at| groups.len() > 1 && groups[*at].members.len() < least);
        if let Some(small) = small.min_by_key(|at| groups[*at].members.len()) {
            let group = groups.remove(small);
            let near = (0..groups.len()).max_by(|a, b| {
                let near = |at: &usize| dot(&groups[*at].centroid, &group.centroid);
                near(a).total_cmp(&near(b))
            });
            if let Some(near) = near {
                // Its occurrences find a place; what it stood for is not a sense.
                let seeds = groups[near].seeds.clone();
                let members = [&groups[near].members[..], &group.members].concat();
                groups[near] = Group::of(vectors, members, seeds);
            }
            continue;
        }
        let pairs = (0..groups.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let alike = pairs.map(|(i, j)| (dot(&groups[i].centroid, &groups[j].centroid), i, j));
        match alike.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((cosine, i, j)) if cosine > settings.merge => {
                let other = groups.remove(i);
                let members = [&groups[j].members[..], &other.members].concat();
                let seeds = [&groups[j].seeds[..], &other.seeds].concat();
                groups[j] = Group::of(vectors, members, seeds);
            }
            _ => return groups,
        }
    }
}

/// Every vector goes to the nearest centroid, a few times; groups that become small or alike are given up.
pub(super) fn regrouped(vectors: &[&[f32]], groups: Vec<Group>, settings: &Settings) -> Vec<Group> {
    let mut groups = groups;
    for _ in 0..ROUNDS / 2 {
        let centroids: Vec<Vec<f32>> = groups.iter().map(|group| group.centroid.clone()).collect();
        let seeds: Vec<Vec<usize>> = groups.iter().map(|group| group.seeds.clone()).collect();
        groups = assigned(vectors, &centroids);
        groups.iter_mut().for_each(|group| group.seeds = seeds[group.seeds[0]].clone());
    }
    merged(vectors, groups, settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(merge: f32) -> Settings {
        Settings { merge, ..Settings::default() }
    }

    /// Twenty vectors around each of two axes.
    fn two_bundles() -> Vec<Vec<f32>> {
        (0..40)
            .map(|at| {
                let tilt = (at as f32 * 0.7).sin() * 0.2;
                let mut vector = if at % 2 == 0 { vec![1.0, tilt, tilt] } else { vec![tilt, 1.0, -tilt] };
                normalize(&mut vector);
                vector
            })
            .collect()
    }

    #[test]
    fn two_bundles_are_two_groups_and_one_is_one() {
        let vectors = two_bundles();
        let all: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let groups = merged(&all, k_means(&all, GROUPS_MAX, &mut Rng::new(1, 0)), &settings(0.5));
        let groups = regrouped(&all, groups, &settings(0.5));
        assert_eq!(groups.len(), 2);
        assert!(groups.iter().all(|group| group.members.iter().all(|at| at % 2 == group.members[0] % 2)));
        let one: Vec<&[f32]> = all.iter().step_by(2).copied().collect();
        let groups = merged(&one, k_means(&one, GROUPS_MAX, &mut Rng::new(1, 0)), &settings(0.5));
        assert_eq!(groups.len(), 1);
    }

    #[test]
    fn average_link_joins_what_is_alike_on_average() {
        let vectors = two_bundles();
        let all: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let groups = average_link(&all, 0.5, &settings(0.5));
        assert_eq!(groups.len(), 2);
        assert!(groups.iter().all(|group| group.members.iter().all(|at| at % 2 == group.members[0] % 2)));
        let one: Vec<&[f32]> = all.iter().step_by(2).copied().collect();
        assert_eq!(average_link(&one, 0.5, &settings(0.5)).len(), 1);
        // A single vector that is like no other is no group: it goes to the nearest.
        let alone = [0.0, 0.6, 0.8];
        let with_one_more: Vec<&[f32]> = all.iter().copied().chain([&alone[..]]).collect();
        assert_eq!(average_link(&with_one_more, 0.8, &settings(0.8)).len(), 2);
        assert!(average_link(&[], 0.5, &settings(0.5)).is_empty());
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(merged(&[], k_means(&[], 3, &mut Rng::new(1, 0)), &settings(0.5)).is_empty());
    }
}
