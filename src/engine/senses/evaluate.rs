//! How well are senses told apart? Sets in files, against a collection's model or one in a folder.

use super::super::Engine;
use super::kit::Contexts;
use crate::bilm::Model;
use crate::encoder::StaticEncoder;
use crate::error::{Error, Result};
use crate::eval::senses::pairs::{Occurrence, Pair, PairSet, Similarities};
use crate::eval::senses::pseudo::{Material, pseudo_words};
use crate::eval::senses::{SenseReport, all_words, coarse, graded, pairs};
use crate::linalg::dot;
use crate::progress::Progress;
use crate::sense::context::similarity;
use crate::sense::{
    ContextEncoder, Disambiguator, Examples, Glosses, Passage, Predominant, Views, Weights, tagged,
};
use crate::vectors::WordVectors;
use crate::vocab::corpus::Corpus;
use crate::wordnet::{ENGLISH, SynsetId, WordNet};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Sentences read at a time.
const BATCH: usize = 2048;

/// Weights of the sentence against the context that training pairs choose among.
const SENTENCE_WEIGHTS: [f32; 5] = [0.7, 1.0, 1.5, 2.0, 3.0];

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
    /// Words compared in their contexts (SCWS).
    Scws,
    /// Pseudo-words of the collection's own text.
    Pseudo,
    /// Occurrences grouped by people (SemEval-2013 task 13).
    Wsi,
}

/// Whose answers are measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SenseModel {
    /// A collection's.
    Collection(String),
    /// Vectors in a folder, with `context.safetensors` beside them if there is a contextual model.
    Folder(PathBuf),
}

/// What to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct SensesEvaluation<'a> {
    /// The kind of set.
    pub set: SenseSet,
    /// Where it is.
    pub path: &'a Path,
    /// Whose answers.
    pub model: SenseModel,
    /// Tagged text to learn from first, for `Raganato`.
    pub fit: Option<&'a Path>,
}

impl Engine {
    /// Asks a set's questions of a model.
    ///
    /// # Errors
    /// Those of reading the set; [`Error::NotReady`] without a model or WordNet;
    /// [`Error::Cancelled`].
    pub fn evaluate_senses(
        &self,
        evaluation: &SensesEvaluation<'_>,
        progress: &dyn Progress,
    ) -> Result<SenseReport> {
        let wordnet = self.prepare_wordnet(progress)?;
        let models = self.models(&evaluation.model, wordnet)?;
        let path = evaluation.path;
        match evaluation.set {
            SenseSet::Wic => Ok(models.pairs("wic", path, &pairs::read_wic(path)?)),
            SenseSet::MclWic => Ok(models.pairs("mcl-wic", path, &pairs::read_mcl_wic(path)?)),
            SenseSet::Raganato => models.all_words(path, evaluation.fit, progress),
            SenseSet::CoarseWsd => models.coarse(path),
            SenseSet::Scws => models.graded(path),
            SenseSet::Pseudo => self.pseudo_words(&evaluation.model, &models, progress),
            SenseSet::Wsi => self.wsi(&evaluation.model, &models, path),
        }
    }

    fn pseudo_words(
        &self,
        model: &SenseModel,
        models: &Models,
        progress: &dyn Progress,
    ) -> Result<SenseReport> {
        let generation;
        let (contexts, corpus) = match (model, &models.contexts, &models.corpus) {
            (SenseModel::Collection(name), Some(contexts), _) => {
                generation = self.generation(name)?;
                (contexts, generation.corpus()?)
            }
            (SenseModel::Folder(_), Some(contexts), Some(corpus)) => (contexts, corpus),
            _ => {
                let cure = "name a collection with --collection";
                return Err(Error::invalid("model", "one with its corpus", "a folder without", cure));
            }
        };
        let knows_others = models.wordnet.languages().iter().any(|language| *language != ENGLISH);
        let has_one_sense = |word: &str| {
            let languages = std::iter::once(ENGLISH).chain(models.wordnet.languages());
            let senses = languages.filter_map(|language| models.wordnet.synsets(word, None, language).ok());
            let most = senses.map(|senses| senses.len()).max().unwrap_or(0);
            // Without a language beside English, WordNet says nothing at all of words of other scripts.
            most == 1 || most == 0 && !word.is_ascii() && !knows_others
        };
        let material = Material {
            vectors: contexts.encoder.vectors(),
            corpus,
            context: &contexts.encoder,
            has_one_sense: &has_one_sense,
        };
        pseudo_words(&material, progress)
    }

