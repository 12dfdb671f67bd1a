//! Rotary positions (Su et al. 2021, arXiv:2104.09864, equation 34), in the half-split form of GPT-NeoX.
//!
//! Channels `i` and `i + channels / 2` of a head at position `p` are turned by the angle
//! `p * 10000^(-i / (channels / 2))`. The inverse turn is the transpose, so gradients are turned back by the same
//! table with the sign of the sines changed.

/// Base of the angles' geometric progression.
const BASE: f64 = 10_000.0;

/// Cosines and sines of some positions, each `[positions, channels / 2]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeTable {
    channels: usize,
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl RopeTable {
    /// The table of the given positions, for heads of `channels` channels, an even number.
    pub fn new(channels: usize, positions: impl IntoIterator<Item = usize>) -> Self {
        assert!(channels.is_multiple_of(2), "heads have an even number of channels, not {channels}");
        let half = channels / 2;
        let angles: Vec<f64> = positions
            .into_iter()
            .flat_map(|position| {
                (0..half).map(move |channel| position as f64 * BASE.powf(-(channel as f64) / half as f64))
            })
            .collect();
        Self {
            channels,
            cosines: angles.iter().map(|angle| angle.cos() as f32).collect(),
            sines: angles.iter().map(|angle| angle.sin() as f32).collect(),
        }
    }

    /// The table of some of its positions, by their places in it.
    pub fn select(&self, places: &[usize]) -> Self {
        let half = self.channels / 2;
        let of = |table: &[f32]| places.iter().flat_map(|place| &table[place * half..][..half]).copied().collect();
        Self { channels: self.channels, cosines: of(&self.cosines), sines: of(&self.sines) }
    }

    /// How many positions it has.
    pub fn positions(&self) -> usize {
        self.cosines.len().checked_div(self.channels / 2).unwrap_or(0)
    }

    /// Channels per head.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Cosines and sines of the `index`-th position.
    #[inline(always)]
    pub(super) fn row(&self, index: usize) -> (&[f32], &[f32]) {
        let half = self.channels / 2;
        (&self.cosines[index * half..][..half], &self.sines[index * half..][..half])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_those_of_the_formula() {
        let table = RopeTable::new(4, [0, 3]);
        assert_eq!((table.positions(), table.channels()), (2, 4));
        assert_eq!(table.row(0), (&[1.0, 1.0][..], &[0.0, 0.0][..]));
        let (cosines, sines) = table.row(1);
        assert_eq!(cosines, [3f64.cos() as f32, 0.03f64.cos() as f32]);
        assert_eq!(sines, [3f64.sin() as f32, 0.03f64.sin() as f32]);
        assert_eq!(RopeTable::new(0, [1, 2]).positions(), 0);
        assert_eq!(RopeTable::new(4, 0..9).select(&[0, 3, 3]), RopeTable::new(4, [0, 3, 3]));
    }
}
