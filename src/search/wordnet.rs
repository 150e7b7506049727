//! Hard tokens joined by hand-made links: a document answers if it holds a word of the query, or one that WordNet joins to
//! it as a synonym, a hyponym or a hypernym, for a part of its weight.
//!
//! Unless told otherwise, every sense of a word is followed. That finds what other words say, and also what the query never
//! meant, and each match says by which sense it came. [`WordNetRetriever::with_senses`] holds it to those that are meant.
//!
//! Source: Voorhees 1994, "Query expansion using lexical-semantic relations".

use super::expansion::{Expand, ExpandedRetriever, Keywords, Reached};
use super::{GraphLink, Mode, distinct};
use crate::error::Result;
use crate::index::keyword::{KeywordIndex, WeightedTerm};
use crate::sense::{Disambiguator, Passage};
use crate::text::{Analyzer, is_stop_word};
use crate::wordnet::{ENGLISH, Expanded, Expansion, Relation, SynsetId, WordNet};
use std::collections::HashMap;

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
pub type WordNetRetriever<'a> = ExpandedRetriever<'a, GraphTerms<'a>>;

/// Leads to the words that WordNet joins to a query's.
pub struct GraphTerms<'a> {
    wordnet: &'a WordNet,
    expansion: Expansion,
    senses: SenseChoice<'a>,
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

impl<'a> WordNetRetriever<'a> {
    /// Expands as `expansion` says. Words that its language does not have are looked up in WordNet's other ones.
    #[must_use]
    pub fn new(index: &'a KeywordIndex, wordnet: &'a WordNet, expansion: Expansion) -> Self {
        Self::of(index, GraphTerms { wordnet, expansion, senses: SenseChoice::default() })
    }

    /// Follows only senses that are meant.
    #[must_use]
    pub fn with_senses(mut self, senses: SenseChoice<'a>) -> Self {
        self.source.senses = senses;
        self
    }
}

/// The senses of a word that are followed, each with what its links count for.
type Followed = HashMap<SynsetId, f32>;

impl GraphTerms<'_> {
    /// The senses chosen for the query's words, by word.
    fn chosen(&self, words: &[String]) -> Result<HashMap<String, Followed>> {
        let whole = |senses: &Vec<SynsetId>| senses.iter().map(|sense| (*sense, 1.0)).collect::<Followed>();
        let mut chosen: HashMap<String, Followed> =
            self.expansion.senses.iter().map(|(word, senses)| (word.clone(), whole(senses))).collect();
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
            let mut senses: Followed =
                mention.candidates.iter().map(|candidate| (candidate.synset.number(), 1.0)).collect();
            if senses.keys().any(named) {
                senses.retain(|number, _| named(number));
            } else if let Some(disambiguator) = &self.senses.disambiguator {
                let ranking = disambiguator.rank(&passage, at);
                let best = ranking.senses.first().map_or(0.0, |sense| sense.probability);
                let near = ranking.senses.iter().filter(|sense| sense.probability >= best * ALSO_MEANT);
                // Where the query says little, its own words say more than those of a sense that is hardly likelier than the others.
                senses = near.map(|sense| (sense.candidate.synset.number(), sense.probability)).collect();
            }
            chosen.insert(word, senses);
        }
        Ok(chosen)
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
        (language, chosen): (&str, &HashMap<String, Followed>),
        terms: &mut Terms<'_>,
    ) -> Result<()> {
        // The likeliest first: a word that several lead to comes by that one.
        let numbers = |(word, senses): (&String, &Followed)| {
            let mut senses: Vec<(SynsetId, f32)> = senses.iter().map(|(sense, p)| (*sense, *p)).collect();
            senses.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            (word.clone(), senses.into_iter().map(|(sense, _)| sense).collect())
        };
        let senses = chosen.iter().map(numbers).collect();
        let settings = Expansion { language: language.to_owned(), senses, ..self.expansion.clone() };
        let counts = |sense: SynsetId| chosen.get(word).and_then(|of| of.get(&sense)).copied().unwrap_or(1.0);
        for expanded in self.wordnet.expand(&[word], &settings)? {
            let mut parts = Analyzer.words(expanded.word);
            parts.retain(|part| !is_stop_word(part));
            if !parts.is_empty() {
                let weight = expanded.weight * counts(expanded.via.sense.number());
                terms.add(word, parts, weight, Some(GraphLink::of(&expanded)))?;
            }
        }
        Ok(())
    }
}

impl Expand for GraphTerms<'_> {
    const MODE: Mode = Mode::Wordnet;

    fn expand(&self, words: &[String], keywords: &Keywords<'_>) -> Result<Vec<Reached>> {
        let mut terms = Terms { keywords, reached: Vec::new(), places: HashMap::new() };
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
}

/// The terms of a query, each once, by the way of the greatest weight.
struct Terms<'a> {
    keywords: &'a Keywords<'a>,
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
                *known = reach(query_word, words, weight, link);
            }
            return Ok(());
        }
        for word in &words {
            if !self.keywords.hold(word)? {
                return Ok(());
            }
        }
        self.places.insert(words.clone(), self.reached.len());
        self.reached.push(reach(query_word, words, weight, link));
        Ok(())
    }
}

fn reach(query_word: &str, words: Vec<String>, weight: f32, link: Option<GraphLink>) -> Reached {
    let term = WeightedTerm::of_words(words, weight);
    Reached { query_word: query_word.to_owned(), term, similarity: weight, link }
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
