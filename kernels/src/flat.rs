//! All parameters in one flat list: what lets two dispatches update a whole model.

use std::ops::Range;

/// Values of a block, 256 bytes: the coarsest alignment that WebGPU may ask of the start of a buffer's binding.
pub const BLOCK: usize = 64;

/// Where each parameter of a list lies in one buffer.
///
/// Every parameter starts at a whole block, so that a kernel can be bound to it directly and a block has one owner.
/// The gaps must hold 0 in the weights, the moments and the gradients; the kernels keep them 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flat {
    /// First value of each parameter.
    pub offsets: Vec<usize>,
    /// Values of each parameter, without the gap behind it.
    pub lengths: Vec<usize>,
    /// Values in the list, a multiple of [`BLOCK`].
    pub length: usize,
}

impl Flat {
    /// The layout of parameters of the given lengths.
    pub fn new(lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut flat = Self { offsets: Vec::new(), lengths: lengths.into_iter().collect(), length: 0 };
        for length in &flat.lengths {
            flat.offsets.push(flat.length);
            flat.length += length.next_multiple_of(BLOCK);
        }
        flat
    }

    /// The values of a parameter.
    pub fn span(&self, index: usize) -> Range<usize> {
        self.offsets[index]..self.offsets[index] + self.lengths[index]
    }

    /// The parameter group of each block, from the group of each parameter.
    ///
    /// # Panics
    /// When there is not one group for each parameter.
    pub fn group_of_blocks(&self, groups: &[u32]) -> Vec<u32> {
        assert_eq!(groups.len(), self.lengths.len(), "one group for each parameter");
        let blocks = self.lengths.iter().map(|length| length.div_ceil(BLOCK));
        groups.iter().zip(blocks).flat_map(|(group, blocks)| std::iter::repeat_n(*group, blocks)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_start_at_blocks() {
        let flat = Flat::new([1, 64, 65, 0, 3]);
        assert_eq!(flat.offsets, [0, 64, 128, 256, 256]);
        assert_eq!(flat.length, 320);
        assert_eq!(flat.group_of_blocks(&[7, 8, 9, 1, 2]), [7, 8, 9, 9, 2]);
        assert_eq!(Flat::new([]).length, 0);
    }
}
