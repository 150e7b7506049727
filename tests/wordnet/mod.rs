//! WordNet: the tiny hand-made database, the real one against NLTK's values, damage.
//!
//! The real database is looked for in `../shared/data/wordnet/`, then in the usual places; tests that need it say when
//! they skip.

// A skipped test must be seen.
#![allow(clippy::print_stderr)]

mod damage;
mod full;
mod golden;
mod tiny;

use sememe::progress::Silent;
use sememe::wordnet::{WordNet, add_language, compile, find_database};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The real WordNet, compiled once for all tests of a run; `None`, and a line, where there is none.
pub(crate) fn real() -> Option<&'static Real> {
    static REAL: OnceLock<Option<Real>> = OnceLock::new();
    let real = REAL.get_or_init(Real::compile).as_ref();
    if real.is_none() {
        eprintln!("SKIPPED: no WordNet in ../shared/data/wordnet nor in the usual places");
    }
    real
}

pub(crate) struct Real {
    pub(crate) wordnet: WordNet,
    folder: PathBuf,
    /// Whether the Chinese Open Wordnet was added.
    chinese: bool,
    _temporary: tempfile::TempDir,
}

impl Real {
    fn compile() -> Option<Self> {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/wordnet");
        let archive = shared.join("wordnet-3.0.tar.zst");
        let folder = if archive.is_file() {
            unpack(&unzstd(&archive), temporary.path());
            temporary.path().join("wordnet")
        } else {
            find_database(None, None).ok()?
        };
        let compiled = temporary.path().join("wordnet.wn");
        let report = compile(&folder, &compiled, &Silent).expect("WordNet compiles");
        assert!(report.synsets > 100_000, "{report:?}");
        let tab = shared.join("wn-data-cmn.tab.zst");
        let chinese = tab.is_file() && report.version == "3.0";
        if chinese {
            let plain = temporary.path().join("cmn.tab");
            std::fs::write(&plain, unzstd(&tab)).expect("the tab file is written");
            add_language(&compiled, &plain, "cmn", &compiled).expect("Chinese is added");
        }
        let wordnet = WordNet::open(&compiled).expect("the compiled file opens");
        Some(Self { wordnet, folder, chinese, _temporary: temporary })
    }
}

fn unzstd(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).expect("the archive opens");
    zstd::Decoder::new(file).expect("zstd").read_to_end(&mut bytes).expect("zstd");
    bytes
}

/// Unpacks the plain files of a tar archive: headers of 512 bytes, name at 0, octal size at 124, contents padded.
fn unpack(tar: &[u8], into: &Path) {
    let mut at = 0;
    while at + 512 <= tar.len() && tar[at] != 0 {
        let text = |from: usize, to: usize| {
            let field = tar[at + from..at + to].split(|byte| *byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(field).trim().to_owned()
        };
        let (name, size) = (text(0, 100), usize::from_str_radix(&text(124, 136), 8).expect("a size"));
        let path = into.join(name.trim_start_matches("./"));
        if matches!(tar[at + 156], b'0' | 0) {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, &tar[at + 512..at + 512 + size]).expect("a file");
        }
        at += 512 + size.next_multiple_of(512);
    }
}
