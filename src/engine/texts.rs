//! Documents read for one question: each is fetched and analysed once, whether it lends its words to feedback, is read word by word,
//! or is shown as a hit.

use crate::error::Result;
use crate::store::{Store, StoredDocument};
use crate::text::{Analysis, Analyzer};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

pub(super) struct ReadTexts<'e> {
    store: &'e Store,
    known: RefCell<HashMap<i64, ReadText>>,
}

#[derive(Clone)]
pub(super) struct ReadText {
    pub stored: Rc<StoredDocument>,
    /// Of the full text.
    pub analysis: Rc<Analysis>,
}

impl<'e> ReadTexts<'e> {
    pub(super) fn new(store: &'e Store) -> Self {
        Self { store, known: RefCell::default() }
    }

    /// Documents by their rows, in the order asked; those that are gone since are left out.
    ///
    /// # Errors
    /// [`crate::error::Error::Store`] if the database fails.
    pub(super) fn read(&self, seqs: &[i64]) -> Result<Vec<ReadText>> {
        let mut known = self.known.borrow_mut();
        let missing: Vec<i64> = seqs.iter().copied().filter(|seq| !known.contains_key(seq)).collect();
        if !missing.is_empty() {
            for stored in self.store.documents(&missing)? {
                let analysis = Rc::new(Analyzer.analyze(&stored.document.full_text()));
                known.insert(stored.seq, ReadText { stored: Rc::new(stored), analysis });
            }
        }
        Ok(seqs.iter().filter_map(|seq| known.get(seq).cloned()).collect())
    }
}
