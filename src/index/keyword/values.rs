//! A document's fields as typed values: keywords, numbers, dates and truth values, by which it can be filtered and sorted.
//!
//! Types are inferred unless set: a string is a keyword; where all strings of a field read as dates, or as numbers, the field
//! is one of dates or numbers. That is known only when all documents are, so that such a string is kept as both.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest keyword, in bytes; longer strings are text, and cannot be filtered on.
pub const KEYWORD_BYTES_MAX: usize = 512;
/// Longest name of a field, in bytes, the names of what it lies in included.
pub const NAME_BYTES_MAX: usize = 200;
/// Most values that a document can be filtered by; further ones are left out.
pub const VALUES_MAX: usize = 1000;
/// Objects within objects: deeper ones are left out.
const DEPTH_MAX: usize = 8;

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// Strings, compared whole.
    Keyword,
    /// Numbers, as 64-bit floating point.
    Number,
    /// Days or moments: `2024-05-01`, `2024-05-01T12:30:00Z`.
    Date,
    /// `true` or `false`.
    Bool,
    /// Prose: not to be filtered on.
    Text,
    /// Of several types.
    Mixed,
}

impl FieldType {
    /// The name, as in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Number => "number",
            Self::Date => "date",
            Self::Bool => "bool",
            Self::Text => "text",
            Self::Mixed => "mixed",
        }
    }
}

/// In which column a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Strings.
    Keyword,
    /// Numbers.
    Number,
    /// Numbers that strings read as.
    NumberInString,
    /// Dates that strings read as, in milliseconds since 1970.
    Date,
    /// Truth values, 0 or 1.
    Bool,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Keyword, Self::Number, Self::NumberInString, Self::Date, Self::Bool];

    /// First letter of a column's name.
    pub fn letter(self) -> char {
        match self {
            Self::Keyword => 'k',
            Self::Number => 'n',
            Self::NumberInString => 'm',
            Self::Date => 'd',
            Self::Bool => 'b',
        }
    }

    pub fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.letter() == letter)
    }
}

/// A value as it goes into a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Typed {
    Text(String),
    Number(f64),
}

/// All values of a document by field and kind; `set` gives the types that are not to be inferred.
pub(super) fn typed_values(
    fields: &Map<String, Value>,
    set: impl Fn(&str) -> Option<FieldType>,
) -> Vec<(String, Kind, Typed)> {
    let mut found = Vec::new();
    for (name, value) in fields {
        flatten(name.clone(), value, DEPTH_MAX, &set, &mut found);
    }
    found.truncate(VALUES_MAX);
    found
}

fn flatten(
    name: String,
    value: &Value,
    depth: usize,
    set: &impl Fn(&str) -> Option<FieldType>,
    found: &mut Vec<(String, Kind, Typed)>,
) {
    let bad_name = name.len() > NAME_BYTES_MAX || name.contains(|c: char| c.is_control());
    if depth == 0 || bad_name || found.len() > VALUES_MAX {
        return;
    }
    match value {
        Value::Object(inner) => {
            for (key, value) in inner {
                flatten(format!("{name}.{key}"), value, depth - 1, set, found);
            }
        }
        Value::Array(values) => {
            values.iter().for_each(|value| flatten(name.clone(), value, depth - 1, set, found));
        }
        value => {
            let typed = match set(&name) {
                None => inferred(value),
                Some(kind) => declared(value, kind).into_iter().collect(),
            };
            found.extend(typed.into_iter().map(|(kind, typed)| (name.clone(), kind, typed)));
        }
    }
}

fn inferred(value: &Value) -> Vec<(Kind, Typed)> {
    match value {
        Value::String(text) if text.len() <= KEYWORD_BYTES_MAX => {
            let mut typed = vec![(Kind::Keyword, Typed::Text(text.clone()))];
            typed.extend(number(text).map(|number| (Kind::NumberInString, Typed::Number(number))));
            typed.extend(date(text).map(|date| (Kind::Date, Typed::Number(date))));
            typed
        }
        Value::Number(number) => {
            number.as_f64().map(|number| (Kind::Number, Typed::Number(number))).into_iter().collect()
        }
        Value::Bool(truth) => vec![(Kind::Bool, Typed::Number(f64::from(u8::from(*truth))))],
        _ => Vec::new(),
    }
}

fn declared(value: &Value, kind: FieldType) -> Option<(Kind, Typed)> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    match kind {
        FieldType::Keyword => (text.len() <= KEYWORD_BYTES_MAX).then_some((Kind::Keyword, Typed::Text(text))),
        FieldType::Number => number(&text).map(|number| (Kind::Number, Typed::Number(number))),
        FieldType::Date => date(&text).map(|date| (Kind::Date, Typed::Number(date))),
        FieldType::Bool => truth(&text).map(|truth| (Kind::Bool, Typed::Number(truth))),
        FieldType::Text | FieldType::Mixed => None,
    }
}

/// `12`, `-0.5`, `1e9`; not `inf`, `nan`, nor anything with blanks.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let number: f64 = plain.then(|| text.parse().ok())??;
    number.is_finite().then_some(number)
}

/// 1 for `true`, 0 for `false`.
pub(super) fn truth(text: &str) -> Option<f64> {
    match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => None,
    }
}

