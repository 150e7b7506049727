//! A query's words and what the graph adds to them: synonyms, hyponyms, hypernyms, each with its weight and the link by
//! which it was reached.
//!
//! Source: Voorhees 1994, "Query expansion using lexical-semantic relations", who found that expansion helps short
//! queries when the sense is known and hurts otherwise; hence [`Expansion::senses`].

use super::morphy::normalised;
use super::{ENGLISH, PartOfSpeech, Relation, Synset, SynsetId, WordNet};
use crate::error::{Error, Result};
use std::collections::HashMap;

/// Greatest depth or height of expansion.
const DEPTH_MAX: u32 = 8;
/// Most words that may be asked for.
const WORDS_MAX: usize = 10_000;

/// How to expand.
#[derive(Debug, Clone, PartialEq)]
pub struct Expansion {
    /// Weight of synonyms.
    pub synonyms: f32,
    /// Weight of hyponyms one link below; each further link multiplies by it again.
    pub hyponyms: f32,
    /// Weight of hypernyms one link above; each further link multiplies by it again.
    pub hypernyms: f32,
    /// Links to go down, at most 8.
    pub hyponym_depth: u32,
    /// Links to go up, at most 8.
    pub hypernym_depth: u32,
    /// Only senses of this part of speech.
    pub pos: Option<PartOfSpeech>,
    /// Only the most frequent senses of each word, this many; 0 for all.
    pub senses_max: usize,
    /// Senses chosen beforehand, by query word (in lower case); words that are not in it keep all their senses.
    pub senses: HashMap<String, Vec<SynsetId>>,
    /// The language of the query.
    pub language: String,
    /// Languages of the words added.
    pub into: Vec<String>,
    /// Most words to give back for each query word, those of the greatest weight.
    pub words_max: usize,
}

impl Default for Expansion {
    fn default() -> Self {
        Self {
            synonyms: 1.0,
            hyponyms: 0.5,
            hypernyms: 0.3,
            hyponym_depth: 1,
            hypernym_depth: 1,
            pos: None,
            senses_max: 0,
            senses: HashMap::new(),
            language: ENGLISH.into(),
            into: vec![ENGLISH.into()],
            words_max: 200,
        }
    }
}

/// A word that the graph added.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded<'a> {
    /// The word, with spaces if it has several parts.
    pub word: &'a str,
    /// Its language.
    pub language: String,
    /// Weight against the query word's own 1.
    pub weight: f32,
    /// How it was reached.
    pub via: Via<'a>,
}

/// The link by which a word was reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Via<'a> {
    /// The query word.
    pub from: String,
    /// The sense of the query word.
    pub sense: Synset<'a>,
    /// What the word is to that sense: `None` a synonym, else a hyponym or a hypernym.
    pub relation: Option<Relation>,
    /// Links from that sense; 0 for synonyms.
    pub links: u32,
    /// The synset that the word is from.
    pub synset: Synset<'a>,
}

impl Expansion {
    fn check(&self) -> Result<()> {
        for (name, weight) in
            [("synonyms", self.synonyms), ("hyponyms", self.hyponyms), ("hypernyms", self.hypernyms)]
        {
            if !(0.0..=1.0).contains(&weight) {
                return Err(Error::invalid(name, "a weight from 0 to 1", weight, "0 leaves them out"));
            }
        }
        let depth = self.hyponym_depth.max(self.hypernym_depth);
        if depth > DEPTH_MAX {
            let cure = "further words have little to do with the query";
            return Err(Error::invalid("expansion depth", format!("at most {DEPTH_MAX}"), depth, cure));
        }
        if self.words_max > WORDS_MAX {
            let cure = "ask for fewer";
            return Err(Error::invalid(
                "expanded words",
                format!("at most {WORDS_MAX}"),
                self.words_max,
                cure,
            ));
        }
        Ok(())
    }
}

impl WordNet {
    /// What the graph adds to each of these words, the greatest weight first; the words themselves are left out. A word
    /// reached in several ways is given once, by the way of the greatest weight. Unknown words add nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for weights or depths out of range, [`Error::NotFound`] for a language that was not added.
    pub fn expand(&self, words: &[&str], settings: &Expansion) -> Result<Vec<Expanded<'_>>> {
        settings.check()?;
        let mut expanded = Vec::new();
        for word in words {
            expanded.extend(self.expand_word(word, settings)?);
        }
        Ok(expanded)
    }

    fn expand_word<'a>(&'a self, word: &str, settings: &Expansion) -> Result<Vec<Expanded<'a>>> {
        let own = normalised(word);
        let mut best: HashMap<(&'a str, &str), Expanded<'a>> = HashMap::new();
        for sense in self.senses_to_expand(word, settings)? {
            for (synset, relation, links, weight) in reached(sense, settings) {
                for language in &settings.into {
                    for found in synset.words_in(language)? {
                        let known = best.get(&(found, language.as_str()));
                        if normalised(found) == own || known.is_some_and(|known| known.weight >= weight) {
                            continue;
                        }
                        let via = Via { from: word.to_string(), sense, relation, links, synset };
                        let expanded = Expanded { word: found, language: language.clone(), weight, via };
                        best.insert((found, language), expanded);
                    }
                }
            }
        }
        let mut expanded: Vec<Expanded<'a>> = best.into_values().collect();
        expanded.sort_by(|a, b| {
            let synset = a.via.synset.cmp(&b.via.synset);
            b.weight
                .total_cmp(&a.weight)
                .then(a.via.links.cmp(&b.via.links))
                .then(synset)
                .then(a.word.cmp(b.word))
        });
        expanded.truncate(settings.words_max);
        Ok(expanded)
    }

    fn senses_to_expand(&self, word: &str, settings: &Expansion) -> Result<Vec<Synset<'_>>> {
        if let Some(chosen) = settings.senses.get(&word.to_lowercase()) {
            let known = chosen.iter().filter(|number| number.index() < self.len());
            return Ok(known.map(|number| self.at(*number)).collect());
        }
        let mut senses = self.synsets(word, settings.pos, &settings.language)?;
        if settings.senses_max > 0 {
            senses.truncate(settings.senses_max);
        }
        Ok(senses)
    }
}

/// The synsets around a sense, each with what it is to the sense, the number of links, and its weight.
fn reached<'a>(sense: Synset<'a>, settings: &Expansion) -> Vec<(Synset<'a>, Option<Relation>, u32, f32)> {
    let mut reached = vec![(sense, None, 0, settings.synonyms)];
    let fallen = |weight: f32, links: u32| weight.powi(i32::try_from(links).unwrap_or(i32::MAX));
    let below = sense.below(settings.hyponym_depth).into_iter();
    reached.extend(
        below.map(|(synset, links)| {
            (synset, Some(Relation::Hyponym), links, fallen(settings.hyponyms, links))
        }),
    );
    let above = sense.above(settings.hypernym_depth).into_iter();
    reached.extend(
        above.map(|(synset, links)| {
            (synset, Some(Relation::Hypernym), links, fallen(settings.hypernyms, links))
        }),
    );
    reached.retain(|(.., weight)| *weight > 0.0);
    reached
}
