//! What can be asked on the command line.

use super::context::ContextCommand;
use super::eval::EvalCommand;
use super::senses::{SenseArguments, SensesCommand};
use super::texts::{KeywordArguments, SearchArguments, SettingsArguments};
use super::tokens::TokensArguments;
use super::train::TrainArguments;
use super::upkeep::UpkeepCommand;
use super::vectors::VectorsCommand;
use super::wordnet::{ExpansionArguments, WordNetCommand};
use super::words::WordsCommand;
use crate::engine::Scope;
use crate::search::Mode;
use crate::text::Split;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Semantic search that learns meaning from your own text.
#[derive(Debug, Parser)]
#[command(name = "sememe", version, propagate_version = true)]
pub(super) struct Arguments {
    /// Where documents and indexes are kept [default: indexes; environment: SEMEME_DATA_DIR].
    #[arg(long, global = true)]
    pub data_dir: Option<String>,
    /// Folder of the WordNet database [default: WNHOME or where systems install it; environment: SEMEME_WORDNET].
    #[arg(long, global = true, value_name = "DIR")]
    pub wordnet: Option<String>,
    /// File of settings; `sememe config` lists them all.
    #[arg(long, global = true, value_name = "FILE", env = "SEMEME_CONFIG")]
    pub config: Option<PathBuf>,
    /// One setting, before file and environment.
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Answer in JSON, as REST does.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Train the two bundled collections, demo-en and demo-zh (first run only), then serve them.
    Demo {
        #[command(flatten)]
        listen: ListenArguments,
    },
    /// Serve all collections over HTTP.
    Serve {
        #[command(flatten)]
        listen: ListenArguments,
    },
    /// Print the OpenAPI document of the service.
    Openapi,
    /// Every setting with its value, and where that came from.
    Config {
        /// Print the page of defaults instead.
        #[arg(long)]
        defaults: bool,
    },
    /// Keys of the service: make, list, revoke.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Read documents into a collection and index them; known ids are updated.
    Ingest(IngestArguments),
    /// Learn word vectors from a collection's documents, and index them with these.
    Train(Box<TrainArguments>),
    /// Print documents as the trainer sees them: one a line, tokens separated by blanks.
    Tokens(TokensArguments),
    /// Vector files: describe, convert, take into a collection, write out of one.
    #[command(subcommand)]
    Vectors(VectorsCommand),
    /// How good are the answers?
    #[command(subcommand)]
    Eval(EvalCommand),
    /// Build a collection's indexes anew from its documents; its word vectors stay.
    Index { collection: String },
    /// Fit the weights of mode hybrid to a collection's judged queries; kept where held-out queries gain.
    Tune {
        collection: String,
        /// Queries, one JSON object a line: id, query, and where judged there, relevant (grades by document id).
        #[arg(long, value_name = "FILE")]
        queries: PathBuf,
        /// Judgements, BEIR's or TREC's, instead of those that stand there.
        #[arg(long, value_name = "FILE")]
        qrels: Option<PathBuf>,
    },
    /// Remove a collection with its documents and indexes.
    Delete { collection: String },
    #[command(flatten)]
    Upkeep(UpkeepCommand),
    /// What there is.
    Collections,
    /// A document by its id.
    Document { collection: String, id: String },
    #[command(flatten)]
    Words(WordsCommand),
    #[command(flatten)]
    Context(ContextCommand),
    /// Documents that answer a query.
    Search {
        collection: String,
        #[arg(required = true)]
        query: Vec<String>,
        /// How to read the query.
        #[arg(long, value_enum, default_value_t = ModeArgument::Keyword)]
        mode: ModeArgument,
        /// How many.
        #[arg(short, long, default_value_t = 10)]
        limit: usize,
        #[command(flatten)]
        asked: SearchArguments,
        #[command(flatten)]
        expansion: ExpansionArguments,
    },
    /// One query read as hard tokens, through WordNet and as soft tokens, side by side.
    Contrast {
        collection: String,
        #[arg(required = true)]
        query: Vec<String>,
        /// How many of each.
        #[arg(short, long, default_value_t = 10)]
        k: usize,
        /// How to read the query, for instance keyword,wordnet; otherwise every way there is.
        #[arg(long, value_enum, value_delimiter = ',')]
        modes: Vec<ModeArgument>,
        #[command(flatten)]
        keyword: KeywordArguments,
        /// Which documents may answer, as for search.
        #[arg(long)]
        filter: Vec<String>,
        /// Only documents that hold a word in this sense, as for search.
        #[arg(long, value_name = "SENSE")]
        in_sense: Vec<String>,
        #[command(flatten)]
        expansion: ExpansionArguments,
    },
    /// How a collection is indexed; with options, sets it, and builds its indexes anew.
    Settings {
        collection: String,
        #[command(flatten)]
        change: SettingsArguments,
    },
    /// Which sense of a word a text means.
    Sense(SenseArguments),
    /// Senses that a corpus tells apart, and tagged text to learn WordNet's from.
    #[command(subcommand)]
    Senses(SensesCommand),
    /// WordNet: what words mean, and how they hang together.
    Wordnet {
        #[command(subcommand)]
        question: WordNetCommand,
    },
    /// A text as every part sees it: tokens, and where each is known.
    Analyze {
        collection: String,
        #[arg(required = true)]
        text: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct ListenArguments {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:7676; environment: SEMEME_LISTEN].
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// Allow an address that others can reach although there are no keys: whoever reaches it may ask anything.
    #[arg(long)]
    pub insecure: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a key; it is shown this once.
    Create {
        /// What it is for.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, value_delimiter = ',', required = true)]
        scopes: Vec<ScopeArgument>,
        /// The collections that it may do it with; otherwise all.
        #[arg(long, value_delimiter = ',')]
        collections: Vec<String>,
        /// Days until it expires; otherwise never.
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=36_500))]
        expires_in_days: Option<u64>,
    },
    /// All keys, without what makes them keys.
    List,
    /// Revoke a key; a running service takes note within a second.
    Revoke { id: String },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ScopeArgument {
    /// Ask questions.
    Search,
    /// Add, change and remove documents.
    Ingest,
    /// Build and train.
    Train,
    /// Everything, keys too.
    Admin,
}

