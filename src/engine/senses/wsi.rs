//! Induced senses against occurrences that people have grouped.

use super::super::Engine;
use super::evaluate::{Models, SenseModel};
use crate::error::Result;
use crate::eval::senses::SenseReport;
use crate::eval::senses::clusterings::Membership;
use crate::eval::senses::wsi::{Grouping, Word, read, score};
use crate::sense::Views;
use crate::sense::induction::{InducedSense, InducedSenses, Settings, fit_of, senses_among};
use crate::vocab::Vocabulary;
use std::path::Path;

/// A sense of less probability is not named.
const NAMED: f32 = 0.1;

/// A collection's senses, and the words that they are numbered by.
type Known<'a> = (&'a InducedSenses, &'a Vocabulary);

impl Engine {
    /// Three groupings: by the senses of the collection (a word without any is one group); by senses found among the instances themselves,
    /// whose key is not looked at; and by the first where the word has senses there, else by the second.
    pub(super) fn wsi(&self, model: &SenseModel, models: &Models, path: &Path) -> Result<SenseReport> {
        let words = read(path)?;
        let generation = match model {
            SenseModel::Collection(name) => Some(self.generation(name)?),
            SenseModel::Folder(_) => None,
        };
        let known: Option<Known<'_>> = match &generation {
            Some(generation) => Some((generation.induced()?, generation.encoder()?.vectors().vocabulary())),
            None => None,
        };
        let mut kept = grouping("senses of the collection");
        let mut found = grouping("senses among the instances");
        let mut either = grouping("of the collection, else among the instances");
        for word in &words {
            let instances = word.instances.iter();
            let views = models.views(instances.map(|at| (&at.tokens[..], at.target.clone())));
            let own = by_collection(known, word, &views);
            let among = among(models, &views);
            either.words.push(own.clone().unwrap_or_else(|| among.clone()));
            kept.words.push(own.unwrap_or_else(|| vec![vec![(0, 1.0)]; views.len()]));
            found.words.push(among);
        }
        let groupings = if known.is_some() { vec![kept, found, either] } else { vec![found] };
        Ok(score(path, &words, groupings))
    }
}

fn grouping(name: &str) -> Grouping {
    Grouping { name: name.to_owned(), words: Vec::new() }
}

/// By the senses that the corpus tells apart for the lemma, whatever form stands in the text; `None` without any.
fn by_collection(known: Option<Known<'_>>, word: &Word, views: &[Views]) -> Option<Vec<Membership>> {
    let (senses, vocabulary) = known?;
    let own = senses.of(vocabulary.id(word.lemma())?).filter(|own| !own.is_empty())?;
    // Senses found before there was a contextual model stand on the sentences alone.
    let seen = |views: &Views| {
        views.joined().filter(|joined| joined.len() == senses.dim()).or_else(|| views.sentence.clone())
    };
    Some(views.iter().map(|views| membership(own, seen(views).as_deref())).collect())
}

fn among(models: &Models, views: &[Views]) -> Vec<Membership> {
    let joined: Vec<Option<Vec<f32>>> = views.iter().map(Views::joined).collect();
    let seen: Vec<&[f32]> = joined.iter().flatten().map(Vec::as_slice).collect();
    let settings = models.contexts().map_or_else(Settings::default, Settings::by);
    let senses = senses_among(&seen, &settings);
    joined.iter().map(|joined| membership(&senses, joined.as_deref())).collect()
}

/// The probable senses, their probabilities adding up to 1; without any sense, the one group of all such instances.
fn membership(senses: &[InducedSense], occurrence: Option<&[f32]>) -> Membership {
    let fit = fit_of(senses, occurrence);
    let named: Vec<(usize, f32)> = fit.into_iter().filter(|(_, p)| *p >= NAMED).collect();
    if named.is_empty() {
        return vec![(0, 1.0)];
    }
    let total: f32 = named.iter().map(|(_, p)| p).sum();
    named.into_iter().map(|(sense, p)| (sense, f64::from(p / total))).collect()
}
