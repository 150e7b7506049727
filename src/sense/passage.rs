//! A text as disambiguation sees it: sentences of tokens, and the lemmas in them with the senses that each may have.

use super::context::{ContextEncoder, Views};
use crate::error::Result;
use crate::text::is_stop_word;
use crate::wordnet::{ENGLISH, PartOfSpeech, Sense, Synset, WordNet};
use std::ops::Range;

/// Lemmas around a word that are looked at, at least: neighbouring sentences are added until there are so many (as UKB does;
/// Agirre, López de Lacalle and Soroa 2014).
const AROUND_MIN: usize = 20;
/// Most sentences added to each side.
const REACH_MAX: usize = 5;
/// Most lemmas around a word that are looked at: a sentence may be a megabyte without a full stop.
const AROUND_MAX: usize = 100;

/// One sense that a mention may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate<'a> {
    /// The meaning.
    pub synset: Synset<'a>,
    /// The word in it; `None` for words of other languages than English.
    pub sense: Option<Sense<'a>>,
    /// How often it was tagged.
    pub count: u64,
}

/// A lemma in a passage.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention<'a> {
    /// The tokens it covers.
    pub tokens: Range<usize>,
    /// What it may mean, most frequent first within each part of speech.
    pub candidates: Vec<Candidate<'a>>,
    /// How its sentence shows it, where occurrences are compared: see [`Passage::show`].
    pub views: Option<Views>,
}

/// A text, or as much of one as surrounds a word.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Passage<'a> {
    /// Tokens as vocabularies spell them.
    pub tokens: Vec<String>,
    /// The sentences, ranges of tokens, in order and without gaps.
    pub sentences: Vec<Range<usize>>,
    /// The lemmas, in order.
    pub mentions: Vec<Mention<'a>>,
}

impl<'a> Passage<'a> {
    /// Finds the lemmas of sentences in WordNet: in English, then in the other languages that it has.
    ///
    /// # Errors
    /// None that an open WordNet gives.
    pub fn find(wordnet: &'a WordNet, sentences: Vec<Vec<String>>) -> Result<Self> {
        let mut passage = Self::default();
        let languages = wordnet.languages();
        for sentence in sentences {
            let start = passage.tokens.len();
            let tokens: Vec<&str> = sentence.iter().map(String::as_str).collect();
            let mut open = vec![true; tokens.len()];
            let mut mentions = Vec::new();
            for language in
                std::iter::once(ENGLISH).chain(languages.iter().copied().filter(|l| *l != ENGLISH))
            {
                for found in wordnet.find_lemmas(&tokens, language)? {
                    let range = found.tokens;
                    let alone = tokens[range.start];
                    if open[range.clone()].contains(&false) || (range.len() == 1 && is_stop_word(alone)) {
                        continue;
                    }
                    open[range.clone()].fill(false);
                    let candidates = candidates(wordnet, &tokens[range.clone()], found.lemmas[0], language)?;
                    let tokens = start + range.start..start + range.end;
                    mentions.push(Mention { tokens, candidates, views: None });
                }
            }
            mentions.retain(|mention| !mention.candidates.is_empty());
            mentions.sort_by_key(|mention| mention.tokens.start);
            passage.mentions.extend(mentions);
            passage.sentences.push(start..start + sentence.len());
            passage.tokens.extend(sentence);
        }
        Ok(passage)
    }

    /// The sentence that holds a token; nothing if there is no sentence.
    #[must_use]
    pub fn sentence_of(&self, token: usize) -> Range<usize> {
        self.sentences.get(self.sentence_number(token)).cloned().unwrap_or_default()
    }

    /// The number of the mention that covers exactly these tokens, made if need be; what overlaps with them is then taken out.
    ///
    /// # Errors
    /// None that an open WordNet gives.
    pub fn focus(&mut self, wordnet: &'a WordNet, tokens: Range<usize>) -> Result<usize> {
        let at = self.mentions.partition_point(|mention| mention.tokens.start < tokens.start);
        if self.mentions.get(at).is_some_and(|mention| mention.tokens == tokens) {
            return Ok(at);
        }
        let parts: Vec<&str> = self.tokens[tokens.clone()].iter().map(String::as_str).collect();
        let joined = parts.join(" ");
        let mut found = candidates(wordnet, &[&joined], &joined, ENGLISH)?;
        for language in wordnet.languages().into_iter().filter(|language| *language != ENGLISH) {
            if found.is_empty() {
                found = candidates(wordnet, &[], &parts.concat(), language)?;
            }
        }
        self.mentions
            .retain(|mention| mention.tokens.end <= tokens.start || mention.tokens.start >= tokens.end);
        let at = self.mentions.partition_point(|mention| mention.tokens.start < tokens.start);
        self.mentions.insert(at, Mention { tokens, candidates: found, views: None });
        Ok(at)
    }

