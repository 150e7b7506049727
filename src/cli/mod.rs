//! The command line: translation only. Answers go to standard output, for people or with `--json` as REST gives them;
//! progress, logs and errors go to standard error.
//!
//! Exit codes: 0 done, 1 failed, 2 called wrongly, 3 not found, 130 cancelled.

mod ann;
mod arguments;
mod bars;
mod context;
mod eval;
mod next;
mod retrieval;
mod senses;
mod service;
mod show;
mod texts;
mod tokens;
mod tour;
mod train;
mod upkeep;
mod vectors;
mod wordnet;
mod words;

use crate::config::Config;
use crate::engine::{self, ContrastRequest, Engine, IngestReport, Ingestion};
use crate::error::{Error, Result};
use crate::search::Mode;
use crate::server;
use crate::text::{Documents, ReadOptions};
use arguments::{Arguments, Command, IngestArguments, ModeArgument};
use bars::Bars;
use clap::Parser;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    engine::share_arenas();
    let arguments = Arguments::parse();
    match service::settings(&arguments).and_then(|config| command(arguments, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // The last word of a program that has failed: there is nobody left to tell if it cannot be written.
            let _ = writeln!(io::stderr(), "error: {error}");
            exit_code(&error)
        }
    }
}

fn exit_code(error: &Error) -> ExitCode {
    ExitCode::from(match error {
        Error::Invalid { .. } | Error::Syntax { .. } => 2,
        Error::NotFound { .. } => 3,
        Error::Cancelled => 130,
        _ => 1,
    })
}

/// Whoever read the answer has had enough of it.
fn is_closed_pipe(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
}

fn command(arguments: Arguments, config: Config) -> Result<()> {
    service::log(&config)?;
    let out = Output { json: arguments.json };
    let data_dir = config.data_dir();
    let open = || Ok::<_, Error>(Engine::open(&data_dir)?.with_wordnet(config.wordnet()));
    match arguments.command {
        Command::Demo { .. } => demo(open()?, config),
        Command::Serve { .. } => service::serve(open()?, config, ""),
        Command::Config { defaults: true } => Output::text(&crate::config::default_toml()),
        Command::Config { .. } => {
            out.answer(&config.values(), |values, out| service::show_settings(values, out))
        }
        Command::Keys(command) => service::keys(&Engine::open(&data_dir)?, command, &out),
        Command::Openapi => Output::text(&server::openapi_json()),
        Command::Ingest(ingest) => ingest_command(&data_dir, &ingest, &out),
        Command::Train(arguments) => train::run(&data_dir, &arguments, &out),
        Command::Tokens(arguments) => tokens::run(&arguments),
        Command::Vectors(command) => vectors::run(&data_dir, command, &out),
        Command::Eval(command) => eval::run(open, &data_dir, command, &out),
        Command::Upkeep(command) => upkeep::run(&data_dir, command, &out),
        Command::Index { collection } => {
            let report = Engine::open(&data_dir)?.reindex(&collection, &Bars::new()?)?;
            out.answer(&report, show::build)
        }
        Command::Tune { collection, queries, qrels } => {
            retrieval::tune(&open()?, (&collection, &queries, qrels.as_deref()), &out)
        }
        Command::Delete { collection } => {
            Engine::open(&data_dir)?.delete(&collection)?;
            out.answer(&serde_json::json!({"deleted": collection}), |_, out| writeln!(out, "deleted"))
        }
        question => ask(&open()?, question, &out),
    }
}