    fn models(&self, model: &SenseModel, wordnet: Arc<WordNet>) -> Result<Models> {
        match model {
            SenseModel::Collection(name) => {
                let generation = self.generation(name)?;
                generation.encoder()?;
                let contexts = self.senses.contexts(&generation)?;
                let glosses = self.senses.glosses(&generation, &wordnet)?;
                let predominant = self.predominant(&generation)?;
                Ok(Models { contexts, glosses, predominant, wordnet, corpus: None })
            }
            SenseModel::Folder(folder) => {
                let vectors = Arc::new(WordVectors::open(folder)?);
                let model = Model::open(folder, Arc::clone(&vectors))?;
                let encoder = StaticEncoder::plain(vectors);
                let corpus = folder.join("corpus.tokens");
                let corpus = corpus.exists().then(|| Corpus::open(&corpus)).transpose()?;
                let contexts = match &corpus {
                    Some(corpus) => Contexts::new(&encoder, Some(&model), corpus)?,
                    None => Contexts::of(&encoder, Some(&model), &Default::default(), u64::MAX)?,
                };
                let contexts = Arc::new(contexts);
                let glosses = Glosses::new(&wordnet, &encoder, &[]).with_contexts(&contexts.encoder);
                let glosses = Arc::new(glosses);
                let (contexts, glosses) = (Some(contexts), Some(glosses));
                Ok(Models { contexts, glosses, predominant: None, wordnet, corpus })
            }
        }
    }
}

/// What answers.
pub(super) struct Models {
    contexts: Option<Arc<Contexts>>,
    glosses: Option<Arc<Glosses>>,
    predominant: Option<Arc<Predominant>>,
    wordnet: Arc<WordNet>,
    /// That of a folder, where it is there.
    corpus: Option<Corpus>,
}

impl Models {
    /// What makes vectors of occurrences.
    pub(super) fn contexts(&self) -> Option<&ContextEncoder> {
        self.contexts.as_ref().map(|contexts| &*contexts.encoder)
    }

