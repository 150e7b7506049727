//! One word, and what each way of reading sees beside it: the words that stand near it, those that WordNet joins to it, those that
//! its vector is near to, and those that it is near to in one sentence.

use super::answers::{Collocate, SimilarWord};
use super::{CollocatesRequest, ContextNeighboursRequest, Engine, ExpansionRequest, SimilarRequest};
use crate::error::{Error, Result};
use crate::search::{GraphLink, TopK};
use crate::text::Analyzer;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How much of each is wanted.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordContrastRequest {
    /// Words wanted of each way of reading; default 10.
    pub k: Option<usize>,
    /// A text with the word in it, in which it is read too; its first place there is taken.
    pub sentence: Option<String>,
}

/// A word as each way of reading sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WordContrastAnswer {
    /// The word, as the analyzer spells it.
    pub word: String,
    /// Hard tokens: words that stand near it more often than by chance.
    pub collocates: Vec<Collocate>,
    /// Linked tokens: words that WordNet joins to it, by falling weight.
    pub wordnet: Vec<LinkedWord>,
    /// Soft tokens: words whose vectors are nearest.
    pub similar: Vec<SimilarWord>,
    /// Soft tokens in their sentence: words nearest to the point where the sentence that was given puts the word.
    pub in_sentence: Vec<SimilarWord>,
    /// Words that two ways of reading or all have found.
    pub shared: Vec<String>,
    /// Ways of reading that have nothing to say, and why.
    pub silent: Vec<String>,
}

/// A word that WordNet joins to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LinkedWord {
    /// The word.
    pub word: String,
    /// What it counts for against the word itself.
    pub weight: f32,
    /// The way to it.
    pub link: GraphLink,
}

impl Engine {
    /// A word as hard, linked and soft tokens see it, side by side.
    ///
    /// # Errors
    /// [`Error::NotFound`] if none of them knows the word, with near spellings; [`Error::Invalid`] for a `k` out of range, or a sentence
    /// without the word.
    pub fn contrast_word(
        &self,
        collection: &str,
        word: &str,
        request: &WordContrastRequest,
    ) -> Result<WordContrastAnswer> {
        let k = TopK::new("k", request.k.unwrap_or(TopK::default().get()))?.get();
        self.generation(collection)?;
        let mut silent = Vec::new();
        let collocates = CollocatesRequest { k: Some(k), ..Default::default() };
        let collocates = self.collocates(collection, word, &collocates).map(|found| found.collocates);
        let collocates = or_silent("collocates", collocates, &mut silent)?;
        let wordnet = or_silent("wordnet", self.linked(word, k), &mut silent)?;
        let similar =
            SimilarRequest { k: Some(k), min_count: None, prefix: None, script: None, recall: None };
        let similar = match self.similar(collection, word, &similar) {
            Err(error @ Error::NotFound { .. }) if collocates.is_empty() && wordnet.is_empty() => {
                return Err(error);
            }
            found => or_silent("similar", found.map(|found| found.similar), &mut silent)?,
        };
        let in_sentence = match &request.sentence {
            Some(sentence) => {
                let read = self.near_in_sentence(collection, word, sentence, k);
                or_silent("in_sentence", read, &mut silent)?
            }
            None => Vec::new(),
        };
        let word = Analyzer.words(word).join(" ");
        Ok(WordContrastAnswer {
            shared: shared(&collocates, &wordnet, [&similar, &in_sentence]),
            word,
            collocates,
            wordnet,
            similar,
            in_sentence,
            silent,
        })
    }

    fn near_in_sentence(
        &self,
        collection: &str,
        word: &str,
        sentence: &str,
        k: usize,
    ) -> Result<Vec<SimilarWord>> {
        let spelled = Analyzer.words(word).join(" ");
        if !Analyzer.words(sentence).contains(&spelled) {
            let expected = format!("a text in which {spelled:?} stands");
            return Err(Error::invalid(
                "sentence",
                expected,
                "one without it",
                "write the word as it stands there",
            ));
        }
        let request = ContextNeighboursRequest {
            text: sentence.to_owned(),
            word: Some(word.to_owned()),
            offset: None,
            k: Some(k),
        };
        Ok(self.context_neighbours(collection, &request)?.words)
    }

    /// Words that WordNet joins to one, each once.
    fn linked(&self, word: &str, k: usize) -> Result<Vec<LinkedWord>> {
        let wordnet = self.wordnet()?;
        let settings = ExpansionRequest::default().expansion(&wordnet)?;
        let mut seen = HashSet::from([word.to_lowercase()]);
        let mut linked = Vec::new();
        for found in wordnet.expand(&[word], &settings)? {
            if seen.insert(found.word.to_lowercase()) {
                let link = GraphLink::of(&found);
                linked.push(LinkedWord { word: found.word.to_owned(), weight: found.weight, link });
            }
        }
        linked.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        linked.truncate(k);
        Ok(linked)
    }
}

/// What is not there for this word or collection is told instead of ending the answer.
fn or_silent<T>(what: &str, found: Result<Vec<T>>, silent: &mut Vec<String>) -> Result<Vec<T>> {
    match found {
        Ok(found) => Ok(found),
        Err(error @ (Error::NotFound { .. } | Error::NotReady { .. })) => {
            silent.push(format!("{what}: {error}"));
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

fn shared(collocates: &[Collocate], wordnet: &[LinkedWord], soft: [&[SimilarWord]; 2]) -> Vec<String> {
    let [similar, in_sentence] =
        soft.map(|words| words.iter().map(|found| found.word.as_str()).collect::<Vec<_>>());
    let lists: [Vec<&str>; 4] = [
        similar,
        in_sentence,
        wordnet.iter().map(|found| found.word.as_str()).collect(),
        collocates.iter().map(|found| found.word.as_str()).collect(),
    ];
    let mut shared: Vec<String> = Vec::new();
    for word in lists.iter().flatten() {
        let in_lists = lists.iter().filter(|list| list.contains(word)).count();
        if in_lists > 1 && !shared.iter().any(|known| known == word) {
            shared.push((*word).to_owned());
        }
    }
    shared
}
