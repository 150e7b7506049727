//! Damaged, cut and foreign files: errors or warnings with file and line, never a panic, never a silent misreading.

use super::tiny::{compiled, folder};
use sememe::error::Error;
use sememe::progress::Silent;
use sememe::wordnet::answers::{HyponymsAnswer, NeighboursAnswer, WordAnswer};
use sememe::wordnet::{
    ENGLISH, Expansion, InformationContent, Measure, PageRank, PartOfSpeech, WordNet, add_language, compile,
};
use std::path::Path;

const SOURCES: [&str; 13] = [
    "data.noun",
    "data.verb",
    "data.adj",
    "data.adv",
    "index.noun",
    "index.verb",
    "index.adj",
    "index.adv",
    "noun.exc",
    "verb.exc",
    "adj.exc",
    "adv.exc",
    "index.sense",
];

/// A small generator of numbers (xorshift) so that each run damages the same bytes.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn copy_to(folder_to: &Path) {
    for name in SOURCES.iter().chain(&["cmn.tab"]) {
        std::fs::copy(folder().join(name), folder_to.join(name)).expect("copies");
    }
}

/// Asks everything once.
fn exercise(wordnet: &WordNet) {
    let information = InformationContent::from_tag_counts(wordnet, 1.0).expect("counts");
    let all: Vec<_> = PartOfSpeech::ALL.into_iter().flat_map(|pos| wordnet.all(pos)).collect();
    for &synset in &all {
        assert!(synset.links().len() < 1000 && synset.depth_min() <= synset.depth_max());
        let _ =
            (synset.name(), synset.id(), synset.definition(), synset.examples(), synset.lexicographer_file());
        let keys: Vec<String> = synset.senses().map(|sense| sense.key()).collect();
        assert_eq!(keys.len(), synset.words().len());
        assert!(synset.hyponyms(0, 1000).expect("a page").total < all.len());
    }
    for pair in all.windows(2) {
        for measure in Measure::ALL {
            let _ = pair[0].similarity(pair[1], measure, &information);
        }
        let _ = (pair[0].shortest_path(pair[1], true), wordnet.relation_path(pair[0], pair[1], 6));
    }
    for language in wordnet.languages() {
        for word in ["dog", "banks", "run away", "狗", "xyzzy"] {
            let _ = WordAnswer::find(wordnet, word, None, language);
            let _ = NeighboursAnswer::find(wordnet, word, None, 20, language);
        }
        let _ = HyponymsAnswer::find(wordnet, "entity.n.01", 0, 100, language);
    }
    let _ = wordnet
        .expand(&["dog", "bank"], &Expansion { hyponym_depth: 8, hypernym_depth: 8, ..Expansion::default() });
    if let Some(first) = all.first() {
        let _ = wordnet.page_rank(&[(first.number(), 1.0)], &PageRank::default());
    }
    let _ = wordnet.find_lemmas(&["he", "ran", "away", "from", "hot", "dogs"], ENGLISH);
}

#[test]
fn a_thousand_damaged_sources_give_errors_or_usable_graphs() {
    // Four at a time: each writes and syncs its own files, and waits for the disk most of the time.
    let workers: Vec<_> = (1..=4).map(|seed| std::thread::spawn(move || damage_sources(seed))).collect();
    let outcomes: Vec<_> = workers.into_iter().map(|worker| worker.join().expect("no panic")).collect();
    let (refused, warned) =
        outcomes.iter().fold((0, 0), |sum, outcome| (sum.0 + outcome.0, sum.1 + outcome.1));
    assert!(refused > 100 && warned > 100, "{refused} refused, {warned} warned");
}

/// 250 flipped bits and 250 cuts; how many were refused, and how many warned of.
fn damage_sources(seed: u64) -> (usize, usize) {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    copy_to(temporary.path());
    let destination = temporary.path().join("tiny.wn");
    let mut random = Random(seed * 0x9e37_79b9);
    let (mut refused, mut warned) = (0, 0);
    for round in 0..500 {
        let name = SOURCES[random.below(SOURCES.len())];
        let path = temporary.path().join(name);
        let whole = std::fs::read(&path).expect("reads");
        let mut bytes = whole.clone();
        flip_or_cut(&mut bytes, round, &mut random);
        std::fs::write(&path, &bytes).expect("writes");
        match compile(temporary.path(), &destination, &Silent) {
            Ok(report) => {
                warned += usize::from(report.warnings.total > 1);
                if round % 10 < 2 {
                    exercise(&WordNet::open(&destination).expect("what was compiled opens"));
                }
            }
            Err(Error::BadInput { path, .. }) => {
                refused += 1;
                assert!(path.ends_with(name), "{name}: {path:?}");
            }
            Err(error) => panic!("{name}: {error}"),
        }
        std::fs::write(&path, &whole).expect("writes");
    }
    (refused, warned)
}

/// One bit flipped, or the end cut off, in turn.
fn flip_or_cut(bytes: &mut Vec<u8>, round: usize, random: &mut Random) {
    let at = random.below(bytes.len());
    if round.is_multiple_of(2) {
        bytes[at] ^= 1 << random.below(8);
    } else {
        bytes.truncate(at);
    }
}