    fn sentence_number(&self, token: usize) -> usize {
        self.sentences
            .partition_point(|sentence| sentence.end <= token)
            .min(self.sentences.len().saturating_sub(1))
    }

    /// Works out how each mention appears in its sentence, those of `which` only.
    pub fn show(&mut self, context: &ContextEncoder, which: impl Fn(&Mention<'a>) -> bool) {
        let tokens: Vec<&str> = self.tokens.iter().map(String::as_str).collect();
        let mut asked: Vec<(&[&str], Vec<Range<usize>>)> = Vec::new();
        let mut numbers = Vec::new();
        for sentence in &self.sentences {
            let inside = |mention: &Mention<'a>| sentence.contains(&mention.tokens.start) && which(mention);
            let from = self.mentions.partition_point(|mention| mention.tokens.start < sentence.start);
            let mentions: Vec<usize> = (from..self.mentions.len())
                .take_while(|at| self.mentions[*at].tokens.start < sentence.end)
                .filter(|at| inside(&self.mentions[*at]))
                .collect();
            let targets = mentions.iter().map(|at| {
                let tokens = &self.mentions[*at].tokens;
                tokens.start - sentence.start..tokens.end - sentence.start
            });
            if !mentions.is_empty() {
                asked.push((&tokens[sentence.clone()], targets.collect()));
                numbers.push(mentions);
            }
        }
        for (views, mentions) in context.all_views(&asked).into_iter().zip(numbers) {
            for (view, at) in views.into_iter().zip(mentions) {
                self.mentions[at].views = Some(view);
            }
        }
    }

    /// The sentence of a token with as many of those around it as hold some twenty lemmas together.
    #[must_use]
    pub(super) fn surroundings(&self, token: usize) -> Range<usize> {
        let own = self.sentence_number(token);
        let (mut first, mut last) = (own, own);
        for _ in 0..REACH_MAX {
            let range = self.sentences[first].start..self.sentences[last].end;
            if self.mentions_in(&range).len() >= AROUND_MIN {
                break;
            }
            first = first.saturating_sub(1);
            last = (last + 1).min(self.sentences.len() - 1);
        }
        self.sentences[first].start..self.sentences[last].end
    }

    fn mentions_in(&self, tokens: &Range<usize>) -> &[Mention<'a>] {
        let from = self.mentions.partition_point(|mention| mention.tokens.start < tokens.start);
        let to = self.mentions.partition_point(|mention| mention.tokens.start < tokens.end);
        &self.mentions[from..to.max(from)]
    }

    /// The other lemmas around a mention, the nearest hundred of them.
    pub(super) fn around(&self, mention: usize) -> impl Iterator<Item = &Mention<'a>> {
        let own = &self.mentions[mention];
        let range = self.surroundings(own.tokens.start);
        let from = self.mentions.partition_point(|mention| mention.tokens.start < range.start);
        let to = self.mentions.partition_point(|mention| mention.tokens.start < range.end);
        let from = from.max(mention.saturating_sub(AROUND_MAX / 2));
        let to = to.min(mention + AROUND_MAX / 2).max(from);
        self.mentions[from..to].iter().filter(move |other| other.candidates != own.candidates)
    }
}

impl<'a> Candidate<'a> {
    /// The senses of an English lemma, inflected or not, with spaces or underscores.
    #[must_use]
    pub fn of_english(wordnet: &'a WordNet, lemma: &str, pos: Option<PartOfSpeech>) -> Vec<Self> {
        let mut candidates: Vec<Self> = Vec::new();
        for sense in wordnet.senses(lemma, pos) {
            if candidates.iter().all(|known| known.synset != sense.synset()) {
                let count = u64::from(sense.tag_count());
                candidates.push(Self { synset: sense.synset(), sense: Some(sense), count });
            }
        }
        candidates
    }
}

fn candidates<'a>(
    wordnet: &'a WordNet,
    tokens: &[&str],
    lemma: &str,
    language: &str,
) -> Result<Vec<Candidate<'a>>> {
    if language != ENGLISH {
        let synsets = wordnet.synsets(lemma, None, language)?.into_iter();
        return Ok(synsets
            .map(|synset| Candidate { synset, sense: None, count: synset.tag_count() })
            .collect());
    }
    let found = match tokens {
        [one] => Candidate::of_english(wordnet, one, None),
        _ => Vec::new(),
    };
    Ok(if found.is_empty() { Candidate::of_english(wordnet, lemma, None) } else { found })
}

/// The senses of a word as it stands in a text, in English, else in the first other language that knows it.
pub(super) fn candidates_of<'a>(wordnet: &'a WordNet, word: &str) -> Result<Vec<Candidate<'a>>> {
    let mut found = Candidate::of_english(wordnet, word, None);
    for language in wordnet.languages().into_iter().filter(|language| *language != ENGLISH) {
        if found.is_empty() {
            found = candidates(wordnet, &[], word, language)?;
        }
    }
    Ok(found)
}
