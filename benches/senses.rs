//! experiment
#![allow(clippy::print_stdout)]
use rayon::prelude::*;
use sememe::encoder::StaticEncoder;
use sememe::progress::Silent;
use sememe::sense::tagged;
use sememe::text::{Analyzer, is_stop_word};
use sememe::vectors::WordVectors;
use sememe::wordnet::*;
use std::path::Path;
use std::sync::Arc;

fn words(text: &str) -> Vec<String> {
    Analyzer.words(text)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let (data, model, out) = (&args[0], &args[1], &args[2]);
    let limit: usize = args.get(3).map_or(usize::MAX, |n| n.parse().unwrap());
    let wn = Path::new("/tmp/sense/wordnet.wn");
    if !wn.exists() {
        compile(Path::new("/usr/share/wordnet"), wn, &Silent).unwrap();
    }
    let wordnet = WordNet::open(wn).unwrap();
    let vectors = Arc::new(WordVectors::open(Path::new(model)).unwrap());
    let plain = StaticEncoder::plain(vectors.clone());
    let mut sentences = tagged::read(Path::new(data)).unwrap();
    if limit < sentences.len() {
        let step = sentences.len() / limit;
        sentences = sentences.into_iter().step_by(step).collect();
    }
    // common direction of glosses and of sentences
    let dim = vectors.dim();
    let mut rows = Vec::new();
    for pos in PartOfSpeech::ALL {
        for s in wordnet.all(pos).step_by(20) {
            let w = words(s.gloss());
            if let Some(v) = plain.text(w.iter().map(String::as_str)) {
                rows.extend(v);
            }
        }
    }
    let gdir = sememe::linalg::first_direction(&rows, dim);
    let mut rows = Vec::new();
    for s in &sentences {
        let c = s.cut();
        if let Some(v) = plain.text(c.tokens.iter().map(String::as_str)) {
            rows.extend(v);
        }
    }
    let sdir = sememe::linalg::first_direction(&rows, dim);
    let genc = StaticEncoder::new(vectors.clone(), gdir);
    let senc = StaticEncoder::new(vectors.clone(), sdir);
    let lines: Vec<String> = (0..sentences.len())
        .into_par_iter()
        .map(|at| {
            let mut o = String::new();
            let s = &sentences[at];
            let cut = s.cut();
            // context words
            let mut context: Vec<(String, PartOfSpeech)> = Vec::new();
            let mut own_at = vec![None; s.words.len()];
            for (i, w) in s.words.iter().enumerate() {
                if let (Some(l), Some(p)) = (&w.lemma, w.pos) {
                    own_at[i] = Some(context.len());
                    context.push((l.clone(), p));
                }
            }
            let mut wide_tokens: Vec<String> = cut.tokens.clone();
            for reach in 1..6 {
                if context.len() >= 20 {
                    break;
                }
                for other in [at.checked_sub(reach), Some(at + reach)].into_iter().flatten() {
                    let Some(o) = sentences.get(other).filter(|o| o.document == s.document) else { continue };
                    wide_tokens.extend(o.cut().tokens);
                    for w in &o.words {
                        if let (Some(l), Some(p)) = (&w.lemma, w.pos) {
                            context.push((l.clone(), p));
                        }
                    }
                }
            }
            let cand = |tagged: bool| -> Vec<Vec<(SynsetId, f32)>> {
                context
                    .iter()
                    .map(|(l, p)| {
                        let senses = wordnet.senses(l, Some(*p));
                        let weight = |c: u32| if tagged { c as f32 + 0.5 } else { 1.0 };
                        let total: f32 = senses.iter().map(|s| weight(s.tag_count())).sum();
                        senses.iter().map(|s| (s.synset().number(), weight(s.tag_count()) / total)).collect()
                    })
                    .collect()
            };
            let ppr = |tagged: bool, damping: f32| {
                wordnet
                    .rank_senses(&cand(tagged), &PageRank { mentions: 0.0, tolerance: 3e-5, damping })
                    .unwrap()
            };
            let cands = cand(true);
            let joint = |c: usize, tolerance: f32| -> Vec<f32> {
                let starts: Vec<(SynsetId, f32)> = cands
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| *i != c && context[*i] != context[c])
                    .flat_map(|(_, s)| s.iter().copied())
                    .collect();
                if starts.is_empty() {
                    return vec![0.0; cands[c].len()];
                }
                let ranks = wordnet
                    .page_rank(&starts, &PageRank { mentions: 0.0, tolerance, damping: 0.85 })
                    .unwrap();
                cands[c].iter().map(|(s, _)| ranks.of(*s)).collect()
            };
            let p1 = ppr(true, 0.85);
            for (i, w) in s.words.iter().enumerate() {
                if w.keys.is_empty() {
                    continue;
                }
                let (Some(c), Some(l), Some(p)) = (own_at[i], &w.lemma, w.pos) else { continue };
                let senses = wordnet.senses(l, Some(p));
                if senses.is_empty() {
                    continue;
                }
                let target = &cut.words[i];
                let own = |enc: &StaticEncoder, without: bool| {
                    enc.text(
                        cut.tokens
                            .iter()
                            .enumerate()
                            .filter(|(j, _)| !without || !target.contains(j))
                            .map(|(_, t)| t.as_str()),
                    )
                };
                let a = own(&senc, true);
                let a_with = own(&senc, false);
                let a_plain = own(&plain, true);
                let lw: Vec<String> = words(&l.replace('_', " "));
                let a_wide =
                    senc.text(wide_tokens.iter().map(String::as_str).filter(|t| !lw.iter().any(|l| l == t)));
                let t = std::time::Instant::now();
                let j1 = joint(c, 3e-5);
                let e1t = t.elapsed();
                let t = std::time::Instant::now();
                let j2 = joint(c, 1e-4);
                let e2t = t.elapsed();
                if at % 40 == 0 {
                    eprintln!("{e1t:?} {e2t:?}");
                }
                let cos = |a: &Option<Vec<f32>>, b: &Option<Vec<f32>>| match (a, b) {
                    (Some(a), Some(b)) => sememe::linalg::dot(a, b),
                    _ => 0.0,
                };
                let mut recs = Vec::new();
                for (r, sense) in senses.iter().enumerate() {
                    let syn = sense.synset();
                    let gloss: Vec<String> =
                        words(syn.gloss()).into_iter().filter(|t| !lw.contains(t)).collect();
                    let g_plain = plain.text(gloss.iter().map(String::as_str));
                    let g = genc.text(gloss.iter().map(String::as_str));
                    let mut ext = gloss.clone();
                    for word in syn.words() {
                        ext.extend(words(word).into_iter().filter(|t| !lw.contains(t)));
                    }
                    let mut ext2 = ext.clone();
                    for link in syn.links().take(40) {
                        for word in link.target.words() {
                            ext2.extend(words(word).into_iter().filter(|t| !lw.contains(t)));
                        }
                    }
                    let mut ext3 = ext2.clone();
                    for link in syn.links().take(25) {
                        ext3.extend(words(link.target.gloss()).into_iter().filter(|t| !lw.contains(t)));
                    }
                    let e1 = genc.text(ext.iter().map(String::as_str));
                    let e2 = genc.text(ext2.iter().map(String::as_str));
                    let e3 = genc.text(ext3.iter().map(String::as_str));
                    let f = [
                        cos(&a_plain, &g_plain),
                        cos(&a, &g),
                        cos(&a_with, &g),
                        cos(&a, &e1),
                        cos(&a, &e2),
                        cos(&a, &e3),
                        cos(&a_wide, &e1),
                        cos(&a_wide, &e2),
                        cos(&a_wide, &e3),
                        j1[r],
                        p1[c][r],
                        j2[r],
                    ];
                    let good = w.keys.contains(&sense.key());
                    recs.push(format!("[{},{},{},{:?}]", u8::from(good), r, sense.tag_count(), f));
                }
                o.push_str(&format!(
                    "{{\"doc\":{},\"lemma\":{:?},\"pos\":{:?},\"senses\":[{}]}}\n",
                    s.document,
                    l,
                    p.letter().to_string(),
                    recs.join(",")
                ));
            }
            o
        })
        .collect();
    std::fs::write(out, lines.concat()).unwrap();
}
