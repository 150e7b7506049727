//! How near are the approximate neighbours to the exact ones, and how fast: recall@k and queries a second over ef, so
//! that ef can be chosen by recall on one's own vectors. In the manner of ann-benchmarks (Aumüller, Bernhardsson and
//! Faithfull 2020): questions are held out, and the Pareto front is what counts.
//!
//! Reads no clock: the caller passes one.

use crate::error::{Error, Result};
use crate::index::{BuildSettings, Hnsw, Matrix, Neighbor, SearchOptions, Strategy, VectorIndex};
use crate::progress::Progress;
use serde::Serialize;
use std::collections::HashSet;
use std::fmt::Write;

/// What to measure.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnSettings {
    /// Neighbours asked for.
    pub k: usize,
    /// Search widths, rising.
    pub efs: Vec<usize>,
    /// Recalls for which the narrowest sufficient ef is wanted.
    pub recalls: Vec<f64>,
    /// How many rows are held out as questions.
    pub questions: usize,
    /// How often each width is timed; the fastest pass counts.
    pub passes: usize,
    /// Draws the questions.
    pub seed: u64,
}

impl Default for AnnSettings {
    fn default() -> Self {
        let efs = vec![10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512];
        Self { k: 10, efs, recalls: vec![0.95, 0.99], questions: 1000, passes: 3, seed: 1 }
    }
}

/// One way of searching, measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnnPoint {
    /// "scan" or "graph".
    pub strategy: &'static str,
    /// Search width, none for the scan.
    pub ef: Option<usize>,
    /// Part of the exact `k` nearest that was found.
    pub recall: f64,
    /// On one thread.
    pub queries_per_second: f64,
    /// Whether nothing else is both faster and at least as good.
    pub on_front: bool,
}

/// For a recall asked for, the fastest way that reaches it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnnChoice {
    /// What was asked.
    pub recall: f64,
    /// Narrowest measured ef that reaches it; none where only the scan does.
    pub ef: Option<usize>,
    /// Queries a second there.
    pub queries_per_second: f64,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnnReport {
    /// Rows searched.
    pub rows: usize,
    /// Columns.
    pub dim: usize,
    /// Neighbours asked for.
    pub k: usize,
    /// Questions asked.
    pub questions: usize,
    /// Seconds to build the graph; none where it was there already.
    pub build_seconds: Option<f64>,
    /// Bytes of graph and codes.
    pub index_bytes: usize,
    /// Bytes of the f32 rows.
    pub vector_bytes: usize,
    /// Rows that did not find themselves at first, and were linked again.
    pub relinked: usize,
    /// Scan first, then the graph by rising ef.
    pub points: Vec<AnnPoint>,
    /// For each recall asked for.
    pub choices: Vec<AnnChoice>,
}

/// Holds questions out of `values` (row-major, `dim` columns), builds a graph of the rest, and measures it.
///
/// `seconds` is a clock: seconds since any moment.
///
/// # Errors
/// As [`Hnsw::build`]; [`Error::Invalid`] for settings out of range or fewer than two rows.
pub fn evaluate_vectors(
    values: &[f32],
    dim: usize,
    build: &BuildSettings,
    settings: &AnnSettings,
    seconds: &dyn Fn() -> f64,
    progress: &dyn Progress,
) -> Result<AnnReport> {
    check(settings)?;
    if dim == 0 || values.len() < 2 * dim {
        return Err(Error::invalid("vectors", "at least two", values.len() / dim.max(1), "give more"));
    }
    let (rest, questions) = hold_out(values, dim, settings);
    let start = seconds();
    let index = Hnsw::build(Matrix::from_rows(&rest, dim)?, build, progress)?;
    let built = seconds() - start;
    let mut report = evaluate(&index, &questions, settings, seconds, progress)?;
    report.build_seconds = Some(built);
    Ok(report)
}

/// Measures a graph with `questions` (row-major), which should not be among its rows.
///
/// # Errors
/// [`Error::Invalid`] for settings out of range or questions that cannot be asked; [`Error::Cancelled`].
pub fn evaluate(
    index: &Hnsw,
    questions: &[f32],
    settings: &AnnSettings,
    seconds: &dyn Fn() -> f64,
    progress: &dyn Progress,
) -> Result<AnnReport> {
    check(settings)?;
    let exact = index.batch(questions, settings.k, &SearchOptions::EXACT)?;
    let exact: Vec<HashSet<u32>> =
        exact.iter().map(|found| found.iter().map(|hit| hit.row).collect()).collect();
    let ways = std::iter::once(None).chain(settings.efs.iter().copied().map(Some));
    let mut points = Vec::new();
    for (done, ef) in ways.enumerate() {
        let total = settings.efs.len() as u64 + 1;
        progress.step("measuring recall and speed", done as u64, total, "search widths")?;
        points.push(measure(index, questions, &exact, ef, settings, seconds)?);
    }
    mark_front(&mut points);
    Ok(AnnReport {
        rows: index.len(),
        dim: index.dim(),
        k: settings.k,
        questions: exact.len(),
        build_seconds: None,
        index_bytes: index.bytes(),
        vector_bytes: 4 * index.matrix().values().len(),
        relinked: index.report().relinked,
        choices: settings.recalls.iter().filter_map(|recall| choice(&points, *recall)).collect(),
        points,
    })
}

