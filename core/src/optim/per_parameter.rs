//! One number per parameter of a flat list: spread over its values, or measured from them.

use std::cell::OnceCell;

use burn::tensor::{Device, Int, Tensor, TensorData};
use tailblazer_kernels::flat::{BLOCK, Flat};

/// The parameters of a flat list on a device.
///
/// A block of the list has one owner, so that a number per parameter reaches its values by way of the blocks, in two
/// operations whatever the number of parameters.
#[derive(Clone, Debug)]
pub struct PerParameter {
    flat: Flat,
    /// The parameter of each block.
    owners: Tensor<1, Int>,
    /// 1 where a block belongs to a parameter, `[parameters, blocks]`; made when norms are first measured.
    members: OnceCell<Tensor<2>>,
    device: Device,
}

impl PerParameter {
    /// The parameters of a layout.
    pub fn new(flat: &Flat, device: &Device) -> Self {
        let owners: Vec<i32> = owners(flat).into_iter().map(|owner| owner as i32).collect();
        let blocks = owners.len();
        let owners = Tensor::from_data(TensorData::new(owners, [blocks]), device);
        Self { flat: flat.clone(), owners, members: OnceCell::new(), device: device.clone() }
    }

    /// Where the parameters lie.
    pub fn flat(&self) -> &Flat {
        &self.flat
    }

    /// Numbers on the device, one per parameter.
    pub fn numbers(&self, values: impl IntoIterator<Item = f64>) -> Tensor<1> {
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        let count = values.len();
        Tensor::from_data(TensorData::new(values, [count]), &self.device)
    }

    /// The list with the values of each parameter multiplied by its factor.
    pub fn times(&self, list: Tensor<1>, factors: &[f64]) -> Tensor<1> {
        match factors.split_first() {
            Some((first, rest)) if rest.iter().all(|factor| factor == first) => list * *first,
            _ => self.times_numbers(list, self.numbers(factors.iter().copied())),
        }
    }

    /// [`PerParameter::times`] with factors that lie on the device, `[parameters]`.
    pub fn times_numbers(&self, list: Tensor<1>, factors: Tensor<1>) -> Tensor<1> {
        let blocks = self.flat.length / BLOCK;
        let of_blocks = factors.select(0, self.owners.clone()).reshape([blocks, 1]);
        (list.reshape([blocks, BLOCK]) * of_blocks).reshape([self.flat.length])
    }

    /// The l2 norm of each parameter, `[parameters]`.
    pub fn norms(&self, list: Tensor<1>) -> Tensor<1> {
        let (parameters, blocks) = (self.flat.lengths.len(), self.flat.length / BLOCK);
        let squares = list.reshape([blocks, BLOCK]).square().sum_dim(1); // [blocks, 1]
        let members = self.members.get_or_init(|| {
            let mut members = vec![0.0f32; parameters * blocks];
            for (block, owner) in owners(&self.flat).into_iter().enumerate() {
                members[owner as usize * blocks + block] = 1.0;
            }
            Tensor::from_data(TensorData::new(members, [parameters, blocks]), &self.device)
        });
        members.clone().matmul(squares).reshape([parameters]).sqrt()
    }
}

/// The parameter of each block.
fn owners(flat: &Flat) -> Vec<u32> {
    let each: Vec<u32> = (0..flat.lengths.len() as u32).collect();
    flat.group_of_blocks(&each)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(tensor: Tensor<1>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn factors_reach_the_values_of_their_parameter() {
        let flat = Flat::new([1, 65, 64]);
        let parameters = PerParameter::new(&flat, &Device::flex());
        let ones = Tensor::ones([flat.length], &Device::flex());
        let found = values(parameters.times(ones.clone(), &[2.0, 3.0, 4.0]));
        for (index, factor) in [2.0, 3.0, 4.0].into_iter().enumerate() {
            assert!(found[flat.span(index)].iter().all(|value| *value == factor));
        }
        assert_eq!(values(parameters.times(ones, &[5.0; 3])), vec![5.0; flat.length]);
    }

    #[test]
    fn each_parameter_has_its_norm() {
        let flat = Flat::new([1, 100, 2]);
        let parameters = PerParameter::new(&flat, &Device::flex());
        let mut list = vec![0.0f32; flat.length];
        list[0] = -7.0;
        list[flat.span(1)].fill(0.5);
        list[flat.span(2)].copy_from_slice(&[3.0, 4.0]);
        let list = Tensor::from_floats(list.as_slice(), &Device::flex());
        for (found, expected) in values(parameters.norms(list)).iter().zip([7.0, 5.0, 5.0]) {
            assert!((found - expected).abs() < 1e-6, "{found}");
        }
    }
}
