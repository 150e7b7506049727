//! Words, definitions and examples of other languages on the same synsets.
//!
//! A language is a group of sections `lang:CODE/…` in the compiled file, so that adding one copies the others as they are.

use super::compile::Sections;
use super::container::{Container, Numbers, Rows, Texts, number_bytes, text_sections, write};
use super::layout::{check_ids, check_rows, check_texts};
use super::morphy::normalised;
use super::offsets::{self, Known, Move};
use super::read::Warnings;
use super::read::tab::{self, TabEntry, TabField};
use super::{PartOfSpeech, Synset, SynsetId, WordNet};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

/// The language of WordNet's own words.
pub const ENGLISH: &str = "eng";
const CODE_BYTES_MAX: usize = 8;

/// Two-letter codes (ISO 639-1) and the three-letter ones (ISO 639-3) that the tab files use.
const SHORT_CODES: [(&str, &str); 22] = [
    ("ar", "arb"),
    ("bg", "bul"),
    ("ca", "cat"),
    ("da", "dan"),
    ("de", "deu"),
    ("el", "ell"),
    ("en", ENGLISH),
    ("es", "spa"),
    ("fi", "fin"),
    ("fr", "fra"),
    ("he", "heb"),
    ("hr", "hrv"),
    ("id", "ind"),
    ("it", "ita"),
    ("ja", "jpn"),
    ("nl", "nld"),
    ("pl", "pol"),
    ("pt", "por"),
    ("ro", "ron"),
    ("sv", "swe"),
    ("th", "tha"),
    ("zh", "cmn"),
];

/// What was added, and what had to be left out.
#[derive(Debug, Clone, PartialEq)]
pub struct LanguageReport {
    /// The language's code.
    pub language: String,
    /// Number of distinct words.
    pub words: usize,
    /// Number of synsets that have words.
    pub synsets: usize,
    /// Number of pairs of word and synset.
    pub senses: usize,
    /// What was left out.
    pub warnings: Warnings,
}

/// Where a language's sections stand.
pub(super) struct Language {
    pub code: String,
    lemma_bound: Range<usize>,
    lemma_text: Range<usize>,
    lemma_row: Range<usize>,
    lemma_synset: Range<usize>,
    synset: Range<usize>,
    synset_row: Range<usize>,
    synset_form: Range<usize>,
    form_bound: Range<usize>,
    form_text: Range<usize>,
    notes: [Notes; 2],
}

/// Definitions or examples: the synset of each, rising, and the texts.
struct Notes {
    synset: Range<usize>,
    bound: Range<usize>,
    text: Range<usize>,
}

impl Language {
    fn find(file: &Container, code: &str) -> Result<Self> {
        let range = |name: &str| file.range(&format!("lang:{code}/{name}"));
        let notes = |name: &str| -> Result<Notes> {
            Ok(Notes {
                synset: range(&format!("{name}.synset"))?,
                bound: range(&format!("{name}.bound"))?,
                text: range(&format!("{name}.text"))?,
            })
        };
        Ok(Self {
            code: code.to_owned(),
            lemma_bound: range("lemma.bound")?,
            lemma_text: range("lemma.text")?,
            lemma_row: range("lemma.row")?,
            lemma_synset: range("lemma.synset")?,
            synset: range("synset")?,
            synset_row: range("synset.row")?,
            synset_form: range("synset.form")?,
            form_bound: range("form.bound")?,
            form_text: range("form.text")?,
            notes: [notes("definition")?, notes("example")?],
        })
    }

    fn check(&self, file: &Container, synsets: usize) -> Result<()> {
        let numbers = |range: &Range<usize>| Numbers(file.bytes(range));
        let texts = |bound: &Range<usize>, text: &Range<usize>, rows: Option<usize>| {
            check_texts(file, Texts { bounds: numbers(bound), text: file.bytes(text) }, rows, &self.code)
        };
        let lemmas = texts(&self.lemma_bound, &self.lemma_text, None)?;
        let forms = texts(&self.form_bound, &self.form_text, None)?;
        check_rows(file, numbers(&self.lemma_row), lemmas, self.lemma_synset.len() / 4, &self.code)?;
        check_ids(file, numbers(&self.lemma_synset), synsets, &self.code)?;
        check_ids(file, numbers(&self.synset), synsets, &self.code)?;
        let rows = self.synset.len() / 4;
        check_rows(file, numbers(&self.synset_row), rows, self.synset_form.len() / 4, &self.code)?;
        check_ids(file, numbers(&self.synset_form), forms, &self.code)?;
        for notes in &self.notes {
            texts(&notes.bound, &notes.text, Some(notes.synset.len() / 4))?;
            check_ids(file, numbers(&notes.synset), synsets, &self.code)?;
        }
        Ok(())
    }

