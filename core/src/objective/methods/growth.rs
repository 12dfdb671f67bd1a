//! Block sizes that grow during a run (NBDiff, arXiv:2512.06776; TDAR, arXiv:2602.09555).

/// `b(s) = min(last, first * ratio^floor(s / interval))`, with the step and the interval in one unit.
pub fn grown(step: f64, interval: f64, first: usize, ratio: usize, last: usize) -> usize {
    let stages = if interval > 0.0 { (step / interval).floor() } else { f64::INFINITY };
    let size = first as f64 * (ratio as f64).powf(stages.clamp(0.0, 64.0));
    (size.min(last as f64) as usize).max(1)
}

/// All sizes from `first` to `last`, ascending.
pub fn sizes(first: usize, ratio: usize, last: usize) -> Vec<usize> {
    let grown = |stage: usize| grown(stage as f64, 1.0, first, ratio, last);
    let mut all: Vec<usize> = (0..64).map(grown).collect();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layerwise::golden::number, objective::golden::vectors};

    #[test]
    fn sizes_are_golden() {
        for case in vectors()["selectors"]["nbdiff_growth"].as_array().expect("cases") {
            let whole = |id: &str| number(&case[id]) as usize;
            for (step, size) in case["block_size"].as_object().expect("steps") {
                let step: f64 = step.parse().expect("a step");
                let found = grown(step, number(&case["delta"]), whole("b0"), whole("r"), whole("b_max"));
                assert_eq!(found, number(size) as usize, "{step}");
            }
        }
    }

    #[test]
    fn all_sizes_are_named_once() {
        assert_eq!(sizes(1, 2, 16), [1, 2, 4, 8, 16]);
        assert_eq!(sizes(4, 4, 32), [4, 16, 32]);
        assert_eq!(sizes(4, 2, 4), [4]);
        assert_eq!(sizes(8, 2, 4), [4]);
        assert_eq!(sizes(2, 1, 4), [2]);
    }
}
