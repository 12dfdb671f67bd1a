//! Next-block prediction, NBP (Ren et al. 2025, arXiv:2502.07737).

use super::{
    knobs::{BLOCK, block_fault, fault, tokens},
    next_token,
};
use crate::{
    objective::{Clean, Example, Loss, Moment, Noise, Objective, Reading, View},
    policy::{Description, Settings},
    text::Batch,
};

/// `L = -(1 / n) sum_i log p(x_{i+B} | blocks up to the one of x_i)`: each token predicts the one a block of `B` further, all
/// tokens of a block at once, each independent of the others. With blocks of one token it is next-token prediction.
pub struct NextBlock;

const DESCRIPTION: Description = Description {
    id: "next-block",
    name: "Next block",
    summary: "Predicts all tokens of the next block at once, each independent of the others.",
    source: "Ren et al. 2025, arXiv:2502.07737",
    knobs: &[BLOCK],
    null: Some(&[("block", 1.0)]),
};

/// Windows as they are, each row predicting the token a block further.
pub fn example(windows: &Batch, block: usize) -> Example {
    let (batch, context) = (windows.batch, windows.context);
    if block == 1 {
        return next_token::example(windows);
    }
    let predicted = context + 1 - block;
    let weight = 1.0 / (batch * predicted) as f32;
    // The token `block` further is the target of the row `block - 1` further.
    let is_predicting = |row: usize| row % context < predicted;
    let target = |row: usize| if is_predicting(row) { windows.targets[row + block - 1] } else { windows.targets[row] };
    let rows = 0..batch * context;
    Example {
        view: View::BlockCausal { context, block },
        batch,
        tokens: windows.inputs.clone(),
        targets: rows.clone().map(target).collect(),
        weights: rows.map(|row| if is_predicting(row) { weight } else { 0.0 }).collect(),
        loss: Loss::CrossEntropy,
    }
}

impl Objective for NextBlock {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn reading(&self, settings: &Settings, context: usize) -> Reading {
        let block = tokens(&DESCRIPTION, settings, &BLOCK, context);
        match block {
            1 => Reading::next_token(),
            _ => Reading { noise: Noise::NextBlock, ..Reading::masked(block, Clean::Block) },
        }
    }

    fn example(&self, settings: &Settings, windows: &Batch, _vocabulary: usize, _at: Moment) -> Example {
        example(windows, tokens(&DESCRIPTION, settings, &BLOCK, windows.context))
    }

    fn fault(&self, settings: &Settings, context: usize) -> Option<(String, String)> {
        let first = DESCRIPTION.fault(settings).or_else(|| block_fault(&DESCRIPTION, settings, &BLOCK, context));
        first.or_else(|| {
            let block = DESCRIPTION.value(settings, BLOCK.id);
            let wanted = format!("a block of at most half the context of {context}, so that there is a next one");
            if block > 1.0 && 2.0 * block > context as f64 { fault(&BLOCK, block, &wanted) } else { None }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_predicts_the_one_a_block_further() {
        let windows = Batch::of_windows(&(0..20).collect::<Vec<u32>>(), &[0, 10], 8);
        let example = example(&windows, 4);
        for (row, weight) in example.weights.iter().enumerate() {
            // The last row that predicts has the token after the window, the first of a block, for its target.
            let is_predicting = row % 8 < 5;
            assert_eq!(*weight, if is_predicting { 1.0 / 10f32 } else { 0.0 });
            assert!(!is_predicting || example.targets[row] == example.tokens[row] + 4);
        }
    }
}
