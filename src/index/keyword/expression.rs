//! Queries with operators, read: phrases, prefixes, fuzzy words, fields, and what must or must not be there.
//!
//! ```text
//! query   = all { [ "OR" ] all }                  at least one answers; more of them score higher
//! all     = clause { "AND" clause }               all answer
//! clause  = [ "+" | "-" | "NOT" ] item            must, must not
//! item    = [ field ":" ] ( word | word "*" | word "~" [ "1" | "2" ] | "\"" words "\"" | "(" query ")" )
//! ```
//!
//! Not how people write: plain questions with their hyphens, apostrophes and question marks go past this ([`super::Matches`] by
//! words). Within a query, `+` and `-` stand before a clause only, so that *e-mail* is a word; a word that the analyzer cuts
//! (*KX-4417*) is a phrase, and Chinese without blanks the words that it is cut into, of which one must be there. A backslash takes
//! the next character as it is.

use crate::error::{Error, Result};
use crate::text::Analyzer;

/// Deepest nesting of parentheses.
pub const QUERY_DEPTH_MAX: usize = 50;
/// Most words, phrases and the like.
pub const QUERY_CLAUSES_MAX: usize = 1000;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// Something to look for.
    Leaf(Leaf),
    /// Clauses side by side: all of `must`, none of `must_not`, and where nothing must, one of `should`.
    Group {
        /// These are there.
        must: Vec<Expression>,
        /// At least one of these, if nothing must be there; they score in any case.
        should: Vec<Expression>,
        /// None of these.
        must_not: Vec<Expression>,
    },
}

/// Something to look for, in the document or in one of its fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// The field; everything that is searched if `None`.
    pub field: Option<String>,
    /// What.
    pub pattern: Pattern,
    /// As it stands in the query.
    pub written: String,
    /// Where it stands, in bytes.
    pub at: usize,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// A word, in any form that the index joins to it.
    Word(String),
    /// Words one after the other, as written.
    Phrase(Vec<String>),
    /// Words that begin like this.
    Prefix(String),
    /// Words that at most so many edits (a letter more, less, other, or two exchanged) make of this one.
    Fuzzy(String, u8),
    /// Nothing that the analyzer takes for a word: for a field of keywords, the value as it is written.
    Value,
}

impl Expression {
    /// Reads a query.
    ///
    /// # Errors
    /// [`Error::Syntax`] with the place.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader { text, at: 0, depth: 0, clauses: 0 };
        let expression = reader.query(None)?;
        reader.skip_blanks();
        if reader.at < text.len() {
            return Err(reader.wrong("AND, OR, a word or the end"));
        }
        match expression {
            Some(expression) if expression.looks_for_something() => Ok(expression),
            Some(_) => {
                let cure = "add a word, as in: bank -river";
                Err(Error::syntax("query", 0, "something to look for", "only what must not be there", cure))
            }
            None => Err(Error::syntax("query", 0, "at least one word", "none", "write what you look for")),
        }
    }

    /// Any of the words: a query without operators.
    #[must_use]
    pub fn any_of(words: &[String]) -> Self {
        let leaf = |word: &String| {
            let pattern = Pattern::Word(word.clone());
            Self::Leaf(Leaf { field: None, pattern, written: word.clone(), at: 0 })
        };
        let mut distinct: Vec<&String> = Vec::new();
        words.iter().for_each(|word| {
            if !distinct.contains(&word) {
                distinct.push(word);
            }
        });
        let should = distinct.into_iter().map(leaf).collect();
        Self::Group { must: Vec::new(), should, must_not: Vec::new() }
    }

    fn looks_for_something(&self) -> bool {
        match self {
            Self::Leaf(_) => true,
            Self::Group { must, should, .. } => must.iter().chain(should).any(Self::looks_for_something),
        }
    }

    /// The words that are looked for, in order; not those that must not be there. What other ways of searching read of the query.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Leaf(leaf) => match &leaf.pattern {
                Pattern::Word(word) | Pattern::Prefix(word) | Pattern::Fuzzy(word, _) => vec![word.clone()],
                Pattern::Phrase(words) => words.clone(),
                Pattern::Value => Vec::new(),
            },
            Self::Group { must, should, .. } => {
                let mut leaves: Vec<&Self> = must.iter().chain(should).collect();
                leaves.sort_by_key(|expression| expression.first_at());
                leaves.into_iter().flat_map(Self::words).collect()
            }
        }
    }

    fn first_at(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.at,
            Self::Group { must, should, must_not } => {
                must.iter().chain(should).chain(must_not).map(Self::first_at).min().unwrap_or(0)
            }
        }
    }
}