    pub fn lemmas<'a>(&self, wordnet: &'a WordNet) -> Texts<'a> {
        wordnet.texts(&self.lemma_bound, &self.lemma_text)
    }

    /// Synset numbers of a normalised word, the most often tagged in English first.
    pub fn synsets<'a>(&self, wordnet: &'a WordNet, form: &str) -> impl Iterator<Item = u32> + use<'a> {
        let row = self.lemmas(wordnet).find(form).map(|lemma| wordnet.numbers(&self.lemma_row).row(lemma));
        wordnet.numbers(&self.lemma_synset).slice(row.unwrap_or(0..0)).iter()
    }

    fn words<'a>(&self, wordnet: &'a WordNet, synset: SynsetId) -> Vec<&'a str> {
        let known = wordnet.numbers(&self.synset);
        let at = known.lower_bound(0..known.len(), synset.0);
        if at == known.len() || known.get(at) != synset.0 {
            return Vec::new();
        }
        let forms = wordnet.texts(&self.form_bound, &self.form_text);
        let row = wordnet.numbers(&self.synset_form).slice(wordnet.numbers(&self.synset_row).row(at));
        row.iter().map(|form| forms.get(form as usize)).collect()
    }

    fn notes<'a>(&self, wordnet: &'a WordNet, kind: usize, synset: SynsetId) -> Vec<&'a str> {
        let notes = &self.notes[kind];
        let synsets = wordnet.numbers(&notes.synset);
        let from = synsets.lower_bound(0..synsets.len(), synset.0);
        let to = synsets.lower_bound(from..synsets.len(), synset.0.saturating_add(1));
        let texts = wordnet.texts(&notes.bound, &notes.text);
        (from..to).map(|at| texts.get(at)).collect()
    }
}

/// All languages of an open file, checked.
pub(super) fn checked(file: &Container, synsets: usize) -> Result<Vec<Language>> {
    let names = file.sections().filter_map(|(name, _)| name.strip_prefix("lang:")?.split('/').next());
    let codes: BTreeSet<String> = names.map(str::to_owned).collect();
    let find = |code: &String| {
        let language = Language::find(file, code)?;
        language.check(file, synsets)?;
        Ok(language)
    };
    codes.iter().map(find).collect()
}

impl WordNet {
    /// Codes of the languages it has, English first.
    #[must_use]
    pub fn languages(&self) -> Vec<&str> {
        std::iter::once(ENGLISH).chain(self.languages.iter().map(|language| language.code.as_str())).collect()
    }

    fn known_offsets(&self, pos: PartOfSpeech) -> Known<'_> {
        let range = self.pos_range(pos);
        let offsets = self.numbers(&self.layout.synset_offset);
        Known { offsets, from: range.start as usize, to: range.end as usize }
    }

    /// The language with this code, `None` for English.
    pub(super) fn language(&self, code: &str) -> Result<Option<&Language>> {
        let code = long_code(code);
        if code == ENGLISH {
            return Ok(None);
        }
        let found = self.languages.iter().find(|language| language.code == code);
        found.map(Some).ok_or_else(|| Error::NotFound {
            kind: "WordNet language",
            name: code.chars().take(80).collect(),
            nearest: self.languages().into_iter().map(str::to_owned).collect(),
        })
    }
}

impl<'a> Synset<'a> {
    /// Its words in a language; empty where the language has none for it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a language that was not added.
    pub fn words_in(self, language: &str) -> Result<Vec<&'a str>> {
        Ok(match self.wordnet.language(language)? {
            None => self.words().collect(),
            Some(language) => language.words(self.wordnet, self.number),
        })
    }

    /// Its definitions in another language; in English [`definition`](Self::definition).
    ///
    /// # Errors
    /// [`Error::NotFound`] for a language that was not added.
    pub fn definitions_in(self, language: &str) -> Result<Vec<String>> {
        Ok(match self.wordnet.language(language)? {
            None => vec![self.definition()],
            Some(language) => {
                language.notes(self.wordnet, 0, self.number).into_iter().map(str::to_owned).collect()
            }
        })
    }

    /// Its examples in a language.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a language that was not added.
    pub fn examples_in(self, language: &str) -> Result<Vec<&'a str>> {
        Ok(match self.wordnet.language(language)? {
            None => self.examples(),
            Some(language) => language.notes(self.wordnet, 1, self.number),
        })
    }
}

