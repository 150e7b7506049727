//! Shortest and longest hypernym path from each synset to a root, worked out once. Circles are cut where they close.

use super::compile::{ResolvedLink, Sections};

/// `synset.depth_min` and `synset.depth_max`; calls `circle` with each synset where a circle was cut.
pub(super) fn sections(links: &[Vec<ResolvedLink>], circle: impl FnMut(usize)) -> Sections {
    let parents: Vec<Vec<u32>> = links
        .iter()
        .map(|row| row.iter().filter(|link| link.relation.is_upward()).map(|link| link.target).collect())
        .collect();
    let depths = depths(&parents, circle);
    let bytes =
        |of: fn(&(u16, u16)) -> u16| depths.iter().flat_map(|depth| of(depth).to_le_bytes()).collect();
    vec![
        ("synset.depth_min".into(), bytes(|depth| depth.0)),
        ("synset.depth_max".into(), bytes(|depth| depth.1)),
    ]
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// (shortest, longest) by a depth-first walk with its own stack: a damaged chain may be long.
fn depths(parents: &[Vec<u32>], mut circle: impl FnMut(usize)) -> Vec<(u16, u16)> {
    let mut state = vec![State::New; parents.len()];
    let mut depths = vec![(0_u16, 0_u16); parents.len()];
    for start in 0..parents.len() {
        if state[start] != State::New {
            continue;
        }
        state[start] = State::Open;
        let mut stack = vec![(start, 0_usize, None::<(u16, u16)>)];
        while let Some((node, next, best)) = stack.pop() {
            let Some(&parent) = parents[node].get(next) else {
                depths[node] =
                    best.map_or((0, 0), |(min, max)| (min.saturating_add(1), max.saturating_add(1)));
                state[node] = State::Done;
                continue;
            };
            let parent = parent as usize;
            match state[parent] {
                State::New => {
                    state[parent] = State::Open;
                    stack.push((node, next, best));
                    stack.push((parent, 0, None));
                }
                State::Open => {
                    circle(node);
                    stack.push((node, next + 1, best));
                }
                State::Done => {
                    let (min, max) = depths[parent];
                    let joined = best.map_or((min, max), |(low, high)| (low.min(min), high.max(max)));
                    stack.push((node, next + 1, Some(joined)));
                }
            }
        }
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_and_longest_paths_are_counted_and_circles_cut() {
        // 0 is the root; 1 and 2 hang on it; 3 on 0 and 2; 4 and 5 on each other, 5 also on 3.
        let parents = vec![vec![], vec![0], vec![1], vec![0, 2], vec![5], vec![4, 3]];
        let mut circles = Vec::new();
        let depths = depths(&parents, |node| circles.push(node));
        assert_eq!(depths[3], (1, 3));
        assert_eq!(depths[5], (2, 4));
        assert_eq!(depths[4], (3, 5));
        assert_eq!(circles, [5]);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let parents: Vec<Vec<u32>> =
            (0..200_000_u32).map(|n| if n == 0 { vec![] } else { vec![n - 1] }).collect();
        assert_eq!(depths(&parents, |_| panic!("no circle"))[199_999], (u16::MAX, u16::MAX));
    }
}
