//! Answers for people.

use crate::engine::answers::{Analyzed, CollectionInfo, ContrastAnswer, Hit, SearchAnswer};
use crate::engine::{BuildReport, IngestReport, ModelInfo, Origin};
use crate::search::Match;
use crate::text::Document;
use std::io::{self, Write};
use std::net::SocketAddr;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Width of all columns and the gaps between them, and of a gap.
const WIDTH: usize = 110;
const GAP: usize = 2;

pub(super) type Out<'a> = &'a mut dyn Write;

pub(super) fn serving(address: SocketAddr, tour: &str, out: &mut impl Write) -> io::Result<()> {
    let address = format!("http://{address}");
    writeln!(out, "sememe listens on {address}")?;
    if !tour.is_empty() {
        writeln!(out, "The page: {address}/\n{}", tour.replace("ADDRESS", &address))?;
    }
    out.flush()
}

pub(super) fn ingest(report: &IngestReport, collection: &str, out: Out<'_>) -> io::Result<()> {
    let IngestReport { added, updated, unchanged, bad_lines, .. } = report;
    writeln!(out, "{added} added, {updated} updated, {unchanged} unchanged, {bad_lines} bad lines")?;
    writeln!(out, "next: sememe train {collection}")
}

pub(super) fn build(report: &BuildReport, out: Out<'_>) -> io::Result<()> {
    writeln!(out, "{}: {} documents indexed", report.generation, report.documents)?;
    match &report.model {
        Some(info) => model(info, out),
        None => writeln!(out, "no word vectors yet"),
    }
}

pub(super) fn model(info: &ModelInfo, out: Out<'_>) -> io::Result<()> {
    let ModelInfo { words, dim, corpus_words, .. } = info;
    write!(out, "{words} words of {corpus_words} running words, {dim} dimensions, ")?;
    match &info.origin {
        Origin::Trained { epochs, loss, starter: None, .. } => {
            writeln!(out, "{epochs} epochs, loss {loss:.4}")
        }
        Origin::Trained { epochs, loss, starter: Some(name), .. } => {
            writeln!(out, "{epochs} epochs from starter {name}, loss {loss:.4}")
        }
        Origin::Starter { starter } => writeln!(out, "starter {starter} as it is"),
        Origin::Imported { imported_from } => writeln!(out, "imported from {}", imported_from.name()),
    }?;
    let Some(context) = &info.context else { return Ok(()) };
    writeln!(
        out,
        "contextual model of {} cells, {} epochs; mean reciprocal rank of hidden words {:.3} (average of the words around: {:.3})",
        context.hidden, context.epochs, context.held_out_mrr, context.average_mrr
    )
}

pub(super) fn collections(infos: &[CollectionInfo], out: Out<'_>) -> io::Result<()> {
    for info in infos {
        let model =
            info.model.as_ref().map_or("no model".to_owned(), |m| format!("{} words x {}", m.words, m.dim));
        let state = if info.up_to_date { "" } else { "  (index behind: sememe index)" };
        writeln!(out, "{:<24} {:>9} documents  {model}{state}", info.name, info.documents)?;
    }
    Ok(())
}

pub(super) fn document(document: &Document, out: Out<'_>) -> io::Result<()> {
    if let Some(title) = &document.title {
        writeln!(out, "{title}\n")?;
    }
    writeln!(out, "{}", document.text)?;
    for (name, value) in &document.fields {
        writeln!(out, "{name}: {value}")?;
    }
    Ok(())
}

pub(super) fn analyzed(answer: &Analyzed, out: Out<'_>) -> io::Result<()> {
    for token in &answer.tokens {
        let count =
            token.count.map_or("no vector".to_owned(), |count| format!("{count} times in the corpus"));
        writeln!(
            out,
            "{:>5}..{:<5} {}  in {} documents, {count}",
            token.start,
            token.end,
            padded(&token.text, 20),
            token.documents
        )?;
    }
    Ok(())
}

