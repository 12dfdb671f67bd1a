//! The decoder that a checkpoint is shown and measured with when nobody chooses one.

use super::{Method, Network, Task};
use crate::{
    objective::{Noise, Reading},
    policy::Settings,
};

/// The plainest decoder of a checkpoint, which takes one forward for each token.
pub fn usual(reading: &Reading) -> Method {
    let id = match reading.noise {
        Noise::None => "autoregressive",
        Noise::NextBlock => "next-block",
        Noise::Mask => "static",
        Noise::Uniform => "uniform-ancestral",
    };
    Method::find(id).expect("a member of the family")
}

/// The tokens to decode so that the last block is whole, where the context has room for it: at least `length`, or what
/// room there is.
pub fn whole_blocks(prompt: usize, length: usize, block: usize, context: usize) -> usize {
    (prompt + length).next_multiple_of(block.max(1)).min(context).saturating_sub(prompt)
}

/// What the usual decoder writes behind a prompt; nothing where it refuses or breaks off.
#[cfg(feature = "engine")]
pub async fn write(network: &mut dyn Network, task: Task) -> Vec<u32> {
    let method = usual(network.reading());
    method.decode(&Settings::default(), task, network, &mut |_| {}).await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Clean;

    #[test]
    fn the_usual_decoder_accepts_its_checkpoint() {
        for noise in [Noise::None, Noise::NextBlock, Noise::Mask, Noise::Uniform] {
            let reading = Reading { noise, ..Reading::masked(4, Clean::Block) };
            assert_eq!(usual(&reading).fault(&Settings::default(), &reading), None, "{noise:?}");
        }
    }

    #[test]
    fn blocks_are_filled_as_far_as_the_context_goes() {
        assert_eq!(whole_blocks(3, 6, 4, 64), 9);
        assert_eq!(whole_blocks(4, 4, 4, 64), 4);
        assert_eq!(whole_blocks(60, 9, 16, 64), 4);
        assert_eq!(whole_blocks(70, 9, 16, 64), 0);
        assert_eq!(whole_blocks(3, 6, 1, 64), 6);
    }
}
