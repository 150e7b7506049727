//! Progress of long work, told to a callback that can also cancel.
//!
//! Nothing below `engine` prints or reads a clock: rates and ETAs are worked out by whoever listens.

use crate::error::{Error, Result};

/// One report: how far a phase has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<'a> {
    /// The phase, as shown to people: "reading", "counting words", "training", "indexing" …
    pub phase: &'a str,
    /// Units done so far in this phase.
    pub done: u64,
    /// Units in all, 0 where unknown.
    pub total: u64,
    /// What is counted: "bytes", "documents", "words".
    pub unit: &'static str,
    /// A loss estimate, where the phase has one.
    pub loss: Option<f64>,
}

/// What the listener wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Go on.
    On,
    /// Stop as soon as possible and leave the previous state intact.
    Stop,
}

/// Listens to progress; called from any thread, about ten times a second to a few hundred times in all.
pub trait Progress: Sync {
    /// Takes note of a step, and says whether to go on.
    fn report(&self, step: &Step<'_>) -> Go;

    /// Reports, and turns a wish to stop into an error.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the listener wants to stop.
    fn step(&self, phase: &str, done: u64, total: u64, unit: &'static str) -> Result<()> {
        match self.report(&Step { phase, done, total, unit, loss: None }) {
            Go::On => Ok(()),
            Go::Stop => Err(Error::Cancelled),
        }
    }
}

/// Listens to nothing and never cancels.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _step: &Step<'_>) -> Go {
        Go::On
    }
}
