//! Facets: how often each value of a field occurs among the documents that answer.

use super::columns::{Values, text};
use super::matches::Matches;
use super::selection::bits;
use super::values::{FieldType, Kind, date_text};
use super::{KeywordIndex, failed};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

/// Most fields counted for one answer.
pub const FACETS_MAX: usize = 20;
/// Most values told for a field, the most frequent first.
pub const FACET_VALUES_MAX: usize = 100;

/// How often each value of a field occurs among the documents that answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Facet {
    /// What the values are.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Documents for each value, the most frequent first, at most 100 of them. A document with several values counts for each.
    #[schema(value_type = HashMap<String, u64>)]
    pub values: Map<String, Value>,
    /// How many different values there are.
    pub distinct: usize,
    /// The smallest number or date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Value>,
    /// The largest number or date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Value>,
}

/// Counts by value.
#[derive(Default)]
struct Counts {
    texts: HashMap<String, u64>,
    numbers: HashMap<(Shown, u64), u64>,
}

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shown {
    Number,
    Date,
    Bool,
}

impl KeywordIndex {
    /// Counts the values of a field over documents that answer; `what` names the field in errors.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a field that no document has.
    pub fn facet(&self, found: &Matches, field: &str, what: &str) -> Result<Facet> {
        let kind = self.catalogue.check(field, what)?;
        let mut counts = Counts::default();
        for (part, list) in self.parts.iter().zip(&found.lists) {
            for column in self.catalogue.kinds(field) {
                let values = Values::open(part, *column, field).map_err(failed(&self.folder))?;
                let docs = list.iter().map(|(doc, _)| *doc);
                match values {
                    None => {}
                    Some(Values::Keywords(column)) => {
                        let mut by_ord = vec![0u64; column.num_terms()];
                        for doc in docs {
                            column.term_ords(doc).for_each(|ord| by_ord[ord as usize] += 1);
                        }
                        for (ord, count) in by_ord.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                            let text = text(&column, ord as u64).map_err(failed(&self.folder))?;
                            *counts.texts.entry(text).or_default() += count;
                        }
                    }
                    Some(Values::Numbers(values)) => {
                        let shown = match column {
                            Kind::Date => Shown::Date,
                            Kind::Bool => Shown::Bool,
                            _ => Shown::Number,
                        };
                        for value in docs.flat_map(|doc| values.values_for_doc(doc)) {
                            *counts.numbers.entry((shown, bits(value))).or_default() += 1;
                        }
                    }
                }
            }
        }
        Ok(counts.facet(kind))
    }
}

impl Counts {
    fn facet(self, kind: FieldType) -> Facet {
        let ordered = self.numbers.keys().filter(|(kind, _)| *kind != Shown::Bool);
        let range = ordered.fold(None, |range: Option<(f64, f64)>, (_, bits)| {
            let value = f64::from_bits(*bits);
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let is_date = self.numbers.keys().any(|(kind, _)| *kind == Shown::Date);
        let told = |value: f64| if is_date { Value::String(date_text(value)) } else { number(value) };
        let numbers =
            self.numbers.into_iter().map(|((kind, bits), count)| (shown(kind, f64::from_bits(bits)), count));
        let mut values: Vec<(String, u64)> = self.texts.into_iter().chain(numbers).collect();
        values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let distinct = values.len();
        values.truncate(FACET_VALUES_MAX);
        Facet {
            kind,
            values: values.into_iter().map(|(value, count)| (value, count.into())).collect(),
            distinct,
            min: range.map(|(low, _)| told(low)),
            max: range.map(|(_, high)| told(high)),
        }
    }
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn shown(kind: Shown, value: f64) -> String {
    match kind {
        Shown::Number => number(value).to_string(),
        Shown::Date => date_text(value),
        Shown::Bool => (value == 1.0).to_string(),
    }
}

/// # Errors
/// [`Error::Invalid`] for more fields than are counted at once.
pub fn check_facets(fields: &[String]) -> Result<()> {
    if fields.len() <= FACETS_MAX {
        return Ok(());
    }
    Err(Error::invalid(
        "facets",
        format!("at most {FACETS_MAX}"),
        fields.len(),
        "ask for them one after the other",
    ))
}
