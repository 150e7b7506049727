//! The real WordNet 3.0 against values of NLTK, made by `tests/golden/wordnet.py`.

use super::real;
use sememe::wordnet::{ENGLISH, InformationContent, Link, Measure, PartOfSpeech, Relation, Synset, WordNet};
use serde_json::Value;
use std::collections::BTreeSet;

fn golden() -> Option<(&'static WordNet, Value)> {
    let real = real()?;
    if real.wordnet.version() != "3.0" {
        eprintln!("SKIPPED: the golden values are of WordNet 3.0, this is {}", real.wordnet.version());
        return None;
    }
    let text = include_str!("../golden/wordnet.json");
    Some((&real.wordnet, serde_json::from_str(text).expect("golden values are JSON")))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

fn ids(synsets: impl IntoIterator<Item = Synset<'static>>) -> Vec<String> {
    synsets.into_iter().map(Synset::id).collect()
}

#[test]
fn words_lead_to_the_same_synsets_in_the_same_order() {
    let Some((wordnet, golden)) = golden() else { return };
    let words = golden["words"].as_object().expect("words");
    assert!(words.len() > 200);
    for (word, expected) in words {
        let mut expected = texts(expected);
        let mut seen = BTreeSet::new();
        expected.retain(|id| seen.insert(*id));
        let found = ids(wordnet.synsets(word, None, ENGLISH).expect("English"));
        // NLTK does not look for the base forms of the words inside a compound: looked_up is unknown to it.
        if !expected.is_empty() || !word.contains('_') {
            assert_eq!(found, expected, "{word}");
        }
    }
}

#[test]
fn morphology_agrees() {
    let Some((wordnet, golden)) = golden() else { return };
    for (word, by_pos) in golden["morphology"].as_object().expect("words") {
        for pos in PartOfSpeech::ALL {
            let expected: Vec<String> =
                texts(&by_pos[pos.letter().to_string()]).iter().map(|base| base.replace('_', " ")).collect();
            assert_eq!(wordnet.base_forms(word, pos), expected, "{word} {pos:?}");
        }
    }
}

#[test]
fn synsets_agree_in_words_glosses_counts_keys_depths_and_relations() {
    let Some((wordnet, golden)) = golden() else { return };
    for expected in golden["synsets"].as_array().expect("synsets") {
        let id = expected["id"].as_str().expect("an id");
        let synset = wordnet.synset(id).expect("a known id");
        // NLTK 3.10 numbers satellites among themselves, WordNet's index (and we) among all adjectives.
        if !synset.is_satellite() {
            assert_eq!(synset.name(), expected["name"], "{id}");
        }
        assert_eq!(wordnet.synset(&synset.name()).expect("a known name"), synset);
        assert_eq!(synset.lexicographer_file(), expected["lexname"], "{id}");
        assert_eq!(synset.definition(), expected["definition"], "{id}");
        assert_eq!(synset.examples(), texts(&expected["examples"]), "{id}");
        let words: Vec<String> = synset.words().map(|word| word.replace(' ', "_")).collect();
        assert_eq!(words, texts(&expected["lemmas"]), "{id}");
        let keys: Vec<String> = synset.senses().map(|sense| sense.key()).collect();
        assert_eq!(keys, texts(&expected["keys"]), "{id}");
        for key in &keys {
            assert_eq!(wordnet.sense_by_key(key).expect("a known key").synset(), synset, "{key}");
        }
        let counts: Vec<u64> = synset.senses().map(|sense| u64::from(sense.tag_count())).collect();
        let expected_counts = expected["counts"].as_array().expect("counts");
        assert_eq!(counts, expected_counts.iter().filter_map(Value::as_u64).collect::<Vec<_>>(), "{id}");
        assert_eq!(synset.depth_min(), expected["depths"][0].as_u64().expect("a depth") as u32, "{id}");
        assert_eq!(synset.depth_max(), expected["depths"][1].as_u64().expect("a depth") as u32, "{id}");
        assert_relations(synset, expected);
    }
}

fn assert_relations(synset: Synset<'static>, expected: &Value) {
    for &relation in Relation::ALL {
        let whole = |link: &Link<'_>| link.relation == relation && link.source_sense.is_none();
        let found: BTreeSet<String> = synset.links().filter(whole).map(|link| link.target.id()).collect();
        let found: Vec<String> = found.into_iter().collect();
        let known = &expected["relations"][relation.symbol()];
        let known = if known.is_null() { Vec::new() } else { texts(known) };
        if relation.symbol() != "\\" && relation.symbol() != "+" && relation.symbol() != "!" {
            assert_eq!(found, known, "{synset:?} {relation:?}");
        }
    }
    for link in expected["lexical"].as_array().expect("links between words") {
        let link = texts(link);
        let found = synset.links().any(|candidate| {
            let ends = (candidate.source_sense, candidate.target_sense);
            let (Some(source), Some(target)) = ends else { return false };
            candidate.relation.symbol() == link[1]
                && source.word().replace(' ', "_") == link[0]
                && target.key() == link[2]
        });
        assert!(found, "{synset:?} {link:?}");
    }
}

fn pairs(wordnet: &'static WordNet, golden: &Value) -> Vec<(Synset<'static>, Synset<'static>, Value)> {
    let synset = |value: &Value| wordnet.synset(value.as_str().expect("an id")).expect("a known id");
    let pairs = golden["pairs"].as_array().expect("pairs").iter();
    pairs.map(|pair| (synset(&pair["a"]), synset(&pair["b"]), pair.clone())).collect()
}

#[test]
fn distances_and_paths_agree() {
    let Some((wordnet, golden)) = golden() else { return };
    for (a, b, expected) in pairs(wordnet, &golden) {
        for (root, name) in [(false, "distance"), (true, "distance_with_root")] {
            let distance = a.distance(b, root).map(u64::from);
            assert_eq!(distance, expected[name].as_u64(), "{a:?} {b:?} {name}");
            let path = a.shortest_path(b, root);
            assert_eq!(path.as_ref().map(|path| path.len() as u64), distance, "{a:?} {b:?}");
            let Some(path) = path else { continue };
            let mut at = Some(a);
            for step in &path.steps {
                if let (Some(from), Some(to), Some(relation)) = (at, step.to, step.relation) {
                    assert!(
                        from.related(relation).any(|target| target == to),
                        "{from:?} {relation:?} {to:?}"
                    );
                }
                at = step.to;
            }
            assert_eq!(at, Some(b));
        }
        let mut subsumers = ids(a.least_common_subsumers(b));
        let mut expected = texts(&expected["subsumers"]);
        subsumers.sort_unstable();
        expected.sort_unstable();
        assert_eq!(subsumers, expected, "{a:?} {b:?}");
    }
}

#[test]
fn every_similarity_agrees_on_more_than_two_hundred_pairs() {
    let Some((wordnet, golden)) = golden() else { return };
    let tagged = InformationContent::from_tag_counts(wordnet, 1.0).expect("tag counts");
    let words = golden["corpus"].as_object().expect("a corpus").iter();
    let words = words.map(|(word, count)| (word.as_str(), count.as_u64().expect("a count")));
    let counted = InformationContent::from_word_counts(wordnet, words, ENGLISH, 1.0).expect("word counts");
    let mut compared = std::collections::BTreeMap::<&str, usize>::new();
    for (a, b, expected) in pairs(wordnet, &golden) {
        for measure in Measure::ALL {
            for (ending, information) in [("", &tagged), ("/corpus", &counted)] {
                let expected = &expected["similarity"][format!("{}{ending}", measure.name())];
                let similarity = a.similarity(b, measure, information);
                match expected.as_f64() {
                    Some(expected) => assert_close(similarity, expected, &format!("{a:?} {b:?} {measure:?}")),
                    None if expected == "inf" => {
                        assert!(similarity.is_some_and(|value| value > 1e6), "{a:?} {b:?}");
                    }
                    None => continue,
                }
                *compared.entry(measure.name()).or_default() += 1;
            }
        }
    }
    assert_eq!(compared.len(), 6, "{compared:?}");
    assert!(compared.values().all(|pairs| *pairs >= 200), "{compared:?}");
}

fn assert_close(similarity: Option<f64>, expected: f64, what: &str) {
    let Some(similarity) = similarity else { panic!("{what}: none, expected {expected}") };
    // Jiang-Conrath divides by a difference of nearly equal numbers.
    assert!(
        (similarity - expected).abs() <= 1e-9 * expected.abs().max(1.0) || similarity.min(expected) > 1e6,
        "{what}: {similarity}, expected {expected}"
    );
}

#[test]
fn closures_have_the_same_size_whatever_the_page() {
    let Some((wordnet, golden)) = golden() else { return };
    for (id, expected) in golden["closures"].as_object().expect("closures") {
        let synset = wordnet.synset(id).expect("a known id");
        let mut below = BTreeSet::new();
        let mut offset = 0;
        loop {
            let page = synset.hyponyms(offset, 700).expect("a page");
            assert_eq!(page.total as u64, expected.as_u64().expect("a number"), "{id}");
            offset += page.synsets.len();
            if page.synsets.is_empty() {
                break;
            }
            below.extend(page.synsets.into_iter().map(|(synset, _)| synset));
        }
        assert_eq!(below.len() as u64, expected.as_u64().expect("a number"), "{id}");
    }
}
