//! Here is a sentence, give me a context vector for each position; train what makes it: a two-sided LSTM over the word vectors.
//!
//! Left to right and right to left, each position is read without its own word, and the two sides merge to a context vector in
//! word2vec's output space, trained to tell the word that was there from others (context2vec: Melamud, Goldberger & Dagan 2016).
//! What the LSTM gives is thus a distribution over words, and an adjustment of the word's one static point in its sentence.
//!
//! Not here: cutting text into words (`text`), the static vectors (`word2vec`, `vectors`).

mod adjust;
mod batch;
mod cell;
mod checkpoint;
mod feed;
mod file;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod gradients;
mod heldout;
mod hidden;
mod loss;
mod lstm;
mod model;
mod network;
mod next;
mod optimizer;
mod parts;
mod real;
mod settings;
mod shape;
mod train;
pub(crate) mod whiten;
mod words;

pub use adjust::{Adjustment, Moved};
pub use checkpoint::Checkpoint;
pub use file::CONTEXT_FILE;
pub use heldout::{Controls, Quality};
pub use model::{Favour, Model, SENTENCE_WORDS_MAX, Sentence, Substitute};
pub use next::{NEXT_FILE, NextWords};
pub use parts::Parts;
pub use settings::{Backend, Settings};
pub use train::{Ended, Epoch, History, Training, train};
pub use words::Known;
