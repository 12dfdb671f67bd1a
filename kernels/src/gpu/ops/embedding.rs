//! Token embedding and learned positions.

use super::{Splits, kernel};
use crate::gpu::dispatch::{Dispatch, Kernel, count};
use crate::gpu::template::Constant::Flag;

const FORWARD: Kernel = kernel!("embedding");
const GRADIENT: Kernel = kernel!("embedding_gradient");
const POSITION_GRADIENT: Kernel = kernel!("position_gradient");

/// Chunks of the width that one invocation of the gradient sums for one token.
const GROUP: usize = 4;

/// Look-up of `batch * time` tokens in a table `[vocabulary, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedding {
    /// Sequences.
    pub batch: usize,
    /// Positions of each.
    pub time: usize,
    /// Rows of the table.
    pub vocabulary: usize,
    /// Columns of the table.
    pub width: usize,
    /// Whether a table `[time, width]` of learned positions is added.
    pub positions: bool,
}

impl Embedding {
    /// Buffers: `tokens` (u32), `table`, `positions` (with learned positions), `y` `[rows, width]`.
    pub fn forward(&self) -> Dispatch {
        let fours = self.width.is_multiple_of(4);
        let invocations = if self.vocabulary == 0 { 0 } else { self.rows() * self.width / if fours { 4 } else { 1 } };
        Dispatch::new(
            FORWARD,
            invocations,
            [Some("tokens"), Some("table"), self.positions.then_some("positions"), Some("y")],
            vec![
                ("VEC4", Flag(fours)),
                ("POSITIONS", Flag(self.positions)),
                ("ROWS", count(self.rows())),
                ("TIME", count(self.time)),
                ("VOCABULARY", count(self.vocabulary)),
                ("WIDTH", count(self.width)),
            ],
        )
    }

    /// The gradient of the table, added to the first `there` of its rows and overwriting the others. Buffers: `tokens`,
    /// `dy` `[rows, width]`, `gradient` from the table on.
    pub fn gradient(&self, splits: Splits, there: usize) -> Dispatch {
        let fours = self.width.is_multiple_of(4) && splits.in_fours();
        let chunks = if fours { self.width / 4 } else { self.width };
        Dispatch::new(
            GRADIENT,
            splits.count * self.vocabulary * chunks.div_ceil(GROUP),
            [Some("tokens"), Some("dy"), Some("gradient")],
            vec![
                ("VEC4", Flag(fours)),
                ("THERE", count(there)),
                ("ROWS", count(self.rows())),
                ("VOCABULARY", count(self.vocabulary)),
                ("WIDTH", count(self.width)),
                ("GROUP", count(GROUP)),
                ("SPLITS", count(splits.count)),
                ("SPLIT_ROWS", count(splits.rows(self.rows()))),
                ("SPLIT_STRIDE", count(splits.stride)),
            ],
        )
    }

    /// The gradient of the learned positions. Buffers: `dy`, `gradient` from the positions on.
    pub fn position_gradient(&self, splits: Splits, accumulate: bool) -> Dispatch {
        Dispatch::new(
            POSITION_GRADIENT,
            splits.count * self.time * self.width,
            [Some("dy"), Some("gradient")],
            vec![
                ("ACCUMULATE", Flag(accumulate)),
                ("BATCH", count(self.batch)),
                ("TIME", count(self.time)),
                ("WIDTH", count(self.width)),
                ("SPLITS", count(splits.count)),
                ("SPLIT_BATCH", count(splits.span(self.batch))),
                ("SPLIT_STRIDE", count(splits.stride)),
            ],
        )
    }

    fn rows(&self) -> usize {
        self.batch * self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_bind_what_the_dispatch_names() {
        for width in [48, 5] {
            for positions in [false, true] {
                let embedding = Embedding { batch: 2, time: 3, vocabulary: 11, width, positions };
                embedding.forward().check();
                embedding.gradient(Splits { count: 3, stride: 64 }, 5).check();
                embedding.position_gradient(Splits::ONE, positions).check();
            }
        }
    }
}
