//! Senses of words in a text, and sets that measure how well they are told apart.

use super::Output;
use super::bars::Bars;
use super::show::{Out, padded};
use crate::engine::answers::{SensesAnswer, WordSenses};
use crate::engine::{Engine, Inventory, SenseSet, SensesEvaluation, SensesRequest};
use crate::error::Result;
use crate::eval::senses::{Mark, SenseReport};
use clap::{Args, ValueEnum};
use std::io;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct SenseArguments {
    /// The text.
    pub text: String,
    /// The word asked about, as it stands in the text; without it and --offset, all words.
    #[arg(long)]
    pub word: Option<String>,
    /// The byte of the text in which the word stands.
    #[arg(long)]
    pub offset: Option<usize>,
    /// Compare with glosses by this collection's vectors.
    #[arg(long)]
    pub collection: Option<String>,
    /// Which senses.
    #[arg(long, value_enum, default_value_t = InventoryArgument::Wordnet)]
    pub inventory: InventoryArgument,
    /// Only senses of this part of speech: noun, verb, adjective or adverb.
    #[arg(long)]
    pub pos: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum InventoryArgument {
    /// WordNet's.
    Wordnet,
}

impl From<InventoryArgument> for Inventory {
    fn from(inventory: InventoryArgument) -> Self {
        match inventory {
            InventoryArgument::Wordnet => Self::Wordnet,
        }
    }
}

pub(super) fn ask(engine: &Engine, arguments: SenseArguments, out: &Output) -> Result<()> {
    super::wordnet::prepare(engine)?;
    let SenseArguments { text, word, offset, collection, inventory, pos } = arguments;
    let request = SensesRequest { text, word, offset, inventory: inventory.into(), pos };
    out.answer(&engine.senses(collection.as_deref(), &request)?, show_senses)
}

fn show_senses(answer: &SensesAnswer, out: Out<'_>) -> io::Result<()> {
    answer.words.iter().try_for_each(|word| show_word(word, out))
}

fn show_word(word: &WordSenses, out: Out<'_>) -> io::Result<()> {
    let sure = if word.sure || word.senses.is_empty() { "" } else { " (not sure)" };
    writeln!(out, "{} at {}{sure}", word.word, word.start)?;
    if word.senses.is_empty() {
        return writeln!(out, "  WordNet has no sense of it");
    }
    for sense in &word.senses {
        let parts = &sense.parts;
        writeln!(out, "  {:.3}  {}  {}", sense.probability, padded(&sense.sense, 24), sense.definition)?;
        writeln!(
            out,
            "         prior {:+.2}, page rank {:+.2}, gloss {:+.2}, surroundings {:+.2}",
            parts.prior, parts.page_rank, parts.gloss, parts.surroundings
        )?;
    }
    Ok(())
}

#[derive(Debug, Args)]
pub(super) struct EvalSensesArguments {
    /// The kind of set.
    #[arg(value_enum)]
    pub set: SetArgument,
    /// Its file or folder.
    pub path: PathBuf,
    /// The collection whose model answers.
    #[arg(long)]
    pub collection: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SetArgument {
    /// Words in Context: one word in two sentences, the same sense?
    Wic,
    /// The same in other languages: JSON.
    MclWic,
    /// All words of running text: NAME.data.xml with NAME.gold.key.txt, or SemCor.
    Raganato,
    /// CoarseWSD-20: a folder a word.
    Coarsewsd,
}

impl From<SetArgument> for SenseSet {
    fn from(set: SetArgument) -> Self {
        match set {
            SetArgument::Wic => Self::Wic,
            SetArgument::MclWic => Self::MclWic,
            SetArgument::Raganato => Self::Raganato,
            SetArgument::Coarsewsd => Self::CoarseWsd,
        }
    }
}

pub(super) fn evaluate(
    engine: &Engine,
    arguments: &EvalSensesArguments,
    bars: Bars,
    out: &Output,
) -> Result<()> {
    let EvalSensesArguments { set, path, collection } = arguments;
    let evaluation = SensesEvaluation { set: (*set).into(), path, collection };
    let report = engine.evaluate_senses(&evaluation, &bars)?;
    drop(bars);
    out.answer(&report, show_report)
}

fn show_report(report: &SenseReport, out: Out<'_>) -> io::Result<()> {
    writeln!(out, "{}: {} questions; fitted on: {}", report.kind, report.questions, report.fitted_on)?;
    for system in &report.systems {
        writeln!(out, "{}", system.name)?;
        system.marks.iter().try_for_each(|mark| show_mark(mark, out))?;
    }
    if !report.reliability.is_empty() {
        writeln!(out, "answers by probability: how many, and how many of them right")?;
    }
    for bin in report.reliability.iter().filter(|bin| bin.answers > 0) {
        let right = bin.right.unwrap_or_default();
        writeln!(out, "  {:.1} to {:.1}  {:>6}  {right:.3}", bin.from, bin.to, bin.answers)?;
    }
    Ok(())
}

fn show_mark(mark: &Mark, out: Out<'_>) -> io::Result<()> {
    let value = mark.value.map_or("-".to_owned(), |value| format!("{value:.4}"));
    let interval = mark.interval.map_or(String::new(), |i| format!(" ({:.4} to {:.4})", i.low, i.high));
    writeln!(out, "  {} {value}{interval}", padded(&mark.measure, 48))
}
