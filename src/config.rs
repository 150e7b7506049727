//! Which settings there are, and which value each has: defaults, then a file, then the environment, then flags.
//!
//! One table, [`SETTINGS`], holds name, meaning, unit, range and default of each. `config/default.toml`, `sememe config` and the
//! limits that the service tells are written from it. Nothing here reads the environment or a clock: whoever asks hands in what is there.

use crate::error::{Error, Result};
use serde::Serialize;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, from the first to the second.
    Number(u64, u64),
    /// `true` or `false`.
    Switch,
    /// Any text.
    Text,
    /// Address and port.
    Address,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Texts, separated by commas outside files.
    Texts,
    /// A text that is never shown, and that a flag would show.
    Secret,
}

/// A setting: in files `name`, in the environment `SEMEME_NAME`, as a flag `--set name=value`.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What a value may be.
    pub kind: Kind,
    /// What is counted; empty for what is not a number.
    pub unit: &'static str,
    /// As TOML writes it.
    pub default: &'static str,
    /// What it does.
    pub about: &'static str,
}

const fn number(
    name: &'static str,
    default: &'static str,
    unit: &'static str,
    range: (u64, u64),
    about: &'static str,
) -> Setting {
    Setting { name, kind: Kind::Number(range.0, range.1), unit, default, about }
}

const fn other(name: &'static str, default: &'static str, kind: Kind, about: &'static str) -> Setting {
    Setting { name, kind, unit: "", default, about }
}

const MANY: u64 = 1_000_000;
const GIB: u64 = 1 << 30;

/// Every setting, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    other("data_dir", "\"indexes\"", Kind::Text, "Where documents and indexes are kept."),
    other(
        "wordnet",
        "\"\"",
        Kind::Text,
        "Folder of the WordNet database; empty for WNHOME or where systems install it.",
    ),
    other(
        "listen",
        "\"127.0.0.1:7676\"",
        Kind::Address,
        "Address and port; port 0 takes a free one. Without keys only an address of this machine alone.",
    ),
    other(
        "insecure",
        "false",
        Kind::Switch,
        "Listen where others can reach the service although there are no keys: whoever reaches it may ask anything.",
    ),
    other(
        "master_key",
        "\"\"",
        Kind::Secret,
        "A key that may do everything, 16 bytes or more; with it, every request needs a key. Best given as SEMEME_MASTER_KEY.",
    ),
    other(
        "cors_origins",
        "[]",
        Kind::Texts,
        "Origins of pages elsewhere that may ask, such as \"https://example.org\"; \"*\" for all. Empty: none.",
    ),
    other(
        "log",
        "\"warn,sememe=info\"",
        Kind::Text,
        "What is logged: a level (error, warn, info, debug, trace), or levels by part of the program.",
    ),
    other(
        "log_format",
        "\"text\"",
        Kind::OneOf(&["text", "json"]),
        "How log lines are written on standard error.",
    ),
    number(
        "workers",
        "0",
        "threads",
        (0, 1024),
        "Threads that read requests and write answers; 0 for one a processor.",
    ),
    number(
        "questions_max",
        "0",
        "questions",
        (0, 4096),
        "Questions worked out at once; 0 for four a processor.",
    ),
    number(
        "queue_max",
        "256",
        "questions",
        (0, MANY),
        "Questions that may wait for their turn; the next is answered 503 with Retry-After.",
    ),
    number(
        "queue_ms_max",
        "5000",
        "milliseconds",
        (1, 600_000),
        "Longest time that a question waits for its turn; then it is answered 503.",
    ),
    number(
        "connections_max",
        "25000",
        "connections",
        (1, MANY),
        "Connections open at once; further ones wait to be taken up.",
    ),
    number(
        "header_ms_max",
        "5000",
        "milliseconds",
        (10, 600_000),
        "Longest time that a client may take to send the head of a request.",
    ),
    number(
        "body_ms_max",
        "30000",
        "milliseconds",
        (10, 3_600_000),
        "Longest time that a client may take to send the body of a request.",
    ),
    number(
        "keep_alive_ms",
        "75000",
        "milliseconds",
        (0, 3_600_000),
        "How long a connection may stay open without a request; 0 closes it after each.",
    ),
    number(
        "shutdown_ms",
        "10000",
        "milliseconds",
        (0, 600_000),
        "How long requests under way may take after the signal to stop.",
    ),
    number("body_bytes_max", "1048576", "bytes", (1024, GIB), "Largest body of a request, as sent."),
    number(
        "decompressed_bytes_max",
        "8388608",
        "bytes",
        (1024, 16 * GIB),
        "Largest body of a request, once decompressed.",
    ),
    number(
        "upload_bytes_max",
        "4294967296",
        "bytes",
        (1024, 1024 * GIB),
        "Largest file of documents or vectors that is taken in for a task, as sent.",
    ),
    number(
        "documents_bytes_max",
        "4294967296",
        "bytes",
        (1024, 1024 * GIB),
        "Largest body of documents as JSON lines, once decompressed.",
    ),
    number(
        "document_bytes_max",
        "16777216",
        "bytes",
        (1024, GIB),
        "Longest line of such a body, and largest body of documents as one JSON value.",
    ),
    number(
        "documents_max",
        "1000000",
        "documents",
        (1, 1_000_000_000),
        "Documents in one request; further ones are refused, those before them stay.",
    ),
    number(
        "fields_max",
        "1000",
        "fields",
        (1, 100_000),
        "Fields of one document, those within others counted; a line with more is refused.",
    ),
    number(
        "json_depth_max",
        "32",
        "levels",
        (2, 100),
        "Deepest nesting of arrays and objects in a JSON body.",
    ),
    number(
        "query_bytes_max",
        "65536",
        "bytes",
        (1, 65_536),
        "Longest query, or text to analyse, in a request.",
    ),
    number("k_max", "1000", "answers", (1, 1000), "Most answers that one request may ask for (k or limit)."),
    number("embeddings_max", "2048", "texts", (1, 65_536), "Texts in one request for embeddings."),
    number(
        "key_requests_per_second",
        "0",
        "requests a second",
        (0, MANY),
        "How often one key may ask; 0 for as often as it likes. What exceeds it is answered 429 with Retry-After.",
    ),
    number(
        "address_requests_per_second",
        "0",
        "requests a second",
        (0, MANY),
        "How often one address may ask; 0 for as often as it likes.",
    ),
    number(
        "burst",
        "50",
        "requests",
        (1, MANY),
        "How many requests a key or an address may send at once before its rate counts.",
    ),
    number(
        "disk_free_bytes_min",
        "268435456",
        "bytes",
        (0, 1024 * GIB),
        "Writes are answered 507 while less than this is free on the disk; reads go on.",
    ),
];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Nothing was said.
    Default,
    /// The file, by its name.
    File(String),
    /// The variable, by its name.
    Environment(String),
    /// The flag, by its name.
    Flag(String),
}