#[test]
fn damaged_tab_files_give_errors_or_usable_graphs() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let base = compiled(&temporary);
    let tab = temporary.path().join("cmn.tab");
    let destination = temporary.path().join("two.wn");
    let whole = std::fs::read(folder().join("cmn.tab")).expect("reads");
    let mut random = Random(11);
    for round in 0..400 {
        let mut bytes = whole.clone();
        flip_or_cut(&mut bytes, round, &mut random);
        std::fs::write(&tab, &bytes).expect("writes");
        match add_language(&base, &tab, "cmn", &destination) {
            Ok(_) => drop(WordNet::open(&destination).expect("what was added opens")),
            Err(Error::BadInput { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn no_flipped_byte_of_a_compiled_file_goes_unnoticed() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let path = compiled(&temporary);
    let whole = std::fs::read(&path).expect("reads");
    let mut random = Random(13);
    for round in 0..2000 {
        let mut bytes = whole.clone();
        if round % 2 == 0 {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 + random.below(255) as u8;
        } else {
            bytes.truncate(random.below(bytes.len()));
        }
        std::fs::write(&path, &bytes).expect("writes");
        let opened = WordNet::open(&path);
        assert!(matches!(opened, Err(Error::Damaged { .. } | Error::Io { .. })), "round {round}");
    }
}

/// A file whose checksums are right but whose contents are not, as somebody could make one on purpose: refused, or
/// answered somehow, but never a panic.
#[test]
fn forged_files_do_not_panic() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let path = compiled(&temporary);
    let whole = std::fs::read(&path).expect("reads");
    let mut random = Random(17);
    let mut opened = 0;
    for _ in 0..1000 {
        let mut bytes = whole.clone();
        let at = 32 + random.below(bytes.len() - 32);
        bytes[at] ^= 1 + random.below(255) as u8;
        let checksum = crc32fast::hash(&bytes[32..]);
        bytes[24..28].copy_from_slice(&checksum.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..28]);
        bytes[28..32].copy_from_slice(&checksum.to_le_bytes());
        std::fs::write(&path, &bytes).expect("writes");
        if let Ok(wordnet) = WordNet::open(&path) {
            opened += 1;
            if opened % 10 == 0 {
                for word in ["dog", "bank", "狗"] {
                    let _ = WordAnswer::find(&wordnet, word, None, "eng");
                    let _ = WordAnswer::find(&wordnet, word, None, "zh");
                    let _ = NeighboursAnswer::find(&wordnet, word, None, 50, "eng");
                }
                for synset in PartOfSpeech::ALL.into_iter().flat_map(|pos| wordnet.all(pos)) {
                    let _ = (synset.name(), synset.gloss(), synset.links().count(), synset.tag_count());
                    let _ = synset.hyponyms(0, 10);
                }
            }
        }
    }
    assert!(opened > 100, "{opened}");
}

#[test]
fn missing_and_foreign_files_are_named() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let destination = temporary.path().join("tiny.wn");
    copy_to(temporary.path());
    let compiling = || compile(temporary.path(), &destination, &Silent);
    std::fs::remove_file(temporary.path().join("adv.exc")).expect("removes");
    std::fs::remove_file(temporary.path().join("index.sense")).expect("removes");
    let report = compiling().expect("exceptions and counts may be missing");
    assert!(
        report.warnings.first.iter().any(|warning| warning.starts_with("adv.exc: missing")),
        "{report:?}"
    );
    assert!(
        report.warnings.first.iter().any(|warning| warning.contains("tag counts are all 0")),
        "{report:?}"
    );
    std::fs::write(temporary.path().join("data.verb"), "once upon a time\nthere was a file\n")
        .expect("writes");
    let error = compiling().expect_err("foreign").to_string();
    assert!(error.contains("data.verb:1: expected"), "{error}");
    std::fs::remove_file(temporary.path().join("data.noun")).expect("removes");
    let error = compiling().expect_err("missing").to_string();
    assert!(error.contains("cannot read") && error.contains("data.noun"), "{error}");
    let error = WordNet::open(&temporary.path().join("index.noun")).expect_err("foreign").to_string();
    assert!(error.contains("magic") && error.contains("compile"), "{error}");
    assert!(WordNet::open(Path::new("/nowhere/wordnet.wn")).is_err());
}

#[test]
fn tab_files_of_another_version_or_language_are_refused() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let base = compiled(&temporary);
    let tab = temporary.path().join("x.tab");
    std::fs::write(&tab, "09999999-n\tdeu:lemma\tHund\n09999998-n\tdeu:lemma\tKatze\n").expect("writes");
    let error = add_language(&base, &tab, "de", &base).expect_err("nowhere").to_string();
    assert!(error.contains("x.tab:1") && error.contains("0 of 2") && error.contains("3.0"), "{error}");
    let error = add_language(&base, &folder().join("cmn.tab"), "ita", &base).expect_err("none").to_string();
    assert!(error.contains("language code"), "{error}");
    assert!(add_language(&base, &tab, "../x", &base).is_err());
    assert_eq!(WordNet::open(&base).expect("is as it was").languages(), ["eng", "cmn", "fra"]);
}
