//! All that WordNet's senses are chosen by, for one generation.

use super::super::{Engine, Generation};
use crate::error::Result;
use crate::sense::{Disambiguator, Examples, Glosses, Predominant, Weights};
use crate::wordnet::WordNet;
use std::sync::Arc;

/// What WordNet's senses are chosen by; without a generation by tag counts and the graph alone.
#[derive(Clone)]
pub(in crate::engine) struct Chooser {
    pub wordnet: Arc<WordNet>,
    pub glosses: Option<Arc<Glosses>>,
    pub examples: Option<Arc<Examples>>,
    pub predominant: Option<Arc<Predominant>>,
}

impl Engine {
    /// What chooses for a generation.
    ///
    /// # Errors
    /// Those of reading what it stands on.
    pub(in crate::engine) fn chooser(
        &self,
        generation: Option<&Generation>,
        wordnet: Arc<WordNet>,
    ) -> Result<Chooser> {
        let mut chooser = Chooser { wordnet, glosses: None, examples: None, predominant: None };
        if let Some(generation) = generation {
            chooser.glosses = self.senses.glosses(generation, &chooser.wordnet)?;
            chooser.examples = self.tagged_examples(generation, &chooser.wordnet)?;
            chooser.predominant = self.predominant(generation)?;
        }
        Ok(chooser)
    }
}

impl Chooser {
    /// Ranks by all of it.
    pub fn disambiguator(&self) -> Disambiguator<'_> {
        self.weighed(Weights::default(), Weights::with_examples())
    }

    /// Without the graph, which adds little to the other parts and takes longer than all of them.
    pub fn at_once(&self) -> Disambiguator<'_> {
        let weights = |weights: Weights| Weights { page_rank: 0.0, ..weights };
        self.weighed(weights(Weights::default()), weights(Weights::with_examples()))
    }

    fn weighed(&self, plain: Weights, with_examples: Weights) -> Disambiguator<'_> {
        let mut disambiguator = Disambiguator::new(&self.wordnet, self.glosses.as_deref(), plain);
        if let Some(examples) = &self.examples {
            disambiguator = disambiguator.with_examples(examples, with_examples);
        }
        if let Some(predominant) = &self.predominant {
            disambiguator = disambiguator.with_predominant(predominant);
        }
        disambiguator
    }
}
