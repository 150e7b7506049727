//! One word in two sentences: does it mean the same? Words in Context (Pilehvar and Camacho-Collados 2019, tab-separated), and its
//! successor in several languages (MCL-WiC; Martelli et al. 2021, JSON).
//!
//! Answers come from the similarity of the two occurrences. A threshold, or the weights of several similarities, are fitted on training
//! pairs where there are some; otherwise on nine tenths of the words for the tenth that is left.

use super::logistic::Logistic;
use super::{Mark, SenseReport, System, reliability};
use crate::error::{Error, Result};
use crate::sense::tagged::Cut;
use crate::text::Analyzer;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Parts into which a set without training pairs is cut, by word.
const FOLDS: usize = 10;

/// A sentence with the word asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Tokens as vocabularies spell them.
    pub tokens: Vec<String>,
    /// Those of the word; empty if it was cut away.
    pub target: Range<usize>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The word's lemma.
    pub lemma: String,
    /// Its two occurrences.
    pub occurrences: [Occurrence; 2],
    /// Whether it means the same in both.
    pub same: bool,
}

/// A set of pairs: those asked, and those to fit on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairSet {
    /// The questions.
    pub asked: Vec<Pair>,
    /// Training pairs; may be empty.
    pub training: Vec<Pair>,
}

/// Similarities of the two occurrences of a pair.
pub struct Similarities<'a> {
    /// What they are, the poorest first.
    pub names: Vec<&'a str>,
    /// Which of them are also answered by together: a name, and their places.
    pub together: Vec<(&'a str, Vec<usize>)>,
    /// One more way to answer: by that one of some similarities, with what tells it from the others and its place behind those that
    /// have names, which answers most training pairs rightly.
    pub chosen: Option<(&'a str, Vec<(String, usize)>)>,
    /// Their values for each of some pairs, higher for the same sense, in the order of the names.
    pub of: &'a dyn Fn(&[Pair]) -> Vec<Vec<f64>>,
}

/// Reads Words in Context: `NAME.data.txt` with `NAME.gold.txt` beside it. A folder is searched for `dev`; training pairs are looked for
/// in the folder `train` there or beside it.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadInput`] with the line.
pub fn read_wic(path: &Path) -> Result<PairSet> {
    let asked = if path.is_dir() { data_in(path, "dev")? } else { path.to_path_buf() };
    let folder = asked.parent().unwrap_or(Path::new("."));
    let places = [folder.join("train"), folder.join("../train"), folder.to_path_buf()];
    let training =
        places.iter().map(|place| place.join("train.data.txt")).find(|file| file.exists() && *file != asked);
    Ok(PairSet {
        asked: read_wic_file(&asked)?,
        training: training.map(|file| read_wic_file(&file)).transpose()?.unwrap_or_default(),
    })
}

/// The one data file of a folder, or that of the split `usual` in it.
fn data_in(folder: &Path, usual: &str) -> Result<PathBuf> {
    for place in [folder.to_path_buf(), folder.join(usual)] {
        let entries = place.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
        let mut files: Vec<PathBuf> =
            entries.filter(|path| path.to_string_lossy().ends_with(".data.txt")).collect();
        files.sort();
        files.sort_by_key(|path| !path.ends_with(format!("{usual}.data.txt")));
        if let Some(file) = files.into_iter().next() {
            return Ok(file);
        }
    }
    let expected = format!("{usual}.data.txt, or {usual}/{usual}.data.txt");
    Err(Error::invalid("path", expected, folder.display(), "name the file, or the folder that holds it"))
}

fn read_wic_file(path: &Path) -> Result<Vec<Pair>> {
    let gold = path.with_file_name(
        path.file_name().unwrap_or_default().to_string_lossy().replace(".data.txt", ".gold.txt"),
    );
    let (data, gold_text) = (read_text(path)?, read_text(&gold)?);
    let (lines, answers): (Vec<&str>, Vec<&str>) = (data.lines().collect(), gold_text.lines().collect());
    if lines.len() != answers.len() {
        let reason = format!("expected {} answers, got {}", lines.len(), answers.len());
        return Err(Error::BadInput { path: gold, line: answers.len() as u64, reason });
    }
    let bad = |at: usize, reason| Error::BadInput { path: path.to_path_buf(), line: at as u64 + 1, reason };
    let pair = |(at, (line, answer)): (usize, (&&str, &&str))| {
        wic_pair(line, answer).map_err(|reason| bad(at, reason))
    };
    lines.iter().zip(&answers).enumerate().map(pair).collect()
}

/// `lemma <tab> N <tab> 2-1 <tab> sentence <tab> sentence`, sentences tokenised.
fn wic_pair(line: &str, answer: &str) -> Result<Pair, String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [lemma, _, places, first, second] = fields[..] else {
        return Err(format!("expected 5 fields between tabs, got {}", fields.len()));
    };
    let occurrence = |place: &str, sentence: &str| {
        let cut = Cut::of(sentence.split_whitespace());
        let place: Option<usize> = place.parse().ok();
        let target = place.and_then(|place| cut.words.get(place)).cloned();
        let target = target.ok_or_else(|| format!("expected the place of a token, got {places:?}"))?;
        Ok::<_, String>(Occurrence { tokens: cut.tokens, target })
    };
    let (a, b) = places.split_once('-').ok_or_else(|| format!("expected two places, got {places:?}"))?;
    Ok(Pair {
        lemma: lemma.to_owned(),
        occurrences: [occurrence(a, first)?, occurrence(b, second)?],
        same: same(answer)?,
    })
}

