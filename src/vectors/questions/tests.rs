//! Questions against a plain scan, and by hand.

use super::*;
use crate::linalg::{dot, normalize};
use crate::progress::Silent;
use crate::vectors::{Neighbours, Ngrams, Subwords, WordVectors};
use crate::vocab::Vocabulary;
use std::sync::Arc;

/// Points on the plane: man (1, 0), woman (0, 1), king (2, 1)…: queen is where king - man + woman points.
fn royal() -> WordVectors {
    let words = [
        ("man", [4.0, 0.0, 0.0], 90),
        ("woman", [0.0, 4.0, 0.0], 80),
        ("king", [3.0, 0.0, 4.0], 30),
        ("queen", [0.0, 3.0, 4.0], 20),
        ("crown", [0.0, 0.0, 2.0], 10),
        ("女王", [0.0, 1.0, 1.0], 5),
        ("nothing", [0.0, 0.0, 0.0], 1),
    ];
    let vocabulary = words.map(|(word, _, count)| (word.into(), count)).to_vec();
    let matrix = words.iter().flat_map(|(_, vector, _)| *vector).collect();
    WordVectors::new(Arc::new(Vocabulary::from_sorted(vocabulary).unwrap()), matrix, 3).unwrap()
}

fn many(words: usize, dim: usize) -> WordVectors {
    let mut state = 7u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let mut matrix: Vec<f32> = (0..words * dim).map(|_| random()).collect();
    // Near copies and exact copies of row 0, so that ties and close calls are there to be decided.
    for row in 1..20 {
        for column in 0..dim {
            matrix[row * dim + column] = matrix[column] + if row < 10 { 0.0 } else { 1e-4 * random() };
        }
    }
    let vocabulary = (0..words).map(|i| (format!("w{i}").into(), (words - i) as u64)).collect();
    WordVectors::new(Arc::new(Vocabulary::from_sorted(vocabulary).unwrap()), matrix, dim).unwrap()
}

fn words(vectors: &WordVectors, neighbours: &[Neighbour]) -> Vec<String> {
    neighbours.iter().map(|neighbour| vectors.vocabulary().word(neighbour.id).to_owned()).collect()
}

fn plain_scan(vectors: &WordVectors, query: &[f32], k: usize, skip: &[u32]) -> Vec<Neighbour> {
    let ids = (0..vectors.len() as u32).filter(|id| !skip.contains(id)).map(WordId);
    let cosine = |id| Neighbour { id, score: dot(vectors.unit(id), query).clamp(-1.0, 1.0) };
    let mut all: Vec<_> = ids.map(cosine).collect();
    all.sort_by(Neighbour::order);
    all.truncate(k);
    all
}

#[test]
fn unlisted_words_are_asked_about_and_never_answer() {
    let vectors = many(200, 8).listing(|word, _| !word.ends_with('7'));
    let is_listed = |id: WordId| !vectors.vocabulary().word(id).ends_with('7');
    let tabled = vectors.clone().with_neighbours(Neighbours::build(&vectors, 25, &Silent).unwrap()).unwrap();
    let unlisted: Vec<u32> = (0..200).filter(|id| !is_listed(WordId(*id))).collect();
    for word in [0, 7, 77, 199] {
        let skip: Vec<u32> = unlisted.iter().copied().chain([word]).collect();
        let expected = plain_scan(&vectors, vectors.unit(WordId(word)), 25, &skip);
        for vectors in [&vectors, &tabled] {
            let found = vectors.similar(&format!("w{word}"), &Similar { k: 25, ..Similar::default() });
            assert_eq!(found.unwrap().neighbours, expected, "w{word}");
        }
    }
    // A table is never wider than there are words that may answer.
    let two = many(30, 8).listing(|word, _| word == "w1" || word == "w2");
    assert_eq!(Neighbours::build(&two, 25, &Silent).unwrap().k(), 1);
    assert_eq!(words(&two, &two.similar("w7", &Similar::default()).unwrap().neighbours).len(), 2);
}

