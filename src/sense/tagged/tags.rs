//! The little of SGML and XML that sense-tagged corpora are written in: tags with attributes, quoted or not, and the text
//! behind each.
//!
//! Not a parser of XML: no nesting, no comments, no declarations of entities.

/// A tag and the text up to the next one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tag<'a> {
    /// `wf`, `/wf`, `sentence` …
    pub name: &'a str,
    attributes: &'a str,
    /// What follows, up to the next tag, as it stands.
    pub text: &'a str,
    /// Line of the tag, from 1.
    pub line: u64,
}

/// All tags of a text in order. What stands before the first is passed over.
pub(crate) fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut line = 1;
    let mut pieces = text.split('<');
    line += newlines(pieces.next().unwrap_or_default());
    pieces.map(move |piece| {
        let (inside, text) = piece.split_once('>').unwrap_or((piece, ""));
        let (name, attributes) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
        let tag = Tag { name: name.trim_end_matches('/'), attributes, text, line };
        line += newlines(piece);
        tag
    })
}

fn newlines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

impl<'a> Tag<'a> {
    /// The value of an attribute, as it stands.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.attributes.trim_start();
        while let Some((key, behind)) = rest.split_once('=') {
            let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (value, after) = match quote {
                Some(quote) => behind[1..].split_once(quote)?,
                None => behind.split_once(char::is_whitespace).unwrap_or((behind, "")),
            };
            if key.trim() == name {
                return Some(value.trim_end_matches(|c| quote.is_none() && c == '/'));
            }
            rest = after.trim_start();
        }
        None
    }
}

/// The characters that entities stand for; unknown ones stay as they are.
pub(crate) fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        match behind.split_once(';').and_then(|(name, after)| Some((entity(name)?, after))) {
            Some((c, after)) => {
                plain.push(c);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        number => char::from_u32(number.strip_prefix('#')?.parse().ok()?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_attributes() {
        let text = "<?xml version=\"1.0\"?>\n<wf lemma=\"change ring\" pos='NOUN'>Change</wf>\n<wf cmd=done lexsn=5:00:00:past:00>x";
        let tags: Vec<Tag<'_>> = tags(text).collect();
        let names: Vec<&str> = tags.iter().map(|tag| tag.name).collect();
        assert_eq!(names, ["?xml", "wf", "/wf", "wf"]);
        assert_eq!(tags[1].attribute("lemma"), Some("change ring"));
        assert_eq!((tags[1].attribute("pos"), tags[1].text, tags[1].line), (Some("NOUN"), "Change", 2));
        assert_eq!((tags[3].attribute("lexsn"), tags[3].line), (Some("5:00:00:past:00"), 3));
        assert_eq!(tags[3].attribute("lemma"), None);
    }

    #[test]
    fn entities_are_characters() {
        assert_eq!(unescaped("AT&amp;T &lt;&#233;&gt; &c; &"), "AT&T <é> &c; &");
    }
}