fn ask(engine: &Engine, question: Command, out: &Output) -> Result<()> {
    match question {
        Command::Collections => {
            out.answer(&engine.collections()?, |infos, out| show::collections(infos, out))
        }
        Command::Document { collection, id } => {
            out.answer(&engine.document(&collection, &id)?, show::document)
        }
        Command::Words(question) => words::ask(engine, question, out),
        Command::Context(question) => context::ask(engine, question, out),
        Command::Search { collection, query, mode, limit, asked, expansion } => {
            if matches!(mode, ModeArgument::Wordnet) || !asked.in_sense.is_empty() {
                wordnet::prepare(engine)?;
            }
            let (query, mode, wordnet) = (query.join(" "), mode.into(), Some(expansion.request()));
            let request = asked.search(query, mode, limit, wordnet);
            out.answer(&engine.search(&collection, &request)?, show::search)
        }
        Command::Contrast { collection, query, k, modes, keyword, filter, in_sense, expansion } => {
            wordnet::prepare(engine)?;
            let modes: Vec<Mode> = modes.into_iter().map(Mode::from).collect();
            let (query, modes) = (query.join(" "), (!modes.is_empty()).then_some(modes));
            let wordnet = Some(expansion.request());
            let (keyword, filter) = (Some(keyword.request()), texts::filter(filter));
            let (k, sense) = (Some(k), Some(in_sense));
            let request =
                ContrastRequest { query, k, modes, filter, sense, keyword, wordnet, ..Default::default() };
            out.answer(&engine.contrast(&collection, &request)?, show::contrast)
        }
        Command::Settings { collection, change } => {
            let answer = if change.is_empty() {
                engine.settings(&collection)?
            } else {
                texts::set(engine, &collection, &change)?
            };
            out.answer(&answer, texts::show_settings)
        }
        Command::Analyze { collection, text } => {
            out.answer(&engine.analyze(&collection, &text.join(" "))?, show::analyzed)
        }
        Command::Sense(arguments) => senses::ask(engine, arguments, out),
        Command::Senses(command) => senses::run(engine, command, out),
        Command::Wordnet { question } => wordnet::ask(engine, question, out),
        _ => Ok(()), // `command` has taken the others
    }
}

/// Where answers go.
struct Output {
    json: bool,
}

impl Output {
    fn text(text: &str) -> Result<()> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(Error::io("write to", "standard output"))
    }

    fn answer<T: Serialize>(
        &self,
        answer: &T,
        show: impl FnOnce(&T, &mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        let mut out = io::stdout().lock();
        let written = if self.json {
            serde_json::to_writer_pretty(&mut out, answer)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(out))
        } else {
            show(answer, &mut out)
        };
        written.and_then(|()| out.flush()).map_err(Error::io("write to", "standard output"))
    }
}

fn demo(engine: Engine, config: Config) -> Result<()> {
    let bars = Bars::new()?;
    engine.build_demo(&bars)?;
    // Whatever is wrong with WordNet, the demo goes on without it; the service says so in its log.
    if let Err(Error::Cancelled) = engine.prepare_wordnet(&bars) {
        return Err(Error::Cancelled);
    }
    drop(bars);
    let tour = tour::lines(&engine);
    service::serve(engine, config, &tour)
}

fn ingest_command(data_dir: &Path, arguments: &IngestArguments, out: &Output) -> Result<()> {
    crate::engine::check_name(&arguments.collection)?;
    let options = ReadOptions {
        split: arguments.split.into(),
        text_field: arguments.text_field.clone(),
        ..ReadOptions::default()
    };
    let documents = Documents::open(&arguments.path, options)?;
    let engine = Engine::open(data_dir)?;
    let bars = Bars::new()?;
    let how = Ingestion { strict: arguments.strict };
    let report = engine.ingest(&arguments.collection, documents, how, &bars)?;
    warn(&report);
    let stored =
        engine.index(&arguments.collection, &bars).map_err(stored_but_not_indexed(&arguments.collection));
    drop(bars);
    stored?;
    out.answer(&report, |report, out| show::ingest(report, &arguments.collection, out))
}

fn stored_but_not_indexed(collection: &str) -> impl FnOnce(Error) -> Error {
    let collection = collection.to_owned();
    move |error| match error {
        Error::Cancelled => Error::NotReady {
            what: "cancelled while indexing; the documents are stored, and the index before answers"
                .to_owned(),
            cure: format!("go on with: sememe index {collection}"),
        },
        error => error,
    }
}

fn warn(report: &IngestReport) {
    warn_bad_lines(&report.bad_lines_told, report.bad_lines);
    for path in report.skipped_files.iter().take(20) {
        tracing::warn!("skipped {}: not .txt, .md, .jsonl, .csv or .tsv", path.display());
    }
}

fn warn_bad_lines(told: &[String], count: u64) {
    for line in told {
        tracing::warn!("left out {line}");
    }
    if count > told.len() as u64 {
        tracing::warn!("{count} bad lines in all");
    }
}
