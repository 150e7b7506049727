//! The tiny hand-made WordNet of `tests/data/wordnet-tiny`: every expected value can be read off its files.

use sememe::error::Error;
use sememe::progress::{Go, Progress, Silent, Step};
use sememe::wordnet::answers::{
    ExpansionAnswer, HyponymsAnswer, NeighboursAnswer, PathAnswer, PathKind, SimilarityAnswer, SynsetAnswer,
    WordAnswer,
};
use sememe::wordnet::{
    ENGLISH, Expansion, InformationContent, Measure, PageRank, PartOfSpeech, Relation, Synset, WordNet,
    add_language, compile,
};
use std::path::{Path, PathBuf};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wordnet-tiny")
}

/// Compiled, with Chinese and French.
pub fn compiled(temporary: &tempfile::TempDir) -> PathBuf {
    let path = temporary.path().join("tiny.wn");
    compile(&folder(), &path, &Silent).expect("compiles");
    add_language(&path, &folder().join("cmn.tab"), "zh", &path).expect("adds Chinese");
    add_language(&path, &folder().join("cmn.tab"), "fra", &path).expect("adds French");
    path
}

fn tiny() -> WordNet {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    WordNet::open(&compiled(&temporary)).expect("opens")
}

fn names(synsets: impl IntoIterator<Item = Synset<'static>>) -> Vec<String> {
    synsets.into_iter().map(Synset::name).collect()
}

fn leaked() -> &'static WordNet {
    Box::leak(Box::new(tiny()))
}

#[test]
fn compiling_reports_what_it_read_and_the_circle() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let report = compile(&folder(), &temporary.path().join("tiny.wn"), &Silent).expect("compiles");
    assert_eq!((report.synsets, report.senses, report.version.as_str()), (34, 41, "3.0"));
    assert_eq!(report.warnings.total, 1, "{report:?}");
    assert!(report.warnings.first[0].starts_with("data.verb:13: hypernyms run in a circle"), "{report:?}");
}

#[test]
fn senses_stand_in_order_of_frequency_with_their_counts() {
    let wordnet = leaked();
    let banks = wordnet.senses("Banks", None);
    let told: Vec<_> = banks.iter().map(|sense| (sense.key(), sense.number(), sense.tag_count())).collect();
    assert_eq!(told, [("bank%1:17:00::".into(), 1, 25), ("bank%1:14:00::".into(), 2, 20)]);
    assert_eq!(wordnet.sense_by_key("fine%5:00:00:good:00").expect("a satellite").word(), "fine");
    assert_eq!(wordnet.senses("galore", None)[0].syntactic_marker(), Some("postnominal"));
    assert_eq!(wordnet.senses("canis_familiaris", None)[0].word(), "Canis familiaris");
    let cat = wordnet.synset("cat.n.01").expect("a cat");
    assert_eq!(cat.definition(), "an animal that sleeps long");
    assert_eq!(cat.examples(), ["the cat sleeps", "a grey cat"]);
}

#[test]
fn inflected_words_find_their_base_forms() {
    let wordnet = leaked();
    for (word, pos, bases) in [
        ("wolves", PartOfSpeech::Noun, &["wolf"][..]),
        ("ran", PartOfSpeech::Verb, &["run"]),
        ("dogs", PartOfSpeech::Noun, &["dog"]),
        ("fleeing", PartOfSpeech::Verb, &["flee"]),
        ("better", PartOfSpeech::Adjective, &["good"]),
        ("better", PartOfSpeech::Adverb, &["well"]),
        ("finest", PartOfSpeech::Adjective, &["fine"]),
        ("dogs", PartOfSpeech::Verb, &[]),
    ] {
        assert_eq!(wordnet.base_forms(word, pos), bases, "{word}");
    }
    // Written otherwise, or inflected inside.
    for word in ["hot-dog", "hot dogs", "Hot_Dog", "hot  dog"] {
        assert_eq!(wordnet.senses(word, None)[0].lemma(), "hot dog", "{word}");
    }
    assert_eq!(wordnet.senses("ran away", None)[0].lemma(), "run away");
}

