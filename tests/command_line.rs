//! The command line: bad input, exit codes, and what stays when something stops half-way.

use crate::program::{Program, ingest_and_train, listing, stderr};
use std::io::Write;
use std::process::Stdio;

#[test]
fn bad_lines_are_counted_and_the_rest_goes_on() {
    let program = Program::new();
    let mut bytes = b"{\"id\": 1, \"text\": \"fine\"}\nnot json\n{\"id\": 2, \"body\": \"x\"}\n".to_vec();
    bytes.extend_from_slice(b"{\"id\": 3, \"text\": \"\xFF\"}\n{\"id\": 4, \"text\": \"also fine\"}\n");
    std::fs::write(program.path("mixed.jsonl"), bytes).unwrap();
    let output = program.run(&["ingest", "mixed", "mixed.jsonl"]);
    assert!(output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stdout).starts_with("2 added, 0 updated, 0 unchanged, 3 bad lines")
    );
    let told = stderr(&output);
    for line in [
        "mixed.jsonl:2: expected one JSON object",
        "mixed.jsonl:3: expected a field \"text\"",
        "mixed.jsonl:4: expected UTF-8",
    ] {
        assert!(told.contains(line), "{line} not in {told}");
    }
}

#[test]
fn strict_stops_at_the_first_bad_line_with_nothing_written() {
    let program = Program::new();
    program.write("mixed.jsonl", "{\"text\": \"fine\"}\nnot json\n");
    let output = program.run(&["ingest", "mixed", "mixed.jsonl", "--strict"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("mixed.jsonl:2"));
    assert_eq!(program.ok(&["collections"]), "");
}

#[test]
fn folders_compression_tables_and_standard_input() {
    let program = Program::new();
    std::fs::create_dir(program.path("in")).unwrap();
    program.write("in/a.txt", "first paragraph\n\nsecond paragraph");
    program.write("in/b.csv", "id,text,topic\nb1,\"one, two\",x\n");
    program.write("in/c.tsv", "id\ttext\nc1\tthree\n");
    program.write("in/ignored.pdf", "%PDF");
    let zst = zstd::encode_all(&b"{\"id\": \"d1\", \"text\": \"four\"}\n"[..], 3).unwrap();
    std::fs::write(program.path("in/d.jsonl.zst"), zst).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"five").unwrap();
    std::fs::write(program.path("in/e.txt.gz"), gz.finish().unwrap()).unwrap();
    let output = program.run(&["ingest", "all", "in"]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("6 added"), "{}", stderr(&output));
    assert!(stderr(&output).contains("ignored.pdf"));
    assert!(program.ok(&["document", "all", "a.txt:3"]).contains("second paragraph"));

    let mut child = program
        .command(&["ingest", "all", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"{\"id\": \"f1\", \"text\": \"six\"}\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("1 added"));
}

#[test]
fn exit_codes_tell_what_kind_of_error_it_was() {
    let program = Program::new();
    ingest_and_train(&program);
    for (arguments, code, said) in [
        (&["similar", "town", "bnak"][..], 3, "word \"bnak\" not found; nearest: bank"),
        (&["similar", "twon", "bank"], 3, "nearest: town"),
        (&["similar", "town", "bank", "-k", "0"], 2, "k: expected 1 to"),
        (&["search", "town", " "], 2, "query: expected at least one word"),
        (&["ingest", "../town", "town.jsonl"], 2, "collection name"),
        (&["ingest", "town", "absent.jsonl"], 1, "absent.jsonl"),
        (&["train", "town", "--dim", "0"], 2, "dim"),
        (&["train", "town", "--min-count", "1000000"], 2, "occurs at least 1000000 times"),
        (&["serve", "--listen", "0.0.0.0:0"], 2, "--insecure"),
        (&["fly"], 2, "unrecognized subcommand"),
    ] {
        let output = program.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn the_same_documents_again_change_nothing() {
    let program = Program::new();
    ingest_and_train(&program);
    let before = program.generation("town");
    assert!(program.ok(&["ingest", "town", "town.jsonl"]).starts_with("0 added, 0 updated, 36 unchanged"));
    assert_eq!(program.generation("town"), before);
}

#[test]
fn new_documents_are_searchable_with_the_old_vectors() {
    let program = Program::new();
    ingest_and_train(&program);
    program.write("more.txt", "A lender near the ferry.");
    program.ok(&["ingest", "town", "more.txt"]);
    for mode in ["keyword", "static"] {
        let found =
            program.ok(&["--json", "search", "town", "lender", "ferry", "--mode", mode, "--limit", "40"]);
        assert!(found.contains("more.txt:1"), "{mode}: {found}");
    }
}

#[test]
fn a_search_shows_highlights_facets_and_takes_the_contextual_settings() {
    let program = Program::new();
    program.write(
        "fares.jsonl",
        concat!(
            r#"{"id": "a", "text": "The ferry left the harbour.", "kind": "boat"}"#,
            "\n",
            r#"{"id": "b", "text": "A ferry to the island.", "kind": "boat"}"#,
            "\n",
            r#"{"id": "c", "text": "The lender met the ferry.", "kind": "money"}"#,
            "\n",
        ),
    );
    program.ok(&["ingest", "fares", "fares.jsonl"]);
    program.ok(&["index", "fares"]);
    let search = ["search", "fares", "ferry", "--mode", "keyword"];
    let shown = program.ok(&[&search[..], &["--facet", "kind", "--highlight"]].concat());
    assert!(shown.contains("boat 2, money 1"), "{shown}");
    assert!(shown.contains("<em>ferry</em>"), "{shown}");
    for wrong in [["--candidates", "201"], ["--late", "1.5"]] {
        let output = program.run(&[&search[..], &wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(stderr(&output).contains(&wrong[0][2..]), "{}", stderr(&output));
    }
}

/// Flips bits in the middle of a file. The model's files are shared with the next generation: a copy takes the damage.
fn damage(path: &std::path::Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x11;
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn damage_is_told_with_the_cure_and_the_cure_works() {
    let program = Program::new();
    ingest_and_train(&program);
    for file in ["manifest.json", "documents.matrix", "documents.rows", "vocab.bin", "vectors.fifu"] {
        let path = program.generation("town").join(file);
        damage(&path);
        let output = program.run(&["search", "town", "river", "--mode", "static"]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert!(stderr(&output).contains("damaged"), "{file}: {}", stderr(&output));
        program.ok(&["train", "town", "--dim", "8", "--epochs", "2"]);
        program.ok(&["search", "town", "river", "--mode", "static"]);
    }
}

#[test]
fn indexing_repairs_what_is_made_from_documents_and_vectors() {
    let program = Program::new();
    ingest_and_train(&program);
    let similar = program.ok(&["similar", "town", "river"]);
    for file in ["documents.matrix", "documents.rows", "neighbours.bin"] {
        let path = program.generation("town").join(file);
        damage(&path);
        assert!(stderr(&program.run(&["similar", "town", "river"])).contains("damaged"), "{file}");
        program.ok(&["index", "town"]);
        assert_eq!(program.ok(&["similar", "town", "river"]), similar, "{file}");
    }
}

#[test]
fn a_deleted_collection_is_gone() {
    let program = Program::new();
    ingest_and_train(&program);
    program.ok(&["delete", "town"]);
    assert_eq!(program.run(&["collections"]).stdout, b"");
    assert!(listing(&program.data_dir().join("collections")).is_empty());
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_training_leaves_the_previous_state() {
    let program = Program::new();
    ingest_and_train(&program);
    let before = program.generation("town");
    let mut child = program
        .command(&["train", "town", "--epochs", "10000", "--dim", "300"])
        .env("SEMEME_LOG", "info")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first phase is told when the next, training, begins.
    let mut told = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("numbering words") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut told, &mut line).unwrap() > 0, "ended before training");
    }
    let kill = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(program.generation("town"), before);
    let left = listing(&program.data_dir().join("collections/town"));
    assert!(left.iter().all(|name| !name.contains("building")), "{left:?}");
    program.ok(&["similar", "town", "bank"]);
}

#[test]
fn tokens_are_those_of_the_trainer() {
    let program = Program::new();
    program.write("two.txt", "The bank's U.S. rate.\n\n我去了银行。");
    assert_eq!(program.ok(&["tokens", "two.txt"]), "the bank u.s rate\n我 去 了 银行\n");
}

/// A file-size limit stands for the full disk: writes fail half-way with an error of the system. The database stays below it.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_while_saving_leaves_the_previous_state() {
    let program = Program::new();
    ingest_and_train(&program);
    let before = program.generation("town");
    let train = format!(
        "trap '' XFSZ; ulimit -f 500; exec {} --data-dir {} train town --dim 4000 --epochs 1",
        env!("CARGO_BIN_EXE_sememe"),
        program.data_dir().display()
    );
    let output = std::process::Command::new("sh").args(["-c", &train]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("error: cannot write"), "{}", stderr(&output));
    assert_eq!(program.generation("town"), before);
    program.ok(&["similar", "town", "bank"]);
}

#[test]
fn the_graph_is_measured_against_the_scan() {
    let program = Program::new();
    ingest_and_train(&program);
    let answer =
        program.ok(&["--json", "eval", "ann", "--collection", "town", "-k", "3", "--svg", "plot.svg"]);
    let report: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let scan = &report["points"][0];
    assert_eq!((&scan["strategy"], &scan["recall"]), (&"scan".into(), &1.0.into()));
    assert!(report["points"].as_array().unwrap().len() > 5);
    assert!(std::fs::read_to_string(program.path("plot.svg")).unwrap().starts_with("<svg"));
    let answer = program.ok(&["--json", "eval", "ann", "--collection", "town", "--documents", "-k", "1"]);
    let report: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(report["k"], 1);
    assert!(report["rows"].as_u64().unwrap() < 50, "documents, not words: {report}");
}

#[test]
fn a_test_set_that_is_not_there_is_told() {
    let program = Program::new();
    ingest_and_train(&program);
    for kind in ["wic", "mcl-wic", "raganato", "coarsewsd"] {
        let output = program.run(&["eval", "senses", kind, "none-such", "--collection", "town"]);
        assert_eq!(output.status.code(), Some(1), "{kind}: {}", stderr(&output));
        let told = stderr(&output); // tests have no WordNet, which some kinds look for first
        let expected = told.contains("none-such") || told.contains("no WordNet database");
        assert!(told.starts_with("error: ") && expected, "{kind}: {told}");
    }
}

#[test]
fn a_recall_that_cannot_be_is_refused_also_where_the_answer_is_at_hand() {
    let program = Program::new();
    ingest_and_train(&program);
    let output = program.run(&["similar", "town", "bank", "--recall", "7"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("recall"), "{}", stderr(&output));
}
