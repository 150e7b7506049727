//! Word sense induction: are occurrences grouped as people group them? The layout of SemEval-2013 task 13 (Jurgens and Klapaftis 2013):
//! files `lemma.pos.xml` with an `<instance>` an occurrence, and a key of lines `lemma.pos instance sense/weight sense/weight …`. A sense
//! without a weight, as in SemEval-2010 task 14, weighs 1.

use super::clusterings::{Membership, f_score, fuzzy_b_cubed, fuzzy_nmi, paired_f, v_measure};
use super::{Mark, SenseReport, System};
use crate::error::{Error, Result};
use crate::eval::stats::{Interval, resample};
use crate::sense::tagged::Cut;
use crate::sense::tagged::tags::{Tag, tags, unescaped};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where the key may stand in the folder, the task's own place first.
const KEYS: [&str; 4] = ["keys/gold/all.key", "gold/all.key", "all.key", "gold.key"];
/// Where the texts may stand.
const TEXTS: [&str; 3] = ["contexts/xml-format", "contexts", "."];
/// Sets of words drawn for an interval.
const DRAWS: u64 = 1000;

/// An occurrence of a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its name in the key.
    pub id: String,
    /// Its text as vocabularies spell it.
    pub tokens: Vec<String>,
    /// The word's tokens.
    pub target: Range<usize>,
    /// The senses that people gave it; weights add up to 1.
    pub gold: Membership,
}

/// A word of the set.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// `bank.n`.
    pub name: String,
    /// Its occurrences that the key names.
    pub instances: Vec<Instance>,
}

impl Word {
    /// `bank` of `bank.n`.
    #[must_use]
    pub fn lemma(&self) -> &str {
        self.name.rsplit_once('.').map_or(&self.name, |(lemma, _)| lemma)
    }
}

/// A way to group occurrences: for each word and instance the groups.
pub struct Grouping {
    /// What it is.
    pub name: String,
    /// In the order of words and instances.
    pub words: Vec<Vec<Membership>>,
}

/// Reads a folder.
///
/// # Errors
/// [`Error::Invalid`] without a key or texts; [`Error::BadInput`] with the line; [`Error::Io`].
pub fn read(folder: &Path) -> Result<Vec<Word>> {
    let key = KEYS.iter().map(|name| folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
        let expected = format!("a key in one of {}", KEYS.join(", "));
        Error::invalid(
            "path",
            expected,
            folder.display(),
            "name the folder that holds the task's keys and contexts",
        )
    })?;
    let mut texts = texts(folder)?;
    let mut words: BTreeMap<String, Vec<Instance>> = BTreeMap::new();
    let mut senses: HashMap<String, usize> = HashMap::new();
    let text = std::fs::read_to_string(&key).map_err(Error::io("read", &key))?;
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |reason| Error::BadInput { path: key.clone(), line: at as u64 + 1, reason };
        let mut fields = line.split_whitespace();
        let (Some(word), Some(id)) = (fields.next(), fields.next()) else {
            return Err(bad("expected a word, an instance and its senses, got one field".to_owned()));
        };
        let gold = gold(fields, &mut senses).map_err(bad)?;
        let (tokens, target) = texts
            .remove(id)
            .ok_or_else(|| bad(format!("expected an instance that a text holds, once, got {id:?}")))?;
        words.entry(word.to_owned()).or_default().push(Instance { id: id.to_owned(), tokens, target, gold });
    }
    Ok(words.into_iter().map(|(name, instances)| Word { name, instances }).collect())
}

fn gold<'a>(
    fields: impl Iterator<Item = &'a str>,
    senses: &mut HashMap<String, usize>,
) -> Result<Membership, String> {
    let mut gold = Membership::new();
    for field in fields {
        let (sense, weight) = match field.rsplit_once('/') {
            Some((sense, weight)) => (sense, weight.parse::<f64>().ok()),
            None => (field, Some(1.0)),
        };
        let weight = weight.filter(|weight| weight.is_finite() && *weight > 0.0);
        let weight =
            weight.ok_or_else(|| format!("expected sense/weight with a weight above 0, got {field:?}"))?;
        let next = senses.len();
        let sense = *senses.entry(sense.to_owned()).or_insert(next);
        if gold.iter().any(|(known, _)| *known == sense) {
            return Err(format!("expected each sense once, got {field:?} again"));
        }
        gold.push((sense, weight));
    }
    let total: f64 = gold.iter().map(|(_, weight)| weight).sum();
    gold.iter_mut().for_each(|(_, weight)| *weight /= total);
    if gold.is_empty() { Err("expected senses behind the instance, got none".to_owned()) } else { Ok(gold) }
}

