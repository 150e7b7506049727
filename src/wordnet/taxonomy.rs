//! Up and down the taxonomy of hypernyms: ancestors, least common subsumers, shortest paths, hyponyms.
//!
//! Only verbs, adjectives and adverbs have several roots; where asked, an imaginary one above them joins them. Distances
//! through it are counted as NLTK does (one link above the farthest ancestor), so that similarities agree. Every walk
//! remembers where it was: circles, of which some copies of WordNet have one, do no harm.

use super::{PartOfSpeech, Relation, Synset, SynsetId};
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet, VecDeque};

/// Ancestors of a synset with the shortest distance to each.
pub(super) struct Ancestors {
    /// In the order of a breadth-first walk, with distance and the ancestor one link below.
    pub found: Vec<(SynsetId, u32, Option<SynsetId>)>,
    at: HashMap<SynsetId, usize>,
}

impl Ancestors {
    pub fn of(synset: Synset<'_>) -> Self {
        let mut ancestors = Self { found: Vec::new(), at: HashMap::new() };
        let mut queue = VecDeque::from([(synset, 0, None)]);
        while let Some((synset, distance, below)) = queue.pop_front() {
            if ancestors.at.contains_key(&synset.number) {
                continue;
            }
            ancestors.at.insert(synset.number, ancestors.found.len());
            ancestors.found.push((synset.number, distance, below));
            queue.extend(synset.parents().map(|parent| (parent, distance + 1, Some(synset.number))));
        }
        ancestors
    }

    pub fn distance(&self, number: SynsetId) -> Option<u32> {
        self.at.get(&number).map(|at| self.found[*at].1)
    }

    /// Distance to an imaginary root above everything.
    pub fn distance_to_root(&self) -> u32 {
        self.found.last().map_or(0, |last| last.1) + 1
    }

    /// From the synset up to an ancestor, both included.
    fn climb(&self, to: SynsetId) -> Vec<SynsetId> {
        let mut path = vec![to];
        let mut at = to;
        while let Some(below) = self.at.get(&at).and_then(|at| self.found[*at].2) {
            path.push(below);
            at = below;
        }
        path.reverse();
        path
    }
}

/// A way from one synset to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Path<'a> {
    /// Where it begins.
    pub from: Synset<'a>,
    /// The links taken, in order; empty if both ends are the same.
    pub steps: Vec<Step<'a>>,
}

/// One link of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<'a> {
    /// What the next synset is to the one before; `None` on the two links at the imaginary root.
    pub relation: Option<Relation>,
    /// Where it leads; `None` is the imaginary root that joins separate taxonomies.
    pub to: Option<Synset<'a>>,
}

impl Path<'_> {
    /// Number of links.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether both ends are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// One page of the hyponyms below a synset.
#[derive(Debug, Clone, PartialEq)]
pub struct HyponymPage<'a> {
    /// Synsets below, breadth first, each with its depth below the start.
    pub synsets: Vec<(Synset<'a>, u32)>,
    /// How many there are in all.
    pub total: usize,
}

/// Whether the taxonomies of this part of speech need an imaginary root to be joined: all but nouns.
pub(super) fn needs_root(pos: PartOfSpeech) -> bool {
    pos != PartOfSpeech::Noun
}

impl<'a> Synset<'a> {
    /// The synsets that both this and `other` fall under, themselves included.
    #[must_use]
    pub fn common_subsumers(self, other: Self) -> Vec<Self> {
        let (own, others) = (Ancestors::of(self), Ancestors::of(other));
        let common = own.found.iter().filter(|(number, ..)| others.distance(*number).is_some());
        common.map(|(number, ..)| self.wordnet.at(*number)).collect()
    }

    /// The common subsumers that lie deepest (longest path to a root), by name; empty if there is none.
    #[must_use]
    pub fn least_common_subsumers(self, other: Self) -> Vec<Self> {
        deepest(self.common_subsumers(other), Self::depth_max)
    }

    /// Links between this and `other` over a common ancestor; with `simulate_root` separate taxonomies are joined.
    #[must_use]
    pub fn distance(self, other: Self, simulate_root: bool) -> Option<u32> {
        self.meeting(other, simulate_root).map(|(distance, ..)| distance)
    }

