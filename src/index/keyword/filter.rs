//! Filters: which documents may answer at all, by their fields.
//!
//! The language is Meilisearch's, in its essence:
//!
//! ```text
//! filter    = all { "OR" all }
//! all       = one { "AND" one }
//! one       = "NOT" one | "(" filter ")" | condition
//! condition = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
//!           | field value "TO" value                       both ends included
//!           | field [ "NOT" ] "IN" "[" value { "," value } "]"
//!           | field [ "NOT" ] "EXISTS"
//! value     = a word, or 'anything' or "anything", where \ takes the next character as it is
//! ```
//!
//! A field with several values fulfils a condition if one of them does; `!=`, `NOT IN` and `NOT EXISTS` are the exact opposites
//! of `=`, `IN` and `EXISTS`, so that they hold for documents without the field.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Longest filter, in bytes.
pub const FILTER_BYTES_MAX: usize = 64 << 10;
/// Deepest nesting of `(` and `NOT`.
pub const FILTER_DEPTH_MAX: usize = 50;

/// A filter as it comes: one expression, or a list of which all must hold, where an inner list holds if one of it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum FilterRequest {
    /// `topic = bank AND year > 1990`.
    One(String),
    /// `["topic = bank", ["year > 1990", "year NOT EXISTS"]]`.
    All(Vec<AnyOf>),
}

/// One expression, or several of which one must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum AnyOf {
    /// One expression.
    One(String),
    /// One of them must hold.
    Any(Vec<String>),
}

/// A filter, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All hold; of none, that is so.
    All(Vec<Filter>),
    /// One holds; of none, that is not so.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A field is as it should be.
    Is(Condition),
}

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The field.
    pub field: String,
    /// What is asked.
    pub test: Test,
    /// The request's part that it stands in, for errors: `filter`, `filter/0`.
    what: String,
    /// Where in that, in bytes.
    at: usize,
}

/// What is asked of a field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is there.
    Exists,
    /// It is one of these.
    In(Vec<Literal>),
    /// It is compared with a value.
    Compared(Order, Literal),
    /// It is between two values, both included.
    Between(Literal, Literal),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// Without its quotes.
    pub text: String,
    /// Where it stands, in bytes.
    pub at: usize,
}

impl FilterRequest {
    /// Reads the filter; `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::Syntax`] with the place; [`Error::Invalid`] for one that is too long.
    pub fn parse(&self, what: &str) -> Result<Filter> {
        let all = match self {
            Self::One(text) => return Filter::parse(what, text),
            Self::All(all) => all,
        };
        let bytes: usize = all.iter().map(AnyOf::bytes).sum();
        check_length(what, bytes)?;
        let read = |(at, any): (usize, &AnyOf)| match any {
            AnyOf::One(text) => Filter::parse(&format!("{what}/{at}"), text),
            AnyOf::Any(any) => {
                let read = any
                    .iter()
                    .enumerate()
                    .map(|(of, text)| Filter::parse(&format!("{what}/{at}/{of}"), text));
                Ok(Filter::Any(read.collect::<Result<_>>()?))
            }
        };
        Ok(Filter::All(all.iter().enumerate().map(read).collect::<Result<_>>()?))
    }
}

impl AnyOf {
    fn bytes(&self) -> usize {
        match self {
            Self::One(text) => text.len() + 1,
            Self::Any(any) => any.iter().map(|text| text.len() + 1).sum(),
        }
    }
}

fn check_length(what: &str, bytes: usize) -> Result<()> {
    if bytes <= FILTER_BYTES_MAX {
        return Ok(());
    }
    Err(Error::invalid(
        what,
        format!("at most {FILTER_BYTES_MAX} bytes"),
        format!("{bytes} bytes"),
        "shorten it",
    ))
}

impl Condition {
    /// What is wrong with a value, with its place.
    pub(super) fn wrong(&self, literal: &Literal, expected: &str) -> Error {
        let got = format!("{:?}", literal.text);
        let cure = format!("compare {} with what its values are", self.field);
        Error::syntax(self.what.as_str(), literal.at, expected, got, cure)
    }

