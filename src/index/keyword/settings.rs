//! How a collection's documents are indexed by words and by fields.

use super::stems::Stemming;
use super::values::{FieldType, NAME_BYTES_MAX};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The document's title, a field that is always searched.
pub const TITLE: &str = "title";
/// The document's text, a field that is always searched.
pub const TEXT: &str = "text";
/// Most fields that settings name.
pub const FIELDS_MAX: usize = 100;
/// Greatest weight of a field.
pub const WEIGHT_MAX: f32 = 100.0;

/// How a collection is indexed. What is left out is inferred.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IndexSettings {
    /// Whether the keyword index joins the forms of a word.
    pub stemming: Stemming,
    /// Settings of fields by name: `title`, `text`, or one of the documents' own.
    pub fields: BTreeMap<String, FieldSettings>,
}

/// How a field is indexed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FieldSettings {
    /// What its values are; inferred if left out.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<FieldType>,
    /// Whether its words are searched, besides those of title and text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub searchable: bool,
    /// What an occurrence of a word in it counts for; 0 to 100, default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
}

impl IndexSettings {
    /// Checks names and weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a pointer to what is out of range.
    pub fn check(&self) -> Result<()> {
        if self.fields.len() > FIELDS_MAX {
            let expected = format!("at most {FIELDS_MAX}");
            return Err(Error::invalid("fields", expected, self.fields.len(), "leave out what is inferred"));
        }
        for (name, field) in &self.fields {
            if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains(char::is_control) {
                let expected = format!("names of 1 to {NAME_BYTES_MAX} bytes");
                return Err(Error::invalid(
                    "fields",
                    expected,
                    format!("{name:?}"),
                    "name a field of the documents",
                ));
            }
            let built_in = name == TITLE || name == TEXT;
            if field.weight.is_some_and(|weight| !(0.0..=WEIGHT_MAX).contains(&weight)) {
                let got = field.weight.unwrap_or_default();
                return Err(Error::invalid(
                    format!("fields/{name}/weight"),
                    format!("0 to {WEIGHT_MAX}"),
                    got,
                    "1 is what a word of the text counts for",
                ));
            }
            if field.kind == Some(FieldType::Mixed) || (built_in && field.kind.is_some()) {
                let cure =
                    "leave it out; title and text are always text, and mixed is what is found, not set";
                let got = field.kind.map_or("", FieldType::name);
                return Err(Error::invalid(
                    format!("fields/{name}/type"),
                    "keyword, number, date, bool or text",
                    got,
                    cure,
                ));
            }
            if field.weight.is_some() && !built_in && !field.searchable {
                let cure = "set searchable, or leave the weight out";
                return Err(Error::invalid(
                    format!("fields/{name}/weight"),
                    "a searchable field",
                    "one that is not",
                    cure,
                ));
            }
        }
        Ok(())
    }

    /// The fields searched besides the text, the title first.
    #[must_use]
    pub fn searched(&self) -> Vec<&str> {
        let own =
            self.fields.iter().filter(|(name, field)| field.searchable && *name != TITLE && *name != TEXT);
        std::iter::once(TITLE).chain(own.map(|(name, _)| name.as_str())).collect()
    }

    /// What an occurrence of a word in a field counts for.
    #[must_use]
    pub fn weight(&self, field: &str) -> f32 {
        self.fields.get(field).and_then(|field| field.weight).unwrap_or(1.0)
    }

    /// The type that is set for a field.
    #[must_use]
    pub fn kind(&self, field: &str) -> Option<FieldType> {
        self.fields.get(field).and_then(|field| field.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> IndexSettings {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn settings_are_checked_with_a_pointer() {
        let good = settings(
            r#"{"stemming": "english", "fields": {"title": {"weight": 3}, "year": {"type": "number"}, "body": {"searchable": true, "weight": 0}}}"#,
        );
        assert!(good.check().is_ok());
        assert_eq!(good.searched(), ["title", "body"]);
        assert_eq!((good.weight("title"), good.weight("text"), good.weight("body")), (3.0, 1.0, 0.0));
        for (bad, pointer) in [
            (r#"{"fields": {"a": {"weight": 2}}}"#, "fields/a/weight"),
            (r#"{"fields": {"title": {"weight": 101}}}"#, "fields/title/weight"),
            (r#"{"fields": {"title": {"type": "number"}}}"#, "fields/title/type"),
            (r#"{"fields": {"a": {"type": "mixed"}}}"#, "fields/a/type"),
            (r#"{"fields": {"": {}}}"#, "fields"),
        ] {
            let error = settings(bad).check().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{pointer}: ")), "{error}");
        }
        assert!(serde_json::from_str::<IndexSettings>(r#"{"fields": {"a": {"type": "integer"}}}"#).is_err());
    }
}
