//! The baseline: the next token from all before it (Bengio et al. 2003, JMLR 3).

use crate::{
    objective::{Example, Loss, Moment, Objective, Reading, View},
    policy::{Description, Settings},
    text::Batch,
};

/// `L = -(1 / n) sum_i log p(x_{i+1} | x_1..x_i)`, over all `n` tokens of the batch.
pub struct NextToken;

const DESCRIPTION: Description = Description {
    id: "next-token",
    name: "Next token",
    summary: "Predicts every token from all before it.",
    source: "Bengio et al. 2003, JMLR 3",
    knobs: &[],
    null: Some(&[]),
};

/// Windows as they are, each row predicting the target at its place.
pub fn example(windows: &Batch) -> Example {
    let rows = windows.inputs.len();
    Example {
        view: View::Causal { context: windows.context },
        batch: windows.batch,
        tokens: windows.inputs.clone(),
        targets: windows.targets.clone(),
        weights: vec![1.0 / rows as f32; rows],
        loss: Loss::CrossEntropy,
    }
}

impl Objective for NextToken {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, _settings: &Settings, _context: usize) -> Reading {
        Reading::next_token()
    }

    fn example(&self, _settings: &Settings, windows: &Batch, _vocabulary: usize, _at: Moment) -> Example {
        example(windows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_predicts_its_target_and_weighs_the_same() {
        let windows = Batch::of_windows(&[5, 6, 7, 8, 9, 1], &[0, 2], 3);
        let example = example(&windows);
        assert_eq!((&example.tokens[..], &example.targets[..]), (&[5, 6, 7, 7, 8, 9][..], &[6, 7, 8, 8, 9, 1][..]));
        assert_eq!(example.weights, [1.0 / 6f32; 6]);
    }
}