#[test]
fn compounds_are_found_in_running_text() {
    let wordnet = leaked();
    let tokens = ["The", "dogs", "ran", "away", "from", "hot", "dogs", "!"];
    let found = wordnet.find_lemmas(&tokens, ENGLISH).expect("English");
    let found: Vec<_> = found.iter().map(|lemma| (lemma.tokens.clone(), lemma.lemmas[0])).collect();
    assert_eq!(found, [(1..2, "dog"), (2..4, "run away"), (5..7, "hot dog")]);
    let chinese = wordnet.find_lemmas(&["狗", "在", "河", "岸", "跑"], "zh").expect("Chinese");
    let chinese: Vec<_> = chinese.iter().map(|lemma| (lemma.tokens.clone(), lemma.lemmas[0])).collect();
    assert_eq!(chinese, [(0..1, "狗"), (2..4, "河岸"), (4..5, "跑")]);
}

#[test]
fn paths_name_their_links() {
    let wordnet = leaked();
    let synset = |name| wordnet.synset(name).expect("known");
    let (dog, wolf, pet) = (synset("dog.n.01"), synset("wolf.n.01"), synset("pet.n.01"));
    let path = dog.shortest_path(wolf, false).expect("a path");
    let steps: Vec<_> =
        path.steps.iter().map(|step| (step.relation, step.to.expect("a synset").name())).collect();
    let expected = [(Some(Relation::Hypernym), "animal.n.01"), (Some(Relation::Hyponym), "wolf.n.01")];
    assert_eq!(steps, expected.map(|(relation, name)| (relation, name.to_owned())));
    assert_eq!(names(dog.least_common_subsumers(wolf)), ["animal.n.01"]);
    assert_eq!(names(dog.least_common_subsumers(pet)), ["pet.n.01"]);
    assert_eq!((dog.depth_min(), dog.depth_max()), (3, 4));
    // Rhine is an instance of river; kill and run meet at the imaginary root only.
    let rhine = synset("rhine.n.01").shortest_path(synset("water.n.01"), false).expect("a path");
    assert_eq!(rhine.steps[0].relation, Some(Relation::InstanceHypernym));
    assert!(synset("kill.v.01").shortest_path(synset("run.v.01"), false).is_none());
    let over_root = synset("kill.v.01").shortest_path(synset("run.v.01"), true).expect("a path");
    let over_root: Vec<_> = over_root.steps.iter().map(|step| step.to.map(Synset::name)).collect();
    assert_eq!(over_root, [None, Some("move.v.01".to_owned()), Some("run.v.01".to_owned())]);
    // bark → (derivation) dog → tail.
    let all = wordnet.relation_path(synset("bark.v.01"), synset("tail.n.01"), 5).expect("a path");
    let all: Vec<_> = all.steps.iter().map(|step| step.relation.expect("a relation").name()).collect();
    assert_eq!(all, ["derivation", "part_meronym"]);
    assert!(wordnet.relation_path(synset("bark.v.01"), synset("tail.n.01"), 1).is_none());
}

#[test]
fn circles_end() {
    let wordnet = leaked();
    let restrain = wordnet.synset("restrain.v.01").expect("known");
    assert_eq!(restrain.hyponyms(0, 10).expect("a page").total, 1);
    assert_eq!(restrain.distance(wordnet.synset("inhibit.v.01").expect("known"), false), Some(1));
    assert!(restrain.depth_max() <= 1);
}

