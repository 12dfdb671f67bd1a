//! What the network sees of a batch: how long a sequence is, where its tokens stand, and which of them attend which.

use serde::{Deserialize, Serialize};

/// The attention pattern of a forward, with the positions of its rows.
///
/// The patterns of two halves are `[noisy; clean]`: index `i < context` is the noisy token at position `i`, index
/// `context + i` the clean one (BD3-LM, Arriola et al. 2025, arXiv:2503.09573). Both halves have the positions
/// `0..context`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum View {
    /// Every token attends itself and all before it.
    Causal {
        /// Tokens of a sequence.
        context: usize,
    },
    /// Every token attends every token.
    Full {
        /// Tokens of a sequence.
        context: usize,
    },
    /// Every token attends its own block and all blocks before it.
    BlockCausal {
        /// Tokens of a sequence.
        context: usize,
        /// Tokens of a block.
        block: usize,
    },
    /// A noisy half whose tokens attend their own block and the clean blocks before it, and a clean half.
    Halves {
        /// Tokens of a half.
        context: usize,
        /// Tokens of a block.
        block: usize,
        /// Which clean tokens a clean token attends.
        clean: Clean,
    },
}

/// Which clean tokens a clean token attends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clean {
    /// Its own block and all blocks before it: a cache belongs to one block size.
    #[default]
    Block,
    /// Itself and all before it: one cache serves every block size (NBDiff, BlockGen).
    Token,
}

impl View {
    /// The pattern of noisy blocks: without a clean half where one block is all, as nothing noisy would attend it.
    pub fn of_blocks(context: usize, block: usize, clean: Clean) -> Self {
        if block >= context { Self::Full { context } } else { Self::halves(context, block, clean) }
    }

    /// A noisy and a clean half. At one token a block both kinds of clean half are the same, and the block's is named.
    pub fn halves(context: usize, block: usize, clean: Clean) -> Self {
        Self::Halves { context, block, clean: if block == 1 { Clean::Block } else { clean } }
    }

    /// Tokens of a block; 1 where there are none, the context where all are one.
    pub fn block(self) -> usize {
        match self {
            Self::Causal { .. } => 1,
            Self::Full { context } => context,
            Self::BlockCausal { block, .. } | Self::Halves { block, .. } => block,
        }
    }

    /// Rows of a sequence.
    pub fn time(self) -> usize {
        match self {
            Self::Causal { context } | Self::Full { context } | Self::BlockCausal { context, .. } => context,
            Self::Halves { context, .. } => 2 * context,
        }
    }

    /// Tokens of a sequence, and of each half where there are two.
    pub fn context(self) -> usize {
        match self {
            Self::Causal { context }
            | Self::Full { context }
            | Self::BlockCausal { context, .. }
            | Self::Halves { context, .. } => context,
        }
    }

    /// The position of every row.
    pub fn positions(self) -> Vec<usize> {
        (0..self.time()).map(|row| row % self.context()).collect()
    }

