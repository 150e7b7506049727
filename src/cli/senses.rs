//! Senses of words in a text, and sets that measure how well they are told apart.

use super::Output;
use super::bars::Bars;
use super::show::{Out, padded};
use crate::engine::answers::{CandidateSense, InducedCandidate, InducedWord, SensesAnswer, WordSenses};
use crate::engine::{Engine, FitReport, Inventory, SenseModel, SenseSet, SensesEvaluation, SensesRequest};
use crate::error::Result;
use crate::eval::senses::{Mark, SenseReport};
use clap::{Args, Subcommand, ValueEnum};
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

#[derive(Debug, Subcommand)]
pub(super) enum SensesCommand {
    /// The senses that a collection's own corpus tells apart for a word.
    Word { collection: String, word: String },
    /// Tell senses apart anew by all of a collection's documents as they are now, with the vectors that it has.
    Induce { collection: String },
    /// Estimate from a collection's own text how often it uses each of WordNet's senses, and add that to WordNet's tag counts.
    Prior { collection: String },
    /// Learn from sense-tagged text which of WordNet's senses is meant: SemCor's files, or NAME.data.xml with NAME.gold.key.txt.
    Fit {
        /// The file or folder.
        path: PathBuf,
        /// The collection whose vectors compare.
        #[arg(long)]
        collection: String,
    },
}