fn same(answer: &str) -> Result<bool, String> {
    match answer.trim() {
        "T" => Ok(true),
        "F" => Ok(false),
        other => Err(format!("expected T or F, got {other:?}")),
    }
}

#[derive(Deserialize)]
struct MclPair {
    id: String,
    lemma: String,
    sentence1: String,
    sentence2: String,
    start1: Place,
    end1: Place,
    start2: Place,
    end2: Place,
}

#[derive(Deserialize)]
struct MclAnswer {
    id: String,
    tag: String,
}

/// Numbers of characters, written as numbers or as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Place {
    Number(usize),
    Text(String),
}

impl Place {
    fn get(&self) -> Option<usize> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// Reads MCL-WiC: `NAME.data` with `NAME.gold` beside it, both JSON. There are no training pairs.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadInput`], with the number of the pair as its line.
pub fn read_mcl_wic(path: &Path) -> Result<PairSet> {
    let gold_path = path.with_extension("gold");
    let pairs: Vec<MclPair> = parse_json(path)?;
    let answers: Vec<MclAnswer> = parse_json(&gold_path)?;
    let answers: std::collections::HashMap<&str, &str> =
        answers.iter().map(|answer| (answer.id.as_str(), answer.tag.as_str())).collect();
    let pair = |(at, pair): (usize, &MclPair)| {
        let bad = |reason| Error::BadInput { path: path.to_path_buf(), line: at as u64 + 1, reason };
        let answer = answers.get(pair.id.as_str()).copied();
        let answer = answer.ok_or_else(|| bad(format!("expected an answer for {}, got none", pair.id)))?;
        let first = cut_at(&pair.sentence1, &pair.start1, &pair.end1).map_err(bad)?;
        let second = cut_at(&pair.sentence2, &pair.start2, &pair.end2).map_err(bad)?;
        Ok(Pair { lemma: pair.lemma.clone(), occurrences: [first, second], same: same(answer).map_err(bad)? })
    };
    let asked = pairs.iter().enumerate().map(pair).collect::<Result<Vec<Pair>>>()?;
    Ok(PairSet { asked, training: Vec::new() })
}

fn parse_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Vec<T>> {
    serde_json::from_str(&read_text(path)?).map_err(|error| Error::BadInput {
        path: path.to_path_buf(),
        line: error.line() as u64,
        reason: error.to_string(),
    })
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(Error::io("read", path))
}

/// The tokens of a sentence, and those that characters `start` to `end` touch.
fn cut_at(sentence: &str, start: &Place, end: &Place) -> Result<Occurrence, String> {
    let byte = |place: &Place| {
        let place = place.get().filter(|place| *place <= sentence.chars().count())?;
        Some(sentence.char_indices().nth(place).map_or(sentence.len(), |(at, _)| at))
    };
    let range = byte(start).zip(byte(end)).filter(|(start, end)| start < end);
    let (start, end) = range.ok_or("expected places of characters in the sentence, got others")?;
    let analysis = Analyzer.analyze(sentence);
    let touched: Vec<usize> = analysis
        .tokens()
        .enumerate()
        .filter(|(_, token)| token.range.start < end && token.range.end > start)
        .map(|(at, _)| at)
        .collect();
    let target = touched.first().map_or(0..0, |first| *first..first + touched.len());
    Ok(Occurrence { tokens: analysis.tokens().map(|token| token.text.to_owned()).collect(), target })
}

/// The similarities of a pair, whether it means the same, and its lemma.
type Row = (Vec<f64>, bool, String);

/// Answers the pairs by each similarity alone, then by several together; the last of these gives the reliability. Training pairs are
/// answered too, each tenth of their words by what the others say.
#[must_use]
pub fn score(kind: &'static str, path: &Path, set: &PairSet, similarities: &Similarities<'_>) -> SenseReport {
    let features = |pairs: &[Pair]| -> Vec<Row> {
        let rows = (similarities.of)(pairs);
        pairs.iter().zip(rows).map(|(pair, row)| (row, pair.same, pair.lemma.clone())).collect()
    };
    let (asked, training) = (features(&set.asked), features(&set.training));
    let alone = similarities.names.iter().enumerate().map(|(column, name)| (*name, vec![column]));
    let mut systems = vec![majority(&asked)];
    let mut last = Vec::new();
    let chosen = similarities.chosen.as_ref().and_then(|(name, among)| choose(name, among, &training));
    let together = similarities.together.iter().cloned();
    let named = |(name, columns): (&str, Vec<usize>)| (name.to_owned(), columns);
    for (name, columns) in alone.map(named).chain(chosen).chain(together.map(named)) {
        let (asked, training) = (kept(&asked, &columns), kept(&training, &columns));
        last = if training.is_empty() { by_tenths(&asked) } else { by_training(&asked, &training) };
        let mut marks = vec![accuracy("accuracy", &last)];
        if !training.is_empty() {
            marks.push(accuracy("training pairs by tenths of the words", &by_tenths(&training)));
        }
        systems.push(System::new(name, marks));
    }
    let confidence = last.iter().map(|(p, same)| (p.max(1.0 - p), (*p > 0.5) == *same));
    SenseReport {
        kind,
        path: path.to_path_buf(),
        questions: asked.len(),
        fitted_on: match training.len() {
            0 => format!("{FOLDS} parts of the set by word, each answered by what the others say"),
            n => format!("{n} training pairs"),
        },
        systems,
        reliability: reliability(&confidence.collect::<Vec<_>>()),
    }
}

/// Rows with only these similarities.
fn kept(rows: &[Row], columns: &[usize]) -> Vec<Row> {
    let row = |row: &[f64]| columns.iter().map(|column| row[*column]).collect();
    rows.iter().map(|(all, same, lemma)| (row(all), *same, lemma.clone())).collect()
}

/// The similarity by which most training pairs are answered rightly, with its name; `None` without training pairs.
fn choose(name: &str, among: &[(String, usize)], training: &[Row]) -> Option<(String, Vec<usize>)> {
    let right = |(_, column): &&(String, usize)| {
        let rows = kept(training, &[*column]);
        by_training(&rows, &rows).iter().filter(|(p, same)| (*p > 0.5) == *same).count()
    };
    let (what, column) = among.iter().filter(|_| !training.is_empty()).max_by_key(right)?;
    Some((format!("{name}{what}"), vec![*column]))
}

fn majority(asked: &[Row]) -> System {
    let same = asked.iter().filter(|(_, same, _)| *same).count();
    System::new(
        "always the same answer",
        vec![Mark::share("accuracy", same.max(asked.len() - same), asked.len())],
    )
}

fn accuracy(measure: &'static str, answers: &[(f64, bool)]) -> Mark {
    let right = answers.iter().filter(|(p, same)| (*p > 0.5) == *same).count();
    Mark::share(measure, right, answers.len())
}

/// The probability that each pair means the same, by what the training pairs say, with the truth.
fn by_training(asked: &[Row], training: &[Row]) -> Vec<(f64, bool)> {
    let rows: Vec<(&[f64], bool)> = training.iter().map(|(row, same, _)| (row.as_slice(), *same)).collect();
    let fitted = Logistic::fit(&rows);
    asked.iter().map(|(row, same, _)| (fitted.probability(row), *same)).collect()
}

/// As [`by_training`], each tenth of the words by what the others say.
fn by_tenths(asked: &[Row]) -> Vec<(f64, bool)> {
    let lemmas: BTreeSet<&str> = asked.iter().map(|(.., lemma)| lemma.as_str()).collect();
    let fold: std::collections::HashMap<&str, usize> =
        lemmas.into_iter().enumerate().map(|(at, lemma)| (lemma, at % FOLDS)).collect();
    let fitted: Vec<Logistic> = (0..FOLDS)
        .map(|out| {
            let rest: Vec<(&[f64], bool)> = asked
                .iter()
                .filter(|(.., lemma)| fold[lemma.as_str()] != out)
                .map(|(row, same, _)| (row.as_slice(), *same))
                .collect();
            Logistic::fit(&rest)
        })
        .collect();
    asked.iter().map(|(row, same, lemma)| (fitted[fold[lemma.as_str()]].probability(row), *same)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_context_are_read() {
        let pair =
            wic_pair("break\tV\t0-2\tBreak an alibi .\tThe wholesaler broke the loads .", "F").unwrap();
        assert_eq!((pair.occurrences[0].target.clone(), pair.occurrences[1].target.clone()), (0..1, 2..3));
        assert_eq!((pair.occurrences[1].tokens[2].as_str(), pair.same), ("broke", false));
        assert!(wic_pair("break\tV\t9-2\tBreak .\tbroke", "F").is_err());
        assert!(wic_pair("break\tV\t0-0\tBreak .\tbroke", "x").is_err());
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        let place = |number: usize| Place::Number(number);
        let found = cut_at("我去了银行。", &place(3), &place(5)).unwrap();
        assert_eq!(found.tokens[found.target.clone()], ["银行"]);
        assert!(cut_at("银行", &place(1), &place(9)).is_err());
    }

    #[test]
    fn a_telling_similarity_answers_rightly() {
        let pair = |n: usize, same: bool| Pair {
            lemma: format!("w{n}"),
            occurrences: [0, 1].map(|_| Occurrence { tokens: vec![same.to_string()], target: 0..1 }),
            same,
        };
        let asked: Vec<Pair> = (0..40).map(|n| pair(n, n % 2 == 0)).collect();
        let set = PairSet { asked, training: Vec::new() };
        let telling = |pair: &Pair| if pair.occurrences[0].tokens[0] == "true" { 0.9 } else { 0.1 };
        let of = |pairs: &[Pair]| pairs.iter().map(|pair| vec![telling(pair)]).collect();
        let similarities =
            Similarities { names: vec!["telling"], together: Vec::new(), chosen: None, of: &of };
        let report = score("wic", Path::new("x"), &set, &similarities);
        let accuracy = |at: usize| report.systems[at].marks[0].value.unwrap();
        assert!((accuracy(0) - 0.5).abs() < 1e-12 && (accuracy(1) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_similarity_that_answers_training_pairs_is_chosen() {
        let rows: Vec<Row> =
            (0..40).map(|n| (vec![0.5, f64::from(n % 2), 0.1], n % 2 == 1, format!("w{n}"))).collect();
        let among = [("a".to_owned(), 0), ("b".to_owned(), 1), ("c".to_owned(), 2)];
        assert_eq!(choose("by ", &among, &rows), Some(("by b".to_owned(), vec![1])));
        assert_eq!(choose("by ", &among, &[]), None);
    }
}
