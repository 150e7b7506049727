//! Vector files: golden ones of gensim, fastText and floret, there and back, and files that are not what they claim.

use sememe::error::Error;
use sememe::progress::Silent;
use sememe::vectors::formats::{Export, Format, Quantization, export, import, info};
use sememe::vectors::{
    NEIGHBOURS_FILE, Neighbours, Ngrams, Similar, Subwords, VECTORS_FILE, VOCABULARY_FILE, WordVectors,
};
use sememe::vocab::{Vocabulary, WordId};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/vectors").join(name)
}

pub fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(golden("expected.json")).unwrap()).unwrap()
}

fn read(path: &Path) -> (Format, WordVectors) {
    import(path, None, &Silent).unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Where exports are left, for `tests/golden/load_exports.py`.
fn exports() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exports");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn files_of_gensim_are_read_to_the_last_bit() {
    let expected: HashMap<String, Vec<u32>> = serde_json::from_value(expected()["bits"].clone()).unwrap();
    for (name, format) in
        [("word2vec.bin", Format::Word2vec), ("word2vec.txt", Format::Text), ("glove.txt", Format::Glove)]
    {
        let (found, vectors) = read(&golden(name));
        assert_eq!(found, format, "{name}");
        assert_eq!((vectors.len(), vectors.dim()), (47, 12), "{name}");
        for (word, expected) in &expected {
            assert_eq!(&bits(&vectors.vector(word).unwrap()), expected, "{word} of {name}");
        }
        let info = info(&golden(name)).unwrap();
        assert_eq!((info.format, info.words, info.dim), (format, 47, 12), "{name}");
    }
}

#[test]
fn there_and_back_is_exact() {
    let folder = exports();
    let (_, original) = read(&golden("word2vec.bin"));
    for format in [Format::Word2vec, Format::Text, Format::Glove, Format::Fasttext, Format::Fifu] {
        let path = folder.join(format!("plain.{}", format.name()));
        export(&original, &path, &format.into(), &Silent).unwrap();
        let (found, back) = read(&path);
        assert_eq!(found, format);
        assert_eq!(bits(&back.originals()), bits(&original.originals()), "{format:?}");
        assert!(back.vocabulary().iter().eq(original.vocabulary().iter()), "{format:?}");
        // And once more, from there into what it came from.
        let again = folder.join("again.bin");
        export(&back, &again, &Format::Word2vec.into(), &Silent).unwrap();
        assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(folder.join("plain.word2vec")).unwrap());
    }
}

