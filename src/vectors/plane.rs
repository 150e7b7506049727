//! The plane through a cloud of points that keeps most of how they differ: for drawing.
//!
//! Distances on it are never longer than the true ones; [`Plane::kept`] says how much of the whole is left, and
//! [`PlanePoint::kept`] how much of each point, so that a drawing can tell the near from what only looks so.
//!
//! Source: principal component analysis, Pearson 1901, Hotelling 1933.

use crate::linalg::{add_scaled, dot, first_direction};

/// Points on the two directions in which they differ most.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Part of the variance that each of the two directions keeps, 0 to 1.
    pub kept: [f32; 2],
    /// One for each row, in their order.
    pub points: Vec<PlanePoint>,
}

/// A point on the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanePoint {
    /// Along the first direction, from the mean of all points, in the unit of the rows.
    pub x: f32,
    /// Along the second.
    pub y: f32,
    /// Part of the point's squared distance from the mean that the plane keeps, 0 to 1.
    pub kept: f32,
}

impl Plane {
    /// The plane of the rows of `matrix` (row-major, `dim` columns) through their mean. The first row that has a side lies on the
    /// positive one of each direction, so that equal rows are drawn alike.
    ///
    /// # Panics
    /// If `dim` is 0 or does not divide the length of `matrix`.
    #[must_use]
    pub fn through(matrix: &[f32], dim: usize) -> Self {
        let mut rest = centred(matrix, dim);
        let squares: Vec<f32> = rest.chunks_exact(dim).map(|row| dot(row, row)).collect();
        let total: f32 = squares.iter().sum();
        let axes = [take_direction(&mut rest, dim), take_direction(&mut rest, dim)];
        let kept = axes.each_ref().map(|axis| share(dot(axis, axis), total));
        let points = squares.iter().enumerate().map(|(row, square)| {
            let (x, y) = (axes[0][row], axes[1][row]);
            PlanePoint { x, y, kept: share(x * x + y * y, *square) }
        });
        Self { kept, points: points.collect() }
    }
}

fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}

fn centred(matrix: &[f32], dim: usize) -> Vec<f32> {
    let rows = matrix.len() / dim;
    let mut mean = vec![0.0; dim];
    for row in matrix.chunks_exact(dim) {
        add_scaled(&mut mean, 1.0 / rows as f32, row);
    }
    let mut centred = matrix.to_vec();
    for row in centred.chunks_exact_mut(dim) {
        add_scaled(row, -1.0, &mean);
    }
    centred
}

/// How far each row lies along the first direction of all; what lies along it is taken out of the rows.
fn take_direction(rows: &mut [f32], dim: usize) -> Vec<f32> {
    let direction = first_direction(rows, dim);
    let mut along: Vec<f32> = rows.chunks_exact(dim).map(|row| dot(row, &direction)).collect();
    for (row, along) in rows.chunks_exact_mut(dim).zip(&along) {
        add_scaled(row, -along, &direction);
    }
    let side = along.iter().find(|along| along.abs() > 1e-6);
    if side.is_some_and(|side| *side < 0.0) {
        along.iter_mut().for_each(|along| *along = -*along);
    }
    along
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four corners of a 6 by 2 rectangle in three dimensions, and a lift of the third out of its plane.
    #[test]
    fn the_longer_side_comes_first_and_the_shares_are_those_of_the_squares() {
        let rows = [4.0, 2.0, 7.0, -2.0, 2.0, 7.0, 4.0, 4.0, 7.0, -2.0, 4.0, 7.0];
        let plane = Plane::through(&rows, 3);
        // Squares along the sides: 4·3² = 36 and 4·1² = 4.
        assert!((plane.kept[0] - 0.9).abs() < 1e-5 && (plane.kept[1] - 0.1).abs() < 1e-5, "{plane:?}");
        let first = plane.points[0];
        assert!((first.x - 3.0).abs() < 1e-4 && (first.y - 1.0).abs() < 1e-4, "{first:?}");
        assert!((plane.points[3].x + 3.0).abs() < 1e-4 && (plane.points[3].y + 1.0).abs() < 1e-4);
        assert!(plane.points.iter().all(|point| (point.kept - 1.0).abs() < 1e-4));
    }

    #[test]
    fn what_stands_out_of_the_plane_is_said() {
        // Along x ±5, along y ±4, along z ±3: of 2·(25 + 16 + 9) the plane keeps 50 and 32.
        let rows =
            [5.0, 0.0, 0.0, -5.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, -4.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, -3.0];
        let plane = Plane::through(&rows, 3);
        assert!((plane.kept[0] - 0.5).abs() < 1e-3 && (plane.kept[1] - 0.32).abs() < 1e-3, "{plane:?}");
        assert!(plane.points[4].kept < 1e-3 && plane.points[0].kept > 0.999);
    }

    #[test]
    fn one_point_or_equal_points_lie_in_the_middle() {
        for rows in [&[1.0, 2.0][..], &[1.0, 2.0, 1.0, 2.0]] {
            let plane = Plane::through(rows, 2);
            assert_eq!(plane.kept, [0.0, 0.0]);
            assert_eq!(plane.points[0], PlanePoint { x: 0.0, y: 0.0, kept: 0.0 });
        }
        assert!(Plane::through(&[], 2).points.is_empty());
    }
}
