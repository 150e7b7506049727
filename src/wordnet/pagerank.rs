//! Personalised PageRank: how near each synset is to a whole set of synsets, over all links at once.
//!
//! A walker starts at one of the given synsets, follows a link with probability `damping`, else starts again; a synset's
//! rank is the share of time spent there. Links are WordNet's relations, both ways, and the meanings that glosses mention
//! (found, not given; see `mentions`). Source: Haveliwala 2002, "Topic-sensitive PageRank"; for senses Agirre and Soroa
//! 2009, "Personalizing PageRank for word sense disambiguation". Worked out by pushing the walker's probability outwards
//! until little is left anywhere (Andersen, Chung and Lang 2006, "Local graph partitioning using PageRank vectors"), which
//! touches the surroundings only rather than the whole graph.

use super::{Synset, SynsetId, WordNet};
use crate::error::{Error, Result};
use std::collections::VecDeque;

/// How to walk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageRank {
    /// Probability of following a link rather than starting again, 0 to below 1.
    pub damping: f32,
    /// Weight of a link from or to a meaning that a gloss mentions, against 1 for a relation; 0 leaves them out.
    ///
    /// They help to tell how related words are (WordSim-353, cosine of rank vectors: 57 without, 63 to 66 with), but not to
    /// tell senses apart (Senseval-2, no prior: 57 % without, 55 % with); `benches/wordnet.rs` measures both.
    pub mentions: f32,
    /// Probability per link that is left where it is; smaller is more exact and slower.
    pub tolerance: f32,
}

impl Default for PageRank {
    fn default() -> Self {
        Self { damping: 0.85, mentions: 1.0, tolerance: 3e-5 }
    }
}

/// Ranks of all synsets; nearly all are 0.
#[derive(Debug, Clone)]
pub struct Ranks {
    ranks: Vec<f32>,
    touched: Vec<u32>,
}

impl Ranks {
    /// The rank of a synset; all ranks together are a little below 1.
    #[must_use]
    pub fn of(&self, synset: SynsetId) -> f32 {
        self.ranks.get(synset.index()).copied().unwrap_or(0.0)
    }

    /// The `k` highest, best first.
    #[must_use]
    pub fn top(&self, k: usize) -> Vec<(SynsetId, f32)> {
        let mut top: Vec<(SynsetId, f32)> =
            self.touched.iter().map(|&number| (SynsetId(number), self.ranks[number as usize])).collect();
        top.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        top.truncate(k);
        top
    }
}

impl PageRank {
    fn check(&self) -> Result<()> {
        let cure = "the default is 0.85, 1 and 3e-5";
        if !(0.0..1.0).contains(&self.damping) || self.damping > 0.999 {
            return Err(Error::invalid("damping", "0 to 0.999", self.damping, cure));
        }
        if !(0.0..=1000.0).contains(&self.mentions) {
            return Err(Error::invalid("weight of mentions", "0 to 1000", self.mentions, cure));
        }
        if !(1e-7..=1.0).contains(&self.tolerance) {
            return Err(Error::invalid("tolerance", "1e-7 to 1", self.tolerance, cure));
        }
        Ok(())
    }
}

impl WordNet {
    /// Ranks of all synsets for a walker that starts at `starts`, in proportion to their weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] for settings out of range or without a positive weight to start from.
    pub fn page_rank(&self, starts: &[(SynsetId, f32)], settings: &PageRank) -> Result<Ranks> {
        settings.check()?;
        let total: f32 = starts.iter().map(|(_, weight)| weight).sum();
        let right = starts.iter().all(|(number, weight)| number.index() < self.len() && *weight >= 0.0);
        if !(right && total > 0.0 && total.is_finite()) {
            let expected = "synsets of this WordNet with positive weights";
            return Err(Error::invalid(
                "starts",
                expected,
                format!("{} of sum {total}", starts.len()),
                "give some",
            ));
        }
        let mut walk = Walk::new(self, settings);
        for (number, weight) in starts {
            walk.receive(number.0, weight / total);
        }
        Ok(walk.run())
    }

