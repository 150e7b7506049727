//! Hidden words guessed once more, by a model that is there: the sentences that its training held out.

use super::feed::Feed;
use super::heldout::{HeldOut, Quality};
use super::model::Model;
use super::settings::Settings;
use super::words::Words;
use crate::error::{Error, Result};
use crate::vocab::corpus::Corpus;

impl Model {
    /// How well the words hidden in the sentences that training held out are guessed, and how well by always naming the most
    /// frequent words first. `corpus` is the one that the model was trained on.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a corpus of other words; those of reading it.
    pub fn hidden_words(&self, corpus: &Corpus) -> Result<[Quality; 2]> {
        let mut words = corpus.vocabulary().iter().zip(self.vectors().vocabulary().iter());
        let is_same = corpus.vocabulary().len() <= self.vectors().len()
            && words.all(|((_, own, _), (_, theirs, _))| own == theirs);
        if !is_same {
            let expected = "the corpus that it was trained on";
            let got = format!("one of {} other words", corpus.vocabulary().len());
            return Err(Error::invalid(
                "corpus of the contextual model",
                expected,
                got,
                "train them together",
            ));
        }
        let settings = Settings::default();
        let feed = Feed::new(corpus, settings.sentence_words, settings.seed);
        let noise = (settings.shared_negatives, settings.negative_samples, self.contents.exponent);
        let held_out = HeldOut::new(&feed, corpus.vocabulary().counts(), noise)?;
        let words = Words { vectors: &self.vectors, made: &[] };
        let guessed = held_out.quality(&self.network, &words, &self.contents.output);
        Ok([guessed, held_out.unigram()])
    }
}
