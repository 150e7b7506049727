//! The real WordNet: what does not need golden values.

use super::real;
use sememe::wordnet::answers::{PathAnswer, PathKind, WordAnswer};
use sememe::wordnet::{ENGLISH, Expansion, PageRank, PartOfSpeech, Synset};

#[test]
fn opening_is_small_and_everything_is_there() {
    let Some(real) = real() else { return };
    let wordnet = &real.wordnet;
    assert!(real.folder.is_dir());
    assert!((117_000..120_000).contains(&wordnet.len()));
    assert!(wordnet.bytes() < 100_000_000, "{}", wordnet.bytes());
    let bank = WordAnswer::find(wordnet, "bank", Some(PartOfSpeech::Noun), ENGLISH).expect("known");
    assert_eq!(bank.synsets.len(), 10);
    assert_eq!(bank.synsets[0].words[0].sense_key, "bank%1:17:01::");
    let nearest = wordnet.near_spellings("enviroment", ENGLISH, 3).expect("English");
    assert_eq!(nearest[0], "environment");
}

#[test]
fn page_rank_chooses_banks_by_their_surroundings() {
    let Some(real) = real() else { return };
    let wordnet = &real.wordnet;
    let candidates = |word: &str| -> Vec<_> {
        let senses = wordnet.senses(word, Some(PartOfSpeech::Noun));
        senses.iter().map(|sense| (sense.synset().number(), 1.0)).collect()
    };
    let chosen = |others: &[&str]| {
        let words: Vec<_> = std::iter::once("bank").chain(others.iter().copied()).map(candidates).collect();
        let scores = wordnet.rank_senses(&words, &PageRank::default()).expect("ranks");
        let best =
            (0..scores[0].len()).max_by(|a, b| scores[0][*a].total_cmp(&scores[0][*b])).expect("senses");
        wordnet.at(words[0][best].0)
    };
    assert!(chosen(&["river", "slope", "shore"]).gloss().contains("beside a body of water"));
    assert!(chosen(&["money", "loan", "deposit"]).gloss().contains("financial institution"));
}

#[test]
fn chinese_words_reach_the_synsets_of_their_english_counterparts() {
    let Some(real) = real() else { return };
    if !real.chinese {
        eprintln!("SKIPPED: no Chinese Open Wordnet for this WordNet");
        return;
    }
    let wordnet = &real.wordnet;
    for (chinese, english) in [
        ("狗", "dog"),
        ("苹果", "apple"),
        ("银行", "bank"),
        ("河", "river"),
        ("电脑", "computer"),
        ("奔跑", "run"),
        ("购买", "buy"),
    ] {
        let synsets = wordnet.synsets(chinese, None, "cmn").expect("Chinese");
        let counterparts = wordnet.synsets(english, None, ENGLISH).expect("English");
        assert!(synsets.iter().any(|synset| counterparts.contains(synset)), "{chinese} {synsets:?}");
    }
    let settings =
        Expansion { language: "zh".into(), into: vec!["eng".into(), "zh".into()], ..Expansion::default() };
    let expanded = wordnet.expand(&["苹果"], &settings).expect("expands");
    assert!(expanded.iter().any(|word| word.word == "apple" && word.weight == 1.0));
    let path = PathAnswer::find(wordnet, "狗", "猫", None, PathKind::Taxonomy, "zh").expect("a path");
    assert!((1..=4).contains(&path.links), "{path:?}");
}

#[test]
fn every_synset_is_found_by_id_name_and_key() {
    let Some(real) = real() else { return };
    let wordnet = &real.wordnet;
    let all = PartOfSpeech::ALL.into_iter().flat_map(|pos| wordnet.all(pos));
    for synset in all.step_by(29) {
        assert_eq!(wordnet.synset(&synset.id()).ok(), Some(synset));
        assert_eq!(wordnet.synset(&synset.name()).ok(), Some(synset), "{}", synset.name());
        for sense in synset.senses() {
            assert_eq!(wordnet.sense_by_key(&sense.key()).map(|sense| sense.synset()), Some(synset));
        }
        assert!(synset.parents().all(|parent: Synset<'_>| parent.pos() == synset.pos()));
    }
}
