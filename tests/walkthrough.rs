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

// --- README.md ---------------------------------------------------------------------------------------------------------

/// Words of a line; blanks, which follow the width of columns, do not count, and neither do times.
fn words_of(line: &str) -> Vec<&str> {
    let is_time = |word: &&str| word.starts_with('(') && word[1..].parse::<f64>().is_ok();
    line.split_whitespace().filter(|word| !is_time(word) && *word != "ms)").collect()
}

/// The part of a line that stands in the left half of a table of two columns.
fn left_half(line: &str) -> String {
    line.chars().take(54).collect::<String>().trim_end().to_owned()
}

/// The arguments of `sememe …` as a shell reads them: blanks apart, quotation marks around what belongs together.
fn arguments(command: &str) -> Vec<String> {
    let mut arguments = vec![];
    for (at, piece) in command.split('"').enumerate() {
        match at % 2 {
            0 => arguments.extend(piece.split_whitespace().map(str::to_owned)),
            _ => arguments.push(piece.to_owned()),
        }
    }
    arguments.into_iter().skip_while(|word| word == "sememe").collect()
}

/// Commands of the page that begin like this, wherever they stand: in running text between backticks, which may go over the end of a line.
fn quoted_commands(page: &str) -> Vec<String> {
    let whole = page.replace('\n', " ");
    let quoted = whole.split('`').filter(|text| text.starts_with("sememe ") && text.contains('"'));
    quoted.map(str::to_owned).collect()
}

/// Both bundled collections as `sememe demo` makes them in the end, on one thread.
fn bundled() -> Program {
    let program = Program::new();
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora");
    for name in ["demo-en", "demo-zh"] {
        let file = corpora.join(format!("{name}.jsonl"));
        program.ok(&["ingest", name, file.to_str().unwrap()]);
        program.ok(&["train", name, "--threads", "1"]);
    }
    program
}

#[test]
fn what_the_readme_shows_comes() {
    let program = bundled();
    let readme = read("README.md");
    let contrast =
        quoted_commands(&readme).into_iter().find(|command| command.starts_with("sememe contrast"));
    let contrast = contrast.expect("a contrast in README.md");
    let arguments = arguments(&contrast);
    let printed = program.ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let blocks = blocks(&readme);
    let shown = blocks.iter().find(|block| block.text.contains("KEYWORD")).expect("its output in README.md");
    // Vectors move a little with the processor: what they find is not compared, what keywords find is, word by word.
    let (shown, printed): (Vec<&str>, Vec<&str>) = (shown.text.lines().collect(), printed.lines().collect());
    let start = |lines: &[&str]| lines.iter().position(|line| line.contains("KEYWORD")).unwrap();
    let (shown, printed) = (&shown[start(&shown)..], &printed[start(&printed)..]);
    assert_eq!(shown.len(), printed.len(), "{contrast}:\n{}", printed.join("\n"));
    for (shown, printed) in shown.iter().zip(printed) {
        let (shown, printed) = (left_half(shown), left_half(printed));
        let [shown, printed] = [&shown, &printed].map(|line| words_of(line.trim_start_matches('+')));
        assert_eq!(shown, printed, "{contrast}");
    }
}

#[test]
fn the_commands_of_the_readme_run() {
    let program = Program::new();
    let some: String =
        read("corpora/demo-en.jsonl").lines().take(60).map(|line| format!("{line}\n")).collect();
    let texts = program.write("texts.jsonl", &some);
    let blocks = blocks(&read("README.md"));
    let own = blocks.iter().find(|block| block.text.contains("sememe ingest notes")).expect("your own text");
    let mut run = 0;
    for line in
        own.text.lines().filter(|line| line.starts_with("sememe ") && !line.starts_with("sememe serve"))
    {
        let command = line.split(" #").next().unwrap().replace("path/to/folder", texts.to_str().unwrap());
        let arguments = arguments(&command);
        let output = program.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // The bundled texts know no king; that is told as it should be.
        let told = said.contains("not found; nearest:") && command.contains("analogy");
        assert!(output.status.success() || told, "{command}: {said}");
        run += 1;
    }
    assert!(run >= 6, "{run} commands");
}

#[test]
fn the_sense_that_the_readme_shows_comes() {
    let places = [std::env::var("WNHOME").unwrap_or_default(), "/usr/share/wordnet".to_owned()];
    let holds = |place: &&String| Path::new(place.as_str()).join("data.noun").exists();
    let Some(wordnet) = places.iter().find(holds) else {
        eprintln!("SKIPPED: no WordNet in WNHOME or /usr/share/wordnet for README's sense of a word");
        return;
    };
    let program = bundled();
    let readme = read("README.md");
    let command = quoted_commands(&readme).into_iter().find(|command| command.starts_with("sememe sense "));
    let command = command.expect("a sense in README.md");
    let asked = arguments(&command);
    let asked: Vec<&str> =
        ["--wordnet", wordnet].into_iter().chain(asked.iter().map(String::as_str)).collect();
    let printed = program.ok(&asked);
    let blocks = blocks(&readme);
    let shown = blocks.iter().find(|block| block.text.contains("WordNet:")).expect("its output in README.md");
    // The scores move with training; which sense is best, and what it means, does not.
    for (number, (shown, printed)) in shown.text.lines().zip(printed.lines()).take(3).enumerate() {
        let skipped = usize::from(number == 2);
        let [shown, printed] =
            [shown, printed].map(|line| words_of(line).into_iter().skip(skipped).collect::<Vec<_>>());
        assert_eq!(shown, printed, "{command}");
    }
}