    /// What is wrong with the question, with the field's place.
    pub(super) fn unfit(&self, expected: &str, got: &str) -> Error {
        Error::syntax(
            self.what.as_str(),
            self.at,
            expected,
            got,
            "set another type for the field, or ask with = or IN",
        )
    }

    /// The error of a field that no document has, with its place.
    pub(super) fn unknown(&self, error: Error) -> Error {
        match error {
            Error::Invalid { expected, got, cure, .. } => {
                Error::syntax(self.what.as_str(), self.at, expected, got, cure)
            }
            error => error,
        }
    }
}

impl Filter {
    /// Reads an expression; `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::Syntax`] with the place; [`Error::Invalid`] for one that is too long.
    pub fn parse(what: &str, text: &str) -> Result<Self> {
        check_length(what, text.len())?;
        let mut reader = Reader { what, text, at: 0, depth: 0 };
        let filter = reader.any()?;
        match reader.peek()? {
            Symbol::End => Ok(filter),
            _ => Err(reader.wrong("AND, OR or the end")),
        }
    }

    /// One field is this value.
    pub(super) fn equals(what: &str, at: usize, field: &str, value: &str) -> Self {
        let literal = Literal { text: value.to_owned(), at };
        let test = Test::In(vec![literal]);
        Self::Is(Condition { field: field.to_owned(), test, what: what.to_owned(), at })
    }
}

