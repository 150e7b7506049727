//! All words of running text against WordNet's senses, scored as Raganato, Camacho-Collados and Navigli 2017 score: an answer is right
//! if it is among the keys given; precision over the answered, recall over all, F1 their harmonic mean.

use super::{Mark, SenseReport, System, reliability};
use crate::error::Result;
use crate::eval::stats::share_interval;
use crate::progress::Progress;
use crate::sense::tagged::{TaggedSentence, TaggedWord};
use crate::sense::{Candidate, Disambiguator, Mention, Passage, Ranking};
use crate::wordnet::{PartOfSpeech, WordNet};
use rayon::prelude::*;
use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// One tagged word and what two systems answered.
struct Answer {
    pos: Option<PartOfSpeech>,
    keys: Vec<String>,
    first: Option<String>,
    ranking: Option<(String, f64)>,
}

/// Asks for the sense of every tagged word, its lemma and part of speech given.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled).
pub fn all_words<'a>(
    path: &Path,
    sentences: &[TaggedSentence],
    wordnet: &'a WordNet,
    disambiguator: &Disambiguator<'a>,
    progress: &dyn Progress,
) -> Result<SenseReport> {
    let passages: Vec<&[TaggedSentence]> = sentences.chunk_by(|a, b| a.document == b.document).collect();
    let done = AtomicU64::new(0);
    let mut answers = Vec::new();
    for document in passages {
        let (mut passage, asked) = passage_of(wordnet, document);
        let wanted = asked.iter().filter_map(|(_, at)| *at);
        let starts: HashSet<usize> = wanted.map(|at| passage.mentions[at].tokens.start).collect();
        disambiguator.show(&mut passage, |mention| starts.contains(&mention.tokens.start));
        let found: Result<Vec<Answer>> = asked
            .par_iter()
            .map(|(word, mention)| {
                let done = done.fetch_add(1, Ordering::Relaxed);
                if done.is_multiple_of(64) {
                    progress.step("choosing senses", done, 0, "words")?;
                }
                Ok(answer(word, mention.map(|mention| disambiguator.rank(&passage, mention)), wordnet))
            })
            .collect();
        answers.extend(found?);
    }
    Ok(report(path, &answers))
}

/// The document with the lemmas and parts of speech that it gives, and the mention of each tagged word.
pub(crate) fn passage_of<'a, 's>(
    wordnet: &'a WordNet,
    document: &'s [TaggedSentence],
) -> (Passage<'a>, Vec<(&'s TaggedWord, Option<usize>)>) {
    let mut passage = Passage::default();
    let mut asked = Vec::new();
    for sentence in document {
        let cut = sentence.cut();
        let start = passage.tokens.len();
        for (word, tokens) in sentence.words.iter().zip(&cut.words) {
            let mut mention = None;
            if let (Some(lemma), Some(pos), false) = (&word.lemma, word.pos, tokens.is_empty()) {
                let candidates = Candidate::of_english(wordnet, lemma, Some(pos));
                if !candidates.is_empty() {
                    mention = Some(passage.mentions.len());
                    let tokens = start + tokens.start..start + tokens.end;
                    passage.mentions.push(Mention { tokens, candidates, views: None });
                }
            }
            if !word.keys.is_empty() {
                asked.push((word, mention));
            }
        }
        passage.tokens.extend(cut.tokens);
        passage.sentences.push(start..passage.tokens.len());
    }
    (passage, asked)
}

fn answer(word: &TaggedWord, ranking: Option<Ranking<'_>>, wordnet: &WordNet) -> Answer {
    let lemma = word.lemma.as_deref().unwrap_or_default();
    let best = ranking.as_ref().and_then(|ranking| ranking.senses.first());
    let key = |candidate: &Candidate<'_>| candidate.sense.map(crate::wordnet::Sense::key);
    Answer {
        pos: word.pos,
        keys: word.keys.clone(),
        first: wordnet.senses(lemma, word.pos).first().map(|sense| sense.key()),
        ranking: best.and_then(|best| Some((key(&best.candidate)?, f64::from(best.probability)))),
    }
}

fn report(path: &Path, answers: &[Answer]) -> SenseReport {
    let right = |answer: &Answer, key: Option<&String>| key.is_some_and(|key| answer.keys.contains(key));
    let first: Vec<(&Answer, Option<bool>)> =
        answers.iter().map(|a| (a, a.first.as_ref().map(|key| right(a, Some(key))))).collect();
    let chosen: Vec<(&Answer, Option<bool>)> =
        answers.iter().map(|a| (a, a.ranking.as_ref().map(|(key, _)| right(a, Some(key))))).collect();
    let known = answers.iter().filter_map(|a| a.ranking.as_ref().map(|(key, p)| (*p, right(a, Some(key)))));
    SenseReport {
        kind: "raganato",
        path: path.to_path_buf(),
        questions: answers.len(),
        fitted_on: "weights fixed beforehand".into(),
        systems: vec![
            System::new("first sense", marks(&first)),
            System::new("disambiguation", marks(&chosen)),
        ],
        reliability: reliability(&known.collect::<Vec<_>>()),
    }
}

/// F1, precision, recall, and F1 by part of speech.
fn marks(answers: &[(&Answer, Option<bool>)]) -> Vec<Mark> {
    let mut marks = vec![f1("F1", answers)];
    let answered = answers.iter().filter(|(_, right)| right.is_some()).count();
    let right = answers.iter().filter(|(_, right)| *right == Some(true)).count();
    marks.push(Mark::share("precision", right, answered));
    marks.push(Mark::share("recall", right, answers.len()));
    for pos in PartOfSpeech::ALL {
        let of_pos: Vec<(&Answer, Option<bool>)> =
            answers.iter().filter(|(answer, _)| answer.pos == Some(pos)).copied().collect();
        if !of_pos.is_empty() {
            marks.push(f1(&format!("F1 {}", pos.file_ending()), &of_pos));
        }
    }
    marks
}

fn f1(measure: &str, answers: &[(&Answer, Option<bool>)]) -> Mark {
    let answered = answers.iter().filter(|(_, right)| right.is_some()).count();
    let right = answers.iter().filter(|(_, right)| *right == Some(true)).count();
    let (precision, recall) =
        (right as f64 / answered.max(1) as f64, right as f64 / answers.len().max(1) as f64);
    let value = if right == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
    Mark { measure: measure.to_owned(), value: Some(value), interval: share_interval(right, answers.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(right: Option<bool>) -> (Answer, Option<bool>) {
        (Answer { pos: Some(PartOfSpeech::Noun), keys: Vec::new(), first: None, ranking: None }, right)
    }

    #[test]
    fn unanswered_questions_cost_recall_alone() {
        // Two of three answered rightly, four asked: precision 2/3, recall 1/2, F1 4/7.
        let answers = [Some(true), Some(true), Some(false), None].map(answered);
        let answers: Vec<(&Answer, Option<bool>)> = answers.iter().map(|(a, right)| (a, *right)).collect();
        let marks = marks(&answers);
        let values: Vec<f64> = marks.iter().map(|mark| mark.value.unwrap()).collect();
        for (value, expected) in values.iter().zip([4.0 / 7.0, 2.0 / 3.0, 0.5, 4.0 / 7.0]) {
            assert!((value - expected).abs() < 1e-12, "{values:?}");
        }
    }
}
