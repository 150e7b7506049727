//! How alike are two words in their contexts, on a scale: the ratings of Huang, Socher, Manning and Ng 2012 (SCWS). A line of `ratings.txt`
//! holds, between tabs, a number, word and part of speech twice, two texts with the word between `<b>` and `</b>`, the mean of the
//! ratings, and the ratings.

use super::{Mark, SenseReport, System};
use crate::error::{Error, Result};
use crate::eval::stats::{spearman, spearman_interval};
use crate::sense::tagged::Cut;
use std::ops::Range;
use std::path::Path;

/// A word in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordInText {
    /// Tokens as vocabularies spell them.
    pub tokens: Vec<String>,
    /// Those of the word; empty if it was cut away.
    pub target: Range<usize>,
}

/// Two words that people have compared.
#[derive(Debug, Clone, PartialEq)]
pub struct RatedPair {
    /// The words in their texts.
    pub words: [WordInText; 2],
    /// Whether both are the same word.
    pub same_word: bool,
    /// Mean of the ratings.
    pub rating: f64,
}

/// A way to compare two words in their texts; `None` where nothing is known of one.
pub struct Similarity<'a> {
    /// What it is.
    pub name: &'a str,
    /// Its value for each pair.
    pub values: Vec<Option<f64>>,
}

/// Reads `ratings.txt`.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadInput`] with the line.
pub fn read_scws(path: &Path) -> Result<Vec<RatedPair>> {
    let text = std::fs::read(path).map_err(Error::io("read", path))?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let pair = |(at, line): (usize, &str)| {
        let bad = |reason| Error::BadInput { path: path.to_path_buf(), line: at as u64 + 1, reason };
        rated_pair(line).map_err(bad)
    };
    lines.map(pair).collect()
}

fn rated_pair(line: &str) -> Result<RatedPair, String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [_, first, _, second, _, one, other, rating, ..] = fields[..] else {
        return Err(format!("expected 8 fields or more between tabs, got {}", fields.len()));
    };
    let rating: Option<f64> = rating.trim().parse().ok().filter(|rating: &f64| rating.is_finite());
    Ok(RatedPair {
        words: [in_text(one)?, in_text(other)?],
        same_word: first.eq_ignore_ascii_case(second),
        rating: rating.ok_or_else(|| format!("expected a mean rating, got {:?}", fields[7]))?,
    })
}

fn in_text(text: &str) -> Result<WordInText, String> {
    let parts = text.split_once("<b>").and_then(|(before, rest)| Some((before, rest.split_once("</b>")?)));
    let (before, (word, behind)) =
        parts.ok_or("expected a word between <b> and </b> in each text, got none")?;
    let cut = Cut::of([before, word, behind]);
    Ok(WordInText { target: cut.words[1].clone(), tokens: cut.tokens })
}

/// Spearman's ρ with the ratings, of all pairs and of those of one word twice.
#[must_use]
pub fn score(path: &Path, pairs: &[RatedPair], similarities: &[Similarity<'_>]) -> SenseReport {
    let systems = similarities.iter().map(|similarity| {
        let of = |measure: &str, takes: &dyn Fn(&RatedPair) -> bool| {
            let known = pairs.iter().zip(&similarity.values).filter(|(pair, _)| takes(pair));
            let (ratings, values): (Vec<f64>, Vec<f64>) =
                known.filter_map(|(pair, value)| Some((pair.rating, (*value)?))).unzip();
            let value = spearman(&ratings, &values);
            let interval = value.and_then(|value| spearman_interval(value, ratings.len()));
            Mark { measure: measure.to_owned(), value, interval }
        };
        let known = similarity.values.iter().flatten().count();
        let marks = vec![
            of("Spearman", &|_| true),
            of("Spearman, one word twice", &|pair| pair.same_word),
            Mark::share("pairs known", known, pairs.len()),
        ];
        System::new(similarity.name, marks)
    });
    SenseReport {
        kind: "scws",
        path: path.to_path_buf(),
        questions: pairs.len(),
        fitted_on: "nothing".into(),
        systems: systems.collect(),
        reliability: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read() {
        let line = "1\tbank\tn\tmoney\tn\tthe river <b>bank</b> is wet .\this <b>money</b> .\t2.5\t1\t4";
        let pair = rated_pair(line).unwrap();
        assert_eq!(pair.words[0].tokens, ["the", "river", "bank", "is", "wet"]);
        assert_eq!((pair.words[0].target.clone(), pair.words[1].target.clone()), (2..3, 1..2));
        assert!((pair.rating - 2.5).abs() < 1e-12 && !pair.same_word);
        assert!(rated_pair("1\tbank").is_err() && rated_pair(&line.replace("</b>", "")).is_err());
        assert!(rated_pair(&line.replace("2.5", "x")).is_err());
    }

    #[test]
    fn the_same_order_is_one() {
        let words = || [0, 1].map(|_| WordInText { tokens: Vec::new(), target: 0..0 });
        let pair = |n: usize| RatedPair { words: words(), same_word: n.is_multiple_of(2), rating: n as f64 };
        let pairs: Vec<RatedPair> = (0..8).map(pair).collect();
        let values = (0..8).map(|n| (n != 3).then(|| f64::from(n).sqrt())).collect();
        let report = score(Path::new("x"), &pairs, &[Similarity { name: "given", values }]);
        assert!((report.systems[0].marks[0].value.unwrap() - 1.0).abs() < 1e-12);
        assert!((report.systems[0].marks[2].value.unwrap() - 7.0 / 8.0).abs() < 1e-12);
    }
}
