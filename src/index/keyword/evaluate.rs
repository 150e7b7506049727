//! Queries with operators, answered: for every leaf the documents and how often they hold it, then scores, then sets.
//!
//! A leaf that stands for several words (a prefix, a fuzzy word, a phrase) is scored as one term: its occurrences are theirs taken
//! together, and so is the number of documents that hold it (Lucene's `SynonymQuery`).

use super::bm25::TermScorer;
use super::expression::{Expression, Leaf, Pattern};
use super::filter::Filter;
use super::matches::Matches;
use super::parts::{Part, each, term};
use super::settings::TEXT;
use super::{KeywordIndex, KeywordOptions, failed};
use crate::error::{Error, Result};
use crate::text::is_stop_word;
use std::collections::BTreeMap;
use tantivy::postings::Postings;
use tantivy::query::FuzzyTermQuery;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, TERMINATED, TantivyError};

/// Most words that a prefix or fuzzy word stands for, in the order of the dictionary.
const WORDS_MAX: usize = 20_000;

/// Documents with how often each holds something, or with a score, by rising document, for each part of the index.
type Lists<T> = Vec<Vec<(DocId, T)>>;

/// What a leaf found.
#[derive(Debug)]
pub struct LeafFound {
    /// As it stands in the query.
    pub written: String,
    /// What it looks for.
    pub pattern: Pattern,
    scores: Lists<f32>,
}

impl LeafFound {
    /// Whether no document holds it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scores.iter().all(Vec::is_empty)
    }
}

/// What a query with operators found.
#[derive(Debug)]
pub struct Evaluated {
    /// The documents that answer.
    pub matches: Matches,
    /// Each leaf that may score.
    pub leaves: Vec<LeafFound>,
}

/// Where a leaf is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    All,
    /// The text, without title and further fields.
    Text,
    /// A searched field, by its number.
    Special(usize),
}

impl KeywordIndex {
    /// All documents that answer a query with operators.
    ///
    /// # Errors
    /// [`Error::Syntax`] for a field that is neither searched nor a field of the documents; [`Error::Library`].
    pub fn evaluate(&self, expression: &Expression, options: &KeywordOptions<'_>) -> Result<Evaluated> {
        let mut leaves = Vec::new();
        let lists = self.lists(expression, options, true, &mut leaves)?;
        let mut matches = Matches { lists };
        matches.keep(&self.parts, options.selection);
        Ok(Evaluated { matches, leaves })
    }

    fn lists(
        &self,
        expression: &Expression,
        options: &KeywordOptions<'_>,
        scored: bool,
        leaves: &mut Vec<LeafFound>,
    ) -> Result<Lists<f32>> {
        let (must, should, must_not) = match expression {
            Expression::Leaf(leaf) => return self.leaf(leaf, options, scored, leaves),
            Expression::Group { must, should, must_not } => (must, should, must_not),
        };
        let mut all: Option<Lists<f32>> = None;
        for one in must {
            let found = self.lists(one, options, scored, leaves)?;
            all = Some(match all {
                None => found,
                Some(all) => combine(all, found, |a, b| Some(a? + b?)),
            });
        }
        let mut any: Option<Lists<f32>> = None;
        for one in worth_looking_for(should) {
            let found = self.lists(one, options, scored, leaves)?;
            any = Some(match any {
                None => found,
                Some(any) => combine(any, found, |a, b| Some(a.unwrap_or(0.0) + b.unwrap_or(0.0))),
            });
        }
        let mut found = match (all, any) {
            (Some(all), Some(any)) => combine(all, any, |a, b| Some(a? + b.unwrap_or(0.0))),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => vec![Vec::new(); self.parts.len()],
        };
        for one in must_not {
            let unwanted = self.lists(one, options, false, leaves)?;
            found = combine(found, unwanted, |a, b| if b.is_none() { a } else { None });
        }
        Ok(found)
    }

