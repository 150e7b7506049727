//! The two bundled collections.

use super::{Engine, TrainSettings};
use crate::error::Result;
use crate::progress::Progress;
use crate::text::Document;

/// Name and documents (JSON lines) of each bundled collection.
pub const DEMO_COLLECTIONS: [(&str, &str); 2] = [
    ("demo-en", include_str!("../../corpora/demo-en.jsonl")),
    ("demo-zh", include_str!("../../corpora/demo-zh.jsonl")),
];

impl Engine {
    /// Ingests and trains the bundled collections, those that are not there already.
    ///
    /// # Errors
    /// Those of [`Engine::ingest`] and [`Engine::train`].
    pub fn build_demo(&self, progress: &dyn Progress) -> Result<()> {
        for (name, text) in DEMO_COLLECTIONS {
            let ready = self.collection(name).is_ok_and(|info| info.up_to_date && info.model.is_some());
            if !ready {
                self.ingest_bundled(name, text)?;
                self.train(name, &TrainSettings::default(), progress)?;
            }
        }
        Ok(())
    }

    fn ingest_bundled(&self, name: &str, text: &str) -> Result<()> {
        let documents = crate::text::source::bundled(name, text).collect::<Result<Vec<Document>>>()?;
        let mut writer = self.store.write(name)?;
        writer.put(&documents)?;
        writer.commit().map(|_| ())
    }
}