/// A value, and where it came from.
#[derive(Debug, Clone, Serialize)]
pub struct Effective {
    /// The setting.
    pub name: &'static str,
    /// Its value; for a secret, whether it is set.
    pub value: toml::Value,
    /// Where it came from.
    pub origin: Origin,
    #[serde(skip)]
    secret: Option<Hidden>,
}

/// What is not shown, by no way.
#[derive(Clone)]
struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// All settings with their values.
#[derive(Debug, Clone)]
pub struct Config {
    values: Vec<Effective>,
}

impl Default for Config {
    /// Every setting at its default.
    fn default() -> Self {
        let value = |setting: &Setting| Effective {
            name: setting.name,
            value: literal(setting.default),
            origin: Origin::Default,
            secret: None,
        };
        Self { values: SETTINGS.iter().map(value).collect() }
    }
}

/// A default as a value; the tests parse each.
fn literal(text: &str) -> toml::Value {
    let table: toml::Table = format!("v = {text}").parse().unwrap_or_default();
    table.get("v").cloned().unwrap_or_else(|| toml::Value::String(String::new()))
}

impl Config {
    /// Takes the settings of a file's text.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no TOML, an unknown name, or a value outside its range.
    pub fn file(&mut self, path: &str, text: &str) -> Result<()> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line =
                error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            Error::invalid(
                format!("{path}:{line}"),
                "TOML",
                error.message(),
                "see config/default.toml for an example",
            )
        })?;
        for (name, value) in table {
            self.set(&name, value, Origin::File(path.to_owned()))?;
        }
        Ok(())
    }

    /// Takes those variables that begin with `SEMEME_` and name a setting; other programs may have theirs.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a value outside its range.
    pub fn environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) -> Result<()> {
        for (variable, text) in variables {
            let Some(name) = variable.strip_prefix("SEMEME_").map(str::to_lowercase) else { continue };
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
                let value = from_text(setting, &text, &variable)?;
                self.set(setting.name, value, Origin::Environment(variable))?;
            }
        }
        Ok(())
    }

    /// Takes a flag's text.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown name, a value outside its range, or a secret, which others would see in the list of processes.
    pub fn flag(&mut self, name: &str, text: &str, flag: &str) -> Result<()> {
        let setting = setting(name)?;
        if setting.kind == Kind::Secret {
            let cure = format!("put it into the environment as SEMEME_{}", name.to_uppercase());
            return Err(Error::invalid(flag, "nothing secret", name, cure));
        }
        let value = from_text(setting, text, flag)?;
        self.set(name, value, Origin::Flag(flag.to_owned()))
    }

    fn set(&mut self, name: &str, value: toml::Value, origin: Origin) -> Result<()> {
        let setting = setting(name)?;
        check(setting, &value, &origin)?;
        let mut effective = Effective { name: setting.name, value, origin, secret: None };
        if setting.kind == Kind::Secret {
            let text = effective.value.as_str().unwrap_or_default().to_owned();
            effective.value =
                toml::Value::String(if text.is_empty() { "" } else { "(set, not shown)" }.to_owned());
            effective.secret = Some(Hidden(text));
        }
        if let Some(known) = self.values.iter_mut().find(|known| known.name == setting.name) {
            *known = effective;
        }
        Ok(())
    }

    /// Every value, in the order of [`SETTINGS`].
    #[must_use]
    pub fn values(&self) -> &[Effective] {
        &self.values
    }

    fn get(&self, name: &str) -> Option<&Effective> {
        let found = self.values.iter().find(|known| known.name == name);
        debug_assert!(found.is_some(), "no setting {name}");
        found
    }

    /// A number, by the setting's name.
    #[must_use]
    pub fn number(&self, name: &str) -> u64 {
        self.get(name).and_then(|known| known.value.as_integer()).map_or(0, i64::unsigned_abs)
    }

    /// A number as a size of something in memory.
    #[must_use]
    pub fn size(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(usize::MAX)
    }

    /// A number of milliseconds.
    #[must_use]
    pub fn duration(&self, name: &str) -> std::time::Duration {
        std::time::Duration::from_millis(self.number(name))
    }

    /// A switch.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        self.get(name).and_then(|known| known.value.as_bool()).unwrap_or_default()
    }

    /// A text, or an empty one.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        let Some(known) = self.get(name) else { return "" };
        match &known.secret {
            Some(hidden) => &hidden.0,
            None => known.value.as_str().unwrap_or_default(),
        }
    }

    /// Texts.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        let values = self.get(name).and_then(|known| known.value.as_array()).cloned().unwrap_or_default();
        values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }

    /// Where the service listens.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is no address; values are checked when they are taken, so this does not happen.
    pub fn listen(&self) -> Result<SocketAddr> {
        let text = self.text("listen");
        text.parse()
            .map_err(|_| Error::invalid("listen", "address:port", text, "for instance 127.0.0.1:7676"))
    }

    /// Where everything is kept.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        PathBuf::from(self.text("data_dir"))
    }

    /// The folder of WordNet, if one was named.
    #[must_use]
    pub fn wordnet(&self) -> Option<PathBuf> {
        Some(self.text("wordnet")).filter(|path| !path.is_empty()).map(PathBuf::from)
    }
}

