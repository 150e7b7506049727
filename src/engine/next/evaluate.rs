//! How well the next word is foretold in text that was not learned from.

use super::super::Engine;
use crate::error::{Error, Result};
use crate::eval::next::{Lstm, Models, NextReport, evaluate};
use crate::progress::Progress;
use crate::text::{Analyzer, Document};

impl Engine {
    /// Perplexity, and how often the word that comes is among the first, on the sentences of documents that the collection has not learned
    /// from: the first of them, up to about `most` words. For n-grams, for the left half of the contextual model, for both together, and for
    /// the frequencies of words alone.
    ///
    /// # Errors
    /// As [`Engine::next`]; those of the documents; [`Error::Invalid`] if there is no sentence;
    /// [`Error::Cancelled`].
    pub fn evaluate_next(
        &self,
        collection: &str,
        documents: impl Iterator<Item = Result<Document>>,
        most: usize,
        progress: &dyn Progress,
    ) -> Result<NextReport> {
        let generation = self.generation(collection)?;
        let (ngrams, corpus) = (generation.ngrams()?, generation.corpus()?);
        let (mut sentences, mut words) = (Vec::new(), 0);
        for document in documents {
            let analysis = Analyzer.analyze(&document?.full_text());
            for sentence in analysis.sentences() {
                let sentence: Vec<String> = sentence.map(|token| token.text.to_owned()).collect();
                words += sentence.len();
                sentences.push(sentence);
            }
            if words >= most {
                break;
            }
        }
        let (lstm, lstm_missing) = match generation.next_words() {
            Ok((model, next)) => (Some(Lstm { model, next }), None),
            Err(Error::NotReady { what, cure }) => (None, Some(format!("{what}; {cure}"))),
            Err(error) => return Err(error),
        };
        let models = Models { corpus, ngrams, lstm, lstm_missing };
        evaluate(&sentences, models, most, progress)
    }
}
