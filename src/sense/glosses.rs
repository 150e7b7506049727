//! What WordNet says about a synset, as vectors in the space of a corpus's words.
//!
//! Two for each: of its own gloss, and of its gloss with its words, those of its neighbours, and their glosses. In both the word
//! itself is left out, for it stands in the sentence too. Sources: Lesk 1986; Banerjee and Pedersen 2003 for the neighbours'
//! glosses; Basile, Caputo and Semeraro 2014 for cosines in place of overlaps.

use crate::encoder::StaticEncoder;
use crate::linalg::first_direction;
use crate::text::Analyzer;
use crate::wordnet::{PartOfSpeech, Synset, WordNet};
use std::borrow::Cow;

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
}

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
        Self { glosses: encoder(&rows), sentences: encoder(sentences), examples: true }
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
