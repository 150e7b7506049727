//! Answers to whole questions, ready to be serialised: REST and the command line only translate.
//!
//! | question | answer |
//! |---|---|
//! | what does this word mean? | [`WordAnswer`] |
//! | what is this synset? | [`SynsetAnswer`] |
//! | how do these two hang together? | [`PathAnswer`] |
//! | how alike are they? | [`SimilarityAnswer`] |
//! | what falls under this? | [`HyponymsAnswer`] |
//! | what does the graph add to this query? | [`ExpansionAnswer`] |
//! | what is fewest links away? | [`NeighboursAnswer`] |
//!
//! Wherever two things are compared, each may be a word of the chosen language or a synset by id, name or sense key; of a
//! word's senses the best pair is answered.

use super::{
    Expansion, GraphPath, InformationContent, Link, Measure, PartOfSpeech, Relation, Sense, Synset, WordNet,
};
use crate::error::{Error, Result};
use serde::Serialize;

/// Senses of each word that the slow gloss overlap is worked out for.
const LESK_SENSES_MAX: usize = 5;
/// Longest way looked for over all relations; nearly all pairs are nearer.
const RELATION_LINKS_MAX: usize = 16;

/// A synset in short, as the end of a link.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SynsetBrief {
    /// `02084071-n`
    pub id: String,
    /// `dog.n.01`
    pub name: String,
    /// Its words in the language asked for, in English where it has none.
    pub words: Vec<String>,
    /// The definition, in the language asked for if there is one.
    pub definition: String,
}

/// A word in a synset.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SynsetWord {
    /// The word as spelled.
    pub word: String,
    /// Rank among the word's senses, from 1 for the most frequent.
    pub sense_number: u32,
    /// How often the word was tagged with this sense in the semantic concordances.
    pub tag_count: u32,
    /// `dog%1:05:00::`
    pub sense_key: String,
    /// Where the adjective may stand, if restricted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syntactic_marker: Option<&'static str>,
}

/// A named link.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RelationAnswer {
    /// What the target is to this synset.
    pub relation: Relation,
    /// The word it starts from, where it holds between words only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_word: Option<String>,
    /// The word it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_word: Option<String>,
    /// Where it leads.
    pub target: SynsetBrief,
}

/// All about a synset.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SynsetAnswer {
    /// `02084071-n`: offset and part of speech.
    pub id: String,
    /// `dog.n.01`
    pub name: String,
    /// Part of speech.
    pub part_of_speech: PartOfSpeech,
    /// Whether it is an adjective grouped around a head.
    pub satellite: bool,
    /// A coarse field of meaning: `noun.animal`.
    pub lexicographer_file: &'static str,
    /// The English words.
    pub words: Vec<SynsetWord>,
    /// Words in other languages.
    pub translations: Vec<Translation>,
    /// The definition, in the language asked for if there is one.
    pub definition: String,
    /// Examples, in the language asked for if there are any.
    pub examples: Vec<String>,
    /// How often its words were tagged with this meaning, in all.
    pub tag_count: u64,
    /// Links to a root along the shortest hypernym path.
    pub depth_min: u32,
    /// Links to a root along the longest hypernym path.
    pub depth_max: u32,
    /// Everything it is linked to.
    pub relations: Vec<RelationAnswer>,
}

/// A synset's words in one language.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Translation {
    /// `cmn`
    pub language: String,
    /// The words.
    pub words: Vec<String>,
}

/// What a word means.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = WordNetWord)]
pub struct WordAnswer {
    /// The word as asked.
    pub word: String,
    /// The language it was looked up in.
    pub language: String,
    /// Its synsets, most frequent first, by part of speech.
    pub synsets: Vec<SynsetAnswer>,
}

/// How two synsets hang together.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PathAnswer {
    /// Where it begins.
    pub from: SynsetBrief,
    /// Where it ends.
    pub to: SynsetBrief,
    /// Number of links.
    pub links: usize,
    /// The links, in order.
    pub steps: Vec<StepAnswer>,
    /// The deepest synsets that both fall under.
    pub least_common_subsumers: Vec<SynsetBrief>,
}

