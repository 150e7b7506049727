//! Settings, keys and the service on the command line.

use super::arguments::{Arguments, Command, KeysCommand};
use super::{Output, show};
use crate::config::{Config, Effective, Origin};
use crate::engine::{Engine, KeyInfo, KeyRequest};
use crate::error::{Error, Result};
use crate::server;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Defaults, then the file, then the environment, then flags.
pub(super) fn settings(arguments: &Arguments) -> Result<Config> {
    let mut config = Config::default();
    if let Some(path) = &arguments.config {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        config.file(&path.display().to_string(), &text)?;
    }
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    config.environment(variables)?;
    for pair in &arguments.set {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Error::invalid("--set", "name=value", pair, "for instance --set queue_max=100"));
        };
        config.flag(name.trim(), value, "--set")?;
    }
    let mut flag = |name: &str, value: Option<String>, flag: &str| {
        value.map_or(Ok(()), |value| config.flag(name, &value, flag))
    };
    flag("data_dir", arguments.data_dir.clone(), "--data-dir")?;
    flag("wordnet", arguments.wordnet.clone(), "--wordnet")?;
    if let Command::Serve { listen } | Command::Demo { listen } = &arguments.command {
        flag("listen", listen.listen.map(|address| address.to_string()), "--listen")?;
        flag("insecure", listen.insecure.then(|| "true".to_owned()), "--insecure")?;
    }
    Ok(config)
}

/// Logs go to standard error, as text or as a JSON object a line.
pub(super) fn log(config: &Config) -> Result<()> {
    let levels = config.text("log");
    let filter = EnvFilter::try_new(levels).map_err(|error| {
        let cure = format!("for instance info, or warn,sememe=debug ({error})");
        Error::invalid("log", "a level, or levels by part of the program", levels, cure)
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if config.text("log_format") == "json" {
        log.json().flatten_event(true).init();
    } else {
        log.with_ansi(io::stderr().is_terminal()).init();
    }
    Ok(())
}

/// Serves until told to stop; `tour` is printed behind the address.
pub(super) fn serve(engine: Engine, config: Config, tour: &str) -> Result<()> {
    let listener = server::bind(&engine, &config)?;
    let address = listener.local_addr().map_err(Error::io("listen on", "the address"))?;
    show::serving(address, tour, &mut io::stdout().lock())
        .map_err(Error::io("write to", "standard output"))?;
    server::serve(Arc::new(engine), listener, config)
}

pub(super) fn show_settings(values: &[Effective], out: &mut dyn Write) -> io::Result<()> {
    let width = values.iter().map(|known| known.name.len()).max().unwrap_or_default();
    for Effective { name, value, origin, .. } in values {
        let origin = match origin {
            Origin::Default => "default",
            Origin::File(name) | Origin::Environment(name) | Origin::Flag(name) => name,
        };
        writeln!(out, "{name:width$}  {value}  ({origin})")?;
    }
    Ok(())
}

pub(super) fn keys(engine: &Engine, command: KeysCommand, out: &Output) -> Result<()> {
    match command {
        KeysCommand::Create { name, scopes, collections, expires_in_days } => {
            let made = engine.create_key(&KeyRequest {
                name,
                scopes: scopes.into_iter().map(Into::into).collect(),
                collections: (!collections.is_empty()).then_some(collections),
                expires_in_seconds: expires_in_days.map(|days| days * DAY),
            })?;
            out.answer(&made, |made, out| {
                writeln!(out, "{}", made.key)?;
                writeln!(
                    out,
                    "Keep it now: only its hash is stored. To revoke it: sememe keys revoke {}",
                    made.info.id
                )
            })
        }
        KeysCommand::List => {
            out.answer(&engine.keys()?, |keys, out| keys.iter().try_for_each(|key| show_key(key, out)))
        }
        KeysCommand::Revoke { id } => out.answer(&engine.revoke_key(&id)?, show_key),
    }
}

fn show_key(key: &KeyInfo, out: &mut dyn Write) -> io::Result<()> {
    let scopes = serde_json::to_value(&key.scopes).unwrap_or_default();
    let scopes: Vec<&str> =
        scopes.as_array().into_iter().flatten().filter_map(|scope| scope.as_str()).collect();
    let collections =
        key.collections.as_ref().map_or_else(|| "all collections".to_owned(), |names| names.join(","));
    let state = if key.revoked_at.is_some() { "  revoked" } else { "" };
    writeln!(out, "{}  {}  {collections}  {}{state}", key.id, scopes.join(","), key.name)
}
