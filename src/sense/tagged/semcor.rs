//! SemCor's own form: `<wf cmd=done pos=VB lemma=say wnsn=1 lexsn=2:32:00::>said</wf>`.

use super::tags::{Tag, tags, unescaped};
use super::{TaggedSentence, TaggedWord};
use crate::wordnet::PartOfSpeech;

pub(super) fn parse(text: &str) -> Result<Vec<TaggedSentence>, (u64, String)> {
    let mut sentences = Vec::new();
    let mut open: Option<TaggedSentence> = None;
    for tag in tags(text) {
        match tag.name {
            "s" => open = Some(TaggedSentence::default()),
            "/s" => sentences.extend(open.take()),
            "wf" | "punc" => match &mut open {
                Some(sentence) => sentence.words.push(word(&tag)),
                None => return Err((tag.line, "expected words inside <s>, got one outside".into())),
            },
            _ => {}
        }
    }
    match open {
        Some(_) => Err((text.lines().count() as u64, "expected </s>, got the end of the file".into())),
        None => Ok(sentences),
    }
}

fn word(tag: &Tag<'_>) -> TaggedWord {
    let lemma = tag.attribute("lemma").map(unescaped);
    let senses = tag.attribute("lexsn").unwrap_or_default();
    let keys = |lemma: &String| {
        let senses = senses.split(';').filter(|sense| sense.contains(':'));
        senses.map(|sense| format!("{}%{sense}", lemma.to_lowercase())).collect()
    };
    TaggedWord {
        text: unescaped(tag.text.trim()).replace('_', " "),
        keys: lemma.as_ref().map(keys).unwrap_or_default(),
        lemma,
        pos: tag.attribute("pos").and_then(part_of_speech),
        id: None,
    }
}

/// Of the Penn Treebank's tags.
fn part_of_speech(tag: &str) -> Option<PartOfSpeech> {
    match tag.get(..2)? {
        "NN" => Some(PartOfSpeech::Noun),
        "VB" => Some(PartOfSpeech::Verb),
        "JJ" => Some(PartOfSpeech::Adjective),
        "RB" => Some(PartOfSpeech::Adverb),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_keys_and_compounds_have_spaces() {
        let text = "<contextfile concordance=brown>\n<context filename=br-a01 paras=yes>\n<p pnum=1>\n<s snum=1>\n\
            <wf cmd=ignore pos=DT>The</wf>\n\
            <wf cmd=done rdf=group pos=NNP lemma=group wnsn=1 lexsn=1:03:00:: pn=group>Fulton_County_Grand_Jury</wf>\n\
            <wf cmd=done pos=JJ lemma=recent wnsn=2;1 lexsn=5:00:00:past:00;3:00:00::>recent</wf>\n\
            <wf cmd=tag pos=NN>at_the_time</wf>\n<punc>.</punc>\n</s>\n</p>\n";
        let sentences = parse(text).unwrap();
        let words = &sentences[0].words;
        assert_eq!(words.len(), 5);
        assert_eq!(
            (words[1].text.as_str(), words[1].pos),
            ("Fulton County Grand Jury", Some(PartOfSpeech::Noun))
        );
        assert_eq!(words[1].keys, ["group%1:03:00::"]);
        assert_eq!(words[2].keys, ["recent%5:00:00:past:00", "recent%3:00:00::"]);
        assert!(words[3].keys.is_empty() && words[3].lemma.is_none());
        let cut = sentences[0].cut();
        assert_eq!((cut.words[1].clone(), cut.words[2].clone(), cut.words[4].is_empty()), (1..5, 5..6, true));
    }

    #[test]
    fn a_file_that_is_cut_short_says_where() {
        assert_eq!(parse("<s snum=1>\n<wf>a</wf>").unwrap_err().0, 2);
        assert_eq!(parse("<wf>a</wf>").unwrap_err().0, 1);
    }
}
