//! Scan or walk: which is cheaper. Nanoseconds on one core of an AMD EPYC (Zen 5, AVX-512), measured with benches/ann.rs;
//! only their ratios matter, and those hold within a factor of two elsewhere.

/// Of a scan, per row and per cache line of its codes.
const SCAN_ROW: f64 = 3.5;
const SCAN_LINE: f64 = 0.6;
/// A filter's rows do not follow each other, and are looked up first.
const GATHER: f64 = 2.0;
/// Of a walk, per unit of ef and per cache line; and what every walk costs.
const WALK_EF: f64 = 450.0;
const WALK_LINE: f64 = 20.0;
const WALK_START: f64 = 5_000.0;

/// What a search has before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// Rows of the index.
    pub rows: usize,
    /// Rows that the filter lets through.
    pub passing: usize,
    /// Cache lines of a row's codes.
    pub width: usize,
    /// Search width that the recall asked for takes.
    pub ef: usize,
}

impl Work {
    fn walk_per_ef(&self) -> f64 {
        WALK_EF + WALK_LINE * self.width as f64
    }

    /// An exact scan of what the filter lets through.
    pub fn scan_ns(&self) -> f64 {
        let row = SCAN_ROW + SCAN_LINE * self.width as f64;
        self.passing as f64 * if self.passing == self.rows { row } else { GATHER * row }
    }

    /// A walk that keeps ef passing nodes meets about ef · rows / passing.
    pub fn walk_ns(&self) -> f64 {
        WALK_START + self.walk_per_ef() * self.ef as f64 * self.rows as f64 / self.passing.max(1) as f64
    }

    /// Whether to walk.
    pub fn walks(&self) -> bool {
        self.walk_ns() < self.scan_ns()
    }

    /// Nodes that a filtered walk may look at before a scan would have been done: where the filter's rows lie away from
    /// the query, the estimate fails, and the scan takes over.
    pub fn most_nodes(&self) -> usize {
        let per_node = self.walk_per_ef() / 20.0; // new nodes an expansion meets
        (self.scan_ns() / per_node) as usize + 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sets_and_narrow_filters_are_scanned() {
        let work = |rows, passing, ef| Work { rows, passing, width: 4, ef };
        assert!(!work(1_000, 1_000, 80).walks());
        assert!(work(60_000, 60_000, 80).walks());
        assert!(work(400_000, 200_000, 80).walks());
        assert!(!work(400_000, 4_000, 80).walks());
        assert!(!work(400_000, 0, 80).walks());
    }
}
