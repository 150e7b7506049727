//! Queries with operators and filters: whatever comes in, they are read or refused with a place, and what was read can be
//! written down and read again.

use proptest::prelude::*;
use sememe::error::Error;
use sememe::index::keyword::{Expression, Filter};

/// Characters and words that mean something, among others.
const QUERY: &str = r#"([a-c银行 ]|"|\(|\)|\*|~|~1|~2|\+|-|:|\\|AND |OR |NOT |title:|kx-44 |'t|\PC){0,40}"#;
const FILTER: &str =
    r#"([a-c1-3. ]|"|'|\(|\)|\[|\]|,|=|!=|<=|<|>|>=|\\|AND |OR |NOT |IN |EXISTS | TO |\PC){0,40}"#;

/// A refusal names a place within the text, between two characters.
fn is_refusal(error: &Error, text: &str) -> bool {
    matches!(error, Error::Syntax { at, .. } if *at <= text.len() && text.is_char_boundary(*at))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_query_is_read_or_refused_with_a_place(text in QUERY) {
        match Expression::parse(&text) {
            Ok(read) => {
                let shown = read.to_string();
                let again = Expression::parse(&shown);
                prop_assert!(again.is_ok(), "{text:?} as {shown:?}: {again:?}");
                prop_assert_eq!(again.unwrap().to_string(), shown);
            }
            Err(error) => prop_assert!(is_refusal(&error, &text), "{text:?}: {error}"),
        }
    }

    #[test]
    fn any_filter_is_read_or_refused_with_a_place(text in FILTER) {
        match Filter::parse("filter", &text) {
            Ok(read) => {
                let shown = read.to_string();
                let again = Filter::parse("filter", &shown);
                prop_assert!(again.is_ok(), "{text:?} as {shown:?}: {again:?}");
                prop_assert_eq!(again.unwrap().to_string(), shown);
            }
            Err(error) => prop_assert!(is_refusal(&error, &text), "{text:?}: {error}"),
        }
    }

    #[test]
    fn plain_words_are_read_as_any_of_them(words in proptest::collection::vec("[a-z]{1,8}", 1..9)) {
        let read = Expression::parse(&words.join(" ")).unwrap();
        prop_assert_eq!(read.words(), words);
    }
}
