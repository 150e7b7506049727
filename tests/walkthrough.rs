//! Pages whose commands are run: docs/walkthrough.md against a service that began empty, and README.md's examples against the bundled
//! collections. What is printed there has to come.
//!
//! A ```` ```sh ```` block is run, the block behind it is what it answers. In JSON, `"…"` stands for anything, as a field's value; as the last item of
//! an array or object, for all that follows.

use crate::api::Service;
use crate::program::Program;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

struct Block {
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => open = Some(Block { kind: kind.to_owned(), text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

fn read(page: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
}

/// Where an answer is not as the page has it; `None` if it is.
fn difference(expected: &Value, got: &Value, at: &str) -> Option<String> {
    let rest = |key: &str| key == "…";
    match (expected, got) {
        (Value::String(any), _) if any == "…" => None,
        (Value::Object(expected), Value::Object(got)) => {
            let missing = expected.keys().find(|key| !rest(key) && !got.contains_key(*key));
            let more = got.keys().find(|key| !expected.contains_key(*key) && !expected.contains_key("…"));
            if let Some(key) = missing.or(more) {
                return Some(format!("{at}/{key}: there in one only"));
            }
            let fields = expected.iter().filter(|(key, _)| !rest(key));
            fields.filter_map(|(key, value)| difference(value, &got[key], &format!("{at}/{key}"))).next()
        }
        (Value::Array(expected), Value::Array(got)) => {
            let open = expected.last().is_some_and(|last| last == "…");
            let fixed = expected.len() - usize::from(open);
            if got.len() < fixed || (!open && got.len() > fixed) {
                return Some(format!("{at}: {} items, expected {fixed}", got.len()));
            }
            let pairs = expected[..fixed].iter().zip(got).enumerate();
            pairs.filter_map(|(i, (e, g))| difference(e, g, &format!("{at}/{i}"))).next()
        }
        _ if expected == got => None,
        _ => Some(format!("{at}: {got}, expected {expected}")),
    }
}

#[test]
fn patterns_tell_what_differs() {
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let same = |pattern, got| difference(&value(pattern), &value(got), "").is_none();
    assert!(same(r#"{"a": "…", "b": [1, "…"]}"#, r#"{"a": {"x": 1}, "b": [1, 2, 3]}"#));
    assert!(same(r#"{"a": 1, "…": "…"}"#, r#"{"a": 1, "b": 2}"#));
    assert!(!same(r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#));
    assert!(!same(r#"{"a": 1, "b": 2}"#, r#"{"a": 1}"#));
    assert!(!same("[1, 2]", "[1, 3]") && !same("[1]", "[1, 2]"));
}

#[test]
fn the_walk_through_is_as_it_is_written() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no curl to run docs/walkthrough.md with");
        return;
    }
    let service = Service::of(Program::new());
    let page = blocks(&read("docs/walkthrough.md"));
    let mut key = String::new();
    let mut run = 0;
    for pair in page.windows(2).filter(|pair| pair[0].kind == "sh" && pair[1].kind == "json") {
        let [command, answer] = pair else { unreachable!() };
        let text = command.text.replace("localhost:7676", service.host());
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(&text).env("KEY", &key).current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{}: {}", command.text, String::from_utf8_lossy(&output.stderr));
        let got: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{}: {error}: {}", command.text, String::from_utf8_lossy(&output.stdout))
        });
        let expected: Value =
            serde_json::from_str(&answer.text).unwrap_or_else(|error| panic!("{error} in {}", answer.text));
        if let Some(difference) = difference(&expected, &got, "") {
            panic!("docs/walkthrough.md, {}\n{difference}\n{got:#}", command.text);
        }
        if let Some(made) = got["key"].as_str() {
            made.clone_into(&mut key);
        }
        run += 1;
    }
    let commands = page.iter().filter(|block| block.kind == "sh").count();
    assert!(run == commands && run > 10, "{run} of {commands} commands have an answer behind them");
}
