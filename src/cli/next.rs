//! Next words in held-out text.

use super::Output;
use super::arguments::SplitArgument;
use super::bars::Bars;
use super::show::{Out, padded};
use crate::engine::Engine;
use crate::error::Result;
use crate::eval::next::{NextModelReport, NextReport};
use crate::text::{Documents, ReadOptions};
use clap::Args;
use std::io;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct NextArguments {
    /// The collection whose models are asked.
    pub collection: String,
    /// Documents that it has not learned from, in any form that `ingest` reads; - for standard input.
    pub path: PathBuf,
    /// Ask about the first sentences, up to about so many words.
    #[arg(long, value_name = "WORDS", default_value_t = 20_000)]
    pub most: usize,
    /// How plain text becomes documents.
    #[arg(long, value_enum, default_value_t = SplitArgument::Paragraph)]
    pub split: SplitArgument,
    /// Field of JSON or column of tables that holds the text.
    #[arg(long, value_name = "NAME", default_value = "text")]
    pub text_field: String,
}

pub(super) fn run(engine: &Engine, arguments: &NextArguments, bars: Bars, out: &Output) -> Result<()> {
    let options = ReadOptions {
        split: arguments.split.into(),
        text_field: arguments.text_field.clone(),
        ..ReadOptions::default()
    };
    let documents = Documents::open(&arguments.path, options)?;
    let report = engine.evaluate_next(&arguments.collection, documents, arguments.most, &bars)?;
    drop(bars);
    out.answer(&report, show)
}

fn show(report: &NextReport, out: Out<'_>) -> io::Result<()> {
    let NextReport { sentences, tokens, unknown, vocabulary, order, .. } = report;
    writeln!(
        out,
        "{tokens} tokens of {sentences} sentences, {unknown} outside of the {vocabulary} words; n-grams of {order}"
    )?;
    writeln!(
        out,
        "\n{} {:>30} {:>30} {:>7} {:>7}",
        padded("", 8),
        "perplexity",
        "without unknown words",
        "top 1",
        "top 10"
    )?;
    for NextModelReport {
        model,
        perplexity,
        interval,
        known_perplexity,
        known_interval,
        top_1,
        top_10,
        ..
    } in &report.models
    {
        let cell = |value: &f64, low: f64, high: f64| format!("{value:.1} ({low:.1} to {high:.1})");
        writeln!(
            out,
            "{} {:>30} {:>30} {:>6.1}% {:>6.1}%",
            padded(model, 8),
            cell(perplexity, interval.low, interval.high),
            cell(known_perplexity, known_interval.low, known_interval.high),
            100.0 * top_1,
            100.0 * top_10
        )?;
    }
    report.lstm_missing.as_ref().map_or(Ok(()), |why| writeln!(out, "\nno LSTM: {why}"))
}