/// A folder as version 1 wrote it. To make a sample of a newer version, copy what this test leaves in `exports/stored`.
#[test]
fn an_old_sample_still_opens_and_is_written_the_same() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/stored-v1");
    let folder = exports().join("stored");
    std::fs::create_dir_all(&folder).unwrap();
    let (_, vectors) = read(&golden("fasttext.bin"));
    vectors.save(&folder).unwrap();
    Neighbours::build(&vectors, 4, &Silent).unwrap().save(&folder).unwrap();
    let opened = WordVectors::open(&sample).unwrap();
    assert_eq!(bits(&opened.originals()), bits(&vectors.originals()));
    assert_eq!(opened.neighbours().unwrap().k(), 4);
    assert_eq!(opened.vector("unheard-of").unwrap(), vectors.vector("unheard-of").unwrap());
    for file in [VOCABULARY_FILE, VECTORS_FILE, NEIGHBOURS_FILE] {
        assert!(
            std::fs::read(sample.join(file)).unwrap() == std::fs::read(folder.join(file)).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn fasttext_answers_as_fasttext_and_gensim_do() {
    let expected = &expected()["fasttext"];
    let (format, vectors) = read(&golden("fasttext.bin"));
    assert_eq!(format, Format::Fasttext);
    for (i, (_, word, count)) in vectors.vocabulary().iter().enumerate() {
        assert_eq!(
            (word, count),
            (expected["words"][i].as_str().unwrap(), expected["counts"][i].as_u64().unwrap())
        );
    }
    let agrees = |vectors: &WordVectors, by: &str, word: &str| {
        let expected: Vec<f32> = serde_json::from_value(expected[by][word].clone()).unwrap();
        let found = vectors.vector(word).unwrap();
        let close = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 2e-7);
        assert!(close, "{word} of {by}: {found:?}, expected {expected:?}");
    };
    for word in ["king", "kings", "北京市", "</s>", "unheard-of"] {
        agrees(&vectors, "vectors", word);
        if word != "</s>" {
            agrees(&vectors, "gensim", word); // gensim gives "</s>" n-grams, fastText does not
        }
    }
    let path = exports().join("subwords.fasttext");
    export(&vectors, &path, &Format::Fasttext.into(), &Silent).unwrap();
    let (_, back) = read(&path);
    assert_eq!(back.subwords().unwrap().matrix(), vectors.subwords().unwrap().matrix());
    for word in ["king", "kings", "</s>"] {
        agrees(&back, "vectors", word);
    }
    let info = info(&path).unwrap().subwords.unwrap();
    assert_eq!((info.kind, info.rows, info.min_n, info.max_n), ("fasttext", 40, 3, 5));
}

#[test]
fn floret_answers_as_floret_does() {
    let expected = expected();
    let (format, vectors) = read(&golden("floret.floret"));
    assert_eq!((format, vectors.len()), (Format::Floret, 0));
    for (word, expected) in expected["floret"].as_object().unwrap() {
        let expected: Vec<f32> = serde_json::from_value(expected.clone()).unwrap();
        let found = vectors.vector(word).unwrap();
        let close = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5); // its text has five digits
        assert!(close, "{word}: {found:?}, expected {expected:?}");
    }
    let path = exports().join("buckets.floret");
    export(&vectors, &path, &Format::Floret.into(), &Silent).unwrap();
    let (_, back) = read(&path);
    assert_eq!(bits(&back.vector("king").unwrap()), bits(&vectors.vector("king").unwrap()));
}

#[test]
fn subwords_of_every_kind_go_through_fifu() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.fifu");
    let (_, plain) = read(&golden("word2vec.bin"));
    let ngrams = Ngrams::buckets(3, 6, 5).unwrap();
    let matrix = (0..ngrams.len() * 12).map(|i| (i % 17) as f32 - 8.0).collect();
    let bucket = plain.with_subwords(Subwords::new(ngrams, matrix, 12).unwrap()).unwrap();
    for vectors in [bucket, read(&golden("fasttext.bin")).1, read(&golden("floret.floret")).1] {
        export(&vectors, &path, &Format::Fifu.into(), &Silent).unwrap();
        let (_, back) = read(&path);
        assert_eq!(bits(&back.originals()), bits(&vectors.originals()));
        assert_eq!(bits(&back.vector("unheard-of").unwrap()), bits(&vectors.vector("unheard-of").unwrap()));
    }
}

#[test]
fn files_of_finalfusion_are_read() {
    use finalfusion::io::WriteEmbeddings;
    use finalfusion::prelude::*;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.fifu");
    let file = std::fs::File::open(golden("word2vec.bin")).unwrap();
    let theirs = Embeddings::read_word2vec_binary(&mut std::io::BufReader::new(file)).unwrap();
    theirs.write_embeddings(&mut std::fs::File::create(&path).unwrap()).unwrap();
    let (format, vectors) = read(&path);
    assert_eq!((format, vectors.len()), (Format::Fifu, 47));
    let (_, expected) = read(&golden("word2vec.bin"));
    for (a, b) in vectors.originals().iter().zip(expected.originals()) {
        assert!((a - b).abs() <= 1e-6 * b.abs().max(1e-6), "{a} {b}");
    }
}

