//! What `sememe demo` shows in its first minute: a word in two senses, a document that keywords miss, and through which words it was found. All
//! of it is asked of the bundled collections as they are now.

use crate::engine::{ContrastRequest, EncodeRequest, Engine, Inventory, SensesRequest};
use crate::error::Result;
use crate::search::Mode;
use std::fmt::Write;

/// A word in two sentences.
struct Pair {
    collection: &'static str,
    word: &'static str,
    texts: [&'static str; 2],
}

const PAIRS: [Pair; 2] = [
    Pair {
        collection: "demo-en",
        word: "bank",
        texts: ["She paid the money into her account at the bank", "He sat on the bank of the river"],
    },
    Pair {
        collection: "demo-zh", word: "苹果", texts: ["他用苹果手机拍照", "果园里的苹果熟了"]
    },
];

/// Queries whose answer holds none of their words.
const QUERIES: [(&str, &str); 2] =
    [("demo-en", "police detained the wrong man"), ("demo-zh", "软件的作者被起诉")];

/// Hits of each mode that are held side by side.
const HITS: usize = 5;

/// The tour, with `ADDRESS` where the service's address belongs. What cannot be asked (no WordNet, no contextual model) is left out.
pub(super) fn lines(engine: &Engine) -> String {
    let mut tour = String::from("\nTwo senses of a word, told apart by its sentence:\n");
    for pair in &PAIRS {
        for text in pair.texts {
            let sense = sense(engine, pair, text).unwrap_or_default();
            let _ = writeln!(tour, "  {text}: {}{sense}", pair.word);
        }
        let Pair { collection, word, texts: [text, other] } = pair;
        let [word, text, other] = [word, text, other].map(|value| encoded(value));
        let _ = writeln!(
            tour,
            "  ADDRESS/?view=sense&collection={collection}&word={word}&text={text}&other={other}"
        );
    }
    tour += "\nA document that keywords miss, and why it was found:\n";
    for (collection, query) in QUERIES {
        let found = missed(engine, collection, query).unwrap_or_default();
        let _ = writeln!(tour, "{found}  ADDRESS/?collection={collection}&query={}", encoded(query));
    }
    tour + "\nThe first start adapts both collections to their texts in the background: ADDRESS/?view=collections\n\
        Your own: drop files there; or `sememe ingest NAME FOLDER`, then `sememe train NAME`. Stop with Ctrl-C.\n"
}

/// What the word means in this sentence: by WordNet if it is there and knows it, and the words that the sentence brings it nearer to.
fn sense(engine: &Engine, pair: &Pair, text: &str) -> Result<String> {
    let mut told = String::new();
    let asked = SensesRequest {
        text: text.to_owned(),
        word: Some(pair.word.to_owned()),
        offset: None,
        inventory: Inventory::Wordnet,
        pos: None,
    };
    let senses = engine.senses(Some(pair.collection), &asked).ok();
    let best =
        senses.iter().flat_map(|answer| &answer.words).find_map(|word| word.wordnet.as_ref()?.senses.first());
    if let Some(best) = best {
        let _ = write!(told, " is {} ({:.2})", best.definition, best.probability);
    }
    let asked = EncodeRequest {
        text: text.to_owned(),
        word: Some(pair.word.to_owned()),
        k: Some(4),
        ..Default::default()
    };
    let answer = engine.encode(pair.collection, &asked)?;
    if let Some(moved) = answer.tokens.iter().find_map(|token| token.adjustment.as_ref()) {
        let near: Vec<&str> = moved.towards.iter().map(|change| change.word.as_str()).collect();
        let _ = write!(told, "{} nearer to {}", if best.is_some() { ";" } else { "" }, near.join(", "));
    }
    Ok(told)
}

/// The first document that word vectors find and keywords do not.
fn missed(engine: &Engine, collection: &str, query: &str) -> Result<String> {
    let request = ContrastRequest {
        query: query.to_owned(),
        k: Some(HITS),
        modes: Some(vec![Mode::Keyword, Mode::Static]),
        ..Default::default()
    };
    let answer = engine.contrast(collection, &request)?;
    let mut told = format!("  {query}\n");
    let title = |title: &Option<String>, id: &str| title.clone().unwrap_or_else(|| id.to_owned());
    if let Some(hit) = answer.answers.first().and_then(|keyword| keyword.hits.first()) {
        let words: Vec<&str> = hit.matches.iter().map(|found| found.document_word.as_str()).collect();
        let _ = writeln!(told, "    keywords: {}, for {}", title(&hit.title, &hit.id), words.join(", "));
    } else {
        told += "    keywords: nothing\n";
    }
    if let Some(found) = answer.found_alone.iter().find(|found| found.mode == Mode::Static) {
        let through: Vec<&str> = found.through.iter().take(3).map(String::as_str).collect();
        let _ =
            writeln!(told, "    meaning:  {}, for {}", title(&found.title, &found.id), through.join(", "));
    }
    Ok(told)
}

/// A value of an address's query string.
fn encoded(value: &str) -> String {
    let mut to = String::new();
    for byte in value.bytes() {
        match byte {
            b' ' => to.push('+'),
            byte if byte.is_ascii_alphanumeric() => to.push(char::from(byte)),
            byte => drop(write!(to, "%{byte:02X}")),
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_safe_in_addresses() {
        assert_eq!(encoded("a loan & 银行"), "a+loan+%26+%E9%93%B6%E8%A1%8C");
    }
}