    fn leaf(
        &self,
        leaf: &Leaf,
        options: &KeywordOptions<'_>,
        scored: bool,
        leaves: &mut Vec<LeafFound>,
    ) -> Result<Lists<f32>> {
        let place = match leaf.field.as_deref() {
            None => Place::All,
            Some(TEXT) => Place::Text,
            Some(name) => match self.layout.special(name) {
                Some(number) => Place::Special(number),
                None => return self.values(leaf, name),
            },
        };
        let counts = self.weighted(leaf, place, options)?;
        let holding = match &leaf.pattern {
            Pattern::Word(word) if place == Place::All => self.holding(&self.term(word, options))?,
            _ => counts.iter().map(|list| list.len() as u64).sum(),
        };
        let mean = self.mean(place, options);
        let scorer = TermScorer::new(options.bm25, self.documents, holding, mean);
        let scores: Lists<f32> = counts
            .into_iter()
            .zip(&self.parts)
            .map(|(list, part)| {
                let score =
                    |(doc, tf): (DocId, f32)| (doc, scorer.score(tf, self.length(part, doc, place, options)));
                list.into_iter().map(score).collect()
            })
            .collect();
        if scored {
            let (written, pattern) = (leaf.written.clone(), leaf.pattern.clone());
            leaves.push(LeafFound { written, pattern, scores: scores.clone() });
        }
        Ok(scores)
    }

    /// A field that is not searched but has values: those that are what is written, for a score of 0.
    fn values(&self, leaf: &Leaf, field: &str) -> Result<Lists<f32>> {
        if self.catalogue.kind(field).is_none() {
            let mut names = self.layout.searched();
            let fields = self.catalogue.fields();
            names.extend(fields.iter().map(|field| field.name.as_str()));
            names.truncate(12);
            let cure =
                format!("there are {}; put a \\ before a : that is none of the language", names.join(", "));
            return Err(Error::syntax("query", leaf.at, "a field", format!("{field:?}"), cure));
        }
        if matches!(leaf.pattern, Pattern::Prefix(_) | Pattern::Fuzzy(..)) {
            let cure = "make it searchable in the collection's settings, or write the whole value";
            return Err(Error::syntax(
                "query",
                leaf.at,
                "a searched field before * or ~",
                format!("{field:?}"),
                cure,
            ));
        }
        let selected = self.select(&Filter::equals("query", leaf.at, field, &leaf.written))?;
        Ok(selected.parts.iter().map(|rows| rows.iter().map(|doc| (doc, 0.0)).collect()).collect())
    }

    /// Occurrences, each counting for the weight of the field that it stands in.
    fn weighted(&self, leaf: &Leaf, place: Place, options: &KeywordOptions<'_>) -> Result<Lists<f32>> {
        let as_float = |lists: Lists<u32>, weight: f32| -> Lists<f32> {
            lists
                .into_iter()
                .map(|list| list.into_iter().map(|(doc, tf)| (doc, tf as f32 * weight)).collect())
                .collect()
        };
        let minus = |a: Option<f32>, b: Option<f32>| Some(a? - b.unwrap_or(0.0)).filter(|tf| *tf > 0.0);
        match place {
            Place::Special(_) => Ok(as_float(self.occurrences(leaf, place, options)?, 1.0)),
            Place::Text if matches!(leaf.pattern, Pattern::Phrase(_)) => {
                Ok(as_float(self.occurrences(leaf, place, options)?, 1.0))
            }
            Place::Text => {
                let mut found = as_float(self.occurrences(leaf, Place::All, options)?, 1.0);
                for number in 0..self.layout.special.len() {
                    let elsewhere = self.occurrences(leaf, Place::Special(number), options)?;
                    found = combine(found, as_float(elsewhere, 1.0), minus);
                }
                Ok(found)
            }
            Place::All => {
                let Some(weights) = options.weights.filter(|weights| !weights.are_one()) else {
                    return Ok(as_float(self.occurrences(leaf, Place::All, options)?, 1.0));
                };
                let mut found = as_float(self.occurrences(leaf, Place::All, options)?, weights.text);
                for (number, weight) in weights.special.iter().enumerate() {
                    let there = self.occurrences(leaf, Place::Special(number), options)?;
                    let there = as_float(there, weight - weights.text);
                    found = combine(found, there, |a, b| Some(a? + b.unwrap_or(0.0)));
                }
                // What stands only in fields that count for nothing is not found.
                found.iter_mut().for_each(|list| list.retain(|(_, tf)| *tf > 1e-6));
                Ok(found)
            }
        }
    }

    fn length(&self, part: &Part, doc: DocId, place: Place, options: &KeywordOptions<'_>) -> f32 {
        let at = doc as usize;
        let special = |number: usize| part.special_lengths[number][at];
        match place {
            Place::Special(number) => special(number),
            Place::Text => part.lengths[at] - (0..part.special_lengths.len()).map(special).sum::<f32>(),
            Place::All => match options.weights.filter(|weights| !weights.are_one()) {
                None => part.lengths[at],
                Some(weights) => {
                    let more = weights.special.iter().enumerate();
                    weights.text * part.lengths[at]
                        + more.map(|(number, weight)| (weight - weights.text) * special(number)).sum::<f32>()
                }
            },
        }
    }