    /// The shortest way over a common ancestor: up, then down.
    #[must_use]
    pub fn shortest_path(self, other: Self, simulate_root: bool) -> Option<Path<'a>> {
        let (_, over, own, others) = self.meeting(other, simulate_root)?;
        let (up, down) = match over {
            Some(over) => (own.climb(over), others.climb(over)),
            None => (own.climb(own.found.last()?.0), others.climb(others.found.last()?.0)),
        };
        let mut steps: Vec<Step<'a>> = up.windows(2).map(|pair| self.step(pair[0], pair[1])).collect();
        if over.is_none() {
            steps.push(Step { relation: None, to: None });
            steps.push(Step { relation: None, to: down.last().map(|number| self.wordnet.at(*number)) });
        }
        steps.extend(down.windows(2).rev().map(|pair| self.step_down(pair[0], pair[1])));
        Some(Path { from: self, steps })
    }

    /// Distance, where both ways meet (`None`: at the imaginary root), and the ancestors of both.
    fn meeting(
        self,
        other: Self,
        simulate_root: bool,
    ) -> Option<(u32, Option<SynsetId>, Ancestors, Ancestors)> {
        let (own, others) = (Ancestors::of(self), Ancestors::of(other));
        let over = |(number, distance, _): &(SynsetId, u32, _)| {
            Some((distance + others.distance(*number)?, *number))
        };
        let meeting = own.found.iter().filter_map(over).min();
        let at_root = own.distance_to_root() + others.distance_to_root();
        match meeting {
            Some((distance, _)) if simulate_root && at_root < distance => Some((at_root, None, own, others)),
            Some((distance, number)) => Some((distance, Some(number), own, others)),
            None if simulate_root => Some((at_root, None, own, others)),
            None => None,
        }
    }

    fn step(self, from: SynsetId, to: SynsetId) -> Step<'a> {
        let links = self.wordnet.at(from).links();
        let upward = |link: &super::Link<'_>| link.relation.is_upward() && link.target.number == to;
        let relation = links.into_iter().find(upward).map(|link| link.relation);
        Step { relation, to: Some(self.wordnet.at(to)) }
    }

    fn step_down(self, to: SynsetId, from: SynsetId) -> Step<'a> {
        let upward = self.step(to, from).relation;
        Step { relation: upward.map(Relation::inverse), to: Some(self.wordnet.at(to)) }
    }

    /// Everything below this synset, breadth first, `limit` synsets from number `offset` on.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless `limit` is 1 to 1,000.
    pub fn hyponyms(self, offset: usize, limit: usize) -> Result<HyponymPage<'a>> {
        if !(1..=1000).contains(&limit) {
            return Err(Error::invalid("limit", "1 to 1000", limit, "ask for pages"));
        }
        let below = self.below(u32::MAX);
        let total = below.len();
        let synsets = below.into_iter().skip(offset).take(limit).collect();
        Ok(HyponymPage { synsets, total })
    }

    /// Hyponyms down to a depth, breadth first, this synset left out.
    pub(super) fn below(self, depth_max: u32) -> Vec<(Synset<'a>, u32)> {
        closure(self, depth_max, |synset| synset.children().collect())
    }

    /// Hypernyms up to a height, breadth first, this synset left out.
    pub(super) fn above(self, height_max: u32) -> Vec<(Synset<'a>, u32)> {
        closure(self, height_max, |synset| synset.parents().collect())
    }
}

fn closure<'a>(
    start: Synset<'a>,
    depth_max: u32,
    next: impl Fn(Synset<'a>) -> Vec<Synset<'a>>,
) -> Vec<(Synset<'a>, u32)> {
    let mut seen = HashSet::from([start.number]);
    let mut found = Vec::new();
    let mut queue = VecDeque::from([(start, 0)]);
    while let Some((synset, depth)) = queue.pop_front() {
        if depth == depth_max {
            continue;
        }
        for child in next(synset) {
            if seen.insert(child.number) {
                found.push((child, depth + 1));
                queue.push_back((child, depth + 1));
            }
        }
    }
    found
}

/// Those of the greatest depth, by name.
pub(super) fn deepest<'a>(synsets: Vec<Synset<'a>>, depth: impl Fn(Synset<'a>) -> u32) -> Vec<Synset<'a>> {
    let greatest = synsets.iter().map(|synset| depth(*synset)).max();
    let mut deepest: Vec<_> = synsets.into_iter().filter(|synset| Some(depth(*synset)) == greatest).collect();
    deepest.sort_by_cached_key(|synset| synset.name());
    deepest
}
