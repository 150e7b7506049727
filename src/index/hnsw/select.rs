//! Which candidates become neighbours: the paper's heuristic (algorithm 4). A candidate stays out if it is at least as
//! near to a neighbour already chosen as to the point itself, so that links go in different directions.

use crate::index::codes::{Codes, QueryCode, Scores};
use crate::linalg::int8::Line;

/// Chosen neighbours are compared with a candidate so many at a time: most are ruled out by the first few.
const CHUNK: usize = 8;

/// Room for a selection.
#[derive(Debug)]
pub(super) struct Selection {
    candidate: QueryCode,
    scores: Scores,
    pub chosen: Vec<u32>,
}

impl Default for Selection {
    fn default() -> Self {
        Self { candidate: QueryCode::empty(), scores: Scores::default(), chosen: Vec::new() }
    }
}

impl Selection {
    /// Chooses at most `most` of `candidates` (similarity to the point, node), which are sorted nearest first.
    pub fn choose(&mut self, codes: &Codes, candidates: &[(f32, u32)], most: usize) {
        let lines: &[Line] = &codes.lines;
        self.chosen.clear();
        for &(similarity, node) in candidates {
            if self.chosen.len() == most {
                break;
            }
            codes.as_query(node, &mut self.candidate);
            let (query, scores) = (&self.candidate, &mut self.scores);
            let crowded = self.chosen.chunks(CHUNK).any(|chosen| {
                codes.similarities(lines, query, chosen, scores);
                scores.similarities.iter().any(|other| *other >= similarity)
            });
            if !crowded {
                self.chosen.push(node);
            }
        }
    }
}

/// Nearest first; ties by node, so that every run chooses alike.
pub(super) fn nearest_first(candidates: &mut [(f32, u32)]) {
    candidates.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
}
