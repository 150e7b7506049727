//! How long reading a starter model takes: `cargo bench --bench starter`. Prints the median of 21 calls for each file in models/.

#![allow(clippy::print_stdout)]

use sememe::starter::Starter;
use std::path::Path;
use std::time::Instant;

fn main() {
    for name in ["en", "zh"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("models/{name}.starter"));
        let bytes = std::fs::read(&path).expect("a starter model");
        let mut times: Vec<f64> = (0..21)
            .map(|_| {
                let start = Instant::now();
                let starter = Starter::read(&bytes, &path).expect("a starter model");
                assert!(!starter.vectors().is_empty());
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (words, bytes) =
            (Starter::read(&bytes, &path).map_or(0, |starter| starter.vectors().len()), bytes.len());
        println!(
            "{name}: {words} words, {bytes} bytes, {:.0} ms ({:.0} to {:.0})",
            times[10], times[0], times[20]
        );
    }
}
