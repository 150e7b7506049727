//! Hard tokens joined by hand-made links: a document answers if it holds a word of the query, or one that WordNet joins to
//! it as a synonym, a hyponym or a hypernym, for a part of its weight.
//!
//! Unless told otherwise, every sense of a word is followed. That finds what other words say, and also what the query never
//! meant, and each match says by which sense it came. [`WordNetRetriever::with_senses`] holds it to those that are meant.
//!
//! Source: Voorhees 1994, "Query expansion using lexical-semantic relations".

use super::keyword::form_in;
use super::{GraphLink, Match, Mode, Ranked, Retriever, distinct, largest};
use crate::error::Result;
use crate::index::keyword::{KeywordIndex, KeywordOptions, Matches, WeightedTerm};
use crate::sense::{Disambiguator, Passage};
use crate::text::{Analysis, Analyzer, is_stop_word};
use crate::wordnet::{ENGLISH, Expanded, Expansion, Relation, SynsetId, WordNet};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Terms asked of the index for one query; those of its first words come first.
const TERMS_MAX: usize = 2000;
/// A sense is followed beside the best if it is at least so probable, as a part of the best's probability.
const ALSO_MEANT: f32 = 0.5;
/// Weight of the words that stand for an induced sense.
const LABEL_WEIGHT: f32 = 0.3;

/// BM25 over the keyword index, for the query's words and those that the graph adds.
///
/// A word of several parts (*hot dog*) answers where a document holds all of them, in whatever place, and counts for the mean
/// of their scores.
pub struct WordNetRetriever<'a> {
    index: &'a KeywordIndex,
    wordnet: &'a WordNet,
    expansion: Expansion,
    options: KeywordOptions<'a>,
    senses: SenseChoice<'a>,
    /// The last query and what it was expanded to: each of its hits is explained by the same terms.
    last: RefCell<Option<Expansions>>,
}

/// Which senses of the query's words are followed.
#[derive(Debug, Clone, Default)]
pub struct SenseChoice<'a> {
    /// Senses named by whoever asks: a word that has one of them keeps no other.
    pub named: Vec<SynsetId>,
    /// Words with a sense that the collection's own corpus tells apart: its id and the words that stand for it, which are looked for in
    /// place of WordNet's.
    pub induced: Vec<NamedInduced>,
    /// Chooses the senses of all other words in the query's own context; without it they keep all.
    pub disambiguator: Option<Disambiguator<'a>>,
}

/// A sense of the collection's own corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedInduced {
    /// The word.
    pub word: String,
    /// The sense's id: `bank~1`.
    pub sense: String,
    /// Words that stand for it.
    pub label: Vec<String>,
}

/// A query's words, and the terms that they lead to.
type Expansions = (Vec<String>, Rc<Vec<Reached>>);

/// A term to look for, and how the query led to it.
struct Reached {
    query_word: String,
    term: WeightedTerm,
    link: Option<GraphLink>,
}

impl<'a> WordNetRetriever<'a> {
    /// Expands as `expansion` says. Words that its language does not have are looked up in WordNet's other ones.
    #[must_use]
    pub fn new(index: &'a KeywordIndex, wordnet: &'a WordNet, expansion: Expansion) -> Self {
        let (options, senses) = (KeywordOptions::default(), SenseChoice::default());
        Self { index, wordnet, expansion, options, senses, last: RefCell::new(None) }
    }

    /// Looks and scores by these options.
    #[must_use]
    pub fn with_options(self, options: KeywordOptions<'a>) -> Self {
        Self { options, ..self }
    }

    /// Follows only senses that are meant.
    #[must_use]
    pub fn with_senses(self, senses: SenseChoice<'a>) -> Self {
        Self { senses, ..self }
    }