/// The three-letter code of a language; codes that are not in the short list come back as they are.
fn long_code(code: &str) -> &str {
    SHORT_CODES.iter().find(|(short, _)| *short == code).map_or(code, |(_, long)| long)
}

/// Adds (or replaces) a language from a tab file of the Open Multilingual Wordnet: reads `compiled`, writes `destination`
/// (which may be the same path) whole or not at all.
///
/// The offsets of a tab file are those of one version of WordNet, nearly always 3.0; a file of another version is refused
/// because its offsets point nowhere. Small edits of this copy, which move synsets by a few bytes, are found and followed.
///
/// # Errors
/// [`Error::Invalid`] for a bad code, [`Error::BadInput`] for a foreign file or one of another version of WordNet,
/// [`Error::Damaged`] if the compiled file is.
pub fn add_language(compiled: &Path, tab: &Path, code: &str, destination: &Path) -> Result<LanguageReport> {
    let code = long_code(code);
    check_code(code)?;
    let wordnet = WordNet::open(compiled)?;
    let mut warnings = Warnings::default();
    let entries = tab::read(tab, code, &mut warnings)?;
    let placed = place(&wordnet, tab, &entries, &mut warnings)?;
    let (added, mut report) = language_sections(&wordnet, code, &placed);
    report.warnings = warnings;
    let prefix = format!("lang:{code}/");
    let kept = wordnet.file.sections().filter(|(name, _)| !name.starts_with(&prefix));
    let mut sections: Sections = kept.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
    sections.extend(added);
    WordNet::build(destination, &sections)?;
    drop(wordnet);
    write(destination, &sections)?;
    Ok(report)
}

fn check_code(code: &str) -> Result<()> {
    let right = (2..=CODE_BYTES_MAX).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if right && code != ENGLISH {
        return Ok(());
    }
    let expected = "2 to 8 lower-case letters, as in the tab file, and not English";
    Err(Error::invalid("language code", expected, code, "use the code of the tab file, for instance cmn"))
}

/// Entries with the numbers of their synsets; those that point nowhere are warned of, and refused if they are many.
fn place<'t>(
    wordnet: &WordNet,
    path: &Path,
    entries: &'t [TabEntry],
    warnings: &mut Warnings,
) -> Result<Vec<(u32, &'t TabEntry)>> {
    let known = PartOfSpeech::ALL.map(|pos| wordnet.known_offsets(pos));
    let moves = PartOfSpeech::ALL.map(|pos| {
        let wanted: BTreeSet<u32> = entries.iter().filter(|e| e.pos == pos).map(|e| e.offset).collect();
        offsets::moves(&wanted.into_iter().collect::<Vec<_>>(), known[pos.index()])
    });
    for (pos, moves) in PartOfSpeech::ALL.into_iter().zip(&moves) {
        for Move { offset, bytes } in moves {
            let from = format!("{offset:08}-{}", pos.letter());
            warnings.add(
                path,
                0,
                format!("offsets from {from} on stand {bytes} bytes further in this WordNet; followed"),
            );
        }
    }
    let mut placed = Vec::with_capacity(entries.len());
    let mut first = 0;
    for entry in entries {
        let pos = entry.pos.index();
        match known[pos].find(entry.offset, offsets::moved(&moves[pos], entry.offset)) {
            Some(number) => placed.push((number, entry)),
            None => {
                first = if first == 0 { entry.line } else { first };
                let id = format!("{:08}-{}", entry.offset, entry.pos.letter());
                warnings.add(path, entry.line, format!("expected the id of a synset, got {id}; left out"));
            }
        }
    }
    if placed.is_empty() || placed.len() < entries.len() / 2 {
        let (found, all, version) = (placed.len(), entries.len(), wordnet.version());
        let reason = format!(
            "expected words of this language on synsets of WordNet {version}, got {found} of {all}; take the file for \
             this version (most tab files are for 3.0), and check the language code"
        );
        return Err(Error::BadInput { path: path.to_path_buf(), line: first, reason });
    }
    Ok(placed)
}