fn check(settings: &AnnSettings) -> Result<()> {
    if settings.questions == 0 || settings.passes == 0 {
        let got = format!("{} questions, {} passes", settings.questions, settings.passes);
        return Err(Error::invalid("measurement", "at least one question and pass", got, "raise them"));
    }
    match settings.recalls.iter().find(|recall| !(**recall > 0.0 && **recall <= 1.0)) {
        Some(recall) => Err(Error::invalid("recall", "above 0 up to 1", recall, "0.95 and 0.99 are usual")),
        None => Ok(()),
    }
}

/// Rows drawn evenly as questions (at most half of all), after a start that the seed draws; and the others.
fn hold_out(values: &[f32], dim: usize, settings: &AnnSettings) -> (Vec<f32>, Vec<f32>) {
    let len = values.len() / dim;
    let step = (len / settings.questions).max(2);
    let start = (settings.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) as usize % step;
    let (mut rest, mut questions) = (Vec::with_capacity(values.len()), Vec::new());
    for (at, row) in values.chunks_exact(dim).enumerate() {
        let asked = at % step == start && questions.len() < settings.questions * dim;
        if asked { &mut questions } else { &mut rest }.extend_from_slice(row);
    }
    (rest, questions)
}

fn measure(
    index: &Hnsw,
    questions: &[f32],
    exact: &[HashSet<u32>],
    ef: Option<usize>,
    settings: &AnnSettings,
    seconds: &dyn Fn() -> f64,
) -> Result<AnnPoint> {
    let strategy = if ef.is_some() { Strategy::Graph } else { Strategy::Scan };
    let options = SearchOptions { ef, strategy, ..SearchOptions::default() };
    let (mut fastest, mut hits) = (f64::MAX, 0);
    for _ in 0..settings.passes {
        let start = seconds();
        let questions = questions.chunks_exact(index.dim());
        let found: Result<Vec<Vec<Neighbor>>> =
            questions.map(|question| index.search(question, settings.k, &options)).collect();
        fastest = fastest.min(seconds() - start);
        let found = found?;
        hits = found.iter().zip(exact).map(|(found, exact)| common(found, exact)).sum();
    }
    let all: usize = exact.iter().map(HashSet::len).sum();
    Ok(AnnPoint {
        strategy: if ef.is_some() { "graph" } else { "scan" },
        ef,
        recall: if all == 0 { 1.0 } else { hits as f64 / all as f64 },
        queries_per_second: exact.len() as f64 / fastest.max(1e-9),
        on_front: false,
    })
}

fn common(found: &[Neighbor], exact: &HashSet<u32>) -> usize {
    found.iter().filter(|hit| exact.contains(&hit.row)).count()
}

fn mark_front(points: &mut [AnnPoint]) {
    let beats = |a: &AnnPoint, b: &AnnPoint| {
        a.recall >= b.recall
            && a.queries_per_second >= b.queries_per_second
            && (a.recall > b.recall || a.queries_per_second > b.queries_per_second)
    };
    let front: Vec<bool> =
        points.iter().map(|point| !points.iter().any(|other| beats(other, point))).collect();
    points.iter_mut().zip(front).for_each(|(point, front)| point.on_front = front);
}

