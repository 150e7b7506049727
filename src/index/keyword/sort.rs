//! Answers in the order of a field instead of that of their scores.

use super::columns::{Values, text};
use super::matches::Matches;
use super::{KeywordIndex, failed};
use crate::error::{Error, Result};
use std::cmp::Ordering;
use std::str::FromStr;

/// Most fields to sort by.
pub const SORT_FIELDS_MAX: usize = 4;

/// A field to sort by: `year:desc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortBy {
    field: String,
    descending: bool,
}

impl FromStr for SortBy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(
                "sort",
                "field:asc or field:desc",
                format!("{text:?}"),
                "say which way, as in year:desc",
            )
        };
        let (field, order) = text.rsplit_once(':').ok_or_else(wrong)?;
        let descending = match order {
            "asc" => false,
            "desc" => true,
            _ => return Err(wrong()),
        };
        Ok(Self { field: field.to_owned(), descending })
    }
}

/// Reads the fields to sort by, the first the most important.
///
/// # Errors
/// [`Error::Invalid`] with a pointer to the one that is wrong.
pub fn sort_by(sort: &[String]) -> Result<Vec<SortBy>> {
    if sort.len() > SORT_FIELDS_MAX {
        return Err(Error::invalid(
            "sort",
            format!("at most {SORT_FIELDS_MAX} fields"),
            sort.len(),
            "leave some out",
        ));
    }
    let read = |(at, text): (usize, &String)| {
        text.parse().map_err(|error| match error {
            Error::Invalid { expected, got, cure, .. } => {
                Error::Invalid { what: format!("sort/{at}"), expected, got, cure }
            }
            error => error,
        })
    };
    sort.iter().enumerate().map(read).collect()
}

/// What a document is sorted by; of several values the one that comes first.
#[derive(Debug, Clone, PartialEq)]
enum Key {
    Number(f64),
    Text(String),
}

impl Key {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl KeywordIndex {
    /// All that answers, sorted by fields, then by falling score, then by rising row; documents without a field come last.
    /// Answers row and score of those from `offset` on, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a field that no document has.
    pub fn sorted(
        &self,
        found: &Matches,
        by: &[SortBy],
        offset: usize,
        limit: usize,
    ) -> Result<Vec<(u64, f32)>> {
        let mut entries: Vec<(Vec<Option<Key>>, f32, u64)> = Vec::with_capacity(found.total() as usize);
        for (at, list) in found.lists.iter().enumerate() {
            let part = &self.parts[at];
            for (doc, score) in list {
                entries.push((Vec::with_capacity(by.len()), *score, part.seq(*doc)));
            }
        }
        for (number, sort) in by.iter().enumerate() {
            self.catalogue.check(&sort.field, &format!("sort/{number}"))?;
            let mut place = 0;
            for (part, list) in self.parts.iter().zip(&found.lists) {
                let columns: Vec<Values> = self
                    .catalogue
                    .kinds(&sort.field)
                    .iter()
                    .filter_map(|kind| Values::open(part, *kind, &sort.field).transpose())
                    .collect::<Result<_, _>>()
                    .map_err(failed(&self.folder))?;
                for (doc, _) in list {
                    entries[place]
                        .0
                        .push(key(&columns, *doc, sort.descending).map_err(failed(&self.folder))?);
                    place += 1;
                }
            }
        }
        let order = |a: &(Vec<Option<Key>>, f32, u64), b: &(Vec<Option<Key>>, f32, u64)| {
            for (sort, (a, b)) in by.iter().zip(a.0.iter().zip(&b.0)) {
                let order = match (a, b) {
                    (Some(a), Some(b)) if sort.descending => b.order(a),
                    (Some(a), Some(b)) => a.order(b),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
            b.1.total_cmp(&a.1).then(a.2.cmp(&b.2))
        };
        entries.sort_by(order);
        Ok(entries.into_iter().skip(offset).take(limit).map(|(_, score, seq)| (seq, score)).collect())
    }
}

fn key(
    columns: &[Values],
    doc: tantivy::DocId,
    descending: bool,
) -> Result<Option<Key>, tantivy::TantivyError> {
    let mut best: Option<Key> = None;
    let mut offer = |key: Key| {
        let first = best
            .as_ref()
            .is_none_or(|best| if descending { key.order(best).is_gt() } else { key.order(best).is_lt() });
        if first {
            best = Some(key);
        }
    };
    for column in columns {
        match column {
            Values::Numbers(values) => values.values_for_doc(doc).for_each(|value| offer(Key::Number(value))),
            Values::Keywords(values) => {
                for ord in values.term_ords(doc) {
                    offer(Key::Text(text(values, ord)?));
                }
            }
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_with_a_pointer() {
        let by = sort_by(&["year:desc".into(), "a:b:asc".into()]).unwrap();
        assert_eq!((by[0].field.as_str(), by[0].descending, by[1].field.as_str()), ("year", true, "a:b"));
        for bad in ["year", "year:up", ""] {
            let error = sort_by(&["a:asc".into(), bad.into()]).unwrap_err();
            assert!(error.to_string().starts_with("sort/1: "), "{error}");
        }
        assert!(sort_by(&vec!["a:asc".into(); 5]).is_err());
    }
}