/// One link of a path.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct StepAnswer {
    /// What the next synset is to the one before; none on both sides of the imaginary root.
    pub relation: Option<Relation>,
    /// The next synset; none is the imaginary root that joins separate taxonomies.
    pub synset: Option<SynsetBrief>,
}

/// Over which links a path may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// Hypernyms up and down only.
    Taxonomy,
    /// All relations.
    Relations,
}

/// How alike two synsets are.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SimilarityAnswer {
    /// The measure.
    pub measure: Measure,
    /// The value; none where the measure is not defined for any pair, or infinite (Jiang-Conrath of the same synset).
    pub score: Option<f64>,
    /// Whether both are the same synset.
    pub identical: bool,
    /// The sense of the first word that was compared.
    pub from: SynsetBrief,
    /// The sense of the second word.
    pub to: SynsetBrief,
}

/// One page of what falls under a synset.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct HyponymsAnswer {
    /// The synset.
    pub synset: SynsetBrief,
    /// Number of hyponyms passed over.
    pub offset: usize,
    /// Most hyponyms on a page.
    pub limit: usize,
    /// Number of hyponyms in all.
    pub total: usize,
    /// The hyponyms, nearest first.
    pub hyponyms: Vec<HyponymAnswer>,
}

/// One hyponym.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct HyponymAnswer {
    /// Links below the synset.
    pub depth: u32,
    /// The hyponym.
    pub synset: SynsetBrief,
}

/// What the graph adds to a query.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ExpansionAnswer {
    /// The words added.
    pub words: Vec<ExpandedAnswer>,
}

/// A word that the graph adds.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ExpandedAnswer {
    /// The word.
    pub word: String,
    /// Its language.
    pub language: String,
    /// Weight against the query word's own 1.
    pub weight: f32,
    /// The query word.
    pub from: String,
    /// The sense of the query word.
    pub sense: SynsetBrief,
    /// What the word is to that sense: `synonym`, `hyponym`, `hypernym`.
    pub relation: &'static str,
    /// Links from that sense.
    pub links: u32,
    /// The synset the word is from.
    pub synset: SynsetBrief,
}

/// The words fewest links away.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NeighboursAnswer {
    /// The words, nearest first.
    pub neighbours: Vec<NeighbourAnswer>,
}

/// A word near another in the graph.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NeighbourAnswer {
    /// The word.
    pub word: String,
    /// Links from the nearest sense of the word asked for.
    pub distance: u32,
    /// The synset it was met in.
    pub synset: SynsetBrief,
}

impl SynsetBrief {
    /// A synset in short.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a language that was not added.
    pub fn of(synset: Synset<'_>, language: &str) -> Result<Self> {
        let mut words = synset.words_in(language)?;
        if words.is_empty() {
            words = synset.words().collect();
        }
        let words = words.into_iter().map(str::to_owned).collect();
        Ok(Self { id: synset.id(), name: synset.name(), words, definition: definition(synset, language)? })
    }
}

fn definition(synset: Synset<'_>, language: &str) -> Result<String> {
    let definitions = synset.definitions_in(language)?;
    Ok(if definitions.is_empty() { synset.definition() } else { definitions.join("; ") })
}

impl SynsetAnswer {
    /// All about a synset, by id (`02084071-n`), name (`dog.n.01`) or sense key.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown synset, or a language that was not added.
    pub fn find(wordnet: &WordNet, name: &str, language: &str) -> Result<Self> {
        Self::of(wordnet.synset(name)?, language)
    }

    /// All about a synset.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a language that was not added.
    pub fn of(synset: Synset<'_>, language: &str) -> Result<Self> {
        let mut examples = synset.examples_in(language)?;
        if examples.is_empty() {
            examples = synset.examples();
        }
        Ok(Self {
            id: synset.id(),
            name: synset.name(),
            part_of_speech: synset.pos(),
            satellite: synset.is_satellite(),
            lexicographer_file: synset.lexicographer_file(),
            words: synset.senses().map(word_of).collect(),
            translations: translations(synset)?,
            definition: definition(synset, language)?,
            examples: examples.into_iter().map(str::to_owned).collect(),
            tag_count: synset.tag_count(),
            depth_min: synset.depth_min(),
            depth_max: synset.depth_max(),
            relations: synset.links().map(|link| relation_of(&link, language)).collect::<Result<_>>()?,
        })
    }
}