pub(super) fn run(engine: &Engine, command: SensesCommand, out: &Output) -> Result<()> {
    match command {
        SensesCommand::Word { collection, word } => {
            out.answer(&engine.word_senses(&collection, &word)?, show_induced)
        }
        SensesCommand::Induce { collection } => {
            let bars = Bars::new()?;
            let report = engine.induce_senses(&collection, &bars)?;
            drop(bars);
            out.answer(&report, |report, out| writeln!(out, "{} documents", report.documents))
        }
        SensesCommand::Prior { collection } => {
            let bars = Bars::new()?;
            let report = engine.estimate_prior(&collection, &bars)?;
            drop(bars);
            out.answer(&report, |report, out| {
                writeln!(out, "{} words in a corpus of {}", report.words, report.corpus_words)
            })
        }
        SensesCommand::Fit { path, collection } => {
            let bars = Bars::new()?;
            let report = engine.fit_senses(&collection, &path, &bars)?;
            drop(bars);
            out.answer(&report, |report, out| {
                let FitReport { sentences, examples, senses, .. } = report;
                writeln!(out, "{examples} examples of {senses} senses in {sentences} sentences")
            })
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum InventoryArgument {
    /// WordNet's.
    Wordnet,
    /// Those that the collection's own corpus tells apart.
    Induced,
    /// Both.
    Both,
}

impl From<InventoryArgument> for Inventory {
    fn from(inventory: InventoryArgument) -> Self {
        match inventory {
            InventoryArgument::Wordnet => Self::Wordnet,
            InventoryArgument::Induced => Self::Induced,
            InventoryArgument::Both => Self::Both,
        }
    }
}

pub(super) fn ask(engine: &Engine, arguments: SenseArguments, out: &Output) -> Result<()> {
    if !matches!(arguments.inventory, InventoryArgument::Induced) {
        super::wordnet::prepare(engine)?;
    }
    let SenseArguments { text, word, offset, collection, inventory, pos } = arguments;
    let request = SensesRequest { text, word, offset, inventory: inventory.into(), pos };
    out.answer(&engine.senses(collection.as_deref(), &request)?, show_senses)
}

fn show_senses(answer: &SensesAnswer, out: Out<'_>) -> io::Result<()> {
    answer.words.iter().try_for_each(|word| show_word(word, out))
}

fn show_word(word: &WordSenses, out: Out<'_>) -> io::Result<()> {
    writeln!(out, "{} at {}", word.word, word.start)?;
    if let Some(answer) = &word.wordnet {
        show_certainty("WordNet", answer.sure, answer.senses.is_empty(), out)?;
        answer.senses.iter().try_for_each(|sense| show_candidate(sense, out))?;
    }
    if let Some(answer) = &word.induced {
        show_certainty("the corpus", answer.sure, answer.senses.is_empty(), out)?;
        for sense in &answer.senses {
            let InducedCandidate { sense, label, share, probability } = sense;
            writeln!(
                out,
                "  {probability:.3}  {}  {:.0} %  {}",
                padded(sense, 18),
                share * 100.0,
                label.join(", ")
            )?;
        }
    }
    Ok(())
}

fn show_certainty(whose: &str, sure: bool, empty: bool, out: Out<'_>) -> io::Result<()> {
    match (empty, sure) {
        (true, _) => writeln!(out, " {whose} has no sense of it"),
        (false, true) => writeln!(out, " {whose}:"),
        (false, false) => writeln!(out, " {whose} (not sure):"),
    }
}

fn show_candidate(sense: &CandidateSense, out: Out<'_>) -> io::Result<()> {
    let parts = &sense.parts;
    writeln!(out, "  {:.3}  {}  {}", sense.probability, padded(&sense.sense, 24), sense.definition)?;
    writeln!(
        out,
        "         prior {:+.2}, page rank {:+.2}, gloss {:+.2}, surroundings {:+.2}, quoted {:+.2}, related {:+.2}, examples {:+.2}",
        parts.prior,
        parts.page_rank,
        parts.gloss,
        parts.surroundings,
        parts.quoted,
        parts.related,
        parts.examples
    )
}

fn show_induced(answer: &InducedWord, out: Out<'_>) -> io::Result<()> {
    if !answer.looked_at {
        return writeln!(out, "{}: {} times, too rare to be looked at", answer.word, answer.count);
    }
    for sense in &answer.senses {
        writeln!(out, "{}  {:.0} %  {}", sense.sense, sense.share * 100.0, sense.label.join(", "))?;
        if let Some(near) = &sense.nearest {
            writeln!(out, "    WordNet's {} ({:.2}): {}", near.name, near.probability, near.definition)?;
        }
        sense.examples.iter().try_for_each(|example| writeln!(out, "    {example}"))?;
    }
    Ok(())
}

#[derive(Debug, Args)]
pub(super) struct EvalSensesArguments {
    /// The kind of set.
    #[arg(value_enum)]
    pub kind: SetArgument,
    /// Its file or folder.
    #[arg(default_value = ".", hide_default_value = true)]
    pub path: PathBuf,
    /// The collection whose model answers.
    #[arg(long, required_unless_present = "model", conflicts_with = "model")]
    pub collection: Option<String>,
    /// A folder with vectors.fifu, vocab.bin and context.safetensors, in place of a collection.
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
    /// Learn from this sense-tagged text first; with raganato.
    #[arg(long, value_name = "PATH")]
    pub fit: Option<PathBuf>,
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
    /// Two words in their contexts, how alike: ratings.txt of SCWS.
    Scws,
    /// Pseudo-words of the collection's own text; PATH is not needed.
    Pseudo,
    /// Occurrences grouped by people: a folder as SemEval-2013 task 13 has it.
    Wsi,
}

impl From<SetArgument> for SenseSet {
    fn from(set: SetArgument) -> Self {
        match set {
            SetArgument::Wic => Self::Wic,
            SetArgument::MclWic => Self::MclWic,
            SetArgument::Raganato => Self::Raganato,
            SetArgument::Coarsewsd => Self::CoarseWsd,
            SetArgument::Scws => Self::Scws,
            SetArgument::Pseudo => Self::Pseudo,
            SetArgument::Wsi => Self::Wsi,
        }
    }
}

pub(super) fn evaluate(
    engine: &Engine,
    arguments: &EvalSensesArguments,
    bars: Bars,
    out: &Output,
) -> Result<()> {
    let EvalSensesArguments { kind, path, collection, model, fit } = arguments;
    let model = match model {
        Some(folder) => SenseModel::Folder(folder.clone()),
        None => SenseModel::Collection(collection.clone().unwrap_or_default()),
    };
    let evaluation = SensesEvaluation { set: (*kind).into(), path, model, fit: fit.as_deref() };
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