/// Tokens of an instance's text, and which of them are the word.
type Text = (Vec<String>, Range<usize>);

fn texts(folder: &Path) -> Result<HashMap<String, Text>> {
    let mut texts = HashMap::new();
    for path in files(folder)? {
        let text = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let text = String::from_utf8_lossy(&text);
        for tag in tags(&text).filter(|tag| tag.name == "instance") {
            let (id, read) = instance(&tag).map_err(|reason| Error::BadInput {
                path: path.clone(),
                line: tag.line,
                reason,
            })?;
            texts.insert(id, read);
        }
    }
    Ok(texts)
}

/// The XML files of the first folder that has any, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    for place in TEXTS.iter().map(|place| folder.join(place)).filter(|place| place.is_dir()) {
        let entries = std::fs::read_dir(&place).map_err(Error::io("read", &place))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(Error::io("read", &place))?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
        if !paths.is_empty() {
            paths.sort();
            return Ok(paths);
        }
    }
    let expected = format!("files lemma.pos.xml in one of {}", TEXTS.join(", "));
    Err(Error::invalid(
        "path",
        expected,
        folder.display(),
        "name the folder that holds the task's keys and contexts",
    ))
}

/// `tokenStart` and `tokenEnd` count characters of the text.
fn instance(tag: &Tag<'_>) -> Result<(String, Text), String> {
    let id = tag.attribute("id").ok_or("expected an instance with an id, got none")?;
    let text = unescaped(tag.text);
    let place = |name: &str| tag.attribute(name).and_then(|value| value.parse::<usize>().ok());
    let (Some(start), Some(end)) = (place("tokenStart"), place("tokenEnd")) else {
        return Err(format!("expected tokenStart and tokenEnd, two numbers, in {id}"));
    };
    let byte = |at: usize| {
        let ends = text.char_indices().map(|(byte, _)| byte).chain([text.len()]);
        ends.into_iter().nth(at)
    };
    let (Some(from), Some(to)) = (byte(start), byte(end).filter(|_| start < end)) else {
        let length = text.chars().count();
        return Err(format!("expected a word within the {length} characters of {id}, got {start} to {end}"));
    };
    let cut = Cut::of([&text[..from], &text[from..to], &text[to..]]);
    if cut.words[1].is_empty() {
        return Err(format!("expected a word at {start} to {end} of {id}, got {:?}", &text[from..to]));
    }
    Ok((id.to_owned(), (cut.tokens, cut.words[1].clone())))
}

/// What one word's grouping is worth: paired F, V, fuzzy NMI, fuzzy B-cubed precision and recall.
type Values = [f64; 5];

/// Holds groupings, and two that know nothing, against what people say.
#[must_use]
pub fn score(path: &Path, words: &[Word], groupings: Vec<Grouping>) -> SenseReport {
    let one = |word: &Word| word.instances.iter().map(|_| vec![(0, 1.0)]).collect();
    let each = |word: &Word| (0..word.instances.len()).map(|at| vec![(at, 1.0)]).collect();
    let mut all = vec![
        Grouping { name: "one group for all".to_owned(), words: words.iter().map(one).collect() },
        Grouping { name: "one group an instance".to_owned(), words: words.iter().map(each).collect() },
    ];
    all.extend(groupings);
    SenseReport {
        kind: "wsi",
        path: path.to_path_buf(),
        questions: words.iter().map(|word| word.instances.len()).sum(),
        fitted_on: "nothing; the key is looked at only to judge".to_owned(),
        systems: all.iter().map(|grouping| judged(words, grouping)).collect(),
        reliability: Vec::new(),
    }
}

fn judged(words: &[Word], grouping: &Grouping) -> System {
    let values: Vec<Values> =
        words.iter().zip(&grouping.words).map(|(word, found)| values(word, found)).collect();
    let draws: Vec<[f64; 6]> = match values.len() {
        0 | 1 => Vec::new(),
        _ => (0..DRAWS).map(|seed| means(&resample(&values, seed))).collect(),
    };
    let names = [
        "paired F",
        "V-measure",
        "fuzzy NMI",
        "fuzzy B-cubed precision",
        "fuzzy B-cubed recall",
        "fuzzy B-cubed F",
    ];
    let overall = means(&values);
    let mut marks: Vec<Mark> = (0..names.len())
        .map(|at| Mark {
            measure: names[at].to_owned(),
            value: (!values.is_empty()).then_some(overall[at]),
            interval: middle(draws.iter().map(|draw| draw[at]).collect()),
        })
        .collect();
    for (word, values) in words.iter().zip(&values) {
        let of = means(std::slice::from_ref(values));
        marks.extend([0, 1, 2, 5].map(|at| Mark {
            measure: format!("{} of {}", names[at], word.name),
            value: Some(of[at]),
            interval: None,
        }));
    }
    System::new(grouping.name.clone(), marks)
}