    /// Scores the senses of each word of a sentence by the ranks that the *other* words give them (`ppr_w2w` of Agirre and
    /// Soroa): `words` holds each word's candidate senses with their weights as starts, the answer one score for each.
    ///
    /// # Errors
    /// As [`page_rank`](Self::page_rank).
    pub fn rank_senses(&self, words: &[Vec<(SynsetId, f32)>], settings: &PageRank) -> Result<Vec<Vec<f32>>> {
        let mut scores: Vec<Vec<f32>> = words.iter().map(|senses| vec![0.0; senses.len()]).collect();
        // Ranks are linear in the starts: each word is walked from once, and lends its ranks to all others.
        for (from, starts) in words.iter().enumerate().filter(|(_, starts)| !starts.is_empty()) {
            let ranks = self.page_rank(starts, settings)?;
            for (to, senses) in words.iter().enumerate().filter(|(to, _)| *to != from) {
                for (score, (sense, _)) in scores[to].iter_mut().zip(senses) {
                    *score += ranks.of(*sense);
                }
            }
        }
        Ok(scores)
    }

    fn neighbours(&self, synset: u32) -> (super::container::Numbers<'_>, super::container::Numbers<'_>) {
        let layout = &self.layout;
        let row =
            |bounds: &_, targets: &_| self.numbers(targets).slice(self.numbers(bounds).row(synset as usize));
        (row(&layout.near_bound, &layout.near_target), row(&layout.mention_bound, &layout.mention_target))
    }
}

struct Walk<'a> {
    wordnet: &'a WordNet,
    settings: PageRank,
    ranks: Vec<f32>,
    /// Probability that has arrived and was not passed on yet.
    waiting: Vec<f32>,
    queued: Vec<bool>,
    queue: VecDeque<u32>,
    touched: Vec<u32>,
}

impl<'a> Walk<'a> {
    fn new(wordnet: &'a WordNet, settings: &PageRank) -> Self {
        let length = wordnet.len();
        Self {
            wordnet,
            settings: *settings,
            ranks: vec![0.0; length],
            waiting: vec![0.0; length],
            queued: vec![false; length],
            queue: VecDeque::new(),
            touched: Vec::new(),
        }
    }

    fn receive(&mut self, synset: u32, probability: f32) {
        let at = synset as usize;
        let waiting = self.waiting[at] + probability;
        self.waiting[at] = waiting;
        // The cheap comparison first: most of what arrives is too little for any number of links.
        if waiting > self.settings.tolerance
            && !self.queued[at]
            && waiting > self.settings.tolerance * self.links(synset)
        {
            self.queued[at] = true;
            self.queue.push_back(synset);
        }
    }

    /// Number of links, those of glosses weighted.
    fn links(&self, synset: u32) -> f32 {
        let (near, mentions) = self.wordnet.neighbours(synset);
        near.len() as f32 + self.settings.mentions * mentions.len() as f32
    }

    fn run(mut self) -> Ranks {
        while let Some(synset) = self.queue.pop_front() {
            self.queued[synset as usize] = false;
            self.push(synset);
        }
        Ranks { ranks: self.ranks, touched: self.touched }
    }

    /// Keeps the walker's share that starts again, and passes the rest on.
    fn push(&mut self, synset: u32) {
        let at = synset as usize;
        let links = self.links(synset);
        let waiting = std::mem::take(&mut self.waiting[at]);
        if self.ranks[at] == 0.0 {
            self.touched.push(synset);
        }
        if links == 0.0 {
            self.ranks[at] += waiting;
            return;
        }
        self.ranks[at] += (1.0 - self.settings.damping) * waiting;
        let share = self.settings.damping * waiting / links;
        let (near, mentions) = self.wordnet.neighbours(synset);
        for target in near.iter() {
            self.receive(target, share);
        }
        if self.settings.mentions > 0.0 {
            for target in mentions.iter() {
                self.receive(target, share * self.settings.mentions);
            }
        }
    }
}

/// Synsets with their ranks, for those who want to read them.
impl Ranks {
    /// The `k` highest as synsets.
    #[must_use]
    pub fn top_synsets<'a>(&self, wordnet: &'a WordNet, k: usize) -> Vec<(Synset<'a>, f32)> {
        self.top(k).into_iter().map(|(number, rank)| (wordnet.at(number), rank)).collect()
    }
}