#[test]
fn similar_words_agree_with_a_plain_scan_and_with_the_table() {
    let vectors = many(5_000, 24);
    let tabled = vectors.clone().with_neighbours(Neighbours::build(&vectors, 25, &Silent).unwrap()).unwrap();
    for word in [0, 5, 15, 777, 4_999] {
        let name = format!("w{word}");
        let expected = plain_scan(&vectors, vectors.unit(WordId(word)), 25, &[word]);
        let options = Similar { k: 25, ..Similar::default() };
        assert_eq!(vectors.similar(&name, &options).unwrap().neighbours, expected, "scan, {name}");
        assert_eq!(tabled.similar(&name, &options).unwrap().neighbours, expected, "table, {name}");
        let more = Similar { k: 30, ..Similar::default() };
        assert_eq!(
            tabled.similar(&name, &more).unwrap().neighbours[..25],
            expected,
            "beyond the table, {name}"
        );
    }
}

#[test]
fn restrictions_hold() {
    let vectors = royal();
    let ask = |restrict| {
        words(
            &vectors,
            &vectors.similar("queen", &Similar { k: 10, restrict, recall: None }).unwrap().neighbours,
        )
    };
    // cos(queen, ·): 女王 7/(5·√2) = 0.99, crown 0.8, king 16/25 = 0.64, woman 0.6, man 0, nothing 0.
    assert_eq!(ask(Restrict::default()), ["女王", "crown", "king", "woman", "man", "nothing"]);
    assert_eq!(ask(Restrict { min_count: 30, ..Restrict::default() }), ["king", "woman", "man"]);
    assert_eq!(ask(Restrict { prefix: Some("wo".into()), ..Restrict::default() }), ["woman"]);
    assert_eq!(ask(Restrict { script: Some(Script::Han), ..Restrict::default() }), ["女王"]);
}

#[test]
fn analogies_leave_out_their_own_words() {
    let vectors = royal();
    // At length 1: king - man + woman = (0.6 - 1, 1, 0.8); its cosine with queen (0, 0.6, 0.8) is 1.24 / √1.8 = 0.924,
    // with 女王 (0, 0.707, 0.707) it is 1.273 / √1.8 = 0.949: with 女王 out of the way queen is first.
    let mut analogy = Analogy::new("man", "woman", "king");
    analogy.restrict.script = Some(Script::Latin);
    let answer = vectors.analogy(&analogy).unwrap();
    assert_eq!(words(&vectors, &answer.neighbours), ["queen", "crown", "nothing"]);
    assert!((answer.neighbours[0].score - 1.24 / 1.8f32.sqrt()).abs() < 1e-6);

    // 3CosMul of queen: cosines woman 0.6, king 0.64, man 0, moved to 0.8, 0.82, 0.5: 0.8 · 0.82 / 0.501.
    analogy.method = AnalogyMethod::Mul;
    let answer = vectors.analogy(&analogy).unwrap();
    assert_eq!(words(&vectors, &answer.neighbours)[0], "queen");
    assert!((answer.neighbours[0].score - 0.8 * 0.82 / 0.501).abs() < 1e-5);
}

#[test]
fn multiplied_analogies_agree_with_a_plain_scan() {
    let vectors = many(3_000, 16);
    let mut analogy = Analogy::new("w100", "w200", "w300");
    analogy.method = AnalogyMethod::Mul;
    let moved = |id: u32, other: u32| (1.0 + f64::from(vectors.cosine(WordId(id), WordId(other)))) / 2.0;
    let mut expected: Vec<(u32, f64)> = (0..3000)
        .filter(|id| ![100, 200, 300].contains(id))
        .map(|id| (id, moved(id, 200) * moved(id, 300) / (moved(id, 100) + 0.001)))
        .collect();
    expected.sort_by(|a, b| b.1.total_cmp(&a.1));
    let found = vectors.analogy(&analogy).unwrap().neighbours;
    assert_eq!(found.len(), 10);
    for (neighbour, (id, score)) in found.iter().zip(expected) {
        assert_eq!(neighbour.id.0, id);
        assert!((f64::from(neighbour.score) - score).abs() < 1e-4 * score);
    }
}

