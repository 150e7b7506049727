//! How a collection is indexed: set in the store, noted in each generation that was built by it.

use super::{Engine, check_name};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::index::keyword::{FieldInfo, FieldSettings, IndexSettings, Stemming};
use crate::store::CollectionRow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const FILE: &str = "settings.json";
const CURE: &str = "rebuild it with `sememe index COLLECTION`";

/// How a collection is indexed, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettingsAnswer {
    /// Whether the keyword index joins the forms of a word.
    pub stemming: Stemming,
    /// Settings of fields by name.
    pub fields: BTreeMap<String, FieldSettings>,
    /// Whether the indexes that answer were built by these settings; if not, build them anew.
    pub in_effect: bool,
    /// By which rules words are joined in the index that answers: `none`, or a language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_stemming: Option<Stemming>,
    /// The fields that queries can name, in the index that answers.
    pub searched_fields: Vec<String>,
    /// The fields to filter, sort and count by, with their types, in the index that answers.
    pub filterable_fields: Vec<FieldInfo>,
}

impl Engine {
    /// How a collection is indexed.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`] if the database fails; [`Error::Damaged`].
    pub fn settings(&self, collection: &str) -> Result<SettingsAnswer> {
        let row = self.row(collection)?;
        let IndexSettings { stemming, fields } = read(&row)?;
        let generation = match row.generation {
            Some(_) => Some(self.generation(collection)?),
            None => None,
        };
        let index = generation.as_ref().map(|generation| generation.keyword());
        let searched = index.map(|index| index.searched().into_iter().map(str::to_owned).collect());
        let built = generation.as_ref().map(|generation| generation.settings());
        Ok(SettingsAnswer {
            in_effect: built.is_some_and(|built| built.stemming == stemming && built.fields == fields),
            stemming,
            fields,
            index_stemming: index.map(|index| index.stemming()),
            searched_fields: searched.unwrap_or_default(),
            filterable_fields: index.map(|index| index.fields()).unwrap_or_default(),
        })
    }

    /// Sets how a collection is indexed, which is created if need be. Holds from the next build on ([`Engine::index`]).
    ///
    /// # Errors
    /// [`Error::Invalid`] with a pointer to what is out of range; as [`Engine::settings`].
    pub fn set_settings(&self, collection: &str, settings: &IndexSettings) -> Result<SettingsAnswer> {
        check_name(collection)?;
        settings.check()?;
        let row = match self.row(collection) {
            Err(Error::NotFound { .. }) => {
                self.store.write(collection)?.commit()?;
                self.row(collection)?
            }
            row => row?,
        };
        let text = serde_json::to_string(settings).map_err(unwritable)?;
        self.store.set_settings(row.key, &text)?;
        self.settings(collection)
    }
}

/// What the store has.
pub(super) fn read(row: &CollectionRow) -> Result<IndexSettings> {
    serde_json::from_str(&row.settings).map_err(|error| Error::Store {
        path: Path::new("sememe.db").to_path_buf(),
        message: format!("settings of collection {}: {error}; set them again", row.name),
    })
}

/// Notes in the folder of a generation by which settings it is built.
pub(super) fn save(folder: &Path, settings: &IndexSettings) -> Result<()> {
    let path = folder.join(FILE);
    write_whole(&path, |to| {
        serde_json::to_writer_pretty(to, settings)
            .map_err(|error| Error::io("write", &path)(std::io::Error::other(error)))
    })
}

/// What was noted there.
pub(super) fn of_generation(folder: &Path) -> Result<IndexSettings> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(IndexSettings::default()); // built before there were any
    }
    let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
    serde_json::from_slice(&bytes).map_err(|error| Error::damaged(&path, "settings", error, CURE))
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::Library { library: "serde_json", message: error.to_string() }
}