impl From<ScopeArgument> for Scope {
    fn from(scope: ScopeArgument) -> Self {
        match scope {
            ScopeArgument::Search => Self::Search,
            ScopeArgument::Ingest => Self::Ingest,
            ScopeArgument::Train => Self::Train,
            ScopeArgument::Admin => Self::Admin,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct IngestArguments {
    /// Name: a-z, 0-9, _ and -. Created if need be.
    pub collection: String,
    /// File or folder of .txt, .md, .jsonl, .csv or .tsv, plain, .gz or .zst; - for standard input.
    pub path: PathBuf,
    /// Stop at the first bad line, with nothing written.
    #[arg(long)]
    pub strict: bool,
    /// What one document is in plain text.
    #[arg(long, value_enum, default_value_t = SplitArgument::Paragraph)]
    pub split: SplitArgument,
    /// JSON key or CSV column of the text.
    #[arg(long, default_value = "text")]
    pub text_field: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SplitArgument {
    /// Each line.
    Line,
    /// Each block of lines between blank lines.
    Paragraph,
    /// The whole file.
    File,
}

impl From<SplitArgument> for Split {
    fn from(split: SplitArgument) -> Self {
        match split {
            SplitArgument::Line => Self::Line,
            SplitArgument::Paragraph => Self::Paragraph,
            SplitArgument::File => Self::File,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ModeArgument {
    /// Hard tokens, BM25.
    Keyword,
    /// Hard tokens and what WordNet joins to them.
    Wordnet,
    /// Hard tokens and their neighbours among the word vectors that the query confirms.
    Neighbours,
    /// Soft tokens, word vectors.
    Static,
    /// Soft tokens in their sentence, contextual vectors.
    Contextual,
    /// Hard and soft tokens fused, with feedback.
    Hybrid,
}

impl From<ModeArgument> for Mode {
    fn from(mode: ModeArgument) -> Self {
        match mode {
            ModeArgument::Keyword => Self::Keyword,
            ModeArgument::Wordnet => Self::Wordnet,
            ModeArgument::Neighbours => Self::Neighbours,
            ModeArgument::Static => Self::Static,
            ModeArgument::Contextual => Self::Contextual,
            ModeArgument::Hybrid => Self::Hybrid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }
}