#[test]
fn sums_pairs_matrices_and_the_odd_one_out() {
    let vectors = royal();
    let sum = vectors.similar_to_sum(&[("man", 1.0), ("crown", 2.0)], &Similar::default()).unwrap();
    // (1, 0, 2)/√5 with king (0.6, 0, 0.8): 2.2/√5 = 0.984.
    assert_eq!(words(&vectors, &sum.neighbours)[0], "king");
    assert!((sum.neighbours[0].score - 2.2 / 5f32.sqrt()).abs() < 1e-6);
    assert!((vectors.similarity("king", "queen").unwrap() - 0.64).abs() < 1e-6);
    let matrix = vectors.similarity_matrix(&["man", "woman", "king"]).unwrap();
    assert_eq!(matrix[0], [1.0, 0.0, 0.6]);
    assert_eq!(matrix[2][0], matrix[0][2]);
    let odd = vectors.odd_one_out(&["king", "queen", "man", "crown"]).unwrap();
    assert_eq!(odd.index, 2, "{:?}", odd.scores);
}

#[test]
fn questions_that_cannot_be_answered_are_refused() {
    let vectors = royal();
    let with_k = |k| Similar { k, ..Similar::default() };
    assert!(vectors.similar("king", &with_k(0)).is_err());
    assert!(vectors.similar("king", &with_k(1_000_000_000)).is_err());
    assert!(
        matches!(vectors.similar("kign", &with_k(3)), Err(Error::NotFound { nearest, .. }) if nearest == ["king"])
    );
    for vector in [&[1.0, 2.0][..], &[], &[0.0; 3], &[f32::NAN, 1.0, 1.0], &[f32::INFINITY, 1.0, 1.0]] {
        assert!(vectors.similar_to_vector(vector, &with_k(3)).is_err(), "{vector:?}");
    }
    for vector in [[1e38; 3], [1e-38, 0.0, 0.0]] {
        assert!(vectors.similar_to_vector(&vector, &with_k(3)).is_ok(), "{vector:?}");
    }
    assert!(vectors.analogy(&Analogy { k: 1, ..Analogy::default() }).is_err());
    assert!(vectors.analogy(&Analogy::new("king", "king", "nothing")).is_err()); // cancels out
    assert!(vectors.odd_one_out(&["king", "queen"]).is_err());
    assert!(vectors.similarity_matrix::<&str>(&[]).is_err());
    assert!(vectors.similar_to_sum(&[("king", 1.0), ("king", -1.0)], &with_k(3)).is_err());
    assert!(vectors.similar_to_sum(&[("king", f32::NAN)], &with_k(3)).is_err());
}

#[test]
fn unknown_words_are_answered_by_their_subwords_and_said_to_be() {
    let ngrams = Ngrams::buckets(3, 6, 5).unwrap();
    let mut matrix = vec![0.0; ngrams.len() * 3];
    for row in ngrams.rows("kings") {
        matrix[row * 3..][..3].copy_from_slice(&[3.0, 0.0, 4.0]);
    }
    let vectors = royal().with_subwords(Subwords::new(ngrams, matrix, 3).unwrap()).unwrap();
    let answer = vectors.similar("kings", &Similar::default()).unwrap();
    assert_eq!(answer.from_subwords, ["kings"]);
    assert_eq!(words(&vectors, &answer.neighbours)[0], "king");
    assert_eq!(vectors.lookup("kings").unwrap().id, None);
}

#[test]
fn a_vector_of_the_unit_length_stays_where_it_points() {
    let vectors = many(200, 8);
    let mut query: Vec<f32> = (0..8).map(|i| i as f32 - 3.0).collect();
    let found = vectors.similar_to_vector(&query, &Similar::default()).unwrap();
    normalize(&mut query);
    let expected = plain_scan(&vectors, &query, 10, &[]);
    let ids = |list: &[Neighbour]| list.iter().map(|neighbour| neighbour.id).collect::<Vec<_>>();
    assert_eq!(ids(&found), ids(&expected));
}
