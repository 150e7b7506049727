//! Measures of one ranking, as trec_eval defines them.
//!
//! A ranking is put in trec_eval's order first: by falling score, equal scores by falling document id. Grades below 1 are not
//! relevant; what is not judged is not relevant. Source: Voorhees & Harman 2005; trec_eval 9.0, `m_map.c`, `m_ndcg_cut.c`,
//! `m_recall.c`, `m_recip_rank.c`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is measured of one ranking, each 0 to 1, or the mean over several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Metrics {
    /// Normalised discounted cumulated gain of the first 10; the gain is the grade, the discount `log2(rank + 1)`.
    pub ndcg_at_10: f64,
    /// Average precision.
    pub map: f64,
    /// Reciprocal rank of the first relevant document.
    pub mrr: f64,
    /// Share of the relevant documents among the first 5.
    pub recall_at_5: f64,
    /// Share of the relevant documents among the first 100.
    pub recall_at_100: f64,
}

/// Names of the measures, in the order of [`Metrics::values`]; with trec_eval's names.
pub const METRICS: [(&str, &str); 5] = [
    ("ndcg_at_10", "ndcg_cut_10"),
    ("map", "map"),
    ("mrr", "recip_rank"),
    ("recall_at_5", "recall_5"),
    ("recall_at_100", "recall_100"),
];

impl Metrics {
    /// In the order of [`METRICS`].
    #[must_use]
    pub fn values(&self) -> [f64; 5] {
        [self.ndcg_at_10, self.map, self.mrr, self.recall_at_5, self.recall_at_100]
    }

    /// The mean of several; all 0 for none.
    #[must_use]
    pub fn mean(all: &[Self]) -> Self {
        let n = all.len().max(1) as f64;
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / n;
        Self {
            ndcg_at_10: mean(|m| m.ndcg_at_10),
            map: mean(|m| m.map),
            mrr: mean(|m| m.mrr),
            recall_at_5: mean(|m| m.recall_at_5),
            recall_at_100: mean(|m| m.recall_at_100),
        }
    }
}

/// Measures documents with scores against grades by document id.
#[must_use]
pub fn measure(ranking: &[(String, f32)], grades: &BTreeMap<String, i32>) -> Metrics {
    let mut ordered: Vec<&(String, f32)> = ranking.iter().collect();
    ordered.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
    let gains: Vec<i32> = ordered.iter().map(|(id, _)| grades.get(id).copied().unwrap_or(0).max(0)).collect();
    let relevant = grades.values().filter(|grade| **grade > 0).count();
    if relevant == 0 {
        return Metrics::default();
    }
    let recall = |k: usize| gains.iter().take(k).filter(|gain| **gain > 0).count() as f64 / relevant as f64;
    Metrics {
        ndcg_at_10: ndcg(&gains, grades, 10),
        map: average_precision(&gains, relevant),
        mrr: gains.iter().position(|gain| *gain > 0).map_or(0.0, |place| 1.0 / (place + 1) as f64),
        recall_at_5: recall(5),
        recall_at_100: recall(100),
    }
}

fn ndcg(gains: &[i32], grades: &BTreeMap<String, i32>, k: usize) -> f64 {
    let mut ideal: Vec<i32> = grades.values().copied().filter(|grade| *grade > 0).collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    discounted(gains, k) / discounted(&ideal, k)
}

fn discounted(gains: &[i32], k: usize) -> f64 {
    let parts = gains.iter().take(k).enumerate();
    parts.map(|(place, gain)| f64::from(*gain) / (place as f64 + 2.0).log2()).sum()
}

fn average_precision(gains: &[i32], relevant: usize) -> f64 {
    let (mut found, mut sum) = (0usize, 0.0);
    for (place, _) in gains.iter().enumerate().filter(|(_, gain)| **gain > 0) {
        found += 1;
        sum += found as f64 / (place + 1) as f64;
    }
    sum / relevant as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grades(of: &[(&str, i32)]) -> BTreeMap<String, i32> {
        of.iter().map(|(id, grade)| ((*id).to_owned(), *grade)).collect()
    }

    fn ranking(ids: &[&str]) -> Vec<(String, f32)> {
        ids.iter().enumerate().map(|(place, id)| ((*id).to_owned(), 100.0 - place as f32)).collect()
    }

    #[test]
    fn worked_out_by_hand() {
        // Relevant at ranks 2 (grade 1) and 3 (grade 2), one more never found.
        // AP = (1/2 + 2/3) / 3; nDCG = (1/log2 3 + 2/2) / (2 + 1/log2 3 + 1/2).
        let found = measure(&ranking(&["x", "a", "b"]), &grades(&[("a", 1), ("b", 2), ("c", 1), ("x", -1)]));
        assert!((found.map - (0.5 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
        let log3 = 3f64.log2();
        assert!((found.ndcg_at_10 - (1.0 / log3 + 1.0) / (2.0 + 1.0 / log3 + 0.5)).abs() < 1e-12);
        assert_eq!((found.mrr, found.recall_at_5), (0.5, 2.0 / 3.0));
    }

    #[test]
    fn equal_scores_are_taken_by_falling_id() {
        let tied = [("a".to_owned(), 1.0), ("b".to_owned(), 1.0)];
        assert_eq!(measure(&tied, &grades(&[("b", 1)])).mrr, 1.0);
        assert_eq!(measure(&tied, &grades(&[("a", 1)])).mrr, 0.5);
    }

    #[test]
    fn nothing_found_or_nothing_relevant_is_zero() {
        assert_eq!(measure(&[], &grades(&[("a", 1)])), Metrics::default());
        assert_eq!(measure(&ranking(&["a"]), &grades(&[("a", 0)])), Metrics::default());
    }
}
