//! What WordNet says about a synset, as vectors in the space of a corpus's words.
//!
//! Two for each: of its own gloss, and of its gloss with its words, those of its neighbours, and their glosses. In both the word
//! itself is left out, for it stands in the sentence too. Sources: Lesk 1986; Banerjee and Pedersen 2003 for the neighbours'
//! glosses; Basile, Caputo and Semeraro 2014 for cosines in place of overlaps.

use super::context::ContextEncoder;
use crate::encoder::StaticEncoder;
use crate::linalg::{dot, first_direction};
use crate::text::Analyzer;
use crate::wordnet::{ENGLISH, PartOfSpeech, Synset, WordNet};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Neighbours whose words are taken, and whose glosses.
const LINKS_WORDS_MAX: usize = 40;
const LINKS_GLOSSES_MAX: usize = 25;
/// Every so manieth gloss shows which direction glosses share.
const STEP: usize = 20;

/// Encoders of glosses and of sentences: each has its own direction in common, which is removed.
#[derive(Debug, Clone)]
pub struct Glosses {
    glosses: StaticEncoder,
    sentences: StaticEncoder,
    examples: bool,
    contexts: Option<Arc<ContextEncoder>>,
    /// The words that WordNet quotes in a sentence, as that sentence shows them, by number of the synset; found when first asked for.
    quoted: Arc<Mutex<HashMap<usize, Quoted>>>,
}

/// What a contextual model expects in the places of a synset's words, in the sentences quoted.
type Quoted = Arc<[Vec<f32>]>;

/// What a synset's glosses say; `None` where no word has a vector.
pub(super) struct GlossVectors {
    pub own: Option<Vec<f32>>,
    pub wide: Option<Vec<f32>>,
}

impl Glosses {
    /// Finds the directions: that of glosses in WordNet, that of sentences from `sentences`, vectors at length 1 of some thousand of
    /// the corpus (`D` values each); without any, from the sentences that WordNet quotes.
    #[must_use]
    pub fn new(wordnet: &WordNet, encoder: &StaticEncoder, sentences: &[f32]) -> Self {
        let plain = StaticEncoder::plain(encoder.vectors().clone());
        let mut rows = Vec::new();
        for pos in PartOfSpeech::ALL {
            for synset in wordnet.all(pos).step_by(STEP) {
                let words = Analyzer.words(synset.gloss());
                rows.extend(plain.text(words.iter().map(String::as_str)).unwrap_or_default());
            }
        }
        let quoted =
            |synset: Synset<'_>| synset.examples().into_iter().next().map(|example| Analyzer.words(example));
        let quoted =
            || PartOfSpeech::ALL.into_iter().flat_map(|pos| wordnet.all(pos)).filter_map(quoted).step_by(5);
        let vectors = |words: Vec<String>| plain.text(words.iter().map(String::as_str));
        let own: Vec<f32> =
            if sentences.is_empty() { quoted().filter_map(vectors).flatten().collect() } else { Vec::new() };
        let sentences = if sentences.is_empty() { &own } else { sentences };
        let encoder = |rows: &[f32]| {
            let direction = first_direction(rows, plain.dim());
            StaticEncoder::new(plain.vectors().clone(), direction)
        };
        Self {
            glosses: encoder(&rows),
            sentences: encoder(sentences),
            examples: true,
            contexts: None,
            quoted: Arc::default(),
        }
    }

    /// Compares occurrences too.
    #[must_use]
    pub fn with_contexts(self, contexts: &Arc<ContextEncoder>) -> Self {
        Self { contexts: Some(Arc::clone(contexts)), ..self }
    }

    /// What makes vectors of occurrences, if there is something.
    pub(super) fn contexts(&self) -> Option<&ContextEncoder> {
        self.contexts.as_deref()
    }