/// Milliseconds since 1970 of `YYYY-MM-DD`, or of a moment after RFC 3339: `YYYY-MM-DDThh:mm:ss[.fff](Z|±hh:mm)`, where a blank
/// may stand for the T, the seconds may be left out, and a time without offset is UTC.
pub(super) fn date(text: &str) -> Option<f64> {
    let (year, rest) = (digits(text.get(..4)?)?, text.get(4..)?);
    let rest = rest.strip_prefix('-')?;
    let (month, rest) = (digits(rest.get(..2)?)?, rest.get(2..)?.strip_prefix('-')?);
    let (day, rest) = (digits(rest.get(..2)?)?, rest.get(2..)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
        return None;
    }
    let of_day = if rest.is_empty() { 0 } else { time(rest.strip_prefix(['T', 't', ' '])?)? };
    Some((days_since_1970(year, month, day) * 86_400_000 + of_day) as f64)
}

/// Milliseconds since the start of the day, in UTC.
fn time(text: &str) -> Option<i64> {
    let (hour, rest) = (digits(text.get(..2)?)?, text.get(2..)?.strip_prefix(':')?);
    let (minute, mut rest) = (digits(rest.get(..2)?)?, rest.get(2..)?);
    let (mut second, mut ms) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (second, rest) = (digits(after.get(..2)?)?, after.get(2..)?);
        if let Some(after) = rest.strip_prefix('.') {
            let len = after.bytes().take_while(u8::is_ascii_digit).count();
            let first: String = after[..len].chars().chain("000".chars()).take(3).collect();
            (ms, rest) = ((len > 0).then(|| digits(&first))??, &after[len..]);
        }
    }
    let offset = match rest {
        "" | "Z" | "z" => 0,
        rest => {
            let sign = if rest.starts_with('+') { 1 } else { -1 };
            let (hours, minutes) = rest.strip_prefix(['+', '-'])?.split_once(':')?;
            let (hours, minutes) = (digits(hours)?, digits(minutes)?);
            (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))?
        }
    };
    (hour <= 23 && minute <= 59 && second <= 60)
        .then_some(((hour * 60 + minute - offset) * 60 + second) * 1000 + ms)
}

fn digits(text: &str) -> Option<i64> {
    let all = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok())?
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, counted from the first of March of year 0, so that a leap day is the last of
/// its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A date as people write it: the day alone where it begins one.
pub(super) fn date_text(ms: f64) -> String {
    let ms = ms as i64;
    let (days, of_day) = (ms.div_euclid(86_400_000) + 719_468, ms.rem_euclid(86_400_000));
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let date = format!("{year:04}-{month:02}-{day:02}");
    if of_day == 0 {
        return date;
    }
    let (seconds, ms) = (of_day / 1000, of_day % 1000);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if ms == 0 { format!("{date}T{time}Z") } else { format!("{date}T{time}.{ms:03}Z") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dates_lead_there_and_back() {
        assert_eq!(date("1970-01-01"), Some(0.0));
        assert_eq!(date("2000-03-01"), Some(951_868_800_000.0)); // date -d 2000-03-01Z +%s
        assert_eq!(date("2024-05-01T12:30:00+02:00"), date("2024-05-01 10:30Z"));
        assert_eq!(date("2024-05-01T10:30:00.25Z"), date("2024-05-01T10:30").map(|ms| ms + 250.0));
        for text in ["0001-01-01", "1600-02-29", "1969-12-31", "2024-02-29", "9999-12-31T23:59:59.999Z"] {
            assert_eq!(date_text(date(text).unwrap()), text);
        }
        for bad in [
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-1-1",
            "2024-05-01x",
            "24-05-01",
            "银行银行",
            "2024-05-01T25:00",
        ] {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn values_are_flat_and_typed() {
        let fields = json!({
            "year": 1990, "zip": "01234", "open": true, "tags": ["a", "b", null], "author": {"name": "Wu", "born": "1950-02-03"},
            "abstract": "x".repeat(600), "none": null
        });
        let found = typed_values(fields.as_object().unwrap(), |_| None);
        let shown: Vec<String> =
            found.iter().map(|(name, kind, _)| format!("{}:{name}", kind.letter())).collect();
        let expected = [
            "n:year",
            "k:zip",
            "m:zip",
            "b:open",
            "k:tags",
            "k:tags",
            "k:author.name",
            "k:author.born",
            "d:author.born",
        ];
        assert_eq!(shown, expected);
        let set = |name: &str| (name == "year").then_some(FieldType::Keyword);
        let found = typed_values(fields.as_object().unwrap(), set);
        assert_eq!(found[0], ("year".into(), Kind::Keyword, Typed::Text("1990".into())));
        let set = |name: &str| (name == "zip").then_some(FieldType::Date);
        assert!(!typed_values(fields.as_object().unwrap(), set).iter().any(|(name, ..)| name == "zip"));
    }

    #[test]
    fn too_many_and_too_deep_values_are_left_out() {
        let many = json!({"many": vec!["x"; 5000]});
        assert_eq!(typed_values(many.as_object().unwrap(), |_| None).len(), VALUES_MAX);
        let mut deep = json!("x");
        for _ in 0..100 {
            deep = json!({"a": deep});
        }
        assert!(typed_values(deep.as_object().unwrap(), |_| None).is_empty());
    }
}
