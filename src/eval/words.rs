//! How well word vectors agree with people about words: similarity sets and analogy sets.
//!
//! A similarity set is a list of word pairs with a mark each, compared by rank; an analogy set is a list of lines "a b c d"
//! under headings ": section". Words are compared without regard to case unless told otherwise, since most sets are
//! capitalised and most vocabularies are not; questions with an unknown word are left out and counted, as gensim does.

use super::stats::{Interval, pearson, share_interval, spearman, spearman_interval};
use crate::error::{Error, Result};
use crate::linalg::dot;
use crate::progress::Progress;
use crate::vectors::{AnalogyMethod, WordVectors};
use crate::vocab::WordId;
use rayon::prelude::*;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A set of questions, as it stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub enum WordSet {
    /// Pairs of words, each with the mark that people gave.
    Similarity(Vec<(String, String, f64)>),
    /// Sections of analogies: *a* is to *b* as *c* is to *d*.
    Analogies(Vec<(String, Vec<[String; 4]>)>),
}

impl WordSet {
    /// Reads a set in one of the usual forms, which are told apart: fields between tabs, commas or white space; lines that
    /// are empty or begin with `#`, and one heading line, are left out; the mark is the first number after two words.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::BadInput`] with the line if it is neither kind of set.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let bad = |(line, reason): (usize, String)| Error::BadInput {
            path: path.to_path_buf(),
            line: line as u64,
            reason,
        };
        let text = str::from_utf8(&bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            bad((line, "expected UTF-8, got other bytes".into()))
        })?;
        Self::parse(text.trim_start_matches('\u{feff}')).map_err(bad)
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let lines: Vec<(usize, &str)> = text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .collect();
        let is_analogy = |line: &str| {
            let fields = fields_of(line);
            line.starts_with(':')
                || (fields.len() == 4 && fields[2..].iter().all(|field| number(field).is_none()))
        };
        match &lines[..] {
            [] => Err((1, "expected a set of words, got no lines".into())),
            [(_, first), ..] if first.starts_with(':') => parse_analogies(&lines),
            // A heading may have four fields, and none of them a number: the second line tells.
            [(_, first), (_, second), ..] if is_analogy(first) && is_analogy(second) => {
                parse_analogies(&lines)
            }
            _ => parse_pairs(&lines),
        }
    }
}

fn fields_of(line: &str) -> Vec<&str> {
    let fields: Vec<&str> = if line.contains('\t') {
        line.split('\t').collect()
    } else if line.contains([',', ';']) {
        line.split([',', ';']).collect()
    } else {
        line.split_whitespace().collect()
    };
    fields.into_iter().map(str::trim).filter(|field| !field.is_empty()).collect()
}

fn number(field: &str) -> Option<f64> {
    field.parse().ok().filter(|number: &f64| number.is_finite())
}

fn parse_pairs(lines: &[(usize, &str)]) -> Result<WordSet, (usize, String)> {
    let mut pairs = Vec::with_capacity(lines.len());
    for (i, (line, text)) in lines.iter().enumerate() {
        let fields = fields_of(text);
        let mark = fields.iter().skip(2).find_map(|field| number(field));
        match mark {
            Some(mark) => pairs.push((fields[0].to_owned(), fields[1].to_owned(), mark)),
            None if i == 0 => {} // a heading
            None => {
                let got: String = text.chars().take(60).collect();
                return Err((*line, format!("expected two words and a mark, got {got:?}")));
            }
        }
    }
    match pairs.first() {
        Some(_) => Ok(WordSet::Similarity(pairs)),
        None => Err((1, "expected pairs of words with marks, got none".into())),
    }
}