pub(super) fn search(answer: &SearchAnswer, out: Out<'_>) -> io::Result<()> {
    for hit in &answer.hits {
        let marked = hit.highlighted.as_ref();
        let title = marked.map_or(&hit.title, |marked| &marked.title);
        writeln!(out, "{:>2}. {}  [{}]", hit.rank, title.as_deref().unwrap_or("-"), hit.id)?;
        writeln!(out, "    {}", marked.map_or(&hit.snippet, |marked| &marked.snippet))?;
        writeln!(out, "    {:.4}  {}", hit.score, through(&hit.matches))?;
    }
    for (field, facet) in &answer.facets {
        let counts: Vec<String> =
            facet.values.iter().map(|(value, count)| format!("{value} {count}")).collect();
        let others = facet.distinct - facet.values.len();
        let others = if others > 0 { format!(", and {others} more values") } else { String::new() };
        writeln!(out, "{field}: {}{others}", counts.join(", "))?;
    }
    if let Some(reason) = &answer.empty_because {
        writeln!(out, "nothing found: {reason}")?;
    }
    Ok(())
}

pub(super) fn contrast(answer: &ContrastAnswer, out: Out<'_>) -> io::Result<()> {
    let shown = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
    for pair in &answer.agreement {
        writeln!(
            out,
            "{} and {}: overlap@{} {}, rank-biased overlap {}",
            pair.a.name(),
            pair.b.name(),
            answer.k,
            shown(pair.overlap),
            shown(pair.rank_biased_overlap)
        )?;
    }
    if let Some(missed) = answer.missed_by_keywords.as_ref().filter(|missed| !missed.is_empty()) {
        writeln!(out, "in no keyword hit: {}", missed.join(", "))?;
    }
    writeln!(out, "+ found by no other of these modes\n")?;
    let columns: Vec<Vec<String>> = answer.answers.iter().map(|one| column(one, answer)).collect();
    let width = (WIDTH + GAP) / columns.len().max(1) - GAP;
    for row in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
        let cells = columns.iter().map(|lines| padded(lines.get(row).map_or("", String::as_str), width));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end())?;
    }
    Ok(())
}

fn column(answer: &SearchAnswer, contrast: &ContrastAnswer) -> Vec<String> {
    let mut lines =
        vec![format!("{} ({:.1} ms)", answer.mode.name().to_uppercase(), answer.processing_time_ms)];
    for hit in &answer.hits {
        let alone = contrast.found_alone.iter().any(|one| one.mode == answer.mode && one.id == hit.id);
        lines.push(format!("{} {}", if alone { "+" } else { " " }, heading(hit)));
        lines.push(format!("      {}", through(&hit.matches)));
    }
    lines.extend(answer.empty_because.iter().map(|reason| format!("nothing found: {reason}")));
    lines
}

fn heading(hit: &Hit) -> String {
    format!("{:>2}. {}  [{}]", hit.rank, hit.title.as_deref().unwrap_or("-"), hit.id)
}

fn through(matches: &[Match]) -> String {
    let told = matches.iter().take(3).map(|m| {
        let link = m.link.as_ref().map(|link| format!(" ({})", link.relation)).unwrap_or_default();
        if m.query_word == m.document_word {
            format!("{}{link}", m.query_word)
        } else {
            format!("{}→{}{link}", m.query_word, m.document_word)
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Cut or filled to a width in terminal cells: a Chinese character takes two.
pub(super) fn padded(text: &str, width: usize) -> String {
    if text.width() <= width {
        return format!("{text}{}", " ".repeat(width - text.width()));
    }
    let mut cut = String::new();
    for c in text.chars() {
        if cut.width() + c.width().unwrap_or(0) > width - 1 {
            break;
        }
        cut.push(c);
    }
    let fill = width - 1 - cut.width();
    format!("{cut}…{}", " ".repeat(fill))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_in_chinese() {
        assert_eq!(padded("abc", 5), "abc  ");
        assert_eq!(padded("abcdef", 5), "abcd…");
        assert_eq!(padded("银行贷款", 6), "银行… ");
        assert!(["abc", "银行贷款利率", "a银行b"].iter().all(|text| padded(text, 7).width() == 7));
    }
}
