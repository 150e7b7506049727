//! Training: of a collection's word vectors, or of word vectors alone.

use super::Output;
use super::bars::Bars;
use super::show::{self, Out};
use crate::bilm;
use crate::engine::{
    Contextual, Engine, Estimate, Standalone, StandaloneReport, Start, TrainSettings, TrainingEstimate,
    estimate_standalone, train_standalone,
};
use crate::error::Result;
use crate::vectors::formats;
use crate::word2vec::{Algorithm, Settings, Subwords};
use clap::{Args, ValueEnum};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct TrainArguments {
    /// The collection; not with --word2vec-only.
    #[arg(required_unless_present = "word2vec_only", conflicts_with = "word2vec_only")]
    pub collection: Option<String>,
    /// Train word vectors on --corpus and write them to --output, without a collection. The same call goes on where it was
    /// stopped.
    #[arg(long, requires = "corpus", requires = "output")]
    pub word2vec_only: bool,
    /// A text file (documents between blank lines), .jsonl, .csv, .tsv, a folder of these, plain, .gz or .zst; - for
    /// standard input. With --word2vec-only.
    #[arg(long, requires = "word2vec_only")]
    pub corpus: Option<PathBuf>,
    /// Folder for vectors.fifu, vocab.bin and vectors.bin (word2vec's binary). With --word2vec-only.
    #[arg(long, requires = "word2vec_only")]
    pub output: Option<PathBuf>,
    /// Join words that stand together far more often than by chance (new_york), in so many passes. With --word2vec-only:
    /// queries of a collection do not know phrases.
    #[arg(long, value_name = "PASSES", requires = "word2vec_only")]
    pub phrases: Option<usize>,
    /// Put the run aside every so many epochs, so that the same call goes on from there. With --word2vec-only.
    #[arg(long, value_name = "EPOCHS", requires = "word2vec_only")]
    pub checkpoint_every: Option<usize>,
    /// Dimension of the vectors; that of --init, or 200.
    #[arg(long)]
    pub dim: Option<usize>,
    /// Farthest distance between a word and its context, in words.
    #[arg(long)]
    pub window: Option<usize>,
    /// Negative samples for each pair of words.
    #[arg(long)]
    pub negative: Option<usize>,
    /// Negative samples that a block of places shares, a multiple of 4; more is slower.
    #[arg(long)]
    pub shared_negatives: Option<usize>,
    /// Share of the corpus above which words are left out at random.
    #[arg(long)]
    pub subsample: Option<f64>,
    /// Least count of a word; chosen by the size of the corpus.
    #[arg(long)]
    pub min_count: Option<u64>,
    /// Passes over the corpus; chosen by its size.
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Learning rate at the start.
    #[arg(long)]
    pub learning_rate: Option<f64>,
    /// Seed of every random choice.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Threads; one gives the same bytes every time.
    #[arg(long)]
    pub threads: Option<usize>,
    /// Predict each word from the mean of its context, instead of the context from the word.
    #[arg(long)]
    pub cbow: bool,
    /// Learn vectors of character n-grams too, so that unknown words get vectors. Several times slower.
    #[arg(long)]
    pub subwords: bool,
    /// A vector file to start from, instead of random vectors.
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// What a collection's training begins with, if not with --init.
    #[arg(long, value_enum, default_value_t = FromArgument::Starter)]
    pub from: FromArgument,
    /// Whether a contextual model is trained over the word vectors; auto: from 300,000 running words on, and with a starter
    /// model always; with --word2vec-only never.
    #[arg(long, value_enum, default_value_t = ContextualArgument::Auto)]
    pub contextual: ContextualArgument,
    /// Cells of the contextual model in each direction, a multiple of 8; 128, and 64 for little text.
    #[arg(long)]
    pub hidden: Option<usize>,
    /// Layers of the contextual model in each direction, 1 or 2.
    #[arg(long)]
    pub layers: Option<usize>,
    /// Passes over the corpus in training the contextual model; chosen by its size.
    #[arg(long)]
    pub context_epochs: Option<usize>,
    /// Share of words hidden from the contextual model at random while it is trained.
    #[arg(long)]
    pub word_dropout: Option<f64>,
    /// Only count the corpus, and tell vocabulary, memory and time that training would take.
    #[arg(long)]
    pub dry_run: bool,
    /// Refuse to start if training needs more memory.
    #[arg(long, value_name = "MB")]
    pub memory_budget: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FromArgument {
    /// The starter model of the documents' language, if there is one.
    Starter,
    /// The starter model as it is: nothing is learned.
    Untouched,
    /// Nothing: all is learned from the documents.
    Scratch,
}

impl From<FromArgument> for Start {
    fn from(from: FromArgument) -> Self {
        match from {
            FromArgument::Starter => Self::Starter,
            FromArgument::Untouched => Self::Untouched,
            FromArgument::Scratch => Self::Scratch,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ContextualArgument {
    /// If there is enough text.
    Auto,
    /// Yes.
    On,
    /// No.
    Off,
}

impl From<ContextualArgument> for Contextual {
    fn from(contextual: ContextualArgument) -> Self {
        match contextual {
            ContextualArgument::Auto => Self::Auto,
            ContextualArgument::On => Self::On,
            ContextualArgument::Off => Self::Off,
        }
    }
}

impl TrainArguments {
    fn settings(&self) -> Result<TrainSettings> {
        let default = Settings::default();
        let dim = match (self.dim, &self.init) {
            (Some(dim), _) => dim,
            (None, Some(file)) => formats::info(file)?.dim,
            (None, None) => default.dim,
        };
        let word2vec = Settings {
            algorithm: if self.cbow { Algorithm::Cbow } else { default.algorithm },
            dim,
            window: self.window.or(default.window),
            negative_samples: self.negative.unwrap_or(default.negative_samples),
            shared_negatives: self.shared_negatives.or(default.shared_negatives),
            subsample: self.subsample.unwrap_or(default.subsample),
            epochs: self.epochs.or(default.epochs),
            learning_rate: self.learning_rate.or(default.learning_rate),
            seed: self.seed.unwrap_or(default.seed),
            threads: self.threads.or(default.threads),
            subwords: self.subwords.then(Subwords::default),
            memory_budget_bytes: self
                .memory_budget
                .map_or(default.memory_budget_bytes, |megabytes| megabytes.saturating_mul(1 << 20)),
            ..default
        };
        let default = bilm::Settings::default();
        let context = bilm::Settings {
            hidden: self.hidden,
            layers: self.layers.unwrap_or(default.layers),
            epochs: self.context_epochs,
            word_dropout: self.word_dropout,
            seed: word2vec.seed,
            threads: word2vec.threads,
            memory_budget_bytes: word2vec.memory_budget_bytes,
            ..default
        };
        // Word vectors alone, as they were asked for, unless a contextual model is asked for too.
        let contextual = match self.contextual {
            ContextualArgument::Auto if self.word2vec_only => Contextual::Off,
            chosen => chosen.into(),
        };
        Ok(TrainSettings {
            word2vec,
            min_count: self.min_count,
            init: self.init.clone(),
            start: if self.word2vec_only { Start::Scratch } else { self.from.into() },
            contextual,
            context,
        })
    }
}

pub(super) fn run(data_dir: &Path, arguments: &TrainArguments, out: &Output) -> Result<()> {
    let train = arguments.settings()?;
    let bars = Bars::new()?;
    if let Some(collection) = &arguments.collection {
        if arguments.dry_run {
            let estimate = Engine::open(data_dir)?.estimate_training(collection, &train, &bars)?;
            drop(bars);
            return out.answer(&estimate, show_estimate);
        }
        let report = Engine::open(data_dir)?.train(collection, &train, &bars)?;
        drop(bars);
        return out.answer(&report, show::build);
    }
    let request = Standalone {
        corpus: arguments.corpus.clone().unwrap_or_default(),
        output: arguments.output.clone().unwrap_or_default(),
        train,
        phrase_passes: arguments.phrases.unwrap_or(0),
        checkpoint_every: arguments.checkpoint_every,
    };
    if arguments.dry_run {
        let estimate = estimate_standalone(&request, &bars)?;
        drop(bars);
        return out.answer(&estimate, show_estimate);
    }
    let report = train_standalone(&request, &bars)?;
    drop(bars);
    super::warn_bad_lines(&report.bad_lines_told, report.bad_lines);
    out.answer(&report, show_standalone)
}

fn show_estimate(estimate: &TrainingEstimate, out: Out<'_>) -> io::Result<()> {
    let TrainingEstimate { corpus_words, words, min_count, .. } = estimate;
    writeln!(out, "{corpus_words} running words, {words} words that occur {min_count} times or more")?;
    let mut line = |name: &str, model: &Estimate| {
        let Estimate { epochs, threads, memory_bytes, seconds } = model;
        let megabytes = memory_bytes.div_ceil(1 << 20);
        writeln!(out, "{name}: {epochs} epochs on {threads} threads, {megabytes} MB, about {seconds:.0} s")
    };
    line("word vectors", &estimate.word2vec)?;
    estimate.context.iter().try_for_each(|context| line("contextual model", context))
}

fn show_standalone(report: &StandaloneReport, out: Out<'_>) -> io::Result<()> {
    if report.resumed {
        writeln!(out, "went on from a checkpoint")?;
    }
    for (pass, phrases) in report.phrases.iter().enumerate() {
        writeln!(out, "pass {}: {phrases} kinds of pairs joined to phrases", pass + 1)?;
    }
    show::model(&report.model, out)?;
    report.files.iter().try_for_each(|file| writeln!(out, "{}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        train: TrainArguments,
    }

    #[test]
    fn word_vectors_alone_unless_a_contextual_model_is_asked_for() {
        let contextual = |line: &[&str]| {
            let line = Line::try_parse_from(["train"].iter().chain(line)).unwrap();
            line.train.settings().unwrap().contextual
        };
        let alone = ["--word2vec-only", "--corpus", "a.txt", "--output", "a"];
        assert_eq!(contextual(&alone), Contextual::Off);
        assert_eq!(contextual(&[&alone[..], &["--contextual", "on"]].concat()), Contextual::On);
        assert_eq!(contextual(&["notes"]), Contextual::Auto);
    }
}