/// How a clause counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occurs {
    Should,
    Must,
    MustNot,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    clauses: usize,
}

type Clause = (Occurs, Expression);

impl Reader<'_> {
    /// Clauses up to a closing parenthesis or the end; `None` if there is no word among them.
    fn query(&mut self, field: Option<&str>) -> Result<Option<Expression>> {
        let mut clauses: Vec<Clause> = Vec::new();
        let mut after_or = false;
        loop {
            self.skip_blanks();
            if self.rest().is_empty() || self.rest().starts_with(')') {
                break;
            }
            clauses.extend(self.all(field)?);
            self.skip_blanks();
            after_or = self.keyword("OR");
        }
        if after_or {
            return Err(self.wrong("a word after OR"));
        }
        Ok(group(clauses))
    }

    fn all(&mut self, field: Option<&str>) -> Result<Option<Clause>> {
        let first = self.clause(field)?;
        let mut all: Vec<Clause> = Vec::new();
        let mut joined = false;
        all.extend(first);
        while self.keyword("AND") {
            joined = true;
            all.extend(self.clause(field)?);
        }
        if !joined {
            return Ok(all.pop());
        }
        let all = all.into_iter().map(|(occurs, one)| match occurs {
            Occurs::MustNot => (Occurs::MustNot, one),
            _ => (Occurs::Must, one),
        });
        Ok(group(all.collect()).map(|group| (Occurs::Should, group)))
    }

    fn clause(&mut self, field: Option<&str>) -> Result<Option<Clause>> {
        self.skip_blanks();
        self.clauses += 1;
        if self.clauses > QUERY_CLAUSES_MAX {
            return Err(self.wrong(&format!("at most {QUERY_CLAUSES_MAX} words, phrases and the like")));
        }
        let occurs = if self.sign('+') {
            Occurs::Must
        } else if self.sign('-') || self.keyword("NOT") {
            Occurs::MustNot
        } else {
            Occurs::Should
        };
        Ok(self.item(field)?.map(|item| (occurs, item)))
    }

    fn item(&mut self, field: Option<&str>) -> Result<Option<Expression>> {
        self.skip_blanks();
        let at = self.at;
        match self.rest().chars().next() {
            None => Err(self.wrong("a word")),
            Some('(') => self.group(field),
            Some('"') => self.phrase(field, at),
            Some(')') => Err(self.wrong("a word")),
            Some(_) => self.word(field, at),
        }
    }

    fn group(&mut self, field: Option<&str>) -> Result<Option<Expression>> {
        let open = self.at;
        self.at += 1;
        self.depth += 1;
        if self.depth > QUERY_DEPTH_MAX {
            return Err(self.wrong(&format!("at most {QUERY_DEPTH_MAX} levels of parentheses")));
        }
        let inner = self.query(field)?;
        self.skip_blanks();
        if !self.rest().starts_with(')') {
            let cure = "close it, or write \\( for the character";
            return Err(Error::syntax("query", open, "a ) for this (", "none", cure));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(inner)
    }

    fn phrase(&mut self, field: Option<&str>, at: usize) -> Result<Option<Expression>> {
        let open = self.at;
        let mut text = String::new();
        let mut chars = self.text[open + 1..].char_indices();
        loop {
            match chars.next() {
                Some((_, '\\')) => text.extend(chars.next().map(|(_, c)| c)),
                Some((offset, '"')) => {
                    self.at = open + 1 + offset + 1;
                    break;
                }
                Some((_, c)) => text.push(c),
                None => {
                    let cure = "close it, or write \\\" for the character";
                    return Err(Error::syntax("query", open, "a second \" for this one", "none", cure));
                }
            }
        }
        let words = Analyzer.words(&text);
        let pattern = if words.is_empty() { Pattern::Value } else { Pattern::Phrase(words) };
        Ok(self.leaf(field, pattern, text, at))
    }

    fn word(&mut self, field: Option<&str>, at: usize) -> Result<Option<Expression>> {
        let (text, after) = self.raw_word();
        if after == Some(':') {
            if field.is_some() {
                return Err(self.wrong("no field within a field"));
            }
            if text.is_empty() {
                return Err(self.wrong("a field before :"));
            }
            self.at += 1;
            if self.rest().is_empty() || self.rest().starts_with(char::is_whitespace) {
                return Err(self.wrong("a word right behind the field, or \\: for the character"));
            }
            let mut item = self.item(Some(&text))?;
            if let Some(Expression::Leaf(leaf)) = &mut item {
                leaf.at = at; // what is wrong with the field is told where it stands
            }
            return Ok(item);
        }
        match after {
            Some('*') => {
                self.at += 1;
                self.ends_word("the end of the word behind *")?;
                let word = self.single(&text, at)?;
                Ok(self.leaf(field, Pattern::Prefix(word), format!("{text}*"), at))
            }
            Some('~') => {
                self.at += 1;
                let edits = match self.rest().chars().next() {
                    Some(c @ ('1' | '2')) => {
                        self.at += 1;
                        c as u8 - b'0'
                    }
                    Some(c) if c.is_ascii_digit() => return Err(self.wrong("1 or 2 edits")),
                    _ => 1,
                };
                self.ends_word("1, 2 or the end of the word behind ~")?;
                let word = self.single(&text, at)?;
                Ok(self.leaf(field, Pattern::Fuzzy(word, edits), format!("{text}~{edits}"), at))
            }
            _ if text.is_empty() => Err(self.wrong("a word")),
            _ => Ok(self.plain(field, text, at)),
        }
    }

    /// A word as the analyzer cuts it.
    fn plain(&mut self, field: Option<&str>, text: String, at: usize) -> Option<Expression> {
        let mut words = Analyzer.words(&text);
        let uncut_chinese = words.len() > 1 && words.iter().all(|word| !word.is_ascii());
        match words.len() {
            0 if field.is_none() => None, // a sign that stands alone
            0 => self.leaf(field, Pattern::Value, text, at),
            1 => self.leaf(field, Pattern::Word(words.remove(0)), text, at),
            _ if uncut_chinese => {
                let leaves = words
                    .into_iter()
                    .filter_map(|word| self.leaf(field, Pattern::Word(word.clone()), word, at));
                let should = leaves.collect();
                Some(Expression::Group { must: Vec::new(), should, must_not: Vec::new() })
            }
            _ => self.leaf(field, Pattern::Phrase(words), text, at),
        }
    }

    fn leaf(&self, field: Option<&str>, pattern: Pattern, written: String, at: usize) -> Option<Expression> {
        if field.is_none() && pattern == Pattern::Value {
            return None;
        }
        Some(Expression::Leaf(Leaf { field: field.map(str::to_owned), pattern, written, at }))
    }

    /// The only token of a word that * or ~ stands behind.
    fn single(&self, text: &str, at: usize) -> Result<String> {
        let mut words = Analyzer.words(text);
        match words.len() {
            1 => Ok(words.remove(0)),
            got => {
                let cure = "put the operator behind one word";
                Err(Error::syntax("query", at, "one word before * or ~", format!("{got} in {text:?}"), cure))
            }
        }
    }

    fn ends_word(&self, expected: &str) -> Result<()> {
        let ends = self.rest().chars().next().is_none_or(|c| c.is_whitespace() || c == ')');
        if ends { Ok(()) } else { Err(self.wrong(expected)) }
    }

    /// Characters up to a blank or operator, and that operator.
    fn raw_word(&mut self) -> (String, Option<char>) {
        let mut text = String::new();
        let mut chars = self.text[self.at..].char_indices();
        let mut end = self.text.len();
        let mut after = None;
        while let Some((offset, c)) = chars.next() {
            match c {
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c if c.is_whitespace() || "()\"*~:".contains(c) => {
                    (end, after) = (self.at + offset, Some(c));
                    break;
                }
                c => text.push(c),
            }
        }
        self.at = end;
        (text, after)
    }

    /// Goes past `+` or `-` if it stands right before something.
    fn sign(&mut self, sign: char) -> bool {
        let Some(rest) = self.rest().strip_prefix(sign) else { return false };
        let before_something = rest.chars().next().is_some_and(|c| !c.is_whitespace() && c != ')');
        if before_something {
            self.at += 1;
        }
        before_something
    }

    /// Goes past a keyword if it stands here as a word of its own.
    fn keyword(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let Some(rest) = self.rest().strip_prefix(word) else { return false };
        let ends = rest.chars().next().is_none_or(|c| c.is_whitespace() || c == '(' || c == '"');
        if ends {
            self.at += word.len();
        }
        ends
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn wrong(&self, expected: &str) -> Error {
        let rest = self.rest();
        let got = if rest.is_empty() { "the end".to_owned() } else { format!("{rest:?}") };
        Error::syntax(
            "query",
            self.at,
            expected,
            got,
            "put a \\ before a character that is no operator, or leave syntax out",
        )
    }
}

/// Clauses side by side; one that only should be there is that one alone.
fn group(mut clauses: Vec<Clause>) -> Option<Expression> {
    if clauses.len() == 1 && clauses[0].0 == Occurs::Should {
        return clauses.pop().map(|(_, one)| one);
    }
    if clauses.is_empty() {
        return None;
    }
    let (mut must, mut should, mut must_not) = (Vec::new(), Vec::new(), Vec::new());
    for (occurs, one) in clauses {
        match occurs {
            Occurs::Must => must.push(one),
            Occurs::Should => should.push(one),
            Occurs::MustNot => must_not.push(one),
        }
    }
    Some(Expression::Group { must, should, must_not })
}

impl std::fmt::Display for Expression {
    /// As the language writes it, every group in parentheses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Leaf(leaf) => write!(f, "{leaf}"),
            Self::Group { must, should, must_not } => {
                let must = must.iter().map(|one| format!("+{one}"));
                let should = should.iter().map(|one| format!("{one}"));
                let must_not = must_not.iter().map(|one| format!("-{one}"));
                write!(f, "({})", must.chain(should).chain(must_not).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

impl std::fmt::Display for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "{}:", escaped(field))?;
        }
        match &self.pattern {
            Pattern::Word(word) => f.write_str(&escaped(word)),
            Pattern::Prefix(word) => write!(f, "{}*", escaped(word)),
            Pattern::Fuzzy(word, edits) => write!(f, "{}~{edits}", escaped(word)),
            Pattern::Phrase(words) => {
                write!(f, "\"{}\"", words.join(" ").replace('\\', "\\\\").replace('"', "\\\""))
            }
            Pattern::Value => write!(f, "\"{}\"", self.written.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }
}

/// Every character that might be an operator as itself.
fn escaped(word: &str) -> String {
    let mut text = String::new();
    let keyword = matches!(word, "AND" | "OR" | "NOT");
    for (at, c) in word.chars().enumerate() {
        if c.is_whitespace() || "()\"*~:\\+-".contains(c) || (keyword && at == 0) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Expression::parse(text).unwrap().to_string()
    }

    #[test]
    fn queries_are_read_as_they_are_meant() {
        assert_eq!(shown("bank loan"), "(bank loan)");
        assert_eq!(shown("+bank -river loan"), "(+bank loan -river)");
        assert_eq!(shown("bank AND NOT river OR \"Hot Dog\""), "((+bank -river) \"hot dog\")");
        assert_eq!(shown("a AND (b OR c)"), "(+a +(b c))");
        assert_eq!(shown("title:Bank* loan~ lone~2"), "(title:bank* loan~1 lone~2)");
        assert_eq!(shown("topic:(money OR \"river bank\")"), "(topic:money topic:\"river bank\")");
        assert_eq!(shown("e-mail KX-4417"), "(\"e mail\" \"kx 4417\")");
        assert_eq!(shown("isn't - it? \\(what"), "(isn't it what)");
        assert_eq!(shown("银行利息"), "(银行 利息)");
        assert_eq!(shown("((x))"), "x");
        assert_eq!(shown("NOTE ORDER ANDROID"), "(note order android)");
    }

    #[test]
    fn words_are_those_looked_for() {
        let words = Expression::parse("river -bank +\"hot dog\" sun*").unwrap().words();
        assert_eq!(words, ["river", "hot", "dog", "sun"]);
    }

    #[test]
    fn errors_name_the_byte() {
        for (text, at) in [
            ("", 0),
            ("  ", 0),
            ("-bank", 0),
            ("NOT bank", 0),
            ("?!", 0),
            ("bank \"river", 5),
            ("银行 (利息", 7),
            ("bank)", 4),
            ("bank OR", 7),
            ("bank AND", 8),
            ("b*nk", 2),
            ("bank~3", 5),
            ("bank~12", 6),
            ("title: x", 6),
            ("a:b:c", 3),
            ("kx-44*", 0),
            ("a AND )", 6),
            ("()", 0),
            ("*", 0),
        ] {
            match Expression::parse(text) {
                Err(Error::Syntax { at: got, what, .. }) => {
                    assert!(got == at && what == "query", "{text:?}: {got}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert!(Expression::parse(&"(".repeat(60_000)).is_err());
        assert!(Expression::parse(&"a ".repeat(1001)).is_err());
    }
}
