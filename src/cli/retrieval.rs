//! Judged queries: how well each mode answers them.

use super::Output;
use super::arguments::ModeArgument;
use super::bars::Bars;
use super::show::{Out, padded};
use super::train::FromArgument;
use crate::engine::{Engine, ExpansionRequest, RetrievalRequest, TrainSettings, TuneReport, TuneRequest};
use crate::error::Result;
use crate::eval::retrieval::{Comparison, Metrics, ModeReport, RetrievalReport, read_qrels, read_queries};
use crate::search::{HybridSettings, Mode};
use crate::vectors::formats;
use crate::word2vec::Settings;
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct RetrievalArguments {
    /// A folder in the layout of BEIR or SMART, a .queries.jsonl with its documents beside it, or a .json of SQuAD.
    pub path: PathBuf,
    /// How to read the queries; otherwise every way there is.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub modes: Vec<ModeArgument>,
    /// Judgements, BEIR's or TREC's, instead of those that stand there.
    #[arg(long, value_name = "FILE")]
    pub qrels: Option<PathBuf>,
    /// Ask this collection as it is. Otherwise the documents become a collection that is gone afterwards.
    #[arg(long)]
    pub collection: Option<String>,
    /// Mode wordnet: only the senses that each query's own context means.
    #[arg(long)]
    pub disambiguate: bool,
    /// A vector file for the new collection's training to start from.
    #[arg(long, value_name = "FILE", conflicts_with = "collection")]
    pub init: Option<PathBuf>,
    /// What training begins with, if not with --init.
    #[arg(long, value_enum, default_value_t = FromArgument::Starter, conflicts_with = "collection")]
    pub from: FromArgument,
    /// Passes over the documents; chosen by their size.
    #[arg(long, conflicts_with = "collection")]
    pub epochs: Option<usize>,
    /// Seed of every random choice in training.
    #[arg(long, conflicts_with = "collection")]
    pub seed: Option<u64>,
    /// Threads of training; one gives the same figures every time.
    #[arg(long, conflicts_with = "collection")]
    pub threads: Option<usize>,
}

impl RetrievalArguments {
    fn request(self) -> Result<RetrievalRequest> {
        let default = Settings::default();
        let dim = self.init.as_ref().map(|file| formats::info(file)).transpose()?.map(|info| info.dim);
        let word2vec = Settings {
            dim: dim.unwrap_or(default.dim),
            epochs: self.epochs,
            seed: self.seed.unwrap_or(default.seed),
            threads: self.threads,
            ..default
        };
        let modes: Vec<Mode> = self.modes.into_iter().map(Mode::from).collect();
        Ok(RetrievalRequest {
            path: self.path,
            qrels: self.qrels,
            collection: self.collection,
            hybrid: None,
            wordnet: self
                .disambiguate
                .then(|| ExpansionRequest { disambiguate: Some(true), ..ExpansionRequest::default() }),
            modes: (!modes.is_empty()).then_some(modes),
            train: TrainSettings {
                word2vec,
                init: self.init,
                start: self.from.into(),
                ..TrainSettings::default()
            },
        })
    }
}

pub(super) fn run(
    engine: impl FnOnce() -> Result<Engine>,
    arguments: RetrievalArguments,
    bars: Bars,
    out: &Output,
) -> Result<()> {
    let report = engine()?.evaluate_retrieval(&arguments.request()?, &bars)?;
    drop(bars);
    out.answer(&report, show)
}

pub(super) fn tune(
    engine: &Engine,
    (collection, queries, qrels): (&str, &Path, Option<&Path>),
    out: &Output,
) -> Result<()> {
    let mut judged = read_queries(queries)?;
    if let Some(qrels) = qrels {
        let mut grades = read_qrels(qrels)?;
        judged.iter_mut().for_each(|query| query.relevant = grades.remove(&query.id).unwrap_or_default());
    }
    let bars = Bars::new()?;
    let report = engine.tune_with(collection, TuneRequest { queries: judged }, &bars)?;
    drop(bars);
    out.answer(&report, show_tuned)
}

fn show_tuned(report: &TuneReport, out: Out<'_>) -> io::Result<()> {
    let [default, tuned, held_out] =
        [report.default_ndcg_at_10, report.tuned_ndcg_at_10, report.held_out_ndcg_at_10].map(|v| 100.0 * v);
    writeln!(out, "nDCG@10 over {} queries: default {default:.2}, tuned {tuned:.2}", report.queries)?;
    writeln!(out, "on queries held out: {held_out:.2}")?;
    let HybridSettings { static_weight, static_rise, feedback, feedback_term_weight, .. } = report.settings;
    let kept = if report.kept { "kept" } else { "the defaults stay" };
    writeln!(
        out,
        "{kept}: static weight {static_weight}, rise {static_rise}, feedback {feedback}, of terms \
         {feedback_term_weight}"
    )
}

pub(super) fn show(report: &RetrievalReport, out: Out<'_>) -> io::Result<()> {
    writeln!(out, "{} queries over {} documents", report.queries, report.documents)?;
    writeln!(
        out,
        "\n{} {:>8} {:>8} {:>8} {:>9} {:>10} {:>8}",
        padded("", 24),
        "nDCG@10",
        "MAP",
        "MRR",
        "recall@5",
        "recall@100",
        "p50 ms"
    )?;
    for ModeReport { mode, all, kinds, p50_ms } in &report.modes {
        row(mode.name(), all, Some(*p50_ms), out)?;
        for kind in kinds {
            row(&format!("  {} ({})", kind.kind, kind.queries), &kind.metrics, None, out)?;
        }
    }
    if !report.comparisons.is_empty() {
        writeln!(out, "\nnDCG@10, paired")?;
    }
    for Comparison { a, b, kind, test } in &report.comparisons {
        let kind = kind.as_ref().map(|kind| format!(", {kind}")).unwrap_or_default();
        let what = format!("{} - {}{kind}", b.name(), a.name());
        let (difference, p) = (100.0 * test.difference, test.p);
        let (better, worse) = (test.better, test.worse);
        writeln!(out, "{} {difference:>+7.2}  p {p:.4}  better {better}, worse {worse}", padded(&what, 32))?;
    }
    Ok(())
}

fn row(name: &str, metrics: &Metrics, p50_ms: Option<f64>, out: Out<'_>) -> io::Result<()> {
    let [ndcg, map, mrr, recall_5, recall_100] = metrics.values().map(|value| 100.0 * value);
    let time = p50_ms.map_or(String::new(), |ms| format!("{ms:>8.2}"));
    let name = padded(name, 24);
    writeln!(out, "{name} {ndcg:>8.2} {map:>8.2} {mrr:>8.2} {recall_5:>9.2} {recall_100:>10.2} {time}")
}