    /// Whether a row attends another one.
    pub fn allows(self, query: usize, key: usize) -> bool {
        match self {
            Self::Causal { .. } => key <= query,
            Self::Full { .. } => true,
            Self::BlockCausal { block, .. } => key / block <= query / block,
            Self::Halves { context, block, clean } => {
                let (is_noisy, sees_noisy) = (query < context, key < context);
                let (query, key) = (query % context, key % context);
                let (own, other) = (query / block, key / block);
                match (is_noisy, sees_noisy) {
                    (true, true) => own == other,
                    (true, false) => own > other,
                    (false, true) => false,
                    (false, false) => match clean {
                        Clean::Block => own >= other,
                        Clean::Token => query >= key,
                    },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(view: View) -> Vec<String> {
        let time = view.time();
        let row = |query| (0..time).map(|key| if view.allows(query, key) { '1' } else { '.' }).collect();
        (0..time).map(row).collect()
    }

    fn ones(view: View) -> usize {
        rows(view).concat().matches('1').count()
    }

    fn halves(context: usize, block: usize, clean: Clean) -> View {
        View::Halves { context, block, clean }
    }

    #[test]
    fn the_mask_of_bd3_lm_at_six_tokens_in_blocks_of_two() {
        let expected = [
            "11..........",
            "11..........",
            "..11..11....",
            "..11..11....",
            "....111111..",
            "....111111..", //
            "......11....",
            "......11....",
            "......1111..",
            "......1111..",
            "......111111",
            "......111111",
        ];
        assert_eq!(rows(halves(6, 2, Clean::Block)), expected);
    }

    #[test]
    fn a_token_causal_clean_half_is_a_lower_triangle() {
        let (block, token) = (rows(halves(6, 2, Clean::Block)), rows(halves(6, 2, Clean::Token)));
        assert_eq!(block[..6], token[..6]);
        let expected = ["......1.....", "......11....", "......111...", "......1111..", "......11111.", "......111111"];
        assert_eq!(token[6..], expected);
    }

    #[test]
    fn the_allowed_pairs_are_as_many_as_the_formulas_say() {
        for (context, block) in [(6, 2), (8, 4), (64, 8), (256, 16)] {
            assert_eq!(ones(halves(context, block, Clean::Block)), context * block + context * context);
            let blocks = context / block;
            let noisy = context * block + context * block * (blocks - 1) / 2;
            assert_eq!(ones(halves(context, block, Clean::Token)), noisy + context * (context + 1) / 2);
        }
        assert_eq!(ones(halves(256, 16, Clean::Block)), 69_632);
    }

    #[test]
    fn blocks_of_one_token_and_of_the_whole_context_are_the_two_ends() {
        let one = rows(halves(4, 1, Clean::Block));
        assert_eq!(one[..4], ["1.......", ".1..1...", "..1.11..", "...1111."]);
        assert_eq!(one, rows(halves(4, 1, Clean::Token)));
        let all = rows(halves(4, 4, Clean::Block));
        assert!(all[..4].iter().all(|row| row == "1111....") && all[4..].iter().all(|row| row == "....1111"));
        let (causal, full) = (View::BlockCausal { context: 5, block: 1 }, View::BlockCausal { context: 5, block: 5 });
        assert_eq!(rows(causal), rows(View::Causal { context: 5 }));
        assert_eq!(rows(full), rows(View::Full { context: 5 }));
    }

    #[test]
    fn both_halves_have_the_positions_of_their_tokens() {
        assert_eq!(halves(3, 1, Clean::Block).positions(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(View::Causal { context: 3 }.positions(), [0, 1, 2]);
    }

    /// What a row depends on through any number of layers.
    fn reach(view: View) -> Vec<Vec<bool>> {
        let time = view.time();
        let mut reach: Vec<Vec<bool>> =
            (0..time).map(|query| (0..time).map(|key| query == key || view.allows(query, key)).collect()).collect();
        for through in 0..time {
            let further = reach[through].clone();
            for row in reach.iter_mut().filter(|row| row[through]) {
                row.iter_mut().zip(&further).for_each(|(is, further)| *is |= further);
            }
        }
        reach
    }

    #[test]
    fn nothing_leaks_through_any_number_of_layers() {
        for (context, block) in [(6, 2), (8, 4), (8, 1), (12, 3)] {
            for clean in [Clean::Block, Clean::Token] {
                let reach = reach(View::Halves { context, block, clean });
                for (i, j) in (0..context * context).map(|pair| (pair / context, pair % context)) {
                    let (own, other) = (i / block, j / block);
                    // A noisy row depends on clean tokens of all blocks before its own, and on none else.
                    assert_eq!(reach[i][context + j], other < own);
                    // Nor on noisy tokens of other blocks.
                    assert_eq!(reach[i][j], other == own);
                    assert!(!reach[context + i][j]);
                    let is_before = match clean {
                        Clean::Block => other <= own,
                        Clean::Token => j <= i,
                    };
                    assert_eq!(reach[context + i][context + j], is_before);
                }
            }
        }
    }

    #[test]
    fn patterns_and_their_counts_are_golden() {
        let golden = crate::objective::golden::vectors();
        for case in golden["masks"].as_array().expect("cases") {
            let whole = |id: &str| case[id].as_u64().map(|number| number as usize);
            let (Some(context), Some(block)) = (whole("L"), whole("B")) else { continue };
            let clean = if case["clean_half"] == "block-causal" { Clean::Block } else { Clean::Token };
            if case["order"] == "xt,x0" {
                let expected: Vec<&str> =
                    case["rows"].as_array().expect("rows").iter().filter_map(|row| row.as_str()).collect();
                assert_eq!(rows(halves(context, block, clean)), expected, "{}", case["name"]);
            }
        }
        for case in golden["mask_counts"].as_array().expect("cases") {
            let whole = |id: &str| case[id].as_u64().expect("a number") as usize;
            let (context, block) = (whole("L"), whole("B"));
            assert_eq!(ones(halves(context, block, Clean::Block)), whole("TRAIN_BD3"));
            assert_eq!(ones(halves(context, block, Clean::Token)), whole("TRAIN_CTXCAUSAL"));
        }
    }
}
