//! A set of row numbers, one bit each: which rows a filter lets through, which are deleted.

/// Rows out of `0..len`, one bit each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    len: usize,
    count: usize,
}

impl RowSet {
    /// No row out of `0..len`.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len, count: 0 }
    }

    /// Every row of `0..len`.
    #[must_use]
    pub fn all(len: usize) -> Self {
        let mut words = vec![u64::MAX; len.div_ceil(64)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), len % 64) {
            *last = (1 << rest) - 1;
        }
        Self { words, len, count: len }
    }

    /// The given rows out of `0..len`; rows beyond are left out.
    #[must_use]
    pub fn from_rows(len: usize, rows: impl IntoIterator<Item = u32>) -> Self {
        let mut set = Self::new(len);
        for row in rows {
            set.insert(row);
        }
        set
    }

    /// Adds `row`; says whether it is new. A row outside `0..len` is not added.
    pub fn insert(&mut self, row: u32) -> bool {
        if row as usize >= self.len || self.contains(row) {
            return false;
        }
        self.words[row as usize / 64] |= 1 << (row % 64);
        self.count += 1;
        true
    }

    /// Takes `row` out; says whether it was there.
    pub fn remove(&mut self, row: u32) -> bool {
        if !self.contains(row) {
            return false;
        }
        self.words[row as usize / 64] &= !(1 << (row % 64));
        self.count -= 1;
        true
    }

    /// Whether `row` is in the set.
    #[must_use]
    #[inline]
    pub fn contains(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// How many rows are in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many rows below `len` are in the set.
    #[must_use]
    pub fn count_below(&self, len: usize) -> usize {
        if len >= self.len {
            return self.count;
        }
        let whole: u32 = self.words[..len / 64].iter().map(|word| word.count_ones()).sum();
        whole as usize + (self.words[len / 64] & ((1 << (len % 64)) - 1)).count_ones() as usize
    }

    /// How many rows there are to choose from.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no row is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Makes room for rows up to `len`; never shrinks.
    pub fn grow(&mut self, len: usize) {
        self.len = self.len.max(len);
        self.words.resize(self.len.div_ceil(64), 0);
    }

    /// The rows that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let words: Vec<u64> = self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect();
        let count = words.iter().map(|word| word.count_ones() as usize).sum();
        Self { words, len: self.len.min(other.len), count }
    }

    /// The rows in rising order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.iter_from(0)
    }

    /// The rows from `first` on, in rising order.
    pub fn iter_from(&self, first: u32) -> impl Iterator<Item = u32> + '_ {
        let start = first as usize / 64;
        self.words.iter().enumerate().skip(start).flat_map(move |(at, &word)| {
            let mut rest = if at == start { word & (u64::MAX << (first % 64)) } else { word };
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(at as u32 * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_and_out() {
        let mut set = RowSet::from_rows(130, [0, 63, 64, 129, 129, 130]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert_eq!((set.count(), set.len()), (4, 130));
        assert!(set.remove(63) && !set.remove(63) && !set.contains(63) && !set.contains(1_000_000));
        set.grow(200);
        assert!(set.insert(199) && !set.insert(200));
        assert_eq!([0, 1, 64, 65, 130, 999].map(|len| set.count_below(len)), [0, 1, 1, 2, 3, 4]);
        assert_eq!(RowSet::all(65).count(), 65);
        assert_eq!(set.iter_from(64).collect::<Vec<_>>(), [64, 129, 199]);
        let other = RowSet::from_rows(130, [1, 64, 129]);
        assert_eq!(set.intersection(&other).iter().collect::<Vec<_>>(), [64, 129]);
        assert_eq!(set.intersection(&other).count(), 2);
    }
}
