//! What holds for any input.

use proptest::prelude::*;
use sememe::search::contrast::{overlap, rank_biased_overlap};
use sememe::text::fold::Folded;
use sememe::text::{Analyzer, Documents, ReadOptions, Split};
use std::collections::HashSet;

proptest! {
    #[test]
    fn tokens_lie_in_order_in_the_text_and_fold_to_themselves(text in "\\PC{0,60}|[a-zA-Z我早上去了星巴克。， '’ﬁ\u{301}\u{AD}Ａ１\r\n]{0,60}") {
        let analysis = Analyzer.analyze(&text);
        let mut end = 0;
        for token in analysis.tokens() {
            prop_assert!(token.range.start <= token.range.end && token.range.end <= text.len());
            prop_assert!(text.is_char_boundary(token.range.start) && text.is_char_boundary(token.range.end));
            prop_assert!(token.range.end >= end, "goes back");
            prop_assert!(Folded::new(&text[token.range.clone()]).text().contains(token.text));
            end = token.range.end;
        }
    }

    #[test]
    fn folding_twice_is_folding_once(text in "\\PC{0,60}") {
        let once = Folded::new(&text).text().to_owned();
        let twice = Folded::new(&once);
        prop_assert_eq!(twice.text(), once.as_str());
    }

    #[test]
    fn any_bytes_are_read_to_the_end(bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0usize..5) {
        let folder = tempfile::tempdir().unwrap();
        let name = ["a.txt", "a.jsonl", "a.csv", "a.tsv", "a.txt.zst"][kind];
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        for split in [Split::Line, Split::Paragraph, Split::File] {
            let options = ReadOptions { split, record_bytes_max: 64, ..ReadOptions::default() };
            if let Ok(documents) = Documents::open(&path, options) {
                prop_assert!(documents.take(2000).count() < 2000, "never ends");
            }
        }
    }

    #[test]
    fn overlaps_are_symmetric_and_between_0_and_1(
        a in proptest::collection::hash_set(0u8..30, 0..12), b in proptest::collection::hash_set(0u8..30, 0..12)
    ) {
        let (a, b): (Vec<u8>, Vec<u8>) = (a.into_iter().collect(), b.into_iter().collect());
        prop_assert_eq!(overlap(&a, &b), overlap(&b, &a));
        let (there, back) = (rank_biased_overlap(&a, &b, 0.9), rank_biased_overlap(&b, &a, 0.9));
        prop_assert_eq!(there.is_none(), a.is_empty() && b.is_empty());
        if let (Some(there), Some(back)) = (there, back) {
            prop_assert!((there - back).abs() < 1e-12 && (-1e-12..=1.0 + 1e-12).contains(&there));
        }
        let same: HashSet<&u8> = a.iter().collect();
        prop_assert!(same.len() == a.len());
    }
}