#[test]
fn similarities_are_those_worked_out_by_hand() {
    let wordnet = leaked();
    let synset = |name| wordnet.synset(name).expect("known");
    let (dog, wolf) = (synset("dog.n.01"), synset("wolf.n.01"));
    let information = InformationContent::from_tag_counts(wordnet, 1.0).expect("counts");
    let measured = |measure| dog.similarity(wolf, measure, &information).expect("defined");
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(measured(Measure::Path), 1.0 / 3.0);
    // The subsumer animal has depth 2 + 1; both lie one link below: 2·3 / (1 + 1 + 2·3).
    close(measured(Measure::WuPalmer), 6.0 / 8.0);
    // The longest noun path has 4 links: entity, thing, animal, pet, dog.
    close(measured(Measure::LeacockChodorow), -(3.0_f64 / 8.0).ln());
    // Tagged: dog 42 + 0 + 1, cat 18, bank 20 + 1 and 25: 107 nouns in all; each synset starts from 1.
    let (all, animal, dogs) = (108.0_f64, 62.0_f64, 44.0_f64);
    close(information.of(dog), -(dogs / all).ln());
    close(measured(Measure::Resnik), -(animal / all).ln());
    let sum = -(dogs / all).ln() - (1.0 / all).ln();
    close(measured(Measure::Lin), 2.0 * -(animal / all).ln() / sum);
    close(measured(Measure::JiangConrath), 1.0 / (sum + 2.0 * (animal / all).ln()));
    assert_eq!(dog.similarity(dog, Measure::JiangConrath, &information), Some(f64::INFINITY));
    assert_eq!(dog.similarity(synset("run.v.01"), Measure::Lin, &information), None);
    let lesk = |a, b| synset(a).similarity(synset(b), Measure::Lesk, &information).expect("defined");
    assert!(lesk("dog.n.01", "wolf.n.01") > lesk("dog.n.01", "bank.n.02"));
}

#[test]
fn word_counts_are_shared_out_among_senses() {
    let wordnet = leaked();
    let information =
        InformationContent::from_word_counts(wordnet, [("bank", 10), ("xyzzy", 5)], ENGLISH, 0.0);
    let information = information.expect("counts");
    let bank = wordnet.synset("bank.n.01").expect("known");
    assert!((information.of(bank) - 2.0_f64.ln()).abs() < 1e-12);
    assert_eq!(information.of(wordnet.synset("dog.n.01").expect("known")), f64::INFINITY);
    assert!(InformationContent::from_tag_counts(wordnet, f64::NAN).is_err());
}

#[test]
fn expansion_says_through_which_link_each_word_came() {
    let wordnet = leaked();
    let expand = |settings: &Expansion| {
        let expanded = wordnet.expand(&["dogs"], settings).expect("expands");
        expanded
            .into_iter()
            .map(|e| (e.word.to_owned(), e.weight, e.via.relation.map(Relation::name), e.via.links))
            .collect::<Vec<_>>()
    };
    let expected = [
        ("Canis familiaris", 1.0, None, 0),
        ("dog", 1.0, None, 0),
        ("domestic dog", 1.0, None, 0),
        ("animal", 0.3, Some("hypernym"), 1),
        ("beast", 0.3, Some("hypernym"), 1),
        ("pet", 0.3, Some("hypernym"), 1),
    ];
    assert_eq!(expand(&Expansion::default()), expected.map(|(w, x, r, l)| (w.to_owned(), x, r, l)));
    let up =
        Expansion { synonyms: 0.0, hypernyms: 0.5, hypernym_depth: 2, words_max: 4, ..Expansion::default() };
    let expected = [("animal", 0.5, 1), ("beast", 0.5, 1), ("pet", 0.5, 1), ("thing", 0.25, 2)];
    assert_eq!(expand(&up), expected.map(|(w, x, l)| (w.to_owned(), x, Some("hypernym"), l)));
    let chinese = Expansion { into: vec!["zh".into()], ..Expansion::default() };
    let expected = [("家 犬", 1.0, None, 0), ("狗", 1.0, None, 0), ("动物", 0.3, Some("hypernym"), 1)];
    assert_eq!(expand(&chinese), expected.map(|(w, x, r, l)| (w.to_owned(), x, r, l)));
    assert!(wordnet.expand(&["dog"], &Expansion { synonyms: 2.0, ..Expansion::default() }).is_err());
    assert!(wordnet.expand(&["dog"], &Expansion { hyponym_depth: 9, ..Expansion::default() }).is_err());
}

#[test]
fn expansion_can_be_held_to_chosen_senses() {
    let wordnet = leaked();
    let words = |settings: &Expansion| -> Vec<&str> {
        wordnet.expand(&["Bank"], settings).expect("expands").into_iter().map(|e| e.word).collect()
    };
    assert_eq!(words(&Expansion::default()), ["banking company", "institution", "slope"]);
    let river = wordnet.synset("bank.n.01").expect("known").number();
    let chosen = Expansion { senses: [("bank".to_owned(), vec![river])].into(), ..Expansion::default() };
    assert_eq!(words(&chosen), ["slope"]);
    assert_eq!(words(&Expansion { senses_max: 1, ..Expansion::default() }), ["slope"]);
}

