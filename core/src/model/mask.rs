//! Attention masks as data: which query attends which key.

use burn::tensor::{Device, Tensor, TensorData};
use tailblazer_kernels::model::MaskKind;

use crate::objective::View;

/// Which of `keys` positions each of `queries` positions attends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    queries: usize,
    keys: usize,
    allowed: Vec<bool>,
}

/// Added to the score of a pair that the mask forbids: `exp` of it is 0 in f32, and sums of it stay finite.
const FORBIDDEN: f32 = -1e9;

impl Mask {
    /// The mask of a rule `allow(query, key)`.
    pub fn from_rule(queries: usize, keys: usize, allow: impl Fn(usize, usize) -> bool) -> Self {
        let allowed = (0..queries).flat_map(|query| (0..keys).map(move |key| (query, key)));
        Self { queries, keys, allowed: allowed.map(|(query, key)| allow(query, key)).collect() }
    }

    /// The mask of a view, `[time, time]`.
    pub fn of(view: View) -> Self {
        Self::from_rule(view.time(), view.time(), |query, key| view.allows(query, key))
    }

    /// Every position attends itself and all before it.
    pub fn causal(length: usize) -> Self {
        Self::from_rule(length, length, |query, key| key <= query)
    }

    /// Every position attends every position.
    pub fn full(length: usize) -> Self {
        Self::from_rule(length, length, |_, _| true)
    }

    /// Number of queries.
    pub fn queries(&self) -> usize {
        self.queries
    }

    /// Whether the query attends the key.
    pub fn allows(&self, query: usize, key: usize) -> bool {
        self.allowed[query * self.keys + key]
    }

    /// The mask as a summand of the scores, `[1, 1, queries, keys]`.
    pub fn bias(&self, device: &Device) -> Tensor<4> {
        let values: Vec<f32> = self.allowed.iter().map(|allowed| if *allowed { 0.0 } else { FORBIDDEN }).collect();
        Tensor::from_data(TensorData::new(values, [1, 1, self.queries, self.keys]), device)
    }

    /// The mask for fused operations: its kind, and the data of a kind that needs them.
    pub fn kernel(&self) -> (MaskKind, Vec<bool>) {
        if *self == Self::causal(self.queries) {
            (MaskKind::Causal, Vec::new())
        } else if *self == Self::full(self.queries) {
            (MaskKind::Full, Vec::new())
        } else {
            (MaskKind::Bits, self.allowed.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_causal_mask_is_a_lower_triangle() {
        let mask = Mask::causal(3);
        assert_eq!(mask.allowed, [true, false, false, true, true, false, true, true, true]);
        assert_eq!(Mask::full(2).allowed, [true; 4]);
    }

    #[test]
    fn the_kernels_know_common_masks_by_name() {
        assert_eq!(Mask::causal(5).kernel().0, MaskKind::Causal);
        assert_eq!(Mask::full(5).kernel().0, MaskKind::Full);
        let (kind, allowed) = Mask::from_rule(2, 2, |query, key| query == key).kernel();
        assert_eq!((kind, allowed), (MaskKind::Bits, vec![true, false, false, true]));
    }
}