#[test]
fn quantised_files_are_repeatable_and_near() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("a.fifu"), folder.path().join("b.fifu")];
    let (_, vectors) = read(&golden("word2vec.bin"));
    let quantization = Quantization { bits: 5, ..Quantization::default() };
    for path in &paths {
        let how = Export { format: Format::FifuQuantized, quantization };
        export(&vectors, path, &how, &Silent).unwrap();
    }
    let (format, back) = read(&paths[0]);
    assert_eq!(
        bits(&back.originals()),
        bits(&read(&paths[1]).1.originals()),
        "the same seed, the same vectors"
    );
    assert_eq!((format, back.len()), (Format::FifuQuantized, 47));
    for id in (0..46).map(WordId) {
        let cosine: f32 = back.unit(id).iter().zip(vectors.unit(id)).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.8, "{} {cosine}", vectors.vocabulary().word(id));
        assert!((back.norm(id) / vectors.norm(id) - 1.0).abs() < 0.5);
    }
    let too_many = Export { format: Format::FifuQuantized, quantization: Quantization::default() };
    let error = export(&vectors, &paths[0], &too_many, &Silent).unwrap_err().to_string();
    assert!(error.contains("1 to 5 bits for 47 rows"), "{error}");
}

#[test]
fn words_that_a_format_cannot_hold_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v");
    for word in ["new york", "", "tab\there", "line\nend", "nul\0"] {
        let vocabulary = Vocabulary::from_sorted(vec![(word.into(), 1)]).unwrap();
        let vectors = WordVectors::new(Arc::new(vocabulary), vec![1.0, 2.0], 2).unwrap();
        for format in [Format::Word2vec, Format::Text, Format::Glove, Format::Fasttext] {
            let refused = export(&vectors, &path, &format.into(), &Silent);
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{word:?} {format:?}");
            assert!(!path.exists());
        }
        export(&vectors, &path, &Format::Fifu.into(), &Silent).unwrap();
        assert_eq!(read(&path).1.vector(word).unwrap(), [1.0, 2.0]);
        std::fs::remove_file(&path).unwrap();
    }
    let (_, plain) = read(&golden("word2vec.bin"));
    assert!(export(&plain, &path, &Format::Floret.into(), &Silent).is_err());
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Files that are not what they claim: name, content, and what the error says.
#[expect(clippy::too_many_lines, reason = "one table of bad files")]
fn bad_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let fasttext = |words: u32, buckets: u32| {
        let mut bytes = numbers(&[793_712_314, 12, 5, 5, 5, 1, 5, 1, 2, 2, buckets, 3, 6, 100]);
        bytes.extend(1e-4f64.to_le_bytes());
        bytes.extend(numbers(&[words, words, 0, 0, 0, u32::MAX, u32::MAX]));
        bytes.extend(b"word\0\x01\0\0\0\0\0\0\0\0\0");
        bytes.extend(numbers(&[1 + buckets, 0, 5, 0]));
        bytes.extend([0; 20]);
        bytes
    };
    let two = |first: [f32; 2], second: [f32; 2], words: [&[u8]; 2]| {
        let mut bytes = b"2 2\n".to_vec();
        for (word, values) in words.iter().zip([first, second]) {
            bytes.extend_from_slice(word);
            bytes.push(b' ');
            values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        }
        bytes
    };
    vec![
        ("binary, huge header", b"999999999 999999\nword \0\0\x80\x3f".to_vec(), "999999"),
        ("binary, 2^64 rows", b"18446744073709551616 5\nword \0\0\x80\x3f".to_vec(), "two numbers"),
        ("binary, 2^64 - 1 rows", b"18446744073709551615 5\nword \0\0\x80\x3f".to_vec(), "too few"),
        ("text, huge header", b"99999999 300\nword 1 2 3\n".to_vec(), "99999999 words of 300"),
        ("text, 2^64 rows", b"18446744073709551616 3\nword 1 2 3\n".to_vec(), "two numbers"),
        ("text, 0 rows", b"0 3\n".to_vec(), "at least 1 word"),
        ("text, 0 values", b"1 0\nword\n".to_vec(), "at least 1 word"),
        ("binary, duplicate", two([1.0, 2.0], [3.0, 4.0], [b"same", b"same"]), "each word once"),
        ("text, duplicate", b"2 2\nsame 1 2\nsame 3 4\n".to_vec(), "each word once"),
        ("binary, NaN", two([1.0, f32::NAN], [3.0, 4.0], [b"one", b"two"]), "finite"),
        ("binary, infinity", two([1.0, 2.0], [3.0, f32::INFINITY], [b"one", b"two"]), "finite"),
        ("text, NaN", b"2 2\none 1 nan\ntwo 3 4\n".to_vec(), "finite numbers after \"one\""),
        ("text, infinity", b"2 2\none 1 2\ntwo 3 inf\n".to_vec(), "finite numbers after \"two\""),
        ("text, beyond f32", b"2 2\none 1 2\ntwo 3 1e39\n".to_vec(), "finite numbers after \"two\""),
        ("text, a word with a space", b"2 2\nnew york 1 2\ntwo 3 4\n".to_vec(), "expected"),
        ("glove, a number as a word with a space", b"one 1 2\n. . 1 2\n".to_vec(), "expected"),
        ("binary, a word with a space", two([1.0, 2.0], [3.0, 4.0], [b"new york", b"two"]), "expected"),
        ("binary, invalid UTF-8", two([1.0, 2.0], [3.0, 4.0], [b"one", b"\xff\xfe"]), "UTF-8"),
        ("text, invalid UTF-8", b"2 2\none 1 2\n\xff\xfe 3 4\n".to_vec(), "UTF-8"),
        ("text, wrong dimension", b"2 2\none 1 2\ntwo 3 4 5\n".to_vec(), "2 numbers"),
        ("text, short line", b"2 2\none 1 2\ntwo 3\n".to_vec(), "2 numbers"),
        ("glove, wrong dimension", b"one 1 2\ntwo 3\n".to_vec(), "2 numbers"),
        ("text, more lines", b"1 2\none 1 2\ntwo 3 4\n".to_vec(), "1 lines"),
        ("text, empty line", b"2 2\none 1 2\n\n".to_vec(), "expected"),
        ("text, cut off", b"3 2\none 1 2\ntwo 3 4\n".to_vec(), "3 "),
        ("binary, cut off", two([1.0, 2.0], [3.0, 4.0], [b"one", b"two"])[..20].to_vec(), "2 words"),
        (
            "binary, more",
            [two([1.0, 2.0], [3.0, 4.0], [b"one", b"two"]), b"more".to_vec()].concat(),
            "4 more bytes",
        ),
        ("fastText, bucket 2^31", fasttext(1, 1 << 31), "buckets"),
        ("fastText, bucket 2^30", fasttext(1, 1 << 30), "a matrix"),
        ("fastText, vocabulary 2^31", fasttext(1 << 31, 0), "number of words"),
        ("fastText, newer version", numbers(&[793_712_314, 13, 5]), "version"),
        ("fifu, 2^32 - 1 chunks", [b"FiFu".to_vec(), numbers(&[0, u32::MAX])].concat(), "chunks"),
        ("fifu, newer version", [b"FiFu".to_vec(), numbers(&[1, 2])].concat(), "version 1"),
        (
            "fifu, 2^64 - 1 words",
            [b"FiFu".to_vec(), numbers(&[0, 2, 1, 2, 1, 8, 0, u32::MAX, u32::MAX, 2, 0, 0])].concat(),
            "words",
        ),
        ("floret, huge", b"1000000000 16000 2 3 2 7 < >\n0 1 2\n".to_vec(), "lines of"),
        ("floret, no n-grams", b"1 2 0 3 2 7 < >\n0 1 2\n".to_vec(), "n-gram"),
        ("floret, five hashes", b"1 2 2 3 5 7 < >\n0 1 2\n".to_vec(), "hashes"),
        ("empty", Vec::new(), "a file of word vectors"),
        ("NUL bytes", vec![0; 4096], "a file of word vectors"),
        (
            "prose",
            b"It was the best of times, it was the worst of times.\n".to_vec(),
            "a file of word vectors",
        ),
        ("one endless line", vec![b'a'; 1 << 21], "a file of word vectors"),
    ]
}