#[test]
fn page_rank_tells_the_bank_of_the_river() {
    let wordnet = leaked();
    let candidates = |word: &str| -> Vec<_> {
        wordnet.senses(word, None).iter().map(|sense| (sense.synset().number(), 1.0)).collect()
    };
    let words = vec![candidates("bank"), candidates("river"), candidates("water")];
    let settings = PageRank::default();
    let scores = wordnet.rank_senses(&words, &settings).expect("ranks");
    assert!(scores[0][0] > scores[0][1], "{scores:?}");
    let money =
        wordnet.rank_senses(&[candidates("bank"), candidates("institution")], &settings).expect("ranks");
    assert!(money[0][1] > money[0][0], "{money:?}");
    let ranks = wordnet.page_rank(&words[1], &PageRank { tolerance: 1e-7, ..settings }).expect("ranks");
    let sum: f32 = ranks.top(100).iter().map(|(_, rank)| rank).sum();
    assert!((0.999..1.0001).contains(&sum), "{sum}");
    assert_eq!(ranks.top(1)[0].0, words[1][0].0);
    assert!(wordnet.page_rank(&[], &settings).is_err());
    assert!(wordnet.page_rank(&words[1], &PageRank { damping: 1.0, ..settings }).is_err());
}

#[test]
fn other_languages_lead_to_the_same_synsets() {
    let wordnet = leaked();
    assert_eq!(wordnet.languages(), ["eng", "cmn", "fra"]);
    let dog = wordnet.synsets("dog", None, ENGLISH).expect("English");
    assert_eq!(wordnet.synsets("狗", None, "cmn").expect("Chinese"), dog);
    assert_eq!(dog[0].words_in("cmn").expect("Chinese"), ["狗", "家 犬"]);
    assert_eq!(dog[0].definitions_in("cmn").expect("Chinese"), ["会叫的动物"]);
    assert_eq!(dog[0].examples_in("cmn").expect("Chinese"), ["狗在跑"]);
    assert_eq!(names(wordnet.synsets("美好的", None, "zh").expect("Chinese")), ["good.a.01"]);
    assert_eq!(names(wordnet.synsets("美好", None, "zh").expect("Chinese")), ["good.a.01"]);
    assert_eq!(names(wordnet.synsets("Fleuve", None, "fr").expect("French")), ["river.n.01"]);
    let error = wordnet.synsets("Hund", None, "deu").expect_err("no German").to_string();
    assert!(error.contains("deu") && error.contains("cmn"), "{error}");
}

#[test]
fn unknown_words_are_answered_with_near_spellings() {
    let wordnet = leaked();
    let error = wordnet.known_synsets("wofl", None, ENGLISH).expect_err("unknown");
    assert_eq!(error.to_string(), "word \"wofl\" not found; nearest: wolf");
    assert!(matches!(wordnet.synset("dog.n.07"), Err(Error::NotFound { kind: "synset", .. })));
    let long = "é".repeat(100_000);
    assert!(wordnet.known_synsets(&long, None, ENGLISH).expect_err("unknown").to_string().len() < 400);
    for odd in
        ["", " ", "_", "%", "a%b%c", "%9:00:00::", "99999999999-n", "00000135-", "-n", "..", "a.n.x", "\u{0}"]
    {
        assert!(wordnet.synset(odd).is_err(), "{odd:?}");
        assert!(wordnet.synsets(odd, None, ENGLISH).expect("English").is_empty(), "{odd:?}");
    }
}