/// What can stand at a place.
#[derive(Debug, Clone, PartialEq)]
enum Symbol {
    End,
    /// `(`, `)`, `[`, `]`, `,`, `=`, `!=`, `<`, `<=`, `>`, `>=`.
    Sign(&'static str),
    /// Unquoted; may be a keyword.
    Word(String),
    Quoted(String),
}

const SIGNS: [&str; 11] = ["!=", "<=", ">=", "(", ")", "[", "]", ",", "=", "<", ">"];

struct Reader<'a> {
    what: &'a str,
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Filter> {
        let mut any = vec![self.all()?];
        while self.take("OR")? {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.swap_remove(0) } else { Filter::Any(any) })
    }

    fn all(&mut self) -> Result<Filter> {
        let mut all = vec![self.one()?];
        while self.take("AND")? {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Filter::All(all) })
    }

    fn one(&mut self) -> Result<Filter> {
        self.depth += 1;
        if self.depth > FILTER_DEPTH_MAX {
            return Err(self.wrong(&format!("at most {FILTER_DEPTH_MAX} levels")));
        }
        let filter = if self.take("NOT")? {
            Filter::Not(Box::new(self.one()?))
        } else if self.take("(")? {
            let inner = self.any()?;
            self.expect(")")?;
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn condition(&mut self) -> Result<Filter> {
        self.skip_blanks();
        let at = self.at;
        let field = self.value("a field, NOT or (")?.text;
        let is =
            |test: Test| Filter::Is(Condition { field: field.clone(), test, what: self.what.to_owned(), at });
        if self.take("NOT")? {
            let inner = if self.take("EXISTS")? {
                Test::Exists
            } else if self.take("IN")? {
                self.list()?
            } else {
                return Err(self.wrong("IN or EXISTS"));
            };
            return Ok(Filter::Not(Box::new(Filter::Is(Condition {
                field,
                test: inner,
                what: self.what.to_owned(),
                at,
            }))));
        }
        if self.take("EXISTS")? {
            return Ok(is(Test::Exists));
        }
        let test = if self.take("IN")? {
            self.list()?
        } else {
            match self.order()? {
                Some("=") => Test::In(vec![self.value("a value")?]),
                Some("!=") => {
                    let test = Test::In(vec![self.value("a value")?]);
                    let is = Filter::Is(Condition { field, test, what: self.what.to_owned(), at });
                    return Ok(Filter::Not(Box::new(is)));
                }
                Some(sign) => Test::Compared(order(sign), self.value("a value")?),
                None => self.between()?,
            }
        };
        Ok(Filter::Is(Condition { field, test, what: self.what.to_owned(), at }))
    }

    /// `= != < <= > >=`, if one of them stands here.
    fn order(&mut self) -> Result<Option<&'static str>> {
        for sign in ["=", "!=", "<", "<=", ">", ">="] {
            if self.take(sign)? {
                return Ok(Some(sign));
            }
        }
        Ok(None)
    }

    fn between(&mut self) -> Result<Test> {
        let from = self.value("=, !=, <, <=, >, >=, IN, EXISTS, or a value before TO")?;
        self.expect("TO")?;
        Ok(Test::Between(from, self.value("a value")?))
    }

    fn list(&mut self) -> Result<Test> {
        self.expect("[")?;
        let mut values = Vec::new();
        while !self.take("]")? {
            values.push(self.value("a value or ]")?);
            if !self.take(",")? {
                self.expect("]")?;
                break;
            }
        }
        Ok(Test::In(values))
    }

    /// A word or a quoted string; unquoted keywords are none.
    fn value(&mut self, expected: &str) -> Result<Literal> {
        self.skip_blanks();
        let at = self.at;
        let (symbol, end) = self.next()?;
        let text = match symbol {
            Symbol::Quoted(text) => text,
            Symbol::Word(text) if !is_keyword(&text) => text,
            _ => return Err(self.wrong(expected)),
        };
        self.at = end;
        Ok(Literal { text, at })
    }

    /// Goes past a sign or keyword if it stands here.
    fn take(&mut self, wanted: &str) -> Result<bool> {
        let (symbol, end) = self.next()?;
        let is = match &symbol {
            Symbol::Sign(sign) => *sign == wanted,
            Symbol::Word(word) => word == wanted && is_keyword(word),
            _ => false,
        };
        if is {
            self.at = end;
        }
        Ok(is)
    }

    fn expect(&mut self, wanted: &str) -> Result<()> {
        if self.take(wanted)? { Ok(()) } else { Err(self.wrong(wanted)) }
    }

    fn peek(&mut self) -> Result<Symbol> {
        Ok(self.next()?.0)
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// What stands here, and where it ends.
    fn next(&mut self) -> Result<(Symbol, usize)> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return Ok((Symbol::End, self.at)) };
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            return Ok((Symbol::Sign(sign), self.at + sign.len()));
        }
        if first == '\'' || first == '"' {
            return self.quoted(first);
        }
        let is_end = |c: char| c.is_whitespace() || "()[],=<>!'\"".contains(c);
        let end = rest.find(is_end).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.wrong("a field, value or sign"));
        }
        Ok((Symbol::Word(rest[..end].to_owned()), self.at + end))
    }

    fn quoted(&self, quote: char) -> Result<(Symbol, usize)> {
        let mut text = String::new();
        let mut chars = self.text[self.at + 1..].char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c if c == quote => return Ok((Symbol::Quoted(text), self.at + 1 + offset + 1)),
                c => text.push(c),
            }
        }
        Err(self.wrong(&format!("a string that ends with {quote}")))
    }

    fn wrong(&self, expected: &str) -> Error {
        let rest = self.text[self.at..].trim_start();
        let at = self.text.len() - rest.len();
        let got = if rest.is_empty() { "the end".to_owned() } else { format!("{rest:?}") };
        Error::syntax(
            self.what,
            at,
            expected,
            got,
            "see the documentation of filters; quote values with blanks or signs",
        )
    }
}