#[test]
fn files_that_are_not_what_they_claim_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad");
    for (name, content, reason) in bad_files() {
        std::fs::write(&path, &content).unwrap();
        let error = import(&path, None, &Silent).expect_err(name);
        assert!(matches!(error, Error::BadInput { .. }), "{name}: {error}");
        assert!(error.to_string().contains(reason), "{name}: {error}");
        assert!(error.to_string().len() < 600, "{name}: {error}");
        let _ = info(&path); // describes or refuses, and returns
    }
}

#[test]
fn a_missing_last_line_end_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.txt");
    for content in [
        "2 2\none 1 2\ntwo 3 4",
        "2 2\r\none 1 2\r\ntwo 3 4\r\n",
        "2 2\none 1 2 \ntwo\t3 4 \n",
        "one 1 2\ntwo 3 4",
    ] {
        std::fs::write(&path, content).unwrap();
        assert_eq!(read(&path).1.originals(), [1.0, 2.0, 3.0, 4.0], "{content:?}");
    }
}

#[test]
fn a_folder_a_missing_file_and_another_format_are_refused() {
    assert!(import(&golden(""), None, &Silent).is_err());
    assert!(matches!(import(&golden("missing"), None, &Silent), Err(Error::Io { .. })));
    let formats = [
        Format::Word2vec,
        Format::Text,
        Format::Glove,
        Format::Fasttext,
        Format::Floret,
        Format::Fifu,
        Format::FifuQuantized,
    ];
    for name in ["word2vec.bin", "glove.txt", "fasttext.bin", "floret.floret", "expected.json"] {
        for format in formats {
            let _ = import(&golden(name), Some(format), &Silent); // an error or vectors, never a panic
        }
    }
}