    /// The senses chosen for the query's words, by word.
    fn chosen(&self, words: &[String]) -> Result<HashMap<String, Vec<SynsetId>>> {
        let mut chosen = self.expansion.senses.clone();
        if self.senses.named.is_empty() && self.senses.disambiguator.is_none() {
            return Ok(chosen);
        }
        let mut passage = Passage::find(self.wordnet, vec![words.to_vec()])?;
        if let Some(disambiguator) = &self.senses.disambiguator {
            disambiguator.show(&mut passage, |_| true);
        }
        for (at, mention) in passage.mentions.iter().enumerate() {
            let word = passage.tokens[mention.tokens.clone()].join(" ");
            let named = |number: &SynsetId| self.senses.named.contains(number);
            let mut senses: Vec<SynsetId> = mention.candidates.iter().map(|c| c.synset.number()).collect();
            if senses.iter().any(named) {
                senses.retain(named);
            } else if let Some(disambiguator) = &self.senses.disambiguator {
                let ranking = disambiguator.rank(&passage, at);
                let best = ranking.senses.first().map_or(0.0, |sense| sense.probability);
                let near = ranking.senses.iter().filter(|sense| sense.probability >= best * ALSO_MEANT);
                senses = near.map(|sense| sense.candidate.synset.number()).collect();
            }
            chosen.insert(word, senses);
        }
        Ok(chosen)
    }

    fn reached(&self, words: &[String]) -> Result<Rc<Vec<Reached>>> {
        if let Some((query, reached)) = &*self.last.borrow()
            && query == words
        {
            return Ok(Rc::clone(reached));
        }
        let reached = Rc::new(self.expand(words)?);
        *self.last.borrow_mut() = Some((words.to_vec(), Rc::clone(&reached)));
        Ok(reached)
    }

    fn expand(&self, words: &[String]) -> Result<Vec<Reached>> {
        let mut terms =
            Terms { index: self.index, options: self.options, reached: Vec::new(), places: HashMap::new() };
        let all_function_words = words.iter().all(|word| is_stop_word(word));
        for word in distinct(words) {
            if all_function_words || !is_stop_word(word) {
                terms.add(word, vec![word.clone()], 1.0, None)?;
            }
            if let Some(induced) = self.induced(word) {
                add_label(induced, &mut terms)?;
            }
        }
        let tokens: Vec<&str> = words.iter().map(String::as_str).collect();
        let chosen = self.chosen(words)?;
        let mut open = vec![true; tokens.len()];
        for language in self.languages() {
            for found in self.wordnet.find_lemmas(&tokens, language)? {
                let (alone, range) = (tokens[found.tokens.start], found.tokens);
                let closed = open[range.clone()].contains(&false) || self.induced(alone).is_some();
                if closed || terms.reached.len() >= TERMS_MAX || (range.len() == 1 && is_stop_word(alone)) {
                    continue;
                }
                open[range.clone()].fill(false);
                let word =
                    if language == ENGLISH { tokens[range].join(" ") } else { found.lemmas[0].to_owned() };
                self.add_expansion(&word, (language, &chosen), &mut terms)?;
            }
        }
        Ok(terms.reached)
    }

    fn induced(&self, word: &str) -> Option<&NamedInduced> {
        self.senses.induced.iter().find(|induced| induced.word == word)
    }

    /// The language of the query first.
    fn languages(&self) -> Vec<&str> {
        let own = self.expansion.language.as_str();
        let others = self.wordnet.languages().into_iter().filter(|other| *other != own);
        std::iter::once(own).chain(others).collect()
    }

    fn add_expansion(
        &self,
        word: &str,
        (language, senses): (&str, &HashMap<String, Vec<SynsetId>>),
        terms: &mut Terms<'_>,
    ) -> Result<()> {
        let settings =
            Expansion { language: language.to_owned(), senses: senses.clone(), ..self.expansion.clone() };
        for expanded in self.wordnet.expand(&[word], &settings)? {
            let mut parts = Analyzer.words(expanded.word);
            parts.retain(|part| !is_stop_word(part));
            if !parts.is_empty() {
                terms.add(word, parts, expanded.weight, Some(GraphLink::of(&expanded)))?;
            }
        }
        Ok(())
    }
}

/// The terms of a query, each once, by the way of the greatest weight.
struct Terms<'a> {
    index: &'a KeywordIndex,
    options: KeywordOptions<'a>,
    reached: Vec<Reached>,
    places: HashMap<Vec<String>, usize>,
}