    fn mean(&self, place: Place, options: &KeywordOptions<'_>) -> f32 {
        match place {
            Place::All if options.weights.is_none_or(|weights| weights.are_one()) => self.mean_length,
            place => {
                let of_part = |part: &Part| {
                    (0..part.lengths.len() as DocId)
                        .map(|doc| f64::from(self.length(part, doc, place, options)))
                        .sum::<f64>()
                };
                let documents: usize = self.parts.iter().map(|part| part.lengths.len()).sum();
                (self.parts.iter().map(of_part).sum::<f64>() / documents.max(1) as f64) as f32
            }
        }
    }

    pub(super) fn weighted_length(&self, part: &Part, doc: DocId, options: &KeywordOptions<'_>) -> f32 {
        self.length(part, doc, Place::All, options)
    }

    pub(super) fn weighted_mean(&self, options: &KeywordOptions<'_>) -> f32 {
        self.mean(Place::All, options)
    }

    fn occurrences(&self, leaf: &Leaf, place: Place, options: &KeywordOptions<'_>) -> Result<Lists<u32>> {
        let searched = match place {
            Place::Special(number) => &self.layout.special[number],
            Place::All | Place::Text => &self.layout.all,
        };
        let find = |part: &Part| -> Result<Vec<(DocId, u32)>, TantivyError> {
            match &leaf.pattern {
                Pattern::Value => Ok(Vec::new()),
                Pattern::Word(word) => {
                    let term = self.term_in(searched, word, options);
                    Ok(of_terms(part, [term])?)
                }
                Pattern::Phrase(words) => phrase(part, searched.words, words, place == Place::Text),
                Pattern::Prefix(start) => {
                    of_words(part, searched.words, words_like(part, searched.words, start, None)?)
                }
                Pattern::Fuzzy(word, edits) => {
                    of_words(part, searched.words, words_like(part, searched.words, word, Some(*edits))?)
                }
            }
        };
        self.parts.iter().map(|part| find(part).map_err(failed(&self.folder))).collect()
    }

    /// What each leaf that may score contributed to a document's score, 0 where it did not.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn contributions(&self, leaves: &[LeafFound], seq: u64) -> Result<Vec<f32>> {
        for (at, part) in self.parts.iter().enumerate() {
            let document = part.document(seq);
            let Some(document) = document else { continue };
            let of_leaf = |leaf: &LeafFound| {
                let list = &leaf.scores[at];
                list.binary_search_by_key(&document, |(doc, _)| *doc).map_or(0.0, |place| list[place].1)
            };
            return Ok(leaves.iter().map(of_leaf).collect());
        }
        Ok(vec![0.0; leaves.len()])
    }
}

/// Function words count only where there is nothing else.
fn worth_looking_for(should: &[Expression]) -> impl Iterator<Item = &Expression> {
    let is_function_word = |one: &Expression| match one {
        Expression::Leaf(Leaf { pattern: Pattern::Word(word), .. }) => is_stop_word(word),
        _ => false,
    };
    let all = should.iter().all(is_function_word);
    should.iter().filter(move |one| all || !is_function_word(one))
}

/// Two lists as one, by what `both` makes of each document's values; documents for which it makes none are left out.
fn combine(
    a: Lists<f32>,
    b: Lists<f32>,
    both: impl Fn(Option<f32>, Option<f32>) -> Option<f32>,
) -> Lists<f32> {
    let merge = |(a, b): (Vec<(DocId, f32)>, Vec<(DocId, f32)>)| {
        let mut merged = Vec::with_capacity(a.len().max(b.len()));
        let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
        loop {
            let doc = match (a.peek(), b.peek()) {
                (None, None) => return merged,
                (Some((doc, _)), None) | (None, Some((doc, _))) => *doc,
                (Some((x, _)), Some((y, _))) => *x.min(y),
            };
            let value_a = a.next_if(|(other, _)| *other == doc).map(|(_, value)| value);
            let value_b = b.next_if(|(other, _)| *other == doc).map(|(_, value)| value);
            merged.extend(both(value_a, value_b).map(|value| (doc, value)));
        }
    };
    a.into_iter().zip(b).map(merge).collect()
}

