//! The two bundled collections.

use super::starters::Start;
use super::{Engine, ModelInfo, Origin, TaskKind, TaskQuery, TaskStatus, TrainRequest, TrainSettings};
use crate::error::Result;
use crate::progress::Progress;
use crate::text::Document;

/// Name and documents (JSON lines) of each bundled collection.
pub const DEMO_COLLECTIONS: [(&str, &str); 2] = [
    ("demo-en", include_str!("../../corpora/demo-en.jsonl")),
    ("demo-zh", include_str!("../../corpora/demo-zh.jsonl")),
];

impl Engine {
    /// Ingests the bundled collections, those that are not there already, and lets them answer by their starter models as these are;
    /// adapting them to the documents is queued as a task, for it takes a moment.
    ///
    /// # Errors
    /// Those of [`Engine::ingest`], [`Engine::train`] and [`Engine::enqueue_train`].
    pub fn build_demo(&self, progress: &dyn Progress) -> Result<()> {
        for (name, text) in DEMO_COLLECTIONS {
            let ready = self.collection(name).is_ok_and(|info| info.up_to_date && info.model.is_some());
            if !ready {
                self.ingest_bundled(name, text)?;
                let untouched = TrainSettings { start: Start::Untouched, ..TrainSettings::default() };
                self.train(name, &untouched, progress)?;
            }
            self.adapt_later(name)?;
        }
        Ok(())
    }

    /// Queues a training, which begins with the starter model, while the model is still this as it was, unless one waits already.
    fn adapt_later(&self, name: &str) -> Result<()> {
        let is_untouched = |model: ModelInfo| matches!(model.origin, Origin::Starter { .. });
        let waiting = TaskQuery {
            statuses: vec![TaskStatus::Enqueued, TaskStatus::Processing],
            kinds: vec![TaskKind::Train],
            collections: vec![name.to_owned()],
            ..TaskQuery::default()
        };
        if self.collection(name)?.model.is_some_and(is_untouched) && self.tasks(&waiting)?.results.is_empty()
        {
            self.enqueue_train(name, &TrainRequest::default())?;
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
