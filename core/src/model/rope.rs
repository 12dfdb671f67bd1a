//! Rotary positions (Su et al. 2021, arXiv:2104.09864, equation 34), in the half-split form of GPT-NeoX.

use burn::tensor::{Device, Tensor, TensorData};

/// Base of the angles' geometric progression.
const BASE: f64 = 10_000.0;

/// Cosines and sines of every position and channel.
#[derive(Clone, Debug)]
pub struct Rope {
    cos: Tensor<4>,
    sin: Tensor<4>,
}

impl Rope {
    /// Tables for positions `0..context` and heads of `channels` channels, an even number; both `[1, 1, context, channels]`.
    pub fn new(context: usize, channels: usize, device: &Device) -> Self {
        let half = channels / 2;
        let angle =
            |position: usize, channel: usize| position as f64 * BASE.powf(-((channel % half) as f64) / half as f64);
        let table = |function: fn(f64) -> f64| {
            let values: Vec<f32> = (0..context)
                .flat_map(|position| (0..channels).map(move |channel| function(angle(position, channel)) as f32))
                .collect();
            Tensor::from_data(TensorData::new(values, [1, 1, context, channels]), device)
        };
        Self { cos: table(f64::cos), sin: table(f64::sin) }
    }

    /// The tables for sequences of several parts, each of which begins at position 0 and has `context` tokens.
    pub fn repeated(&self, context: usize, parts: usize) -> Self {
        let repeat = |table: &Tensor<4>| Tensor::cat(vec![table.clone().narrow(2, 0, context); parts], 2);
        Self { cos: repeat(&self.cos), sin: repeat(&self.sin) }
    }

    /// Rotates queries or keys at the first positions of the tables, `[batch, heads, time, channels]`.
    pub fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, time, channels] = x.dims();
        let table = |table: &Tensor<4>| table.clone().slice([0..1, 0..1, 0..time, 0..channels]);
        let low = x.clone().narrow(3, 0, channels / 2);
        let high = x.clone().narrow(3, channels / 2, channels / 2);
        let turned = Tensor::cat(vec![high.neg(), low], 3);
        x * table(&self.cos) + turned * table(&self.sin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores depend on the distance of two positions only.
    #[test]
    fn the_product_of_two_rotated_vectors_depends_on_their_distance() {
        let device = Device::flex();
        let rope = Rope::new(16, 8, &device);
        let row = |values: [f32; 8]| Tensor::<4>::from_data(TensorData::new(values.repeat(16), [1, 1, 16, 8]), &device);
        let q = rope.rotate(row([0.3, -1.0, 0.5, 2.0, 0.1, 0.7, -0.2, 1.1]));
        let k = rope.rotate(row([1.3, 0.4, -0.6, 0.2, 0.9, -0.7, 0.8, 0.1]));
        let scores: Vec<f32> = q.matmul(k.swap_dims(2, 3)).into_data().iter::<f32>().collect();
        for distance in 0..8 {
            let first = scores[distance * 16];
            for position in distance..16 {
                let score = scores[position * 16 + position - distance];
                assert!((score - first).abs() < 1e-4, "distance {distance} at {position}: {score} against {first}");
            }
        }
    }

    #[test]
    fn position_zero_is_not_rotated() {
        let device = Device::flex();
        let x = Tensor::<4>::from_data(TensorData::new(vec![1.0f32, 2.0, 3.0, 4.0], [1, 1, 1, 4]), &device);
        let rotated: Vec<f32> = Rope::new(4, 4, &device).rotate(x).into_data().iter::<f32>().collect();
        assert_eq!(rotated, [1.0, 2.0, 3.0, 4.0]);
    }
}