impl Terms<'_> {
    /// Terms that no document holds are left out.
    fn add(
        &mut self,
        query_word: &str,
        words: Vec<String>,
        weight: f32,
        link: Option<GraphLink>,
    ) -> Result<()> {
        if let Some(&place) = self.places.get(&words) {
            let known = &mut self.reached[place];
            if known.term.weight < weight {
                *known =
                    Reached { query_word: query_word.to_owned(), term: WeightedTerm { words, weight }, link };
            }
            return Ok(());
        }
        for word in &words {
            if self.index.matching_count(word, &self.options)? == 0 {
                return Ok(());
            }
        }
        self.places.insert(words.clone(), self.reached.len());
        let term = WeightedTerm { words, weight };
        self.reached.push(Reached { query_word: query_word.to_owned(), term, link });
        Ok(())
    }
}

/// Looks for the words that stand for an induced sense.
fn add_label(induced: &NamedInduced, terms: &mut Terms<'_>) -> Result<()> {
    for word in &induced.label {
        let link = GraphLink {
            relation: "induced sense".to_owned(),
            links: 1,
            sense: induced.sense.clone(),
            synset: induced.sense.clone(),
        };
        terms.add(&induced.word, vec![word.clone()], LABEL_WEIGHT, Some(link))?;
    }
    Ok(())
}

impl GraphLink {
    pub(crate) fn of(expanded: &Expanded<'_>) -> Self {
        Self {
            relation: expanded.via.relation.map_or("synonym", Relation::name).to_owned(),
            links: expanded.via.links,
            sense: expanded.via.sense.name(),
            synset: expanded.via.synset.name(),
        }
    }
}

impl Retriever for WordNetRetriever<'_> {
    fn mode(&self) -> Mode {
        Mode::Wordnet
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let found = self.answering(words)?.unwrap_or_default().top(self.index, limit)?;
        Ok(found.into_iter().map(|(seq, score)| Ranked { seq: seq.cast_signed(), score }).collect())
    }

    fn answering(&self, words: &[String]) -> Result<Option<Matches>> {
        let reached = self.reached(words)?;
        let terms: Vec<&WeightedTerm> = reached.iter().map(|reached| &reached.term).collect();
        self.index.matching_weighted(&terms, &self.options).map(Some)
    }

    fn is_same(&self, word: &str, matched: &str) -> bool {
        word == matched || self.index.form(word, &self.options) == self.index.form(matched, &self.options)
    }

    fn matches(&self, words: &[String], seq: i64, document: &Analysis) -> Result<Vec<Match>> {
        let form = |word| self.index.form(word, &self.options);
        let held: HashSet<Cow<'_, str>> = document.tokens().map(|token| form(token.text)).collect();
        let reached = self.reached(words)?;
        let reached: Vec<&Reached> = reached
            .iter()
            .filter(|reached| reached.term.words.iter().all(|word| held.contains(&form(word))))
            .collect();
        let terms: Vec<&WeightedTerm> = reached.iter().map(|reached| &reached.term).collect();
        let parts = self.index.explain_weighted(&terms, seq.cast_unsigned(), &self.options)?;
        let score: f32 = parts.iter().sum();
        let in_document = |words: &[String]| {
            let forms = words.iter().map(|word| form_in(document, word, self.index, &self.options));
            forms.collect::<Vec<_>>().join(" ")
        };
        let matches = reached.into_iter().zip(parts).filter(|(_, part)| *part > 0.0);
        let matches = matches.map(|(reached, part)| Match {
            query_word: reached.query_word.clone(),
            document_word: in_document(&reached.term.words),
            similarity: reached.term.weight,
            share: part / score,
            link: reached.link.clone(),
            bm25: None,
            part: None,
        });
        Ok(largest(matches.collect()))
    }

    /// Words that neither stand in a document themselves nor lead to one that does.
    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        let reached = self.reached(words)?;
        let leads = |word: &str| {
            reached.iter().any(|reached| reached.query_word.split(' ').any(|part| part == word))
                || reached.iter().any(|reached| reached.term.words == [word])
        };
        let mut unknown = Vec::new();
        for word in distinct(words) {
            if !leads(word) && self.index.matching_count(word, &self.options)? == 0 {
                unknown.push(word.clone());
            }
        }
        Ok(unknown)
    }
}