fn choice(points: &[AnnPoint], recall: f64) -> Option<AnnChoice> {
    let enough = points.iter().filter(|point| point.recall >= recall);
    let best = enough.max_by(|a, b| a.queries_per_second.total_cmp(&b.queries_per_second))?;
    Some(AnnChoice { recall, ef: best.ef, queries_per_second: best.queries_per_second })
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 420.0;
const MARGIN: f64 = 60.0;

impl AnnReport {
    /// The table as a picture: recall to the right, queries a second upwards (logarithmic), ef beside each point, and
    /// the Pareto front as a line.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let scale = Scale::of(&self.points);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
        );
        let title =
            format!("{} × {} vectors, recall@{} and queries/s, one thread", self.rows, self.dim, self.k);
        text(&mut svg, WIDTH / 2.0, 24.0, "middle", &title);
        scale.axes(&mut svg);
        let mut front: Vec<&AnnPoint> = self.points.iter().filter(|point| point.on_front).collect();
        front.sort_by(|a, b| a.recall.total_cmp(&b.recall));
        let line: Vec<String> =
            front.iter().map(|point| scale.place(point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"#1f6f8b\"/>", line.join(" "));
        for point in &self.points {
            let (x, y) = scale.place(point);
            let fill = if point.on_front { "#1f6f8b" } else { "#bbbbbb" };
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{fill}\"/>");
            let label = point.ef.map_or("scan".to_owned(), |ef| ef.to_string());
            text(&mut svg, x - 6.0, y + 14.0, "end", &label);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// Where a recall and a speed lie in the picture.
struct Scale {
    recall: (f64, f64),
    /// Powers of ten.
    speed: (f64, f64),
}

impl Scale {
    fn of(points: &[AnnPoint]) -> Self {
        let least = points.iter().map(|point| point.recall).fold(1.0, f64::min);
        let speeds = points.iter().map(|point| point.queries_per_second.max(1.0).log10());
        let (low, high) =
            speeds.fold((f64::MAX, f64::MIN), |(low, high), speed| (low.min(speed), high.max(speed)));
        let (low, high) = if low <= high { (low.floor(), high.ceil()) } else { (0.0, 1.0) };
        let least = ((least * 20.0).floor() / 20.0).clamp(0.0, 0.95);
        Self { recall: (least, 1.0), speed: (low, high.max(low + 1.0)) }
    }

    fn place(&self, point: &AnnPoint) -> (f64, f64) {
        self.at(point.recall, point.queries_per_second.max(1.0).log10())
    }

    fn at(&self, recall: f64, speed: f64) -> (f64, f64) {
        let x = (recall - self.recall.0) / (self.recall.1 - self.recall.0);
        let y = (speed - self.speed.0) / (self.speed.1 - self.speed.0);
        (MARGIN + x * (WIDTH - 2.0 * MARGIN), HEIGHT - MARGIN - y * (HEIGHT - 2.0 * MARGIN))
    }

    fn axes(&self, svg: &mut String) {
        for power in self.speed.0 as i32..=self.speed.1 as i32 {
            let (x, y) = self.at(self.recall.0, f64::from(power));
            line(svg, (x, y), (WIDTH - MARGIN, y));
            text(svg, x - 6.0, y + 4.0, "end", &format!("{}", 10f64.powi(power)));
        }
        for step in 0..=5 {
            let recall = self.recall.0 + f64::from(step) / 5.0 * (self.recall.1 - self.recall.0);
            let (x, y) = self.at(recall, self.speed.0);
            line(svg, (x, y), (x, MARGIN));
            text(svg, x, y + 16.0, "middle", &format!("{recall:.3}"));
        }
        text(svg, WIDTH / 2.0, HEIGHT - 20.0, "middle", "recall");
    }
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#dddddd\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(ef: usize, recall: f64, queries_per_second: f64) -> AnnPoint {
        AnnPoint { strategy: "graph", ef: Some(ef), recall, queries_per_second, on_front: false }
    }

    #[test]
    fn the_front_is_what_nothing_beats() {
        // ef 20 is slower than ef 30 and worse: only it is off the front.
        let mut points = vec![point(10, 0.8, 900.0), point(20, 0.85, 400.0), point(30, 0.9, 500.0)];
        mark_front(&mut points);
        assert_eq!(points.iter().map(|point| point.on_front).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(choice(&points, 0.85).and_then(|choice| choice.ef), Some(30));
        assert_eq!(choice(&points, 0.95), None);
    }

    #[test]
    fn questions_are_held_out_and_ticks_are_counted() {
        let mut state = 1u32;
        let values: Vec<f32> = (0..600 * 8)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 8_388_608.0 - 1.0
            })
            .collect();
        let settings = AnnSettings { questions: 50, efs: vec![10, 400], ..AnnSettings::default() };
        let (rest, questions) = hold_out(&values, 8, &settings);
        assert_eq!((rest.len() / 8, questions.len() / 8), (550, 50));
        let clock = std::cell::Cell::new(0.0);
        let tick = || {
            clock.set(clock.get() + 0.5); // each pass takes half a second: 100 questions a second
            clock.get()
        };
        let silent = crate::progress::Silent;
        let report =
            evaluate_vectors(&values, 8, &BuildSettings::default(), &settings, &tick, &silent).unwrap();
        assert_eq!((report.rows, report.questions, report.build_seconds), (550, 50, Some(0.5)));
        assert!(report.points.iter().all(|point| point.queries_per_second == 100.0));
        assert_eq!((report.points[0].strategy, report.points[0].recall), ("scan", 1.0));
        assert!(report.points[2].recall > 0.99 && report.points[1].recall <= report.points[2].recall);
        let svg = report.to_svg();
        assert!(svg.starts_with("<svg") && svg.matches("<circle").count() == 3);
    }
}