fn parse_analogies(lines: &[(usize, &str)]) -> Result<WordSet, (usize, String)> {
    let mut sections: Vec<(String, Vec<[String; 4]>)> = Vec::new();
    for (line, text) in lines {
        if let Some(name) = text.strip_prefix(':') {
            sections.push((name.trim().to_owned(), Vec::new()));
            continue;
        }
        let fields: [&str; 4] = fields_of(text).try_into().map_err(|fields: Vec<&str>| {
            (*line, format!("expected four words or \": section\", got {} fields", fields.len()))
        })?;
        if sections.is_empty() {
            sections.push((String::new(), Vec::new()));
        }
        if let Some((_, questions)) = sections.last_mut() {
            questions.push(fields.map(str::to_owned));
        }
    }
    Ok(WordSet::Analogies(sections))
}

/// How to evaluate words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordsOptions {
    /// Only the first so many words of the vocabulary, the most frequent, are known and may answer; 0 for all.
    pub restrict: usize,
    /// Whether "Berlin" finds "berlin".
    pub fold_case: bool,
    /// Whether unknown words of similarity sets get vectors from their n-grams, where there are any.
    pub subwords: bool,
    /// How analogies are scored.
    pub method: AnalogyMethod,
}

impl Default for WordsOptions {
    /// All words, any case, no subwords, 3CosAdd.
    fn default() -> Self {
        Self { restrict: 0, fold_case: true, subwords: false, method: AnalogyMethod::Add }
    }
}

/// How well cosines rank pairs as people do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimilarityReport {
    /// Spearman's ρ; `None` if too few pairs are known.
    pub spearman: Option<f64>,
    /// Its interval of 95 %.
    pub interval: Option<Interval>,
    /// Pearson's r, for comparison.
    pub pearson: Option<f64>,
    /// Pairs in the set.
    pub pairs: usize,
    /// Pairs of which both words have vectors.
    pub used: usize,
    /// Different words of the set that are not in the vocabulary.
    pub unknown_words: usize,
    /// Pairs that were used by way of n-grams.
    pub by_subwords: usize,
}

/// How many analogies are completed as people do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnalogyReport {
    /// Each section of the set.
    pub sections: Vec<SectionReport>,
    /// All sections together.
    pub total: SectionReport,
}

/// One section of an analogy set.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SectionReport {
    /// Its heading.
    pub name: String,
    /// Questions completed with the expected word.
    pub correct: usize,
    /// Questions whose words are all known.
    pub used: usize,
    /// Questions in the section.
    pub questions: usize,
    /// `correct / used`; `None` if none was used.
    pub accuracy: Option<f64>,
    /// Its interval of 95 %.
    pub interval: Option<Interval>,
}

impl SectionReport {
    fn new(name: &str, correct: usize, used: usize, questions: usize) -> Self {
        let accuracy = (used > 0).then(|| correct as f64 / used as f64);
        let interval = share_interval(correct, used);
        Self { name: name.to_owned(), correct, used, questions, accuracy, interval }
    }
}

/// Finds the words of a set in a vocabulary.
struct Finder<'a> {
    vectors: &'a WordVectors,
    options: &'a WordsOptions,
    /// Folded spelling to the most frequent word that folds to it.
    folded: HashMap<String, WordId>,
    known: usize,
}

impl<'a> Finder<'a> {
    fn new(vectors: &'a WordVectors, options: &'a WordsOptions) -> Self {
        let known = if options.restrict == 0 { vectors.len() } else { options.restrict.min(vectors.len()) };
        let mut folded = HashMap::new();
        if options.fold_case {
            for (id, word, _) in vectors.vocabulary().iter().take(known) {
                folded.entry(word.to_lowercase()).or_insert(id);
            }
        }
        Self { vectors, options, folded, known }
    }

    fn id(&self, word: &str) -> Option<WordId> {
        if self.options.fold_case {
            self.folded.get(&word.to_lowercase()).copied()
        } else {
            self.vectors.vocabulary().id(word).filter(|id| id.index() < self.known)
        }
    }

    /// The word's vector at length 1.
    fn unit(&self, word: &str) -> Option<Cow<'a, [f32]>> {
        if let Some(id) = self.id(word) {
            return Some(Cow::Borrowed(self.vectors.unit(id)));
        }
        let folded = word.to_lowercase();
        let word = if self.options.fold_case { &folded } else { word };
        let made = self.vectors.subwords().filter(|_| self.options.subwords)?.vector(word)?;
        let mut unit = made;
        crate::linalg::normalize(&mut unit);
        Some(Cow::Owned(unit))
    }
}

