//! The columns of a keyword index, read: which fields there are, of which types, and their values document by document.

use super::failed;
use super::parts::Part;
use super::values::{FieldType, Kind};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;
use tantivy::columnar::{Column, DynamicColumn, NumericalType, StrColumn};
use tantivy::{DocId, TantivyError};

/// A field of the documents.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct FieldInfo {
    /// Its name; what lies in an object is named `object.field`.
    pub name: String,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Documents that have one.
    pub documents: u64,
}

/// The fields of an index by name, with the number of documents that have values of each kind.
#[derive(Debug, Default)]
pub(super) struct Catalogue(BTreeMap<String, [u64; Kind::ALL.len()]>);

impl Catalogue {
    pub fn read(parts: &[Part], folder: &Path) -> Result<Self> {
        let mut catalogue = Self::default();
        for part in parts {
            let names = part.reader.fast_fields().str("names").map_err(failed(folder))?;
            let Some(names) = names else { continue };
            let mut counts = vec![0u64; names.num_terms()];
            for doc in 0..part.reader.max_doc() {
                names.term_ords(doc).for_each(|ord| counts[ord as usize] += 1);
            }
            for (ord, count) in counts.into_iter().enumerate() {
                let name = text(&names, ord as u64).map_err(failed(folder))?;
                let mut letters = name.chars();
                let kind = letters.next().and_then(Kind::of_letter);
                if let (Some(kind), Some(name)) = (kind, letters.as_str().strip_prefix(':')) {
                    catalogue.0.entry(name.to_owned()).or_default()[kind as usize] += count;
                }
            }
        }
        Ok(catalogue)
    }

    /// What a field's values are; none if no document has it.
    pub fn kind(&self, field: &str) -> Option<FieldType> {
        let counts = self.0.get(field)?;
        let [keywords, numbers, in_strings, dates, truths] = *counts;
        Some(match (keywords, numbers, truths) {
            (0, 0, 0) => FieldType::Date,
            (0, 0, _) => FieldType::Bool,
            (_, 0, 0) if keywords == dates => FieldType::Date,
            (_, _, 0) if keywords == in_strings => FieldType::Number,
            (_, 0, 0) => FieldType::Keyword,
            _ => FieldType::Mixed,
        })
    }

    /// All fields.
    pub fn fields(&self) -> Vec<FieldInfo> {
        let info = |(name, counts): (&String, &[u64; 5])| {
            let [keywords, numbers, _, dates, truths] = *counts;
            // A document with values of several kinds counts once at least: exact unless a field mixes types in one document.
            let documents = keywords.max(dates) + numbers + truths;
            Some(FieldInfo { name: name.clone(), kind: self.kind(name)?, documents })
        };
        self.0.iter().filter_map(info).collect()
    }

    /// The columns in which a field's values lie.
    pub fn kinds(&self, field: &str) -> &'static [Kind] {
        match self.kind(field) {
            Some(FieldType::Keyword) => &[Kind::Keyword],
            Some(FieldType::Number) => &[Kind::Number, Kind::NumberInString],
            Some(FieldType::Date) => &[Kind::Date],
            Some(FieldType::Bool) => &[Kind::Bool],
            Some(_) => &[Kind::Keyword, Kind::Number, Kind::Bool],
            None => &[],
        }
    }

    /// # Errors
    /// [`Error::Invalid`] that names the fields there are, nearest spelling first.
    pub fn check(&self, field: &str, what: &str) -> Result<FieldType> {
        self.kind(field).ok_or_else(|| {
            let mut names: Vec<&str> = self.0.keys().map(String::as_str).collect();
            names.sort_by_cached_key(|name| strsim::damerau_levenshtein(name, field));
            names.truncate(8);
            Error::invalid(
                what,
                "a field of the documents",
                format!("{field:?}"),
                format!("there are {}", names.join(", ")),
            )
        })
    }
}

/// A column of one part.
pub(super) enum Values {
    /// Ordinals of keywords in rising order of their text.
    Keywords(StrColumn),
    /// Numbers, dates in milliseconds, truth values as 0 and 1.
    Numbers(Column<f64>),
}

impl Values {
    /// A field's column of a kind, if the part has one.
    pub fn open(part: &Part, kind: Kind, field: &str) -> Result<Option<Self>, TantivyError> {
        let escaped = field.replace('\\', "\\\\").replace('.', "\\.");
        let name = format!("values.{}:{escaped}", kind.letter());
        for handle in part.reader.fast_fields().dynamic_column_handles(&name)? {
            let column = handle.open()?;
            match column {
                DynamicColumn::Str(column) => return Ok(Some(Self::Keywords(column))),
                column => {
                    if let Some(DynamicColumn::F64(column)) = column.coerce_numerical(NumericalType::F64) {
                        return Ok(Some(Self::Numbers(column)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Calls `found` with each document below `documents` that has a value for which `wanted` holds.
    pub fn select_numbers(
        &self,
        documents: DocId,
        wanted: impl Fn(f64) -> bool,
        mut found: impl FnMut(DocId),
    ) {
        let Self::Numbers(column) = self else { return };
        for doc in 0..documents {
            if column.values_for_doc(doc).any(&wanted) {
                found(doc);
            }
        }
    }

    /// Calls `found` with each document below `documents` that has this keyword.
    pub fn select_keyword(
        &self,
        documents: DocId,
        keyword: &str,
        found: impl FnMut(DocId),
    ) -> Result<(), TantivyError> {
        let Self::Keywords(column) = self else { return Ok(()) };
        let Some(ord) = column.dictionary().term_ord(keyword.as_bytes())? else { return Ok(()) };
        let mut docs = Vec::new();
        column.ords().get_docids_for_value_range(ord..=ord, 0..documents, &mut docs);
        docs.into_iter().for_each(found);
        Ok(())
    }

    /// Calls `found` with each document below `documents` that has any value.
    pub fn select_present(&self, documents: DocId, mut found: impl FnMut(DocId)) {
        let present = |doc: DocId| match self {
            Self::Keywords(column) => column.term_ords(doc).next().is_some(),
            Self::Numbers(column) => column.values_for_doc(doc).next().is_some(),
        };
        (0..documents).filter(|doc| present(*doc)).for_each(&mut found);
    }
}

/// The keyword of an ordinal.
pub(super) fn text(column: &StrColumn, ord: u64) -> Result<String, TantivyError> {
    let mut text = String::new();
    column.ord_to_str(ord, &mut text)?;
    Ok(text)
}
