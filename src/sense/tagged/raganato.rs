//! The form of the unified evaluation framework: `<instance id="d000.s000.t000" lemma="art" pos="NOUN">art</instance>`, and
//! a line `d000.s000.t000 art%1:09:00::` for each of them in a second file.

use super::tags::{Tag, tags, unescaped};
use super::{TaggedSentence, TaggedWord};
use crate::wordnet::PartOfSpeech;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// `x/NAME.data.xml` has its answers in `x/NAME.gold.key.txt`.
pub(super) fn gold_path(data: &Path) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".data.xml").or(name.strip_suffix(".xml")).unwrap_or(&name).to_owned();
    data.with_file_name(format!("{name}.gold.key.txt"))
}

pub(super) fn parse(text: &str, gold: &str) -> Result<Vec<TaggedSentence>, (u64, String)> {
    let gold: HashMap<&str, Vec<&str>> = gold
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            Some((fields.next()?, fields.collect()))
        })
        .collect();
    let mut sentences: Vec<TaggedSentence> = Vec::new();
    let (mut documents, mut open) = (0, false);
    for tag in tags(text) {
        match tag.name {
            "text" => documents += 1,
            "sentence" => {
                sentences.push(TaggedSentence { document: usize::max(documents, 1) - 1, words: Vec::new() });
                open = true;
            }
            "/sentence" => open = false,
            "wf" | "instance" => match sentences.last_mut().filter(|_| open) {
                Some(sentence) => sentence.words.push(word(&tag, &gold)?),
                None => return Err((tag.line, "expected words inside <sentence>, got one outside".into())),
            },
            _ => {}
        }
    }
    Ok(sentences)
}

fn word(tag: &Tag<'_>, gold: &HashMap<&str, Vec<&str>>) -> Result<TaggedWord, (u64, String)> {
    let id = tag.attribute("id");
    let keys = match id {
        Some(id) if tag.name == "instance" => gold
            .get(id)
            .ok_or_else(|| (tag.line, format!("expected an answer for {id} in the key file, got none")))?
            .iter()
            .map(|key| (*key).to_owned())
            .collect(),
        _ => Vec::new(),
    };
    Ok(TaggedWord {
        text: unescaped(tag.text.trim()),
        lemma: tag.attribute("lemma").map(unescaped),
        pos: tag.attribute("pos").and_then(part_of_speech),
        id: id.map(str::to_owned),
        keys,
    })
}

/// Of the universal tag set.
fn part_of_speech(tag: &str) -> Option<PartOfSpeech> {
    match tag {
        "NOUN" | "PROPN" => Some(PartOfSpeech::Noun),
        "VERB" => Some(PartOfSpeech::Verb),
        "ADJ" => Some(PartOfSpeech::Adjective),
        "ADV" => Some(PartOfSpeech::Adverb),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<corpus lang=\"en\">\n<text id=\"d000\">\n<sentence id=\"d000.s000\">\n\
        <wf lemma=\"the\" pos=\"DET\">The</wf>\n<instance id=\"d000.s000.t000\" lemma=\"art\" pos=\"NOUN\">art</instance>\n\
        <wf lemma=\"&amp;\" pos=\".\">&amp;</wf>\n</sentence>\n</text>\n";

    #[test]
    fn instances_have_their_answers() {
        let sentences = parse(TEXT, "d000.s000.t000 art%1:09:00:: art%1:06:00::\n").unwrap();
        let words = &sentences[0].words;
        assert_eq!(words[1].keys, ["art%1:09:00::", "art%1:06:00::"]);
        assert_eq!((words[1].pos, words[0].pos), (Some(PartOfSpeech::Noun), None));
        assert_eq!((words[2].text.as_str(), sentences[0].document), ("&", 0));
    }

    #[test]
    fn a_missing_answer_says_where() {
        assert_eq!(parse(TEXT, "").unwrap_err().0, 6);
        assert_eq!(gold_path(Path::new("a/senseval2.data.xml")), Path::new("a/senseval2.gold.key.txt"));
    }
}
