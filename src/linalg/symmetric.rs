//! Eigenvalues and eigenvectors of symmetric matrices, by Jacobi's rotations: for covariance matrices of some hundred rows.
//!
//! Source: Golub and Van Loan, *Matrix computations*, section 8.5.

/// Sweeps over all pairs; ten are enough for a thousand rows.
const SWEEPS_MAX: usize = 30;

/// Eigenvalues, falling, and their eigenvectors as rows of an `n` × `n` matrix.
///
/// # Panics
/// If the matrix is not `n` × `n`.
#[must_use]
pub fn eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    assert_eq!(matrix.len(), n * n, "a symmetric matrix of {n} rows");
    let mut a = matrix.to_vec();
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    let whole: f64 = a.iter().map(|x| x * x).sum();
    for _ in 0..SWEEPS_MAX {
        let outside: f64 =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * n + j].powi(2)).sum();
        if outside <= whole * 1e-20 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, n, (p, q));
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|i, j| a[j * n + j].total_cmp(&a[i * n + i]));
    let values = order.iter().map(|i| a[i * n + i]).collect();
    (values, order.iter().flat_map(|i| v[i * n..(i + 1) * n].to_vec()).collect())
}

/// Makes `a[p][q]` zero by a rotation in the plane of `p` and `q`.
fn rotate(a: &mut [f64], v: &mut [f64], n: usize, (p, q): (usize, usize)) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + q]);
        (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y);
    }
    for matrix in [a, v] {
        let (head, tail) = matrix.split_at_mut(q * n);
        for (x, y) in head[p * n..(p + 1) * n].iter_mut().zip(&mut tail[..n]) {
            (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_of_two_by_hand() {
        // [[2, 1], [1, 2]] has 3 for (1, 1) and 1 for (1, -1).
        let (values, vectors) = eigen(&[2.0, 1.0, 1.0, 2.0], 2);
        assert!((values[0] - 3.0).abs() < 1e-12 && (values[1] - 1.0).abs() < 1e-12, "{values:?}");
        assert!((vectors[0] - vectors[1]).abs() < 1e-12 && (vectors[2] + vectors[3]).abs() < 1e-12);
    }

    #[test]
    fn vectors_and_values_give_the_matrix_back() {
        let n = 12;
        let entry =
            |i: usize, j: usize| ((i * j) as f64 + (i + j) as f64 * 0.3).sin() + f64::from(u8::from(i == j));
        let matrix: Vec<f64> = (0..n * n).map(|at| entry(at / n, at % n)).collect();
        let (values, vectors) = eigen(&matrix, n);
        for i in 0..n {
            for j in 0..n {
                let sum: f64 = (0..n).map(|k| values[k] * vectors[k * n + i] * vectors[k * n + j]).sum();
                assert!((sum - matrix[i * n + j]).abs() < 1e-9, "{i} {j}: {sum} {}", matrix[i * n + j]);
            }
        }
    }
}