fn language_sections(
    wordnet: &WordNet,
    code: &str,
    placed: &[(u32, &TabEntry)],
) -> (Sections, LanguageReport) {
    let words = placed.iter().filter(|(_, entry)| entry.field == TabField::Lemma);
    let forms: BTreeSet<String> = words.clone().map(|(_, entry)| spellings(&entry.text)[0].clone()).collect();
    let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    let mut lemmas: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut synsets: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (synset, entry) in words {
        let spellings = spellings(&entry.text);
        for spelling in &spellings {
            lemmas.entry(normalised(spelling).into_owned()).or_default().insert(*synset);
        }
        let form = forms.binary_search(&spellings[0].as_str()).unwrap_or_default() as u32;
        let row = synsets.entry(*synset).or_default();
        if !row.contains(&form) {
            row.push(form);
        }
    }
    let mut by_lemma = Rows::new();
    for synsets in lemmas.values() {
        let mut row: Vec<u32> = synsets.iter().copied().collect();
        row.sort_by_key(|number| std::cmp::Reverse(wordnet.at(SynsetId(*number)).tag_count()));
        by_lemma.push(row);
    }
    let mut by_synset = Rows::new();
    for forms in synsets.values() {
        by_synset.push(forms.iter().copied());
    }
    let report = LanguageReport {
        language: code.to_owned(),
        words: lemmas.len(),
        synsets: synsets.len(),
        senses: by_synset.items.len(),
        warnings: Warnings::default(),
    };
    let mut sections: Sections = vec![
        ("lemma.row".into(), number_bytes(&by_lemma.bounds)),
        ("lemma.synset".into(), number_bytes(&by_lemma.items)),
        ("synset".into(), number_bytes(&synsets.keys().copied().collect::<Vec<_>>())),
        ("synset.row".into(), number_bytes(&by_synset.bounds)),
        ("synset.form".into(), number_bytes(&by_synset.items)),
    ];
    sections.extend(text_sections("lemma", lemmas.keys().map(String::as_str)));
    sections.extend(text_sections("form", forms));
    sections.extend(note_sections("definition", TabField::Definition, placed));
    sections.extend(note_sections("example", TabField::Example, placed));
    let sections = sections.into_iter().map(|(name, bytes)| (format!("lang:{code}/{name}"), bytes)).collect();
    (sections, report)
}

/// How a word of a tab file is written, the form to show first. The Chinese Open Wordnet marks an ending that may be left
/// out by a plus sign: 美丽+的 is shown as 美丽 and found as 美丽的, too.
fn spellings(text: &str) -> Vec<String> {
    if !text.contains('+') {
        return vec![text.to_owned()];
    }
    let whole = text.replace('+', "");
    match text.split_once('+') {
        Some((stem, "的" | "地" | "的+地")) if !stem.is_empty() => vec![stem.to_owned(), whole],
        _ => vec![whole],
    }
}

fn note_sections(name: &str, field: TabField, placed: &[(u32, &TabEntry)]) -> Sections {
    let chosen = placed.iter().filter(|(_, entry)| entry.field == field);
    let mut notes: Vec<(u32, &str)> = chosen.map(|(synset, entry)| (*synset, entry.text.as_str())).collect();
    notes.sort_by_key(|(synset, _)| *synset);
    let synsets: Vec<u32> = notes.iter().map(|(synset, _)| *synset).collect();
    let mut sections = Sections::from(text_sections(name, notes.iter().map(|(_, text)| *text)));
    sections.push((format!("{name}.synset"), number_bytes(&synsets)));
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_endings_are_shown_without_and_found_with() {
        assert_eq!(spellings("美丽+的"), ["美丽", "美丽的"]);
        assert_eq!(spellings("O+型"), ["O型"]);
        assert_eq!(spellings("+"), [""]);
        assert_eq!(spellings("狗"), ["狗"]);
    }

    #[test]
    fn codes_are_checked() {
        assert!(check_code("cmn").is_ok());
        for code in ["eng", "x", "Zh", "far-too-long", "a/b"] {
            assert!(check_code(code).is_err(), "{code}");
        }
        assert_eq!(long_code("zh"), "cmn");
    }
}