/// Whatever a damaged file holds, it is refused or read, and what was read can be asked.
#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (_, vectors) = read(&golden("fasttext.bin"));
    let fifu = folder.path().join("v.fifu");
    export(&vectors, &fifu, &Format::Fifu.into(), &Silent).unwrap();
    let quantized = folder.path().join("q.fifu");
    let quantization = Quantization { bits: 4, ..Quantization::default() };
    export(&vectors, &quantized, &Export { format: Format::FifuQuantized, quantization }, &Silent).unwrap();
    let files = [
        golden("word2vec.bin"),
        golden("word2vec.txt"),
        golden("fasttext.bin"),
        golden("floret.floret"),
        fifu,
        quantized,
    ];
    let path = folder.path().join("damaged");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let mut refused = 0;
        // Every byte of the head, and a spread of the rest.
        for at in (0..bytes.len()).filter(|at| *at < 300 || at % 13 == 0) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            refused += u32::from(try_both(&path, &flipped));
            refused += u32::from(try_both(&path, &bytes[..at]));
        }
        assert!(refused > 100, "{} of {}", refused, file.display());
    }
}

/// Whether the file was refused.
fn try_both(path: &Path, bytes: &[u8]) -> bool {
    let _ = std::fs::remove_file(path); // ext4 flushes a file that is written over: twenty times slower
    std::fs::write(path, bytes).unwrap();
    let _ = info(path);
    match import(path, None, &Silent) {
        Ok((_, vectors)) => {
            let _ = vectors.similar("king", &Similar::default());
            let _ = vectors.vector("unheard-of");
            false
        }
        Err(_) => true,
    }
}
