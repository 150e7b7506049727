//! Runs the real binary in a temporary folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The binary with a data directory of its own.
pub(crate) struct Program {
    folder: TempDir,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path("indexes")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sememe"));
        command.current_dir(self.folder.path()).arg("--data-dir").arg(self.data_dir()).args(arguments);
        // Not the system's WordNet, but one that the test puts there, if any.
        command.env("SEMEME_WORDNET", self.path("wordnet"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Standard output of a run that has to succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Puts the tiny hand-made WordNet where this program looks for one.
    pub(crate) fn with_tiny_wordnet(self) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wordnet-tiny");
        let to = self.path("wordnet");
        std::fs::create_dir(&to).unwrap();
        for file in from.read_dir().unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
        self
    }

    /// Folder of the generation that answers for a collection.
    pub(crate) fn generation(&self, collection: &str) -> PathBuf {
        let infos: serde_json::Value = serde_json::from_str(&self.ok(&["--json", "collections"])).unwrap();
        let info = infos.as_array().unwrap().iter().find(|info| info["name"] == collection).unwrap();
        self.data_dir().join("collections").join(collection).join(info["generation"].as_str().unwrap())
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Names of what is in a folder, sorted.
pub(crate) fn listing(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Two topics around *bank*, in English and Chinese, repeated with small changes so that a tiny model can tell them apart.
pub(crate) fn town_documents() -> String {
    let mut lines = String::new();
    for n in 0..12 {
        let street = ["Mill", "Ferry", "Bridge"][n % 3];
        let texts = [
            (
                "loan",
                format!(
                    "The bank on {street} Street lends money. A loan costs interest, and the lender asks for a deposit, number {n}."
                ),
            ),
            (
                "river",
                format!(
                    "Herons stand on the bank of the river near {street} Lane. The water is cold and the current strong, day {n}."
                ),
            ),
            ("钱", format!("这家银行的贷款利息又涨了，存款也多了，第{n}号柜台。")),
        ];
        for (topic, text) in texts {
            let document = serde_json::json!({
                "id": format!("{topic}-{n}"), "title": format!("Note {n}"), "text": text, "topic": topic,
            });
            lines.push_str(&document.to_string());
            lines.push('\n');
        }
    }
    lines
}

/// Fills the collection `town`, with one thread so that it is the same every time.
pub(crate) fn ingest_and_train(program: &Program) {
    program.write("town.jsonl", &town_documents());
    program.ok(&["ingest", "town", "town.jsonl"]);
    let settings =
        ["--dim", "32", "--epochs", "60", "--subsample", "0", "--window", "20", "--learning-rate", "0.02"];
    program.ok(&[&["train", "town", "--threads", "1"], &settings[..]].concat());
}
