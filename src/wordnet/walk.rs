//! Breadth-first search over all relations: the discrete way to find what is near.
//!
//! Each step looks at all neighbours of all synsets found so far, so the work grows with the number of synsets around,
//! which is thousands after three or four links; there is no way to skip ahead. The benches set this beside vectors.

use super::taxonomy::{Path, Step};
use super::{Synset, SynsetId, WordNet};
use std::collections::{HashMap, HashSet, VecDeque};

/// A word near another in the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphNeighbour<'a> {
    /// The word as spelled in the synset.
    pub word: &'a str,
    /// The synset it was first met in.
    pub synset: Synset<'a>,
    /// Links from the nearest sense of the start; 0 for synonyms.
    pub distance: u32,
}

impl WordNet {
    /// The shortest way between two synsets over any relations, at most `links_max` links long.
    #[must_use]
    pub fn relation_path<'a>(
        &'a self,
        from: Synset<'a>,
        to: Synset<'a>,
        links_max: usize,
    ) -> Option<Path<'a>> {
        let mut came: HashMap<SynsetId, Option<(Synset<'a>, super::Relation)>> =
            HashMap::from([(from.number, None)]);
        let mut queue = VecDeque::from([(from, 0)]);
        while let Some((synset, distance)) = queue.pop_front() {
            if synset == to {
                return Some(trace(from, to, &came));
            }
            if distance == links_max {
                continue;
            }
            for link in synset.links() {
                if let std::collections::hash_map::Entry::Vacant(entry) = came.entry(link.target.number) {
                    entry.insert(Some((synset, link.relation)));
                    queue.push_back((link.target, distance + 1));
                }
            }
        }
        None
    }

    /// The `k` words fewest links away from any of the `starts`, synonyms first, by breadth-first search over all
    /// relations. Words of the start named in `without` are left out; equally near ones come in the order of the database.
    #[must_use]
    pub fn nearest_words<'a>(
        &'a self,
        starts: &[Synset<'a>],
        without: &[&str],
        k: usize,
    ) -> Vec<GraphNeighbour<'a>> {
        let mut words: HashSet<&str> = without.iter().copied().collect();
        let mut seen: HashSet<SynsetId> = starts.iter().map(|synset| synset.number).collect();
        let mut queue: VecDeque<(Synset<'a>, u32)> = starts.iter().map(|synset| (*synset, 0)).collect();
        let mut found = Vec::new();
        while let Some((synset, distance)) = queue.pop_front() {
            for word in synset.words().filter(|word| words.insert(*word)) {
                if found.len() == k {
                    return found;
                }
                found.push(GraphNeighbour { word, synset, distance });
            }
            let targets = synset.links().map(|link| link.target);
            queue.extend(
                targets.filter(|target| seen.insert(target.number)).map(|target| (target, distance + 1)),
            );
        }
        found
    }
}

type Came<'a> = HashMap<SynsetId, Option<(Synset<'a>, super::Relation)>>;

fn trace<'a>(from: Synset<'a>, to: Synset<'a>, came: &Came<'a>) -> Path<'a> {
    let mut steps = Vec::new();
    let mut at = to;
    while let Some(Some((before, relation))) = came.get(&at.number) {
        steps.push(Step { relation: Some(*relation), to: Some(at) });
        at = *before;
    }
    steps.reverse();
    Path { from, steps }
}