fn values(word: &Word, found: &[Membership]) -> Values {
    let gold: Vec<Membership> = word.instances.iter().map(|instance| instance.gold.clone()).collect();
    let (precision, recall) = fuzzy_b_cubed(&gold, found);
    [paired_f(&gold, found), v_measure(&gold, found), fuzzy_nmi(&gold, found), precision, recall]
}

/// Means over words; B-cubed's F is that of the mean precision and recall, as the task's scorer has it.
fn means(values: &[Values]) -> [f64; 6] {
    let mean = |at: usize| values.iter().map(|of| of[at]).sum::<f64>() / values.len().max(1) as f64;
    let (precision, recall) = (mean(3), mean(4));
    [mean(0), mean(1), mean(2), precision, recall, f_score(precision, recall)]
}

/// The middle 95 % of what was drawn (Efron 1979).
fn middle(mut draws: Vec<f64>) -> Option<Interval> {
    draws.sort_by(f64::total_cmp);
    let at = |share: f64| draws.get((share * draws.len() as f64) as usize).copied();
    Some(Interval { low: at(0.025)?, high: at(0.975)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<instances lemma=\"bank\" partOfSpeech=\"n\">\n\
        <instance id=\"bank.n.1\" lemma=\"bank\" partOfSpeech=\"n\" token=\"banks\" tokenStart=\"5\" tokenEnd=\"10\">R&amp;D: banks lend</instance>\n\
        <instance id=\"bank.n.2\" lemma=\"bank\" partOfSpeech=\"n\" token=\"bank\" tokenStart=\"4\" tokenEnd=\"8\">the bank of a river</instance>\n</instances>\n";

    fn folder(key: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let texts = folder.path().join("contexts/xml-format");
        std::fs::create_dir_all(&texts).unwrap();
        std::fs::create_dir_all(folder.path().join("keys/gold")).unwrap();
        std::fs::write(texts.join("bank.n.xml"), TEXT).unwrap();
        std::fs::write(folder.path().join("keys/gold/all.key"), key).unwrap();
        folder
    }

    #[test]
    fn weights_add_up_to_one_and_may_be_missing() {
        let folder = folder("bank.n bank.n.1 money/3 shore/1\nbank.n bank.n.2 shore\n");
        let words = read(folder.path()).unwrap();
        assert_eq!((words.len(), words[0].lemma()), (1, "bank"));
        let [first, second] = &words[0].instances[..] else { panic!("two instances") };
        assert_eq!(first.gold, [(0, 0.75), (1, 0.25)]);
        assert_eq!(first.tokens[first.target.clone()], ["banks"]);
        assert_eq!((&second.gold, second.target.clone()), (&vec![(1, 1.0)], 1..2));
    }

    #[test]
    fn bad_keys_say_where() {
        for (key, part) in [
            ("bank.n bank.n.9 money\n", "bank.n.9"),
            ("bank.n bank.n.1 money/x\n", "money/x"),
            ("bank.n bank.n.1 money/-1\n", "money/-1"),
            ("bank.n bank.n.1 money/NaN\n", "money/NaN"),
            ("bank.n bank.n.1 a/1 a/2\n", "a/2"),
            ("bank.n bank.n.1\n", "got none"),
        ] {
            let error = read(folder(key).path()).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains(":1:"), "{error}");
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(read(empty.path()).unwrap_err().to_string().contains("keys/gold/all.key"));
    }

    #[test]
    fn a_word_outside_its_text_is_told() {
        let tag = |start, end| {
            format!("<instance id=\"a\" tokenStart=\"{start}\" tokenEnd=\"{end}\">a bank</instance>")
        };
        for (start, end) in [(2, 60), (3, 3), (5, 2), (1, 2)] {
            let text = tag(start, end);
            let tag = tags(&text).next().unwrap();
            assert!(instance(&tag).is_err(), "{start} to {end}");
        }
    }

    #[test]
    fn overall_is_the_mean_of_the_words() {
        // Means of P 1 and 0, R 0.5 and 0.5: F of 0.5 and 0.5, not the mean of 2/3 and 0.
        assert_eq!(means(&[[1.0, 1.0, 1.0, 1.0, 0.5], [0.0, 0.0, 0.0, 0.0, 0.5]])[5], 0.5);
    }
}