fn word_of(sense: Sense<'_>) -> SynsetWord {
    SynsetWord {
        word: sense.word().to_owned(),
        sense_number: sense.number(),
        tag_count: sense.tag_count(),
        sense_key: sense.key(),
        syntactic_marker: sense.syntactic_marker(),
    }
}

fn translations(synset: Synset<'_>) -> Result<Vec<Translation>> {
    let mut translations = Vec::new();
    for language in synset.wordnet.languages().into_iter().skip(1) {
        let words: Vec<String> = synset.words_in(language)?.into_iter().map(str::to_owned).collect();
        if !words.is_empty() {
            translations.push(Translation { language: language.to_owned(), words });
        }
    }
    Ok(translations)
}

fn relation_of(link: &Link<'_>, language: &str) -> Result<RelationAnswer> {
    Ok(RelationAnswer {
        relation: link.relation,
        from_word: link.source_sense.map(|sense| sense.word().to_owned()),
        to_word: link.target_sense.map(|sense| sense.word().to_owned()),
        target: SynsetBrief::of(link.target, language)?,
    })
}

impl WordAnswer {
    /// What a word means, in all parts of speech or one.
    ///
    /// # Errors
    /// [`Error::NotFound`] with near spellings for an unknown word, or for a language that was not added.
    pub fn find(wordnet: &WordNet, word: &str, pos: Option<PartOfSpeech>, language: &str) -> Result<Self> {
        let synsets = wordnet.known_synsets(word, pos, language)?;
        let synsets =
            synsets.into_iter().map(|synset| SynsetAnswer::of(synset, language)).collect::<Result<_>>()?;
        Ok(Self { word: word.to_owned(), language: language.to_owned(), synsets })
    }
}

/// What a text may stand for: one synset by id, name or key, or all synsets of a word.
fn senses_of<'a>(
    wordnet: &'a WordNet,
    text: &str,
    pos: Option<PartOfSpeech>,
    language: &str,
) -> Result<Vec<Synset<'a>>> {
    match wordnet.synset(text) {
        Ok(synset) => Ok(vec![synset]),
        Err(_) => wordnet.known_synsets(text, pos, language),
    }
}

impl PathAnswer {
    /// The shortest way between two words or synsets, over the best pair of senses.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word, synset or language, or where there is no way.
    pub fn find(
        wordnet: &WordNet,
        from: &str,
        to: &str,
        pos: Option<PartOfSpeech>,
        kind: PathKind,
        language: &str,
    ) -> Result<Self> {
        let (starts, ends) =
            (senses_of(wordnet, from, pos, language)?, senses_of(wordnet, to, pos, language)?);
        let mut best: Option<(GraphPath<'_>, Synset<'_>)> = None;
        for &start in &starts {
            for &end in &ends {
                let shorter =
                    best.as_ref().map_or(RELATION_LINKS_MAX, |(path, _)| path.len().saturating_sub(1));
                let path = match kind {
                    PathKind::Taxonomy => taxonomy_path(start, end),
                    PathKind::Relations => wordnet.relation_path(start, end, shorter),
                };
                if let Some(path) =
                    path.filter(|path| best.as_ref().is_none_or(|(best, _)| path.len() < best.len()))
                {
                    best = Some((path, end));
                }
            }
        }
        let Some((path, end)) = best else {
            return Err(Error::NotFound {
                kind: "path",
                name: format!("{from} → {to}"),
                nearest: Vec::new(),
            });
        };
        Self::of(&path, end, language)
    }

    fn of(path: &GraphPath<'_>, end: Synset<'_>, language: &str) -> Result<Self> {
        let brief = |synset: Synset<'_>| SynsetBrief::of(synset, language);
        let step = |step: &super::PathStep<'_>| -> Result<StepAnswer> {
            Ok(StepAnswer { relation: step.relation, synset: step.to.map(brief).transpose()? })
        };
        Ok(Self {
            from: brief(path.from)?,
            to: brief(end)?,
            links: path.len(),
            steps: path.steps.iter().map(step).collect::<Result<_>>()?,
            least_common_subsumers: path
                .from
                .least_common_subsumers(end)
                .into_iter()
                .map(brief)
                .collect::<Result<_>>()?,
        })
    }
}

