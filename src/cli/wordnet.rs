//! `sememe wordnet …`: questions to WordNet, and further languages.

use super::Output;
use super::bars::Bars;
use crate::engine::answers::{
    HyponymsAnswer, LanguageAdded, PathAnswer, SimilarityAnswer, SynsetAnswer, SynsetBrief, WordNetInfo,
    WordNetWord,
};
use crate::engine::{
    Engine, ExpansionRequest, HyponymsRequest, PathRequest, WordNetRequest, WordNetSimilarityRequest,
};
use crate::error::{Error, Result};
use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

/// Words shown for each relation of a synset.
const TARGETS_SHOWN: usize = 8;

#[derive(Debug, Subcommand)]
pub(super) enum WordNetCommand {
    /// Which WordNet there is, and its languages.
    Info,
    /// What a word means: its synsets.
    Word {
        word: String,
        #[command(flatten)]
        sense: SenseArguments,
    },
    /// A synset by id (02084071-n), name (dog.n.01) or sense key.
    Synset {
        id: String,
        /// Language of the answer: eng, or one that was added.
        #[arg(long)]
        lang: Option<String>,
    },
    /// The shortest way between two words or synsets.
    Path {
        from: String,
        to: String,
        /// taxonomy: hypernyms only; relations: all links.
        #[arg(long, default_value = "taxonomy")]
        kind: String,
        #[command(flatten)]
        sense: SenseArguments,
    },
    /// How alike two words or synsets are.
    Similarity {
        a: String,
        b: String,
        /// path, wu-palmer, leacock-chodorow, resnik, lin, jiang-conrath or lesk.
        #[arg(long, default_value = "path")]
        measure: String,
        /// Count information content from this collection's corpus, not from WordNet's tag counts.
        #[arg(long)]
        collection: Option<String>,
        #[command(flatten)]
        sense: SenseArguments,
    },
    /// What falls under a synset, nearest first.
    Words {
        id: String,
        /// Language of the answer: eng, or one that was added.
        #[arg(long)]
        lang: Option<String>,
        /// How many.
        #[arg(short, long, default_value_t = 50)]
        limit: usize,
        /// How many to pass over.
        #[arg(long, default_value_t = 0)]
        offset: usize,
    },
    /// Add the words of another language from a tab file of the Open Multilingual Wordnet.
    Add {
        /// The language, for instance cmn.
        lang: String,
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct SenseArguments {
    /// Language of the words: eng, or one that was added.
    #[arg(long)]
    lang: Option<String>,
    /// Only this part of speech: noun, verb, adjective, adverb.
    #[arg(long)]
    pos: Option<String>,
}

/// How mode wordnet expands a query.
#[derive(Debug, Args)]
pub(super) struct ExpansionArguments {
    /// Mode wordnet: weight of synonyms, 0 to 1 [default: 1].
    #[arg(long, help_heading = "WordNet")]
    synonyms: Option<f32>,
    /// Mode wordnet: weight of hyponyms, 0 to 1 [default: 0.5].
    #[arg(long, help_heading = "WordNet")]
    hyponyms: Option<f32>,
    /// Mode wordnet: weight of hypernyms, 0 to 1 [default: 0.3].
    #[arg(long, help_heading = "WordNet")]
    hypernyms: Option<f32>,
    /// Mode wordnet: links to go down [default: 1].
    #[arg(long, help_heading = "WordNet")]
    hyponym_depth: Option<u32>,
    /// Mode wordnet: links to go up [default: 1].
    #[arg(long, help_heading = "WordNet")]
    hypernym_depth: Option<u32>,
    /// Mode wordnet: only so many most frequent senses of each word [default: all].
    #[arg(long, help_heading = "WordNet")]
    senses: Option<usize>,
    /// Mode wordnet: only this part of speech.
    #[arg(long, help_heading = "WordNet")]
    pos: Option<String>,
    /// Mode wordnet: only the senses that the query's own context means.
    #[arg(long, help_heading = "WordNet")]
    disambiguate: bool,
    /// Mode wordnet: a sense that is meant, by its key, id or name; may be repeated.
    #[arg(long = "sense", value_name = "SENSE", help_heading = "WordNet")]
    named: Vec<String>,
}

impl ExpansionArguments {
    pub(super) fn request(self) -> ExpansionRequest {
        ExpansionRequest {
            synonyms: self.synonyms,
            hyponyms: self.hyponyms,
            hypernyms: self.hypernyms,
            hyponym_depth: self.hyponym_depth,
            hypernym_depth: self.hypernym_depth,
            senses: self.senses,
            pos: self.pos,
            disambiguate: Some(self.disambiguate),
            named: (!self.named.is_empty()).then_some(self.named),
            ..ExpansionRequest::default()
        }
    }
}

/// Compiles WordNet with progress, if there is one that is not compiled yet; what is wrong with it is told by the question.
pub(super) fn prepare(engine: &Engine) -> Result<()> {
    match engine.prepare_wordnet(&Bars::new()?) {
        Err(Error::Cancelled) => Err(Error::Cancelled),
        _ => Ok(()),
    }
}

pub(super) fn ask(engine: &Engine, question: WordNetCommand, out: &Output) -> Result<()> {
    prepare(engine)?;
    match question {
        WordNetCommand::Info => out.answer(&engine.wordnet_info()?, info),
        WordNetCommand::Word { word: text, sense } => {
            let request = WordNetRequest { lang: sense.lang, pos: sense.pos };
            out.answer(&engine.wordnet_word(&text, &request)?, word)
        }
        WordNetCommand::Synset { id, lang } => {
            out.answer(&engine.wordnet_synset(&id, lang.as_deref())?, |answer, out| synset(answer, out))
        }
        WordNetCommand::Path { from, to, kind, sense } => {
            let request = PathRequest { from, to, kind: Some(kind), lang: sense.lang, pos: sense.pos };
            out.answer(&engine.wordnet_path(&request)?, path)
        }
        WordNetCommand::Similarity { a, b, measure, collection, sense } => {
            let SenseArguments { lang, pos } = sense;
            let request = WordNetSimilarityRequest { a, b, measure: Some(measure), collection, lang, pos };
            out.answer(&engine.wordnet_similarity(&request)?, similarity)
        }
        WordNetCommand::Words { id, lang, limit, offset } => {
            let request = HyponymsRequest { lang, limit: Some(limit), offset: Some(offset) };
            out.answer(&engine.wordnet_hyponyms(&id, &request)?, hyponyms)
        }
        WordNetCommand::Add { lang, file } => {
            let bars = Bars::new()?;
            let report = engine.add_wordnet_language(&lang, &file, &bars)?;
            drop(bars);
            for line in &report.left_out_told {
                tracing::warn!("left out {line}");
            }
            out.answer(&report, added)
        }
    }
}

type Out<'a> = &'a mut dyn Write;

fn info(info: &WordNetInfo, out: Out<'_>) -> io::Result<()> {
    let version = if info.version.is_empty() { "of unknown version" } else { &info.version };
    writeln!(out, "WordNet {version}, {} synsets, languages: {}", info.synsets, info.languages.join(", "))
}

fn added(report: &LanguageAdded, out: Out<'_>) -> io::Result<()> {
    let LanguageAdded { language, words, synsets, left_out, .. } = report;
    writeln!(out, "{language}: {words} words in {synsets} synsets, {left_out} lines left out")
}

fn word(answer: &WordNetWord, out: Out<'_>) -> io::Result<()> {
    for (place, one) in answer.synsets.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        synset(one, out)?;
    }
    Ok(())
}

fn synset(synset: &SynsetAnswer, out: Out<'_>) -> io::Result<()> {
    let words: Vec<&str> = synset.words.iter().map(|word| word.word.as_str()).collect();
    writeln!(
        out,
        "{}  {}  {}, tagged {} times",
        synset.name, synset.id, synset.lexicographer_file, synset.tag_count
    )?;
    writeln!(out, "    {}", words.join(", "))?;
    for translation in &synset.translations {
        writeln!(out, "    {}: {}", translation.language, translation.words.join(", "))?;
    }
    writeln!(out, "    {}", synset.definition)?;
    for example in &synset.examples {
        writeln!(out, "    “{example}”")?;
    }
    let mut relations: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for link in &synset.relations {
        let target = link.to_word.clone().unwrap_or_else(|| link.target.name.clone());
        relations.entry(link.relation.name()).or_default().push(target);
    }
    for (relation, targets) in relations {
        let more = targets.len().saturating_sub(TARGETS_SHOWN);
        let shown = targets[..targets.len() - more].join(", ");
        let more = if more > 0 { format!(" … {more} more") } else { String::new() };
        writeln!(out, "    {relation}: {shown}{more}")?;
    }
    Ok(())
}

fn brief(synset: &SynsetBrief) -> String {
    format!("{}  {}: {}", synset.name, synset.words.join(", "), synset.definition)
}

fn path(answer: &PathAnswer, out: Out<'_>) -> io::Result<()> {
    writeln!(out, "{}", brief(&answer.from))?;
    for step in &answer.steps {
        let relation = step.relation.map_or("-", |relation| relation.name());
        let synset = step.synset.as_ref().map_or_else(|| "(the root of all)".to_owned(), brief);
        writeln!(out, "  {relation:<18} {synset}")?;
    }
    let common: Vec<&str> = answer.least_common_subsumers.iter().map(|synset| synset.name.as_str()).collect();
    let common = if common.is_empty() { "nothing".to_owned() } else { common.join(", ") };
    writeln!(out, "{} links; both fall under: {common}", answer.links)
}

fn similarity(answer: &SimilarityAnswer, out: Out<'_>) -> io::Result<()> {
    let score = match answer.score {
        Some(score) => format!("{score:.4}"),
        None if answer.identical => "the same".to_owned(),
        None => "not defined".to_owned(),
    };
    writeln!(out, "{score}  ({})", answer.measure.name())?;
    writeln!(out, "    {}\n    {}", brief(&answer.from), brief(&answer.to))
}

fn hyponyms(answer: &HyponymsAnswer, out: Out<'_>) -> io::Result<()> {
    for hyponym in &answer.hyponyms {
        writeln!(out, "{:>3}  {}", hyponym.depth, brief(&hyponym.synset))?;
    }
    let end = answer.offset + answer.hyponyms.len();
    writeln!(out, "{} to {end} of {} under {}", answer.offset.min(end), answer.total, answer.synset.name)
}
