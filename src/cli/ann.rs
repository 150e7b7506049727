//! `sememe eval ann`: how often the graph finds what an exact scan finds, and how fast.

use super::Output;
use super::bars::Bars;
use super::show::Out;
use crate::error::{Error, Result};
use crate::eval::ann::{AnnReport, AnnSettings, evaluate_vectors};
use crate::index::BuildSettings;
use crate::vectors::WordVectors;
use clap::Args;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, Args)]
pub(super) struct AnnArguments {
    /// A vector file of any known format.
    #[arg(long, value_name = "FILE", required_unless_present = "collection", conflicts_with = "collection")]
    pub vectors: Option<PathBuf>,
    /// A collection: its word vectors.
    #[arg(long)]
    pub collection: Option<String>,
    /// The vectors of the collection's documents instead.
    #[arg(long, requires = "collection")]
    pub documents: bool,
    /// Neighbours asked for.
    #[arg(short, long, default_value_t = 10)]
    pub k: usize,
    /// Recalls to find the search width for.
    #[arg(long, value_delimiter = ',', default_values_t = [0.95, 0.99])]
    pub recall: Vec<f64>,
    /// Write a plot here.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// Rows to search, and their dimension.
pub(super) type RowsToSearch = (Vec<f32>, usize);

/// Words that training left without a direction cannot be searched for.
pub(super) fn word_rows(vectors: &WordVectors) -> RowsToSearch {
    let rows = vectors.units().chunks_exact(vectors.dim());
    (rows.filter(|row| row.iter().any(|value| *value != 0.0)).flatten().copied().collect(), vectors.dim())
}

pub(super) fn run(
    (rows, dim): RowsToSearch,
    arguments: &AnnArguments,
    bars: Bars,
    out: &Output,
) -> Result<()> {
    let settings =
        AnnSettings { k: arguments.k, recalls: arguments.recall.clone(), ..AnnSettings::default() };
    let start = Instant::now();
    let seconds = || start.elapsed().as_secs_f64();
    let report = evaluate_vectors(&rows, dim, &BuildSettings::default(), &settings, &seconds, &bars)?;
    drop(bars);
    if let Some(path) = &arguments.svg {
        std::fs::write(path, report.to_svg()).map_err(Error::io("write", path))?;
    }
    out.answer(&report, show)
}

fn show(report: &AnnReport, out: Out<'_>) -> io::Result<()> {
    let AnnReport { rows, dim, k, questions, index_bytes, relinked, .. } = report;
    let seconds = report.build_seconds.unwrap_or_default();
    writeln!(
        out,
        "{rows} x {dim} vectors, built in {seconds:.1} s, {relinked} re-linked; {index_bytes} bytes beside the rows"
    )?;
    writeln!(out, "{questions} questions held out, one thread\n")?;
    writeln!(out, "way       ef  recall@{k:<4}  queries/s")?;
    for point in &report.points {
        let ef = point.ef.map_or("-".to_owned(), |ef| ef.to_string());
        let front = if point.on_front { " *" } else { "" };
        writeln!(
            out,
            "{:<6} {ef:>5}  {:<11.4}  {:>9.0}{front}",
            point.strategy, point.recall, point.queries_per_second
        )?;
    }
    writeln!(out, "\n* nothing else is both better and faster")?;
    for choice in &report.choices {
        let way = choice.ef.map_or("exact scan".to_owned(), |ef| format!("ef {ef}"));
        writeln!(out, "recall {}: {way}, {:.0} queries/s", choice.recall, choice.queries_per_second)?;
    }
    Ok(())
}
