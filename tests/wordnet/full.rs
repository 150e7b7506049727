//! The real WordNet.

use super::real;
use sememe::wordnet::{ENGLISH, Expansion, PartOfSpeech, Relation};

#[test]
fn look() {
    let Some(real) = real() else { return };
    let wordnet = &real.wordnet;
    eprintln!("{wordnet:?} {} bytes {:?}", wordnet.bytes(), real.folder);
    for sense in wordnet.senses("bank", None) {
        eprintln!(
            "{} {} {} {}",
            sense.synset().name(),
            sense.key(),
            sense.tag_count(),
            sense.synset().gloss()
        );
    }
    let dog = wordnet.synset("dog.n.01").unwrap();
    let cat = wordnet.synset("cat.n.01").unwrap();
    eprintln!("{:?}", dog.shortest_path(cat, false));
    eprintln!(
        "{:?}",
        wordnet.find_lemmas(&["he", "ran", "away", "from", "the", "hot", "dog", "stands"], ENGLISH)
    );
    for e in wordnet
        .expand(
            &["dog"],
            &Expansion { senses_max: 1, into: vec!["eng".into(), "cmn".into()], ..Default::default() },
        )
        .unwrap()
    {
        eprintln!("{} {} {:?}", e.word, e.weight, e.via);
    }
    eprintln!("{:?}", wordnet.synsets("苹果", None, "zh").unwrap());
    eprintln!("{:?}", wordnet.near_spellings("bnak", ENGLISH, 5));
    assert_eq!(dog.pos(), PartOfSpeech::Noun);
    assert_eq!(dog.related(Relation::Hypernym).count(), 2);
}