fn setting(name: &str) -> Result<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name).ok_or_else(|| {
        let mut names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
        names.sort_by_key(|known| std::cmp::Reverse(alike(known, name)));
        let cure = format!("did you mean {}? `sememe config` lists all", names[0]);
        Error::invalid("setting", "a known name", name, cure)
    })
}

/// Letters that two names begin and end with in common.
fn alike(a: &str, b: &str) -> usize {
    let common = |a: &mut dyn Iterator<Item = char>, b: &mut dyn Iterator<Item = char>| {
        a.zip(b).take_while(|(a, b)| a == b).count()
    };
    common(&mut a.chars(), &mut b.chars()) + common(&mut a.chars().rev(), &mut b.chars().rev())
}

fn from_text(setting: &Setting, text: &str, at: &str) -> Result<toml::Value> {
    let wrong = |expected: &str| Error::invalid(at, expected, text, setting.about);
    Ok(match setting.kind {
        Kind::Number(..) => text.trim().parse::<i64>().map_err(|_| wrong(&range(setting)))?.into(),
        Kind::Switch => match text.trim() {
            "true" | "1" | "yes" | "on" => true.into(),
            "false" | "0" | "no" | "off" | "" => false.into(),
            _ => return Err(wrong("true or false")),
        },
        Kind::Texts => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            toml::Value::Array(parts.map(|part| part.to_owned().into()).collect())
        }
        Kind::Text | Kind::Address | Kind::OneOf(_) | Kind::Secret => text.to_owned().into(),
    })
}

/// What a setting may be, for people.
#[must_use]
pub fn range(setting: &Setting) -> String {
    match setting.kind {
        Kind::Number(least, most) => format!("{least} to {most} {}", setting.unit),
        Kind::Switch => "true or false".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Address => "address:port".to_owned(),
        Kind::OneOf(names) => names.join(" or "),
        Kind::Texts => "a list of texts".to_owned(),
        Kind::Secret => "a text of 16 bytes or more, or empty".to_owned(),
    }
}

