//! One query read several ways, side by side: what the ways agree on, what each found alone, what keywords miss.

use super::answers::{Agreement, ContrastAnswer, FoundAlone, SearchAnswer};
use super::questions::{Hard, Question, Reading, check_query, checked};
use super::requests::{ContrastRequest, Page};
use super::{Engine, Generation};
use crate::error::{Error, Result};
use crate::index::keyword::KeywordOptions;
use crate::search::contrast::{PERSISTENCE, overlap, rank_biased_overlap};
use crate::search::{Match, Mode, TopK};
use crate::text::is_stop_word;
use std::collections::HashSet;

impl Engine {
    /// One query read several ways, side by side.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn contrast(&self, collection: &str, request: &ContrastRequest) -> Result<ContrastAnswer> {
        let k = TopK::new("k", request.k.unwrap_or(TopK::default().get()))?;
        check_query(&request.query)?;
        let generation = self.generation(collection)?;
        let keyword = request.keyword.clone().unwrap_or_default();
        let hard = Hard::new(&generation, &request.query, &keyword, request.filter.as_ref())?;
        let hard = self.in_sense(&generation, hard, request.sense.as_deref(), false)?;
        let expansion = request.wordnet.clone().unwrap_or_default();
        let question = Question {
            query: &request.query,
            hard: &hard,
            how: Reading {
                expansion: &expansion,
                hybrid: self.hybrid_settings(collection, request.hybrid)?,
                contextual: checked(request.contextual)?,
                recall: None,
            },
            page: Page { offset: 0, limit: k.get() },
            facets: &[],
            sort: &[],
            highlight: None,
        };
        let mut modes = self.modes(&generation, request.modes.as_deref())?;
        if request.modes.is_none() {
            // Blends of the others: beside them they hide what each found alone.
            modes.retain(|mode| !matches!(mode, Mode::Hybrid | Mode::Neighbours));
        }
        let answers = modes
            .into_iter()
            .map(|mode| self.answer(&generation, &question, mode))
            .collect::<Result<Vec<_>>>()?;
        Ok(ContrastAnswer {
            query: request.query.clone(),
            k: k.get(),
            agreement: agreement(&answers),
            found_alone: found_alone(&answers),
            missed_by_keywords: missed_by_keywords(&generation, &hard, &answers)?,
            answers,
        })
    }

    /// The modes asked for, or all that there are.
    pub(super) fn modes(&self, generation: &Generation, asked: Option<&[Mode]>) -> Result<Vec<Mode>> {
        let Some(asked) = asked else {
            let wordnet = match self.wordnet() {
                Ok(_) => true,
                Err(Error::NotReady { .. }) => false,
                Err(error) => {
                    tracing::warn!(%error, "the contrast goes without WordNet");
                    false
                }
            };
            let contextual = generation.context_vectors().is_some();
            let is_there = |mode: &Mode| match mode {
                Mode::Wordnet => wordnet,
                Mode::Contextual => contextual,
                Mode::Neighbours => generation.encoder().is_ok(),
                Mode::Keyword | Mode::Static | Mode::Hybrid => true,
            };
            return Ok(Mode::ALL.into_iter().filter(is_there).collect());
        };
        if asked.is_empty() || asked.len() != asked.iter().collect::<HashSet<_>>().len() {
            let got = asked.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(", ");
            let expected = format!("some of {}, each once", Mode::ALL.map(Mode::name).join(", "));
            let got = if got.is_empty() { "none".to_owned() } else { got };
            return Err(Error::invalid("modes", expected, got, "leave it out for all of them"));
        }
        Ok(asked.to_vec())
    }
}

/// Each two of the answers, in order.
fn agreement(answers: &[SearchAnswer]) -> Vec<Agreement> {
    let ids =
        |answer: &SearchAnswer| -> Vec<String> { answer.hits.iter().map(|hit| hit.id.clone()).collect() };
    let mut agreement = Vec::new();
    for (place, a) in answers.iter().enumerate() {
        for b in &answers[place + 1..] {
            let (ids_a, ids_b) = (ids(a), ids(b));
            agreement.push(Agreement {
                a: a.mode,
                b: b.mode,
                overlap: overlap(&ids_a, &ids_b),
                rank_biased_overlap: rank_biased_overlap(&ids_a, &ids_b, PERSISTENCE),
            });
        }
    }
    agreement
}

fn found_alone(answers: &[SearchAnswer]) -> Vec<FoundAlone> {
    let mut alone = Vec::new();
    for (place, answer) in answers.iter().enumerate() {
        let others =
            answers.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, answer)| answer);
        let elsewhere: HashSet<&str> =
            others.flat_map(|a| a.hits.iter().map(|hit| hit.id.as_str())).collect();
        for hit in answer.hits.iter().filter(|hit| !elsewhere.contains(hit.id.as_str())) {
            alone.push(FoundAlone {
                mode: answer.mode,
                rank: hit.rank,
                id: hit.id.clone(),
                title: hit.title.clone(),
                through: hit.matches.iter().map(told).collect(),
            });
        }
    }
    alone
}

fn told(found: &Match) -> String {
    let link = found.link.as_ref().map(|link| format!(" ({})", link.relation)).unwrap_or_default();
    if found.query_word.is_empty() {
        format!("→ {}", found.document_word)
    } else if found.query_word == found.document_word {
        format!("{}{link}", found.query_word)
    } else {
        format!("{} → {}{link}", found.query_word, found.document_word)
    }
}

/// The query's words that no hit of mode keyword holds; function words count only where there is nothing else.
fn missed_by_keywords(
    generation: &Generation,
    hard: &Hard,
    answers: &[SearchAnswer],
) -> Result<Option<Vec<String>>> {
    let Some(answer) = answers.iter().find(|answer| answer.mode == Mode::Keyword) else { return Ok(None) };
    let options: KeywordOptions<'_> = hard.options();
    let all_function_words = hard.words.iter().all(|word| is_stop_word(word));
    let mut missed: Vec<String> = Vec::new();
    for word in hard.words.iter().filter(|word| all_function_words || !is_stop_word(word)) {
        let form = generation.keyword().form(word, &options);
        let holds = |found: &Match| generation.keyword().form(&found.query_word, &options) == form;
        let is_held = answer.hits.iter().any(|hit| hit.matches.iter().any(holds));
        if !is_held && !missed.contains(word) {
            missed.push(word.clone());
        }
    }
    Ok(Some(missed))
}
