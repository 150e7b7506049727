//! What the reference pages name is there: functions in MODELS.md, magic numbers in FORMATS.md; and README's figures are the
//! newest record's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// What stands between backticks.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the file defines a function, type or constant of this name.
fn defines(code: &str, name: &str) -> bool {
    ["fn ", "struct ", "enum ", "trait ", "const "].iter().any(|keyword| {
        let definition = format!("{keyword}{name}");
        code.match_indices(&definition).any(|(at, _)| !code[at + definition.len()..].starts_with(is_name))
    })
}

#[test]
fn every_function_that_the_models_page_names_is_there() {
    let models = page("MODELS.md");
    let named: BTreeSet<(&str, &str)> = quoted(&models).filter_map(|text| text.split_once(".rs::")).collect();
    assert!(named.len() > 100, "{} functions named", named.len());
    let missing = |(file, name): &&(&str, &str)| {
        let code = fs::read_to_string(root().join("src").join(format!("{file}.rs"))).unwrap_or_default();
        !defines(&code, name)
    };
    let missing: Vec<&(&str, &str)> = named.iter().filter(missing).collect();
    assert!(missing.is_empty(), "docs/MODELS.md names what src does not have: {missing:?}");
}

/// Literals `b"…"` on lines that say that they are magic.
fn magics() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for path in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = fs::read_to_string(&path).unwrap();
                let lines =
                    code.lines().filter(|line| line.contains("const MAGIC") || line.contains("magic: b\""));
                for literal in lines.filter_map(|line| line.split("b\"").nth(1)) {
                    found.extend(literal.split('"').next().map(str::to_owned));
                }
            }
        }
    }
    found
}

#[test]
fn every_magic_in_the_source_stands_in_the_formats_page_and_on_one_of_its_own() {
    let formats = page("FORMATS.md");
    let listed: BTreeSet<&str> = quoted(&formats).collect();
    let magics = magics();
    assert!(magics.len() > 10, "{magics:?}");
    let pages: Vec<String> = format_pages().iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for magic in &magics {
        assert!(listed.contains(magic.as_str()), "docs/FORMATS.md does not list {magic:?}");
        let begins = magic.trim_end_matches("\\0");
        assert!(pages.iter().any(|page| page.contains(begins)), "no page of docs/formats/ draws {magic:?}");
    }
}

#[test]
fn every_page_of_a_format_is_listed() {
    let formats = page("FORMATS.md");
    for path in format_pages() {
        let link = format!("(formats/{})", path.file_name().unwrap().to_string_lossy());
        assert!(formats.contains(&link), "docs/FORMATS.md does not list {}", path.display());
    }
}

fn format_pages() -> Vec<PathBuf> {
    let entries = root().join("docs/formats").read_dir().unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The newest record that `./bench` wrote: its date and what it holds.
fn newest_record() -> Option<(String, serde_json::Value)> {
    let entries = root().join("docs/record").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let newest =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "json")).max()?;
    let record = serde_json::from_str(&fs::read_to_string(&newest).unwrap()).unwrap();
    Some((newest.file_stem().unwrap().to_string_lossy().into_owned(), record))
}

#[test]
fn readmes_figures_are_the_newest_records() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("<!-- measured:begin, by ./bench --tables -->").unwrap();
    let (measured, _) = rest.split_once("<!-- measured:end -->").unwrap();
    let Some((date, record)) = newest_record() else {
        eprintln!("skipped: docs/record/ has no record of ./bench yet");
        return;
    };
    let rows: Vec<Vec<&str>> = record["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap()).collect())
        .collect();
    let shown: Vec<String> =
        measured.lines().filter(|line| line.starts_with('|')).skip(2).map(str::to_owned).collect();
    let wanted: Vec<String> = rows.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    assert_eq!(shown, wanted, "README's table is not what the newest record gives: run ./bench --tables");
    assert!(
        measured.contains(&format!("(docs/record/{date}.md)")),
        "README does not link to the record of {date}"
    );
    assert!(root().join(format!("docs/record/{date}.md")).exists(), "docs/record/{date}.md is missing");
    for row in &rows {
        let part =
            row[2].strip_prefix("`./bench ").and_then(|rest| rest.strip_suffix('`')).unwrap_or_default();
        for key in ["date", "commit", "command"] {
            let said = record["parts"][part][key].as_str().unwrap_or_default();
            assert!(!said.is_empty(), "{}: the record has no {key} of `./bench {part}`", row[0]);
        }
    }
}