fn check(setting: &Setting, value: &toml::Value, origin: &Origin) -> Result<()> {
    let fits = match (setting.kind, value) {
        (Kind::Number(least, most), toml::Value::Integer(number)) => {
            u64::try_from(*number).is_ok_and(|number| (least..=most).contains(&number))
        }
        (Kind::Switch, toml::Value::Boolean(_)) | (Kind::Text, toml::Value::String(_)) => true,
        (Kind::Address, toml::Value::String(text)) => text.parse::<SocketAddr>().is_ok(),
        (Kind::OneOf(names), toml::Value::String(text)) => names.contains(&text.as_str()),
        (Kind::Texts, toml::Value::Array(values)) => values.iter().all(toml::Value::is_str),
        (Kind::Secret, toml::Value::String(text)) => text.is_empty() || text.len() >= 16,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let what = match origin {
        Origin::Default => setting.name.to_owned(),
        Origin::File(path) => format!("{} in {path}", setting.name),
        Origin::Environment(name) | Origin::Flag(name) => name.clone(),
    };
    let got = if setting.kind == Kind::Secret { "less".to_owned() } else { value.to_string() };
    Err(Error::invalid(what, range(setting), got, setting.about))
}

/// `config/default.toml`: every setting with what it does, its unit, its range and its default.
#[must_use]
pub fn default_toml() -> String {
    let mut text = "# Every setting with its default. What is not set in a file is as here; the environment (SEMEME_NAME) and flags\n\
                    # (--set name=value) go before a file. Written by `sememe config --defaults`.\n"
        .to_owned();
    for setting in SETTINGS {
        let _ = write!(
            text,
            "\n# {}\n# {}.\n{} = {}\n",
            setting.about,
            capital(&range(setting)),
            setting.name,
            setting.default
        );
    }
    text
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_within_its_range() {
        for (setting, known) in SETTINGS.iter().zip(Config::default().values()) {
            check(setting, &known.value, &Origin::Default).unwrap();
            assert!(setting.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", setting.name);
            assert_eq!(
                setting.unit.is_empty(),
                !matches!(setting.kind, Kind::Number(..)),
                "{}",
                setting.name
            );
        }
        assert_eq!(Config::default().listen().unwrap().port(), 7676);
    }

    #[test]
    fn the_later_source_wins_and_says_where_it_is_from() {
        let mut config = Config::default();
        config.file("a.toml", "burst = 7\nqueue_max = 3\ninsecure = true").unwrap();
        let variable = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        config
            .environment([
                variable("SEMEME_QUEUE_MAX", "4"),
                variable("SEMEME_ELSE", "x"),
                variable("PATH", ""),
            ])
            .unwrap();
        config.flag("queue_max", "5", "--set").unwrap();
        assert_eq!((config.number("burst"), config.number("queue_max")), (7, 5));
        assert!(config.switch("insecure"));
        let origin = |name: &str| config.get(name).unwrap().origin.clone();
        assert_eq!(origin("burst"), Origin::File("a.toml".to_owned()));
        assert_eq!(origin("queue_max"), Origin::Flag("--set".to_owned()));
        assert_eq!(origin("workers"), Origin::Default);
    }

    #[test]
    fn what_does_not_fit_says_where_and_what_would() {
        let mut config = Config::default();
        let told = |result: Result<()>| result.unwrap_err().to_string();
        assert!(
            told(config.file("a.toml", "burst = 0"))
                .starts_with("burst in a.toml: expected 1 to 1000000 requests, got 0")
        );
        assert!(told(config.file("a.toml", "\nburst = = 0")).starts_with("a.toml:2: expected TOML"));
        assert!(told(config.file("a.toml", "brust = 1")).contains("did you mean burst?"));
        assert!(told(config.flag("master_key", "0123456789abcdef", "--set")).contains("SEMEME_MASTER_KEY"));
        let short = [("SEMEME_MASTER_KEY".to_owned(), "hunter2".to_owned())];
        assert!(!told(config.environment(short)).contains("hunter2"));
    }

    #[test]
    fn a_secret_is_not_shown() {
        let mut config = Config::default();
        let secret = "correct horse battery staple";
        config.environment([("SEMEME_MASTER_KEY".to_owned(), secret.to_owned())]).unwrap();
        assert_eq!(config.text("master_key"), secret);
        assert!(!serde_json::to_string(config.values()).unwrap().contains(secret));
    }

    #[test]
    fn the_page_of_defaults_is_a_file_that_changes_nothing() {
        let mut config = Config::default();
        config.file("default.toml", &default_toml()).unwrap();
        for (known, default) in config.values().iter().zip(Config::default().values()) {
            assert_eq!(known.value, default.value, "{}", known.name);
        }
    }
}
