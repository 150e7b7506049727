//! Evaluation: quality with confidence intervals.

use super::Output;
use super::ann::{self, AnnArguments};
use super::bars::Bars;
use super::next::{self, NextArguments};
use super::retrieval::{self, RetrievalArguments};
use super::senses::{self, EvalSensesArguments};
use super::show::{Out, padded};
use super::words::MethodArgument;
use crate::engine::{Engine, WordSetReport, evaluate_words};
use crate::error::Result;
use crate::eval::hidden::HiddenReport;
use crate::eval::stats::Interval;
use crate::eval::words::{AnalogyReport, SimilarityReport, WordsOptions};
use crate::vectors::{WordVectors, formats};
use clap::{Args, Subcommand};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(super) enum EvalCommand {
    /// Word vectors against similarity sets (rank correlation) and analogy sets (share completed).
    Words(WordsArguments),
    /// Answers to judged queries: nDCG@10, MAP, MRR and recall as trec_eval has them, by mode and kind of query.
    Retrieval(RetrievalArguments),
    /// Approximate nearest neighbours against exact ones: recall and speed over search width.
    Ann(AnnArguments),
    /// Words hidden in the sentences that training held out, guessed by the contextual model: mean reciprocal rank.
    Context {
        /// The collection whose model guesses.
        collection: String,
    },
    /// Senses of words in their sentences, on the sets that papers use.
    Senses(EvalSensesArguments),
    /// Next words in held-out text: perplexity and hit rates of n-grams, of the contextual model's left half, and of word frequencies alone.
    Next(NextArguments),
}

#[derive(Debug, Args)]
pub(super) struct WordsArguments {
    /// Sets: two words and a mark a line, or four words a line under headings ": section".
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// A vector file of any known format.
    #[arg(long, value_name = "FILE", required_unless_present = "collection", conflicts_with = "collection")]
    pub vectors: Option<PathBuf>,
    /// A collection's vectors.
    #[arg(long)]
    pub collection: Option<String>,
    /// Only the first so many words of the vocabulary are known; 0 for all.
    #[arg(long, value_name = "WORDS", default_value_t = 0)]
    pub restrict: usize,
    /// How analogies are scored.
    #[arg(long, value_enum, default_value_t = MethodArgument::Add)]
    pub method: MethodArgument,
    /// Take upper and lower case as different.
    #[arg(long)]
    pub case_sensitive: bool,
    /// Let n-grams stand for the unknown words of similarity sets.
    #[arg(long)]
    pub subwords: bool,
}

pub(super) fn run(
    engine: impl FnOnce() -> Result<Engine>,
    data_dir: &Path,
    command: EvalCommand,
    out: &Output,
) -> Result<()> {
    let bars = Bars::new()?;
    match command {
        EvalCommand::Words(arguments) => words(data_dir, &arguments, bars, out),
        EvalCommand::Retrieval(arguments) => retrieval::run(engine, arguments, bars, out),
        EvalCommand::Ann(arguments) => {
            let rows = match &arguments.collection {
                Some(collection) if arguments.documents => {
                    Engine::open(data_dir)?.document_vectors(collection)?
                }
                collection => {
                    let source = (arguments.vectors.as_deref(), collection.as_deref());
                    ann::word_rows(&*vectors_of(data_dir, source, &bars)?)
                }
            };
            ann::run(rows, &arguments, bars, out)
        }
        EvalCommand::Next(arguments) => next::run(&engine()?, &arguments, bars, out),
        EvalCommand::Context { collection } => {
            let report = engine()?.evaluate_hidden_words(&collection)?;
            drop(bars);
            out.answer(&report, show_hidden)
        }
        EvalCommand::Senses(arguments) => senses::evaluate(&engine()?, &arguments, bars, out),
    }
}

fn words(data_dir: &Path, arguments: &WordsArguments, bars: Bars, out: &Output) -> Result<()> {
    let source = (arguments.vectors.as_deref(), arguments.collection.as_deref());
    let vectors = vectors_of(data_dir, source, &bars)?;
    let options = WordsOptions {
        restrict: arguments.restrict,
        fold_case: !arguments.case_sensitive,
        subwords: arguments.subwords,
        method: arguments.method.into(),
    };
    let reports = evaluate_words(&vectors, &arguments.files, &options, &bars)?;
    drop(bars);
    out.answer(&reports, |reports, out| reports.iter().try_for_each(|report| show_set(report, out)))
}

/// Of a file, or else of a collection.
fn vectors_of(
    data_dir: &Path,
    source: (Option<&Path>, Option<&str>),
    bars: &Bars,
) -> Result<Arc<WordVectors>> {
    match source {
        (Some(file), _) => Ok(Arc::new(formats::import(file, None, bars)?.1)),
        (None, collection) => {
            let generation = Engine::open(data_dir)?.generation(collection.unwrap_or_default())?;
            Ok(Arc::clone(generation.encoder()?.vectors()))
        }
    }
}

fn show_set(report: &WordSetReport, out: Out<'_>) -> io::Result<()> {
    writeln!(out, "{}", report.file.display())?;
    if let Some(report) = &report.similarity {
        show_similarity(report, out)?;
    }
    report.analogies.as_ref().map_or(Ok(()), |report| show_analogies(report, out))
}

fn show_hidden(report: &HiddenReport, out: Out<'_>) -> io::Result<()> {
    let HiddenReport { vocabulary, positions, content_positions, systems, times_average } = report;
    writeln!(
        out,
        "{positions} hidden words, {content_positions} of them not among the 200 most frequent; {vocabulary} words to choose from"
    )?;
    writeln!(out, "{} {:<26} content words", padded("mean reciprocal rank", 28), "all words")?;
    for system in systems {
        let all = share(Some(system.mrr), system.interval);
        let content = share(Some(system.content_mrr), system.content_interval);
        writeln!(out, "{} {all:<26} {content}", padded(system.name, 28))?;
    }
    let Some([all, content]) = times_average else { return Ok(()) };
    writeln!(out, "{} {all:<26.2} {content:.2}", padded("times the average", 28))
}

fn show_similarity(report: &SimilarityReport, out: Out<'_>) -> io::Result<()> {
    let SimilarityReport { pairs, used, unknown_words, .. } = report;
    writeln!(
        out,
        "  Spearman {}; {used} of {pairs} pairs, {unknown_words} unknown words",
        share(report.spearman, report.interval)
    )
}

fn show_analogies(report: &AnalogyReport, out: Out<'_>) -> io::Result<()> {
    for section in report.sections.iter().chain([&report.total]) {
        writeln!(
            out,
            "  {} {}; {} of {} ({} asked)",
            padded(&section.name, 28),
            share(section.accuracy, section.interval),
            section.correct,
            section.used,
            section.questions
        )?;
    }
    Ok(())
}

/// `0.612 (0.590 to 0.634)`.
fn share(value: Option<f64>, interval: Option<Interval>) -> String {
    let value = value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    interval.map_or(value.clone(), |i| format!("{value} ({:.3} to {:.3})", i.low, i.high))
}
