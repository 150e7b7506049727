//! A table of modes and kinds of query, from what each mode answered.

use super::metrics::{Metrics, measure};
use super::significance::{PairedTest, paired_test};
use super::{JudgedQuery, Layout};
use crate::search::Mode;
use serde::{Deserialize, Serialize};

/// What one mode answered to every query.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The way the queries were read.
    pub mode: Mode,
    /// For each query the documents by id, with scores.
    pub rankings: Vec<Vec<(String, f32)>>,
    /// Time that the slower half of the queries took at least, in milliseconds.
    pub p50_ms: f64,
}

/// How well several modes answer judged queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetrievalReport {
    /// The form the judgements came in; absent if they came with the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// Documents searched.
    pub documents: u64,
    /// Queries asked: those that any document answers.
    pub queries: usize,
    /// Queries left out because no document answers them.
    pub unanswerable: usize,
    /// One for each mode.
    pub modes: Vec<ModeReport>,
    /// Each two modes, over nDCG@10.
    pub comparisons: Vec<Comparison>,
}

/// How well one mode answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModeReport {
    /// The mode.
    pub mode: Mode,
    /// Over all queries.
    pub all: Metrics,
    /// By kind of query, where kinds are given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<KindReport>,
    /// Time that the slower half of the queries took at least, in milliseconds, without fetching the documents.
    pub p50_ms: f64,
}

/// How well one mode answers queries of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KindReport {
    /// As the judgements name it.
    pub kind: String,
    /// Its queries.
    pub queries: usize,
    /// Over these.
    pub metrics: Metrics,
}

/// Two modes over the same queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Comparison {
    /// One.
    pub a: Mode,
    /// The other.
    pub b: Mode,
    /// The kind of query; absent for all queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// nDCG@10 of b against a.
    #[serde(flatten)]
    pub test: PairedTest,
}

/// Measures runs over `queries`, whose order is theirs.
#[must_use]
pub fn report(queries: &[JudgedQuery], runs: &[Run]) -> RetrievalReport {
    let asked: Vec<usize> = (0..queries.len()).filter(|i| queries[*i].is_answerable()).collect();
    let mut kinds: Vec<&str> = asked.iter().filter_map(|i| queries[*i].kind.as_deref()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let of_kind = |kind: &str| -> Vec<usize> {
        let is = |i: &&usize| queries[asked[**i]].kind.as_deref() == Some(kind);
        (0..asked.len()).collect::<Vec<_>>().iter().filter(is).copied().collect()
    };
    let kinds: Vec<(&str, Vec<usize>)> = kinds.into_iter().map(|kind| (kind, of_kind(kind))).collect();
    let measured: Vec<Vec<Metrics>> = runs
        .iter()
        .map(|run| asked.iter().map(|i| measure(&run.rankings[*i], &queries[*i].relevant)).collect())
        .collect();
    let modes = runs.iter().zip(&measured).map(|(run, metrics)| ModeReport {
        mode: run.mode,
        all: Metrics::mean(metrics),
        kinds: kinds.iter().map(|(kind, places)| kind_report(kind, places, metrics)).collect(),
        p50_ms: run.p50_ms,
    });
    RetrievalReport {
        layout: None,
        documents: 0,
        queries: asked.len(),
        unanswerable: queries.len() - asked.len(),
        modes: modes.collect(),
        comparisons: comparisons(runs, &measured, &kinds),
    }
}

fn kind_report(kind: &str, places: &[usize], metrics: &[Metrics]) -> KindReport {
    let own: Vec<Metrics> = places.iter().map(|place| metrics[*place]).collect();
    KindReport { kind: kind.to_owned(), queries: own.len(), metrics: Metrics::mean(&own) }
}

fn comparisons(runs: &[Run], measured: &[Vec<Metrics>], kinds: &[(&str, Vec<usize>)]) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for (i, a) in runs.iter().enumerate() {
        for (j, b) in runs.iter().enumerate().skip(i + 1) {
            let all: Vec<usize> = (0..measured[i].len()).collect();
            let groups = std::iter::once((None, &all)).chain(kinds.iter().map(|(k, p)| (Some(*k), p)));
            for (kind, places) in groups {
                let values =
                    |m: &[Metrics]| places.iter().map(|place| m[*place].ndcg_at_10).collect::<Vec<_>>();
                if let Some(test) = paired_test(&values(&measured[i]), &values(&measured[j])) {
                    comparisons.push(Comparison { a: a.mode, b: b.mode, kind: kind.map(String::from), test });
                }
            }
        }
    }
    comparisons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(kind: Option<&str>, relevant: &[(&str, i32)]) -> JudgedQuery {
        let relevant = relevant.iter().map(|(id, grade)| ((*id).to_owned(), *grade)).collect();
        JudgedQuery { kind: kind.map(String::from), relevant, ..JudgedQuery::default() }
    }

    /// Documents best first.
    fn run(mode: Mode, rankings: &[&[&str]]) -> Run {
        let ranking = |ids: &&[&str]| -> Vec<(String, f32)> {
            ids.iter().zip(1u8..).map(|(id, place)| ((*id).to_owned(), 9.0 - f32::from(place))).collect()
        };
        Run { mode, rankings: rankings.iter().map(ranking).collect(), p50_ms: 0.0 }
    }

    #[test]
    fn modes_are_measured_by_kind_and_compared() {
        let queries = [
            query(Some("x"), &[("a", 1)]),
            query(Some("y"), &[("b", 1)]),
            query(Some("y"), &[("b", 0)]), // nothing answers it
        ];
        let runs = [run(Mode::Keyword, &[&["a"], &[], &["b"]]), run(Mode::Static, &[&["a"], &["b"], &["b"]])];
        let report = report(&queries, &runs);
        assert_eq!((report.queries, report.unanswerable), (2, 1));
        assert_eq!(report.modes[0].all.ndcg_at_10, 0.5);
        assert_eq!(report.modes[1].kinds[1].metrics.ndcg_at_10, 1.0);
        let differences: Vec<_> =
            report.comparisons.iter().map(|c| (c.kind.as_deref(), c.test.difference)).collect();
        assert_eq!(differences, [(None, 0.5), (Some("x"), 0.0), (Some("y"), 1.0)]);
    }
}