/// Compares cosines with the marks of a similarity set.
#[must_use]
pub fn similarity(
    vectors: &WordVectors,
    pairs: &[(String, String, f64)],
    options: &WordsOptions,
) -> SimilarityReport {
    let finder = Finder::new(vectors, options);
    let (mut cosines, mut marks, mut by_subwords) = (Vec::new(), Vec::new(), 0);
    let mut unknown = HashSet::new();
    for (a, b, mark) in pairs {
        let missing: Vec<&str> =
            [a, b].into_iter().map(String::as_str).filter(|w| finder.id(w).is_none()).collect();
        if let (Some(x), Some(y)) = (finder.unit(a), finder.unit(b)) {
            cosines.push(f64::from(dot(&x, &y)));
            marks.push(*mark);
            by_subwords += usize::from(!missing.is_empty());
        }
        unknown.extend(missing);
    }
    let rho = spearman(&cosines, &marks);
    SimilarityReport {
        spearman: rho,
        interval: rho.and_then(|rho| spearman_interval(rho, cosines.len())),
        pearson: pearson(&cosines, &marks),
        pairs: pairs.len(),
        used: cosines.len(),
        unknown_words: unknown.len(),
        by_subwords,
    }
}

/// Completes the analogies of a set.
///
/// # Errors
/// [`Error::Cancelled`] if `progress` says so.
pub fn analogies(
    vectors: &WordVectors,
    sections: &[(String, Vec<[String; 4]>)],
    options: &WordsOptions,
    progress: &dyn Progress,
) -> Result<AnalogyReport> {
    let finder = Finder::new(vectors, options);
    vectors.prepare();
    let total: usize = sections.iter().map(|(_, questions)| questions.len()).sum();
    let mut reports: Vec<SectionReport> = Vec::with_capacity(sections.len());
    let mut done = 0;
    for (name, questions) in sections {
        let (mut correct, mut used) = (0, 0);
        for block in questions.chunks(512) {
            progress.step("completing analogies", done as u64, total as u64, "questions")?;
            let right: Vec<bool> =
                block.par_iter().filter_map(|question| finder.completes(question)).collect();
            used += right.len();
            correct += right.iter().filter(|right| **right).count();
            done += block.len();
        }
        reports.push(SectionReport::new(name, correct, used, questions.len()));
    }
    let sum = |of: fn(&SectionReport) -> usize| reports.iter().map(of).sum();
    let total = SectionReport::new("total", sum(|r| r.correct), sum(|r| r.used), sum(|r| r.questions));
    Ok(AnalogyReport { sections: reports, total })
}