/// Only synsets of the same part of speech are in one taxonomy; verbs' are joined at an imaginary root.
fn taxonomy_path<'a>(start: Synset<'a>, end: Synset<'a>) -> Option<GraphPath<'a>> {
    (start.pos() == end.pos()).then(|| start.shortest_path(end, start.pos() == PartOfSpeech::Verb))?
}

impl SimilarityAnswer {
    /// How alike two words or synsets are: the greatest value over their senses.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word, synset or language.
    pub fn find(
        wordnet: &WordNet,
        from: &str,
        to: &str,
        pos: Option<PartOfSpeech>,
        measure: Measure,
        information: &InformationContent,
        language: &str,
    ) -> Result<Self> {
        let (mut starts, mut ends) =
            (senses_of(wordnet, from, pos, language)?, senses_of(wordnet, to, pos, language)?);
        if measure == Measure::Lesk {
            starts.truncate(LESK_SENSES_MAX);
            ends.truncate(LESK_SENSES_MAX);
        }
        let mut best = (None::<f64>, starts[0], ends[0]);
        for &start in &starts {
            for &end in &ends {
                let score = start.similarity(end, measure, information);
                if score.is_some_and(|score| best.0.is_none_or(|best| score > best)) {
                    best = (score, start, end);
                }
            }
        }
        let (score, start, end) = best;
        Ok(Self {
            measure,
            score: score.filter(|score| score.is_finite()),
            identical: start == end,
            from: SynsetBrief::of(start, language)?,
            to: SynsetBrief::of(end, language)?,
        })
    }
}

impl HyponymsAnswer {
    /// One page of what falls under a synset, given by id, name or sense key.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown synset or language, [`Error::Invalid`] unless `limit` is 1 to 1,000.
    pub fn find(wordnet: &WordNet, name: &str, offset: usize, limit: usize, language: &str) -> Result<Self> {
        let synset = wordnet.synset(name)?;
        let page = synset.hyponyms(offset, limit)?;
        let answer =
            |(synset, depth)| Ok(HyponymAnswer { depth, synset: SynsetBrief::of(synset, language)? });
        let hyponyms = page.synsets.into_iter().map(answer).collect::<Result<_>>()?;
        Ok(Self { synset: SynsetBrief::of(synset, language)?, offset, limit, total: page.total, hyponyms })
    }
}

impl ExpansionAnswer {
    /// What the graph adds to these words.
    ///
    /// # Errors
    /// As [`WordNet::expand`].
    pub fn find(wordnet: &WordNet, words: &[&str], settings: &Expansion) -> Result<Self> {
        let expanded = wordnet.expand(words, settings)?.into_iter().map(|expanded| {
            Ok(ExpandedAnswer {
                word: expanded.word.to_owned(),
                sense: SynsetBrief::of(expanded.via.sense, &settings.language)?,
                relation: expanded.via.relation.map_or("synonym", Relation::name),
                links: expanded.via.links,
                synset: SynsetBrief::of(expanded.via.synset, &expanded.language)?,
                from: expanded.via.from,
                weight: expanded.weight,
                language: expanded.language,
            })
        });
        Ok(Self { words: expanded.collect::<Result<_>>()? })
    }
}

impl NeighboursAnswer {
    /// The `k` words fewest links away from any sense of a word or from a synset, by breadth-first search.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word, synset or language, [`Error::Invalid`] unless `k` is 1 to 1,000.
    pub fn find(
        wordnet: &WordNet,
        text: &str,
        pos: Option<PartOfSpeech>,
        k: usize,
        language: &str,
    ) -> Result<Self> {
        if !(1..=1000).contains(&k) {
            return Err(Error::invalid("k", "1 to 1000", k, "ask for fewer"));
        }
        let starts = senses_of(wordnet, text, pos, language)?;
        let neighbours = wordnet.nearest_words(&starts, text, k, language)?.into_iter().map(|neighbour| {
            let synset = SynsetBrief::of(neighbour.synset, language)?;
            Ok(NeighbourAnswer { word: neighbour.word.to_owned(), distance: neighbour.distance, synset })
        });
        Ok(Self { neighbours: neighbours.collect::<Result<_>>()? })
    }
}
