//! Squarified treemaps: rectangles whose areas are as the weights, as near to squares as can be.
//!
//! The algorithm of Bruls, Huizing and van Wijk (2000): a row takes weights, largest first, as long as that makes its
//! worst rectangle squarer, and is laid along the shorter side of what is left.

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A rectangle within `whole` for each weight, in the order given. Weights must be descending; those that are not
/// above 0 get rectangles without area.
pub(crate) fn lay_out(weights: &[f64], whole: Rect) -> Vec<Rect> {
    let sum: f64 = weights.iter().filter(|weight| **weight > 0.0).sum();
    let scale = if sum > 0.0 { whole.width * whole.height / sum } else { 0.0 };
    let areas: Vec<f64> = weights.iter().map(|weight| weight.max(0.0) * scale).collect();
    let (mut left, mut rects) = (whole, Vec::with_capacity(areas.len()));
    let mut rest = areas.as_slice();
    while !rest.is_empty() {
        let side = left.width.min(left.height);
        let grows = |taken: &usize| {
            let with = rest.get(..=*taken).map(|row| worst(row, side));
            let without = rest.get(..*taken).map(|row| worst(row, side));
            with.is_some() && with <= without
        };
        let taken = 1 + (1..rest.len()).take_while(grows).count();
        let (row, after) = rest.split_at(taken);
        left = lay_row(row, left, &mut rects);
        rest = after;
    }
    rects
}

/// How far from a square the worst of a row is: 1 is a square.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let thickness = sum / side;
    let ratio = |area: &f64| {
        let length = area / thickness;
        (length / thickness).max(thickness / length)
    };
    let worst = row.iter().map(ratio).fold(1.0, f64::max);
    if worst.is_nan() { f64::INFINITY } else { worst }
}

/// Lays a row along the shorter side; what is left of the rectangle.
fn lay_row(row: &[f64], left: Rect, rects: &mut Vec<Rect>) -> Rect {
    let sum: f64 = row.iter().sum();
    let upright = left.width >= left.height;
    let side = if upright { left.height } else { left.width };
    // what rounding adds must not leave the rectangle
    let thickness = if side > 0.0 { (sum / side).min(if upright { left.width } else { left.height }) } else { 0.0 };
    let mut at: f64 = 0.0;
    for area in row {
        let length = if thickness > 0.0 { (area / thickness).min((side - at).max(0.0)) } else { 0.0 };
        rects.push(if upright {
            Rect { x: left.x, y: left.y + at, width: thickness, height: length }
        } else {
            Rect { x: left.x + at, y: left.y, width: length, height: thickness }
        });
        at += length;
    }
    if upright {
        Rect { x: left.x + thickness, width: (left.width - thickness).max(0.0), ..left }
    } else {
        Rect { y: left.y + thickness, height: (left.height - thickness).max(0.0), ..left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Rect = Rect { x: 0.0, y: 0.0, width: 6.0, height: 4.0 };

    #[test]
    fn the_example_of_the_paper() {
        let rects = lay_out(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], WHOLE);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(rects[0].width, 3.0) && near(rects[0].height, 2.0), "{:?}", rects[0]);
        assert!(near(rects[2].x, 3.0) && near(rects[2].y, 0.0) && near(rects[2].height, 7.0 / 3.0), "{:?}", rects[2]);
    }

    #[test]
    fn areas_are_as_the_weights_and_nothing_overlaps() {
        for weights in [vec![1.0], vec![5.0; 17], (1..60).rev().map(f64::from).collect(), vec![1e15, 3.0, 1e-9]] {
            let rects = lay_out(&weights, WHOLE);
            let sum: f64 = weights.iter().sum();
            assert_eq!(rects.len(), weights.len());
            for (at, (rect, weight)) in rects.iter().zip(&weights).enumerate() {
                let wanted = weight / sum * 24.0;
                assert!((rect.width * rect.height - wanted).abs() < 1e-6, "{rect:?} {wanted}");
                assert!(rect.x + rect.width <= 6.0 + 1e-6 && rect.y + rect.height <= 4.0 + 1e-6, "{rect:?}");
                for other in &rects[..at] {
                    let across = (rect.x + rect.width).min(other.x + other.width) - rect.x.max(other.x);
                    let down = (rect.y + rect.height).min(other.y + other.height) - rect.y.max(other.y);
                    assert!(across < 1e-6 || down < 1e-6, "{rect:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn weights_without_weight_have_no_area() {
        assert!(lay_out(&[], WHOLE).is_empty());
        for rect in lay_out(&[0.0, -1.0], WHOLE) {
            assert!(rect.width * rect.height == 0.0 && rect.x.is_finite() && rect.width.is_finite(), "{rect:?}");
        }
    }
}