impl Finder<'_> {
    /// Whether the best completion is the expected one; `None` if a word is unknown.
    fn completes(&self, [a, b, c, d]: &[String; 4]) -> Option<bool> {
        let ids = [self.id(a)?, self.id(b)?, self.id(c)?];
        let expected = self.id(d)?;
        let best = self.vectors.complete(ids, self.options.method, self.known).ok().flatten();
        Some(best.is_some_and(|best| self.same(best.id, expected)))
    }

    /// Whether two words are the same, case aside if it does not matter.
    fn same(&self, a: WordId, b: WordId) -> bool {
        let word = |id| self.vectors.vocabulary().word(id);
        a == b || self.options.fold_case && word(a).to_lowercase() == word(b).to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use crate::vocab::Vocabulary;
    use std::sync::Arc;

    #[test]
    fn the_usual_forms_are_read() {
        let pairs = vec![("tiger".to_string(), "cat".to_string(), 7.35)];
        for text in [
            "tiger\tcat\t7.35\n",
            "# heading\n\ntiger cat 7.35",
            "Word 1,Word 2,Human (mean)\r\ntiger,cat,7.35\r\n",
            "word1\tword2\tPOS\tSimLex999\ntiger\tcat\tN\t7.35\t2\n",
            "\u{feff}tiger;cat;7.35",
        ] {
            let text = text.trim_start_matches('\u{feff}');
            assert_eq!(WordSet::parse(text), Ok(WordSet::Similarity(pairs.clone())), "{text:?}");
        }
        let question = ["a", "b", "c", "d"].map(str::to_owned);
        let section = |name: &str| (name.to_string(), vec![question.clone()]);
        for (text, name) in [(": one\na b c d\n", "one"), (":one\r\n\r\na b c d", "one")] {
            assert_eq!(WordSet::parse(text), Ok(WordSet::Analogies(vec![section(name)])), "{text:?}");
        }
        let twice = WordSet::Analogies(vec![(String::new(), vec![question.clone(), question.clone()])]);
        assert_eq!(WordSet::parse("a b c d\na b c d"), Ok(twice));
    }

    #[test]
    fn what_is_no_set_is_refused_with_its_line() {
        assert_eq!(WordSet::parse("").unwrap_err().0, 1);
        assert_eq!(WordSet::parse("a b 1\na b\n").unwrap_err().0, 2);
        assert_eq!(WordSet::parse(": s\na b c d\na b c").unwrap_err().0, 3);
        assert!(WordSet::parse("a b nan\n").is_err());
    }

    fn sample() -> WordVectors {
        let words = ["man", "woman", "king", "queen", "Paris"].map(|word| (word.into(), 1)).to_vec();
        let matrix = vec![1.0, 0.0, 0.1, 0.0, 1.0, 0.1, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0];
        WordVectors::new(Arc::new(Vocabulary::from_sorted(words).unwrap()), matrix, 3).unwrap()
    }

    #[test]
    fn unknown_words_are_counted_and_case_is_folded() {
        let pair = |a: &str, b: &str, mark| (a.to_string(), b.to_string(), mark);
        let pairs = [
            pair("man", "king", 9.0),
            pair("Woman", "QUEEN", 8.0),
            pair("man", "woman", 1.0),
            pair("paris", "man", 5.0),
            pair("man", "zebra", 3.0),
            pair("zebra", "lion", 3.0),
        ];
        let report = similarity(&sample(), &pairs, &WordsOptions::default());
        assert_eq!((report.pairs, report.used, report.unknown_words), (6, 4, 2));
        // Cosines 0.77, 0.77, 0.0099, 0.70: the two equal ones share ranks 3 and 4; marks rank 4, 3, 1, 2.
        // Ranks 3.5 3.5 1 2 against 4 3 1 2: r = 4.5 / √(4.5 · 5) = 0.9487.
        assert!((report.spearman.unwrap() - 0.9487).abs() < 1e-4);
        let strict = WordsOptions { fold_case: false, ..WordsOptions::default() };
        assert_eq!(similarity(&sample(), &pairs, &strict).used, 2);
    }

    #[test]
    fn analogies_are_counted_by_section() {
        let question = |words: [&str; 4]| words.map(str::to_owned);
        let sections = [
            ("royal".to_string(), vec![question(["man", "woman", "king", "queen"])]),
            (
                "wrong".to_string(),
                vec![question(["man", "king", "woman", "Paris"]), question(["x", "y", "z", "w"])],
            ),
        ];
        let report = analogies(&sample(), &sections, &WordsOptions::default(), &Silent).unwrap();
        let counts: Vec<_> = report.sections.iter().map(|s| (s.correct, s.used, s.questions)).collect();
        assert_eq!(counts, [(1, 1, 1), (0, 1, 2)]);
        assert_eq!((report.total.correct, report.total.used, report.total.accuracy), (1, 2, Some(0.5)));
        let few = WordsOptions { restrict: 3, ..WordsOptions::default() };
        let report = analogies(&sample(), &sections, &few, &Silent).unwrap();
        assert_eq!((report.total.used, report.total.accuracy), (0, None));
    }
}