    fn disambiguator(&self) -> Disambiguator<'_> {
        let disambiguator = Disambiguator::new(&self.wordnet, self.glosses.as_deref(), Weights::default());
        match &self.predominant {
            Some(predominant) => disambiguator.with_predominant(predominant),
            None => disambiguator,
        }
    }

    fn all_words(&self, path: &Path, fit: Option<&Path>, progress: &dyn Progress) -> Result<SenseReport> {
        let sentences = tagged::read(path)?;
        let (Some(fit), Some(contexts)) = (fit, &self.contexts) else {
            let disambiguator = self.disambiguator();
            return all_words::all_words(path, &sentences, &self.wordnet, &disambiguator, progress);
        };
        let examples = Examples::fit(&tagged::read(fit)?, &contexts.encoder, &self.wordnet, progress)?;
        let disambiguator = self.disambiguator().with_examples(&examples, Weights::with_examples());
        let mut report = all_words::all_words(path, &sentences, &self.wordnet, &disambiguator, progress)?;
        report.fitted_on = format!(
            "{} tagged examples of {} senses; weights fixed beforehand",
            examples.len(),
            examples.senses()
        );
        Ok(report)
    }

    fn pairs(&self, kind: &'static str, path: &Path, set: &PairSet) -> SenseReport {
        let contextual = self.contexts.as_ref().is_some_and(|contexts| contexts.encoder.model().is_some());
        let mut names = vec!["average of the window", "static sentence"];
        if contextual {
            names.extend(["context", "context and sentence"]);
        }
        names.extend([
            "WordNet's senses, by definitions alone",
            "WordNet's senses, by definitions and examples",
        ]);
        let of = |pairs: &[Pair]| self.features(pairs, contextual);
        let last = names.len() - 1;
        let mut together = vec![("both static ones", vec![0, 1])];
        if contextual {
            together.push(("static and contextual ones", vec![0, 1, 2, 3]));
        }
        together.push(("all but WordNet's examples", (0..last).collect()));
        let weights = SENTENCE_WEIGHTS.iter().zip(names.len()..);
        let weighed = weights.map(|(weight, at)| (format!("{weight}"), at)).collect();
        let chosen = contextual.then_some(("context and sentence, by training pairs 1 to ", weighed));
        pairs::score(kind, path, set, &Similarities { names, together, chosen, of: &of })
    }

    fn features(&self, pairs: &[Pair], contextual: bool) -> Vec<Vec<f64>> {
        let occurrences: Vec<&Occurrence> = pairs.iter().flat_map(|pair| &pair.occurrences).collect();
        let views = self.views(occurrences.iter().map(|at| (&at.tokens[..], at.target.clone())));
        let bare = self.glosses.as_deref().map(|glosses| glosses.clone().without_examples());
        let row = |(pair, views): (&Pair, &[Views])| {
            let [a, b] = views else { return Vec::new() };
            let near = |a: Option<&Vec<f32>>, b: Option<&Vec<f32>>| f64::from(similarity(a, b));
            let mut row = vec![
                near(a.window.as_ref(), b.window.as_ref()),
                near(a.sentence.as_ref(), b.sentence.as_ref()),
            ];
            if contextual {
                row.push(near(a.context.as_ref(), b.context.as_ref()));
                row.push(near(a.joined().as_ref(), b.joined().as_ref()));
            }
            let without = Disambiguator::new(&self.wordnet, bare.as_ref(), Weights::default());
            row.extend([self.same_sense(pair, &without), self.same_sense(pair, &self.disambiguator())]);
            if contextual {
                let of_weight =
                    |weight: &f32| near(a.joined_by(*weight).as_ref(), b.joined_by(*weight).as_ref());
                row.extend(SENTENCE_WEIGHTS.iter().map(of_weight));
            }
            row
        };
        pairs.par_iter().zip(views.par_chunks(2)).map(row).collect()
    }

    pub(super) fn views<'t>(
        &self,
        occurrences: impl Iterator<Item = (&'t [String], std::ops::Range<usize>)>,
    ) -> Vec<Views> {
        let occurrences: Vec<_> = occurrences.collect();
        let Some(contexts) = &self.contexts else { return vec![Views::default(); occurrences.len()] };
        let batch = |some: &[(&[String], std::ops::Range<usize>)]| {
            let tokens: Vec<Vec<&str>> =
                some.iter().map(|(tokens, _)| tokens.iter().map(String::as_str).collect()).collect();
            let asked: Vec<(&[&str], Vec<std::ops::Range<usize>>)> = tokens
                .iter()
                .zip(some)
                .map(|(tokens, (_, target))| (&tokens[..], vec![target.clone()]))
                .collect();
            contexts.encoder.all_views(&asked).into_iter().flatten().collect::<Vec<Views>>()
        };
        occurrences.chunks(BATCH).flat_map(batch).collect()
    }

    /// The probability that both occurrences have one sense.
    fn same_sense(&self, pair: &Pair, disambiguator: &Disambiguator<'_>) -> f64 {
        let senses = |occurrence: &Occurrence| -> Option<Vec<(SynsetId, f32)>> {
            if occurrence.target.is_empty() {
                return None;
            }
            let mut passage = Passage::find(&self.wordnet, vec![occurrence.tokens.clone()]).ok()?;
            let at = passage.focus(&self.wordnet, occurrence.target.clone()).ok()?;
            let tokens = occurrence.target.clone();
            disambiguator.show(&mut passage, |mention| mention.tokens == tokens);
            let ranking = disambiguator.rank(&passage, at);
            Some(ranking.senses.iter().map(|s| (s.candidate.synset.number(), s.probability)).collect())
        };
        let (Some(a), Some(b)) = (senses(&pair.occurrences[0]), senses(&pair.occurrences[1])) else {
            return 0.5;
        };
        let same = |(number, p): &(SynsetId, f32)| {
            b.iter().find(|(other, _)| other == number).map_or(0.0, |(_, q)| f64::from(p * q))
        };
        a.iter().map(same).sum()
    }

    fn graded(&self, path: &Path) -> Result<SenseReport> {
        let pairs = graded::read_scws(path)?;
        let words = || pairs.iter().flat_map(|pair| &pair.words);
        let views = self.views(words().map(|word| (&word.tokens[..], word.target.clone())));
        let contexts = self.contexts.as_deref();
        let own: Vec<Option<Vec<f32>>> =
            words().map(|word| contexts?.encoder.word(&word.tokens[word.target.clone()])).collect();
        let joined: Vec<Option<Vec<f32>>> =
            own.iter().zip(&views).map(|(own, views)| views.contextual(own.as_deref()?)).collect();
        let windows: Vec<Option<Vec<f32>>> = views.into_iter().map(|views| views.window).collect();
        let values = |vectors: &[Option<Vec<f32>>]| -> Vec<Option<f64>> {
            let near = |pair: &[Option<Vec<f32>>]| Some(f64::from(dot(pair[0].as_ref()?, pair[1].as_ref()?)));
            vectors.chunks_exact(2).map(near).collect()
        };
        let systems =
            [("average of the window", &windows), ("static vectors", &own), ("contextual vectors", &joined)];
        let systems = systems.map(|(name, vectors)| graded::Similarity { name, values: values(vectors) });
        Ok(graded::score(path, &pairs, &systems))
    }

    fn coarse(&self, path: &Path) -> Result<SenseReport> {
        let words = coarse::read(path)?;
        let seen = |examples: &[coarse::Example]| {
            self.views(examples.iter().map(|example| (&example.tokens[..], example.target.clone())))
        };
        let window =
            |examples: &[coarse::Example]| seen(examples).into_iter().map(|views| views.window).collect();
        let sentence =
            |examples: &[coarse::Example]| seen(examples).into_iter().map(|views| views.sentence).collect();
        let joined = |examples: &[coarse::Example]| seen(examples).iter().map(Views::joined).collect();
        let mut views = vec![
            coarse::View { name: "average of the window", of: &window },
            coarse::View { name: "static sentence", of: &sentence },
        ];
        if self.contexts.as_ref().is_some_and(|contexts| contexts.encoder.model().is_some()) {
            views.push(coarse::View { name: "context and sentence", of: &joined });
        }
        Ok(coarse::score(path, &words, &views))
    }
}