/// Documents that hold any of the terms, with the sum of their occurrences.
fn of_terms(
    part: &Part,
    terms: impl IntoIterator<Item = tantivy::Term>,
) -> Result<Vec<(DocId, u32)>, TantivyError> {
    let mut lists = Vec::new();
    for term in terms {
        if let Some(postings) = part.postings(&term)? {
            let mut list = Vec::with_capacity(postings.doc_freq() as usize);
            each(postings, |doc, tf| list.push((doc, tf)));
            lists.push(list);
        }
    }
    match lists.len() {
        0 => Ok(Vec::new()),
        1 => Ok(lists.swap_remove(0)),
        _ => {
            let mut counts = vec![0u32; part.lengths.len()];
            lists.into_iter().flatten().for_each(|(doc, tf)| counts[doc as usize] += tf);
            let counted = counts.into_iter().enumerate().map(|(doc, tf)| (doc as DocId, tf));
            Ok(counted.filter(|(_, tf)| *tf > 0).collect())
        }
    }
}

fn of_words(part: &Part, field: Field, words: Vec<String>) -> Result<Vec<(DocId, u32)>, TantivyError> {
    of_terms(part, words.iter().map(|word| term(field, word)))
}

/// Words of a field that begin like `word`, or that so many edits make of it.
fn words_like(part: &Part, field: Field, word: &str, edits: Option<u8>) -> Result<Vec<String>, TantivyError> {
    let inverted = part.reader.inverted_index(field)?;
    let mut words = Vec::new();
    match edits {
        None => {
            let mut stream = inverted.terms().range().ge(word).into_stream()?;
            while stream.advance() && words.len() < WORDS_MAX {
                if !stream.key().starts_with(word.as_bytes()) {
                    break;
                }
                words.extend(std::str::from_utf8(stream.key()).ok().map(str::to_owned));
            }
        }
        Some(edits) => {
            let automaton = FuzzyTermQuery::new(term(field, word), edits, true).automaton()?;
            let mut stream = inverted.terms().search(automaton).into_stream()?;
            while stream.advance() && words.len() < WORDS_MAX {
                words.extend(std::str::from_utf8(stream.key()).ok().map(str::to_owned));
            }
        }
    }
    Ok(words)
}

/// Whether so many edits make one word of another: a letter more, less or other, or two neighbours exchanged.
#[must_use]
pub fn within_edits(a: &str, b: &str, edits: u8) -> bool {
    strsim::osa_distance(a, b) <= usize::from(edits)
}

/// Documents that hold the words one after the other, with how often they do; within the text alone if `in_text`, which lies
/// behind the title.
fn phrase(
    part: &Part,
    field: Field,
    words: &[String],
    in_text: bool,
) -> Result<Vec<(DocId, u32)>, TantivyError> {
    let inverted = part.reader.inverted_index(field)?;
    let mut by_word: BTreeMap<&str, usize> = BTreeMap::new();
    let mut readers = Vec::new();
    for word in words {
        if by_word.contains_key(word.as_str()) {
            continue;
        }
        let postings =
            inverted.read_postings(&term(field, word), IndexRecordOption::WithFreqsAndPositions)?;
        let Some(postings) = postings else { return Ok(Vec::new()) };
        by_word.insert(word, readers.len());
        readers.push(postings);
    }
    // The rarest word leads.
    let lead = (0..readers.len()).min_by_key(|at| readers[*at].doc_freq()).unwrap_or(0);
    let mut positions: Vec<Vec<u32>> = vec![Vec::new(); readers.len()];
    let mut found = Vec::new();
    let mut doc = readers[lead].doc();
    'documents: while doc != TERMINATED {
        for at in 0..readers.len() {
            let reader = &mut readers[at];
            let next = if reader.doc() < doc { reader.seek(doc) } else { reader.doc() };
            if next > doc {
                doc = if next == TERMINATED { TERMINATED } else { readers[lead].seek(next) };
                continue 'documents;
            }
        }
        for (reader, positions) in readers.iter_mut().zip(&mut positions) {
            reader.positions(positions);
        }
        let range = if in_text { part.text_positions(doc) } else { 0..u32::MAX };
        let first = &positions[by_word[words[0].as_str()]];
        let is_run = |start: &&u32| {
            range.contains(start)
                && range.contains(&(**start + words.len() as u32 - 1))
                && words
                    .iter()
                    .zip(**start..)
                    .all(|(word, at)| positions[by_word[word.as_str()]].binary_search(&at).is_ok())
        };
        let count = first.iter().filter(is_run).count() as u32;
        if count > 0 {
            found.push((doc, count));
        }
        doc = readers[lead].advance();
    }
    Ok(found)
}
