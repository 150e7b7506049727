//! How well are senses told apart? Sets in files, against a collection's model.

use super::super::{Engine, Generation};
use super::kit::Kit;
use crate::error::Result;
use crate::eval::senses::pairs::{Pair, Similarity};
use crate::eval::senses::{SenseReport, all_words, coarse, pairs};
use crate::progress::Progress;
use crate::sense::context::similarity;
use crate::sense::{Disambiguator, Passage, Views, Weights, tagged};
use crate::wordnet::WordNet;
use std::path::Path;
use std::sync::Arc;

/// Kinds of sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenseSet {
    /// Words in Context.
    Wic,
    /// Its successor in several languages.
    MclWic,
    /// All words of running text, in the form of the unified evaluation framework or SemCor's.
    Raganato,
    /// CoarseWSD-20.
    CoarseWsd,
}

/// What to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct SensesEvaluation<'a> {
    /// The kind of set.
    pub set: SenseSet,
    /// Where it is.
    pub path: &'a Path,
    /// Whose model.
    pub collection: &'a str,
}

impl Engine {
    /// Asks a set's questions of a collection's model.
    ///
    /// # Errors
    /// Those of reading the set; [`Error::NotReady`](crate::Error::NotReady) without a model or WordNet;
    /// [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn evaluate_senses(
        &self,
        evaluation: &SensesEvaluation<'_>,
        progress: &dyn Progress,
    ) -> Result<SenseReport> {
        let generation = self.generation(evaluation.collection)?;
        generation.encoder()?;
        let wordnet = self.prepare_wordnet(progress)?;
        let kit = self.senses.kit(&generation, &wordnet)?;
        let models = Models { generation, kit, wordnet };
        match evaluation.set {
            SenseSet::Wic => Ok(models.pairs("wic", evaluation.path, &pairs::read_wic(evaluation.path)?)),
            SenseSet::MclWic => {
                Ok(models.pairs("mcl-wic", evaluation.path, &pairs::read_mcl_wic(evaluation.path)?))
            }
            SenseSet::Raganato => models.all_words(evaluation.path, progress),
            SenseSet::CoarseWsd => models.coarse(evaluation.path),
        }
    }
}

/// What answers.
struct Models {
    #[allow(dead_code)]
    generation: Arc<Generation>,
    kit: Option<Arc<Kit>>,
    wordnet: Arc<WordNet>,
}

impl Models {
    fn disambiguator(&self) -> Disambiguator<'_> {
        Disambiguator::new(&self.wordnet, self.kit.as_deref().map(Kit::glosses), Weights::default())
    }

    fn all_words(&self, path: &Path, progress: &dyn Progress) -> Result<SenseReport> {
        all_words::all_words(path, &tagged::read(path)?, &self.wordnet, &self.disambiguator(), progress)
    }

    fn pairs(&self, kind: &'static str, path: &Path, set: &pairs::PairSet) -> SenseReport {
        let views = |pair: &Pair| {
            let [a, b] =
                [&pair.occurrences[0], &pair.occurrences[1]].map(|at| self.views(&at.tokens, &at.target));
            (a, b)
        };
        let window = |pair: &Pair| {
            let (a, b) = views(pair);
            f64::from(similarity(a.window.as_ref(), b.window.as_ref()))
        };
        let sentence = |pair: &Pair| {
            let (a, b) = views(pair);
            f64::from(similarity(a.sentence.as_ref(), b.sentence.as_ref()))
        };
        let wordnet = |pair: &Pair| self.same_wordnet_sense(pair);
        let similarities = [
            Similarity { name: "average of the window", of: &window },
            Similarity { name: "static sentence", of: &sentence },
            Similarity { name: "same sense of WordNet's", of: &wordnet },
        ];
        pairs::score(kind, path, set, &similarities)
    }

    fn views(&self, tokens: &[String], target: &std::ops::Range<usize>) -> Views {
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        self.kit.as_deref().map(|kit| kit.context().views(&tokens, target)).unwrap_or_default()
    }

    /// The probability that both occurrences have one sense.
    fn same_wordnet_sense(&self, pair: &Pair) -> f64 {
        let senses = |occurrence: &pairs::Occurrence| {
            let mut passage = Passage::find(&self.wordnet, vec![occurrence.tokens.clone()]).ok()?;
            if occurrence.target.is_empty() {
                return None;
            }
            let at = passage.focus(&self.wordnet, occurrence.target.clone()).ok()?;
            let ranking = self.disambiguator().rank(&passage, at);
            Some(
                ranking
                    .senses
                    .iter()
                    .map(|s| (s.candidate.synset.number(), s.probability))
                    .collect::<Vec<_>>(),
            )
        };
        let (Some(a), Some(b)) = (senses(&pair.occurrences[0]), senses(&pair.occurrences[1])) else {
            return 0.5;
        };
        let same = |(number, p): &(crate::wordnet::SynsetId, f32)| {
            b.iter().find(|(other, _)| other == number).map_or(0.0, |(_, q)| f64::from(p * q))
        };
        a.iter().map(same).sum()
    }

    fn coarse(&self, path: &Path) -> Result<SenseReport> {
        let words = coarse::read(path)?;
        let window = |example: &coarse::Example| self.views(&example.tokens, &example.target).window;
        let sentence = |example: &coarse::Example| self.views(&example.tokens, &example.target).sentence;
        let views = [
            coarse::View { name: "average of the window", of: &window },
            coarse::View { name: "static sentence", of: &sentence },
        ];
        Ok(coarse::score(path, &words, &views))
    }
}