#[test]
fn answers_serialise_to_what_rest_and_commands_show() {
    let wordnet = leaked();
    let word = WordAnswer::find(wordnet, "bank", Some(PartOfSpeech::Noun), ENGLISH).expect("known");
    let word = serde_json::to_value(&word).expect("JSON");
    assert_eq!(word["synsets"][0]["name"], "bank.n.01");
    assert_eq!(word["synsets"][1]["examples"][0], "the bank was closed");
    assert_eq!(word["synsets"][0]["words"][0]["tag_count"], 25);
    assert_eq!(word["synsets"][0]["relations"][0]["relation"], "hypernym");
    assert_eq!(word["synsets"][0]["translations"][0]["words"][0], "河岸");
    let synset = SynsetAnswer::find(wordnet, "dog.n.01", "zh").expect("known");
    assert_eq!((synset.definition.as_str(), synset.examples[0].as_str()), ("会叫的动物", "狗在跑"));
    let derivation =
        synset.relations.iter().find(|link| link.relation == Relation::Derivation).expect("a link");
    assert_eq!((derivation.from_word.as_deref(), derivation.to_word.as_deref()), (Some("dog"), Some("bark")));
    let find = |from, to, kind, language| PathAnswer::find(wordnet, from, to, None, kind, language);
    let path = find("狗", "狼", PathKind::Taxonomy, "zh").expect("a path");
    assert_eq!((path.links, path.least_common_subsumers[0].words[0].as_str()), (2, "动物"));
    assert_eq!(find("bark", "tail", PathKind::Relations, ENGLISH).expect("a path").links, 2);
    assert!(find("bark", "tail", PathKind::Taxonomy, ENGLISH).is_err());
    let information = InformationContent::from_tag_counts(wordnet, 1.0).expect("counts");
    let similarity =
        |a, b, measure| SimilarityAnswer::find(wordnet, a, b, None, measure, &information, ENGLISH);
    let alike = similarity("dog", "cats", Measure::Path).expect("known");
    assert_eq!((alike.score, alike.to.name.as_str()), (Some(1.0 / 3.0), "cat.n.01"));
    let same = similarity("dog", "dog.n.01", Measure::JiangConrath).expect("known");
    assert_eq!((same.score, same.identical), (None, true));
    let page = HyponymsAnswer::find(wordnet, "animal.n.01", 1, 2, ENGLISH).expect("a page");
    assert_eq!((page.total, page.hyponyms.len(), page.hyponyms[0].synset.name.as_str()), (3, 2, "wolf.n.01"));
    assert!(HyponymsAnswer::find(wordnet, "animal.n.01", 0, 0, ENGLISH).is_err());
    let expansion = ExpansionAnswer::find(wordnet, &["wolf"], &Expansion::default()).expect("expands");
    assert_eq!((expansion.words[0].relation, expansion.words[0].from.as_str()), ("hypernym", "wolf"));
    let near = NeighboursAnswer::find(wordnet, "dog", None, 3, ENGLISH).expect("known");
    let near: Vec<_> = near.neighbours.iter().map(|n| (n.word.as_str(), n.distance)).collect();
    assert_eq!(near, [("domestic dog", 0), ("Canis familiaris", 0), ("animal", 1)]);
}

#[test]
fn a_wish_to_stop_leaves_the_old_file() {
    struct Stop;
    impl Progress for Stop {
        fn report(&self, step: &Step<'_>) -> Go {
            if step.done > 1 { Go::Stop } else { Go::On }
        }
    }
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let path = temporary.path().join("tiny.wn");
    std::fs::write(&path, "old").expect("writes");
    assert!(matches!(compile(&folder(), &path, &Stop), Err(Error::Cancelled)));
    assert_eq!(std::fs::read_to_string(&path).expect("reads"), "old");
    assert_eq!(std::fs::read_dir(temporary.path()).expect("lists").count(), 1);
}

#[test]
fn the_same_database_compiles_to_the_same_bytes() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let bytes = || std::fs::read(compiled(&temporary)).expect("reads");
    assert_eq!(bytes(), bytes());
}

/// `v1.wn` was written by the first version of the format, from this folder with Chinese and French added.
#[test]
fn a_file_of_format_version_1_still_opens() {
    let wordnet = WordNet::open(&folder().join("v1.wn")).expect("opens");
    assert_eq!((wordnet.len(), wordnet.languages()), (34, vec!["eng", "cmn", "fra"]));
    assert_eq!(wordnet.synset("dog.n.01").expect("known").words_in("cmn").expect("Chinese"), ["狗", "家 犬"]);
    assert_eq!(wordnet.senses("wolves", None)[0].key(), "wolf%1:05:00::");
}