    /// The nearest of the sentences quoted for each synset, by the cosine of contexts; `None` where none is quoted, or without a
    /// contextual model.
    pub(super) fn nearest_quoted(
        &self,
        wordnet: &WordNet,
        synsets: &[Synset<'_>],
        context: &[f32],
    ) -> Vec<Option<f32>> {
        let model = self.contexts().filter(|contexts| self.examples && contexts.model().is_some());
        let Some(contexts) = model else { return vec![None; synsets.len()] };
        let nearest =
            |quoted: &Quoted| quoted.iter().map(|vector| dot(vector, context)).max_by(f32::total_cmp);
        self.quoted(wordnet, synsets, contexts).iter().map(nearest).collect()
    }

    fn quoted(&self, wordnet: &WordNet, synsets: &[Synset<'_>], contexts: &ContextEncoder) -> Vec<Quoted> {
        let known = |synset: &Synset<'_>| self.shelf().get(&synset.number().index()).cloned();
        let kept: Vec<Option<Quoted>> = synsets.iter().map(known).collect();
        let missing = synsets.iter().zip(&kept).filter(|(_, kept)| kept.is_none()).map(|(synset, _)| *synset);
        let missing: Vec<(usize, Vec<(Vec<String>, Range<usize>)>)> =
            missing.map(|synset| (synset.number().index(), quotations(wordnet, synset))).collect();
        let tokens: Vec<(Vec<&str>, &Range<usize>)> = missing
            .iter()
            .flat_map(|(_, quotations)| quotations)
            .map(|(tokens, target)| (tokens.iter().map(String::as_str).collect(), target))
            .collect();
        let asked: Vec<(&[&str], Vec<Range<usize>>)> =
            tokens.iter().map(|(tokens, target)| (&tokens[..], vec![(*target).clone()])).collect();
        let mut views =
            if asked.is_empty() { Vec::new() } else { contexts.all_views(&asked) }.into_iter().flatten();
        let mut made: HashMap<usize, Quoted> = HashMap::new();
        for (number, quotations) in &missing {
            made.insert(
                *number,
                views.by_ref().take(quotations.len()).filter_map(|view| view.context).collect(),
            );
        }
        self.shelf().extend(made.iter().map(|(number, quoted)| (*number, Arc::clone(quoted))));
        let found = |(synset, kept): (&Synset<'_>, Option<Quoted>)| {
            kept.or_else(|| made.get(&synset.number().index()).cloned()).unwrap_or_default()
        };
        synsets.iter().zip(kept).map(found).collect()
    }

    fn shelf(&self) -> MutexGuard<'_, HashMap<usize, Quoted>> {
        self.quoted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Without the sentences that WordNet quotes: for sets that were made of these very sentences.
    #[must_use]
    pub fn without_examples(self) -> Self {
        Self { examples: false, ..self }
    }

    /// The vector of a sentence or passage, of length 1.
    #[must_use]
    pub fn sentence<'a>(&self, tokens: impl IntoIterator<Item = &'a str>) -> Option<Vec<f32>> {
        self.sentences.text(tokens)
    }

    fn gloss<'a>(&self, synset: Synset<'a>) -> Cow<'a, str> {
        if self.examples { Cow::Borrowed(synset.gloss()) } else { Cow::Owned(synset.definition()) }
    }

    /// The vectors of a synset's glosses without the tokens `word`.
    pub(super) fn of(&self, synset: Synset<'_>, word: &[String]) -> GlossVectors {
        let mut tokens = Vec::new();
        let add = |text: &str, tokens: &mut Vec<String>| {
            tokens.extend(Analyzer.words(text).into_iter().filter(|token| !word.contains(token)));
        };
        let gloss = |synset| self.gloss(synset);
        add(&gloss(synset), &mut tokens);
        let own = self.glosses.text(tokens.iter().map(String::as_str));
        synset.words().for_each(|word| add(word, &mut tokens));
        for (at, link) in synset.links().take(LINKS_WORDS_MAX).enumerate() {
            link.target.words().for_each(|word| add(word, &mut tokens));
            if at < LINKS_GLOSSES_MAX {
                add(&gloss(link.target), &mut tokens);
            }
        }
        GlossVectors { own, wide: self.glosses.text(tokens.iter().map(String::as_str)) }
    }
}

/// The sentences quoted for a synset in which one of its words is found, and where.
fn quotations(wordnet: &WordNet, synset: Synset<'_>) -> Vec<(Vec<String>, Range<usize>)> {
    let words: Vec<String> = synset.words().map(|word| word.to_lowercase().replace('_', " ")).collect();
    let place = |example: &str| {
        let tokens = Analyzer.words(example);
        let borrowed: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let found = wordnet.find_lemmas(&borrowed, ENGLISH).unwrap_or_default();
        let of_synset =
            |lemma: &&str| words.iter().any(|word| word == &lemma.to_lowercase().replace('_', " "));
        let target = found.into_iter().find(|found| found.lemmas.iter().any(of_synset))?.tokens;
        Some((tokens, target))
    };
    synset.examples().into_iter().filter_map(place).collect()
}