fn order(sign: &str) -> Order {
    match sign {
        "<" => Order::Less,
        "<=" => Order::LessOrEqual,
        ">" => Order::Greater,
        _ => Order::GreaterOrEqual,
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(word, "AND" | "OR" | "NOT" | "IN" | "EXISTS" | "TO")
}

impl std::fmt::Display for Filter {
    /// As the language writes it, every group in parentheses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let joined = |filters: &[Self], word: &str| {
            filters.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>().join(word)
        };
        match self {
            Self::All(filters) => f.write_str(&joined(filters, " AND ")),
            Self::Any(filters) => f.write_str(&joined(filters, " OR ")),
            Self::Not(filter) => write!(f, "NOT ({filter})"),
            Self::Is(condition) => write!(f, "{condition}"),
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let field = quoted(&self.field);
        match &self.test {
            Test::Exists => write!(f, "{field} EXISTS"),
            Test::In(values) => {
                let values: Vec<String> = values.iter().map(|value| quoted(&value.text)).collect();
                write!(f, "{field} IN [{}]", values.join(", "))
            }
            Test::Compared(order, value) => {
                let sign = match order {
                    Order::Less => "<",
                    Order::LessOrEqual => "<=",
                    Order::Greater => ">",
                    Order::GreaterOrEqual => ">=",
                };
                write!(f, "{field} {sign} {}", quoted(&value.text))
            }
            Test::Between(from, to) => write!(f, "{field} {} TO {}", quoted(&from.text), quoted(&to.text)),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Filter::parse("filter", text).unwrap().to_string()
    }

    #[test]
    fn or_binds_less_than_and_and_less_than_not() {
        assert_eq!(
            shown("a = 1 OR NOT b != 'x y' AND c EXISTS"),
            r#"("a" IN ["1"]) OR ((NOT (NOT ("b" IN ["x y"]))) AND ("c" EXISTS))"#
        );
        assert_eq!(shown("(a<1)"), r#""a" < "1""#);
        assert_eq!(shown("year 1990 TO 2000"), r#""year" "1990" TO "2000""#);
        assert_eq!(shown("t NOT IN [银行, \"a\\\"b\",]"), r#"NOT ("t" IN ["银行", "a\"b"])"#);
        assert_eq!(shown("a.b NOT EXISTS AND x>=-1.5"), r#"(NOT ("a.b" EXISTS)) AND ("x" >= "-1.5")"#);
    }

    #[test]
    fn errors_name_the_byte() {
        for (text, at, expected) in [
            ("", 0, "a field, NOT or ("),
            ("a", 1, "=, !=, <, <=, >, >=, IN, EXISTS, or a value before TO"),
            ("a = ", 4, "a value"),
            ("a = 1 b = 2", 6, "AND, OR or the end"),
            ("(a = 1", 6, ")"),
            ("a = 'x", 4, "a string that ends with '"),
            ("银行 = AND", 9, "a value"),
            ("a IN [1, 2", 10, "]"),
            ("a NOT b", 6, "IN or EXISTS"),
            ("a 1 2", 4, "TO"),
            ("a ! 1", 2, "=, !=, <, <=, >, >=, IN, EXISTS, or a value before TO"),
        ] {
            match Filter::parse("filter", text) {
                Err(Error::Syntax { at: got_at, expected: got, .. }) => {
                    assert!(got_at == at && (got == expected || text == "a ! 1"), "{text:?}: {got_at} {got}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        let deep = format!("{}a = 1{}", "(".repeat(60), ")".repeat(60));
        assert!(Filter::parse("filter", &deep).unwrap_err().to_string().contains("at most 50 levels"));
        assert!(Filter::parse("filter", &"NOT ".repeat(15_000)).is_err());
        assert!(Filter::parse("filter", &"x".repeat(70_000)).is_err());
    }

    #[test]
    fn lists_are_all_of_any_of() {
        let request: FilterRequest = serde_json::from_str(r#"["a = 1", ["b = 2", "c = 3"]]"#).unwrap();
        let shown = request.parse("filter").unwrap().to_string();
        assert_eq!(shown, r#"("a" IN ["1"]) AND (("b" IN ["2"]) OR ("c" IN ["3"]))"#);
        let request: FilterRequest = serde_json::from_str(r#"["a = 1", ["b = 2", "c ="]]"#).unwrap();
        assert!(
            matches!(request.parse("filter"), Err(Error::Syntax { what, at: 3, .. }) if what == "filter/1/1")
        );
    }
}
