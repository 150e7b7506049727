//! What the senses of one generation are chosen by, made when first asked for and kept.

use super::super::Generation;
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::sense::Glosses;
use crate::sense::context::{ContextEncoder, SAMPLE};
use crate::vocab::Vocabulary;
use crate::vocab::corpus::Corpus;
use crate::wordnet::WordNet;
use std::sync::{Arc, Mutex, PoisonError};

/// Generations whose kits are kept.
const KEPT: usize = 8;

/// The kits that were made, by generation and WordNet.
#[derive(Default)]
pub struct Shelf {
    kits: Mutex<Vec<(String, Arc<WordNet>, Arc<Kit>)>>,
}

/// Glosses and contexts in the space of a generation's vectors.
pub struct Kit {
    glosses: Glosses,
    context: ContextEncoder,
}

impl Kit {
    pub fn glosses(&self) -> &Glosses {
        &self.glosses
    }

    pub fn context(&self) -> &ContextEncoder {
        &self.context
    }

    fn new(generation: &Generation, wordnet: &WordNet) -> Result<Self> {
        let encoder = generation.encoder()?;
        let sentences = match generation.corpus() {
            Ok(corpus) => sample(corpus)?,
            Err(_) => Vec::new(), // imported before corpora were kept: nothing is removed
        };
        let plain = StaticEncoder::plain(encoder.vectors().clone());
        let borrowed = || sentences.iter().map(|sentence| sentence.iter().map(String::as_str));
        let rows: Vec<f32> = borrowed().filter_map(|sentence| plain.text(sentence)).flatten().collect();
        Ok(Self {
            glosses: Glosses::new(wordnet, encoder, &rows),
            context: ContextEncoder::new(encoder, borrowed()),
        })
    }
}

/// Sentences of at least five known words, spread over the corpus.
fn sample(corpus: &Corpus) -> Result<Vec<Vec<String>>> {
    let every = (corpus.sentences() as usize / SAMPLE).max(1);
    let (mut number, mut sentences) = (0, Vec::new());
    let vocabulary: &Vocabulary = corpus.vocabulary();
    corpus.for_each_sentence(|sentence| {
        number += 1;
        if number % every == 0 && sentence.iter().flatten().count() >= 5 {
            sentences.push(sentence.iter().flatten().map(|id| vocabulary.word(*id).to_owned()).collect());
        }
        Ok(())
    })?;
    Ok(sentences)
}

impl Shelf {
    /// The kit of a generation; `None` if it has no model.
    pub fn kit(&self, generation: &Generation, wordnet: &Arc<WordNet>) -> Result<Option<Arc<Kit>>> {
        if generation.encoder().is_err() {
            return Ok(None);
        }
        let key = generation.key();
        let mut kits = self.kits.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kits.iter().find(|(of, wn, _)| *of == key && Arc::ptr_eq(wn, wordnet));
        if let Some((.., kit)) = known {
            return Ok(Some(Arc::clone(kit)));
        }
        let kit = Arc::new(Kit::new(generation, wordnet)?);
        kits.truncate(KEPT - 1);
        kits.insert(0, (key, Arc::clone(wordnet), Arc::clone(&kit)));
        Ok(Some(kit))
    }
}
