//! Vector files, training without a collection, and evaluation, on the command line.

use crate::formats::{expected, golden};
use crate::program::{Program, ingest_and_train, listing, stderr, town_documents};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;

fn json_of(program: &Program, arguments: &[&str]) -> Value {
    serde_json::from_str(&program.ok(&[&["--json"], arguments].concat())).unwrap()
}

#[test]
fn files_are_described_and_converted_there_and_back() {
    let program = Program::new();
    let from = golden("word2vec.bin").display().to_string();
    let info = json_of(&program, &["vectors", "info", &from]);
    assert_eq!(info["format"], "word2vec");
    program.ok(&["vectors", "convert", &from, "first.bin"]);
    program.ok(&["vectors", "convert", &from, "a.fifu"]);
    program.ok(&["vectors", "convert", "a.fifu", "b.txt"]);
    let back = json_of(&program, &["vectors", "convert", "b.txt", "c.x", "--to-format", "word2vec"]);
    assert_eq!((&back["words"], &back["dim"]), (&info["words"], &info["dim"]));
    let bytes = |name: &str| std::fs::read(program.path(name)).unwrap();
    assert_eq!(bytes("c.x"), bytes("first.bin"));
    for (arguments, said) in [
        (&["vectors", "convert", "a.fifu", "d.x"][..], "--to-format"),
        (&["vectors", "convert", "a.fifu", "d.txt", "--from-format", "papyrus"], "papyrus"),
    ] {
        let output = program.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}

#[test]
fn imported_vectors_serve_a_collection_as_trained_ones_do() {
    let program = Program::new();
    ingest_and_train(&program);
    let similar = |collection: &str| program.ok(&["--json", "similar", collection, "river", "-k", "5"]);
    let search = |collection: &str| {
        let found = json_of(&program, &["search", collection, "lender", "--mode", "static"]);
        found["hits"].as_array().unwrap().iter().map(|hit| hit["id"].clone()).collect::<Vec<_>>()
    };
    program.ok(&["vectors", "export", "town", "town.vec"]);
    program.ok(&["ingest", "other", "town.jsonl"]);
    let report = json_of(&program, &["vectors", "import", "other", "town.vec"]);
    assert_eq!((&report["model"]["imported_from"], &report["model"]["dim"]), (&json!("text"), &json!(32)));
    assert!(report["model"].get("epochs").is_none());
    // The file has no counts: those of the collection's documents are the same as those of its twin.
    assert_eq!(similar("other"), similar("town"));
    assert_eq!(search("other"), search("town"));
    program.ok(&["collocates", "other", "river"]);
    // New documents: the vectors stay, with what belongs to them.
    program.write("more.txt", "A lender near the ferry.");
    program.ok(&["ingest", "other", "more.txt"]);
    assert_eq!(similar("other"), similar("town"));
    let files = listing(&program.generation("other"));
    for file in ["corpus.tokens", "neighbours.bin", "vectors.fifu", "vocab.bin"] {
        assert!(files.contains(&file.to_owned()), "{file} not in {files:?}");
    }
    let told = json_of(&program, &["collections"]);
    assert_eq!(told[0]["model"]["imported_from"], "text", "{told}");
}

#[test]
fn a_file_without_a_word_of_the_collection_is_refused() {
    let program = Program::new();
    ingest_and_train(&program);
    let before = program.generation("town");
    program.write("strange.vec", "2 3\nzebra 1 2 3\nlion 3 2 1\n");
    program.write("broken.vec", "2 3\nbank 1 2 3\nriver 3 2\n");
    for (file, code, said) in [
        ("strange.vec", 2, "word of the collection"),
        ("broken.vec", 1, "broken.vec:3"),
        ("absent.vec", 1, "absent"),
    ] {
        let output = program.run(&["vectors", "import", "town", file]);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    assert_eq!(program.generation("town"), before);
}

const ALONE: [&str; 12] = [
    "train",
    "--word2vec-only",
    "--corpus",
    "town.jsonl",
    "--threads",
    "1",
    "--dim",
    "16",
    "--epochs",
    "20",
    "--output",
    "out",
];

#[test]
fn vectors_are_trained_without_a_collection() {
    let program = Program::new();
    program.write("town.jsonl", &town_documents());
    let report = json_of(&program, &ALONE);
    assert_eq!((&report["documents"], &report["model"]["dim"]), (&json!(36), &json!(16)));
    assert_eq!(listing(&program.path("out")), ["vectors.bin", "vectors.fifu", "vocab.bin"]);
    assert!(!program.data_dir().exists());
    let info = json_of(&program, &["vectors", "info", "out/vectors.bin"]);
    assert_eq!(info["words"], report["model"]["words"]);
    let first = std::fs::read(program.path("out/vectors.bin")).unwrap();
    program.ok(&ALONE);
    assert_eq!(std::fs::read(program.path("out/vectors.bin")).unwrap(), first);
    // From these vectors on, in their dimension.
    let base = ["train", "--word2vec-only", "--corpus", "town.jsonl", "--output", "on", "--epochs", "1"];
    let on =
        json_of(&program, &[&base[..], &["--init", "out/vectors.fifu", "--shared-negatives", "16"]].concat());
    assert_eq!(on["model"]["dim"], 16);
    let output = program.run(&[&base[..], &["--init", "out/vectors.bin", "--dim", "17"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let program = Program::new();
    program.write("town.jsonl", &town_documents());
    program.write("empty.txt", "");
    for (arguments, code, said) in [
        (&["train", "--word2vec-only", "--output", "out"][..], 2, "--corpus"),
        (&["train", "town", "--corpus", "town.jsonl"], 2, "--word2vec-only"),
        (&["train", "town", "--phrases", "2"], 2, "--word2vec-only"),
        (&["train"], 2, "COLLECTION"),
        (&["train", "--word2vec-only", "--corpus", "empty.txt", "--output", "out"], 2, "corpus"),
        (&["train", "--word2vec-only", "--corpus", "absent.txt", "--output", "out"], 1, "absent.txt"),
        (
            &[
                "train",
                "--word2vec-only",
                "--corpus",
                "town.jsonl",
                "--output",
                "out",
                "--memory-budget",
                "1",
            ],
            1,
            "budget",
        ),
        (&["train", "--word2vec-only", "--corpus", "town.jsonl", "--output", "town.jsonl"], 1, "town.jsonl"),
        (
            &["train", "--word2vec-only", "--corpus", "town.jsonl", "--output", "out", "--phrases", "99"],
            2,
            "phrase",
        ),
    ] {
        let output = program.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn phrases_and_ngrams_are_learned() {
    let program = Program::new();
    let mut text = String::new();
    for n in 0..400 {
        text.push_str(&format!("The sea near harbour {n} was cold and the wind was strong.\n\n"));
        if n % 20 == 0 {
            text.push_str("We saw New York.\n\n");
        }
    }
    program.write("text.txt", &text);
    let base = ["train", "--word2vec-only", "--corpus", "text.txt", "--epochs", "2", "--dim", "8"];
    let report = json_of(&program, &[&base[..], &["--output", "out", "--phrases", "1"]].concat());
    assert!(report["phrases"][0].as_u64().unwrap() > 0, "{report}");
    program.ok(&["vectors", "convert", "out/vectors.bin", "out.txt"]);
    assert!(std::fs::read_to_string(program.path("out.txt")).unwrap().contains("\nnew_york "));
    let report = json_of(&program, &[&base[..], &["--output", "sub", "--subwords"]].concat());
    assert_eq!(report["documents"], 420);
    let info = json_of(&program, &["vectors", "info", "sub/vectors.fifu"]);
    assert_eq!(info["subwords"]["kind"], "fasttext");
}

#[test]
fn a_killed_run_goes_on_at_its_checkpoint_to_the_same_bytes() {
    let program = Program::new();
    program.write("town.jsonl", &town_documents());
    let settings = |output| {
        let base = ["train", "--word2vec-only", "--corpus", "town.jsonl", "--threads", "1", "--dim", "64"];
        let more = ["--epochs", "1500", "--checkpoint-every", "100", "--output", output];
        [&["--json"], &base[..], &more[..]].concat()
    };
    let mut child = program.command(&settings("killed")).stdout(Stdio::null()).spawn().unwrap();
    while !program.path("killed/unfinished/checkpoint").exists() {
        assert!(child.try_wait().unwrap().is_none(), "ended before it could be killed");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!program.path("killed/vectors.bin").exists());
    let other = ["--json", "train", "--word2vec-only", "--corpus", "town.jsonl", "--checkpoint-every", "1"];
    for (more, said) in [("--dim", "other settings"), ("--min-count", "another corpus")] {
        let output = program.run(&[&other[..], &["--output", "killed", more, "7"]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(
            stderr(&output).contains(said) && stderr(&output).contains("unfinished"),
            "{}",
            stderr(&output)
        );
    }
    let resumed: Value = serde_json::from_str(&program.ok(&settings("killed"))).unwrap();
    let whole: Value = serde_json::from_str(&program.ok(&settings("whole"))).unwrap();
    assert_eq!((&resumed["resumed"], &whole["resumed"]), (&json!(true), &json!(false)));
    for file in ["vectors.bin", "vectors.fifu", "vocab.bin"] {
        let bytes = |folder: &str| std::fs::read(program.path(folder).join(file)).unwrap();
        assert_eq!(bytes("killed"), bytes("whole"), "{file}");
    }
    assert_eq!(listing(&program.path("killed")), ["vectors.bin", "vectors.fifu", "vocab.bin"]);
}

#[test]
fn words_are_evaluated_from_files_and_collections() {
    let program = Program::new();
    ingest_and_train(&program);
    let [pairs, analogies, vectors] =
        ["pairs.tsv", "analogies.txt", "word2vec.bin"].map(|name| golden(name).display().to_string());
    let reports = json_of(&program, &["eval", "words", &pairs, &analogies, "--vectors", &vectors]);
    let known = &expected()["evaluation"];
    let rho = reports[0]["similarity"]["spearman"].as_f64().unwrap();
    assert!((rho - known["spearman"].as_f64().unwrap()).abs() < 1e-6, "{reports}");
    assert_eq!(
        (&reports[0]["similarity"]["used"], &reports[0]["similarity"]["unknown_words"]),
        (&json!(61), &json!(1))
    );
    assert!(reports[1]["analogies"]["total"]["questions"].as_u64().unwrap() > 0);
    assert!(program.ok(&["eval", "words", &pairs, "--vectors", &vectors]).contains("61 of 62 pairs"));
    program.write("set.txt", "river water 9\nloan interest 8\nloan water 1\n银行 存款 8\n");
    let reports =
        json_of(&program, &["eval", "words", "set.txt", "--collection", "town", "--restrict", "1000"]);
    assert_eq!(reports[0]["similarity"]["used"], 4, "{reports}");
    for (arguments, code) in [
        (&["eval", "words", "set.txt"][..], 2),
        (&["eval", "words", "set.txt", "--collection", "town", "--vectors", "x"], 2),
        (&["eval", "words", "absent.txt", "--collection", "town"], 1),
        (&["eval", "words", "set.txt", "--collection", "twon"], 3),
    ] {
        assert_eq!(program.run(arguments).status.code(), Some(code), "{arguments:?}");
    }
}
