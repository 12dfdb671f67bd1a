//! Weights in a message, and as a safetensors file, which Python opens: `safetensors.numpy.load_file(path)`.

use std::collections::HashMap;

use safetensors::{Dtype, SafeTensorError, SafeTensors, serialize, tensor::TensorView};
use serde::{Deserialize, Serialize};

use crate::experiment::{ARMS, Comparison};

/// The weights of a run.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Steps done in them.
    pub step: usize,
    /// What lies where in the bytes.
    pub tensors: Vec<SavedTensor>,
    /// The values, four bytes each, the lowest first.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// The whole state of a run, with its optimiser and whatever follows it: what [`Saved`] is not, a place to go on from.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Autosave {
    /// Steps done in it.
    pub step: usize,
    /// The state, in a form that this build alone knows.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Autosave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Autosave").field("step", &self.step).field("bytes", &self.bytes.len()).finish()
    }
}

/// Where a run goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Resume {
    /// Exactly where it was.
    State(Autosave),
    /// From weights alone, with an optimiser that has seen nothing.
    Weights(Saved),
}

/// What a file of weights says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightsAbout {
    /// The link of their experiment.
    pub link: String,
    /// Their arm in it, counted from 0.
    pub arm: usize,
}

/// Bytes that are no weights of this program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// They are no safetensors file, or a damaged one.
    #[error("This is no safetensors file, or a damaged one: choose another file.")]
    Damaged,
    /// The file does not say which experiment it is of.
    #[error("The file does not say which experiment its weights are of: save them on this page, which notes the link.")]
    NoLink,
    /// A tensor is no matrix of f32.
    #[error("The tensor {0} is no matrix of 32-bit floats: save the weights on this page.")]
    Kind(String),
}

/// One parameter among the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTensor {
    /// Its name, such as `layers.0.query.weight`.
    pub name: String,
    /// `[rows, columns]`; a matrix maps rows to columns, so that a layer computes `x @ weight + bias`.
    pub shape: [usize; 2],
    /// Where its first byte lies.
    pub start: usize,
}

impl Saved {
    /// Reads what [`Saved::file`] wrote, and what was said of it.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn read(file: &[u8]) -> Result<(Self, WeightsAbout), WeightsError> {
        let (_, header) = SafeTensors::read_metadata(file).map_err(|_| WeightsError::Damaged)?;
        let about = |key: &str| header.metadata().as_ref().and_then(|about| about.get(key)).cloned();
        let link = about("link").ok_or(WeightsError::NoLink)?;
        let letter = about("arm").unwrap_or_default();
        let arm = (0..ARMS).find(|arm| letter == Comparison::letter(*arm).to_string()).unwrap_or_default();
        let step = about("step").and_then(|step| step.parse().ok()).unwrap_or_default();
        let list = SafeTensors::deserialize(file).map_err(|_| WeightsError::Damaged)?;
        let (mut tensors, mut bytes) = (Vec::new(), Vec::new());
        for (name, view) in list.tensors() {
            let &[rows, columns] = view.shape() else { return Err(WeightsError::Kind(name)) };
            if view.dtype() != Dtype::F32 {
                return Err(WeightsError::Kind(name));
            }
            tensors.push(SavedTensor { name, shape: [rows, columns], start: bytes.len() });
            bytes.extend(view.data());
        }
        Ok((Self { step, tensors, bytes }, WeightsAbout { link, arm }))
    }

    /// The values of a parameter, if there are so many under its name.
    pub fn values(&self, name: &str, shape: [usize; 2]) -> Option<Vec<f32>> {
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name && tensor.shape == shape)?;
        let end = tensor.start.checked_add(shape[0].checked_mul(shape[1])?.checked_mul(4)?)?;
        let (values, _) = self.bytes.get(tensor.start..end)?.as_chunks::<4>();
        Some(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
    }

    /// The file, with one tensor for each parameter under its name, and `about` as its metadata.
    ///
    /// # Errors
    /// When a tensor lies outside the bytes.
    pub fn file(&self, about: HashMap<String, String>) -> Result<Vec<u8>, SafeTensorError> {
        let view = |SavedTensor { name, shape, start }: &SavedTensor| {
            let end = start + 4 * shape[0] * shape[1];
            // A view of too few bytes is refused.
            let data = self.bytes.get(*start..end).unwrap_or_default();
            Ok((name.clone(), TensorView::new(Dtype::F32, shape.to_vec(), data)?))
        };
        serialize(self.tensors.iter().map(view).collect::<Result<Vec<_>, SafeTensorError>>()?, Some(about))
    }
}

impl std::fmt::Debug for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saved").field("step", &self.step).field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_parameter_is_in_the_file_under_its_name() {
        let tensor = |name: &str, shape, start| SavedTensor { name: name.into(), shape, start };
        let values: Vec<f32> = (0..20).map(|i| i as f32 / 7.0).collect();
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        // Between the two lies what belongs to neither.
        let tensors = vec![tensor("embedding.weight", [2, 3], 0), tensor("norm.scale", [1, 4], 64)];
        let saved = Saved { step: 7, tensors, bytes };
        let file = saved.file(HashMap::from([("step".to_owned(), "7".to_owned())])).expect("a file");
        let (_, header) = SafeTensors::read_metadata(&file).expect("a header");
        assert_eq!(header.metadata().as_ref().and_then(|about| about.get("step")).map(String::as_str), Some("7"));
        let read = SafeTensors::deserialize(&file).expect("a file");
        assert_eq!(read.tensor("embedding.weight").expect("its name").shape(), [2, 3]);
        let scale = read.tensor("norm.scale").expect("its name");
        assert_eq!(scale.data()[..4], values[16].to_le_bytes());
        let link = HashMap::from([
            ("step".to_owned(), "7".to_owned()),
            ("link".to_owned(), "?preset=wsd".to_owned()),
            ("arm".to_owned(), "B".to_owned()),
        ]);
        let (again, about) = Saved::read(&saved.file(link).expect("a file")).expect("weights");
        assert_eq!((again.step, about.link.as_str(), about.arm), (7, "?preset=wsd", 1));
        assert_eq!(again.values("norm.scale", [1, 4]), Some(values[16..20].to_vec()));
        assert_eq!(again.values("norm.scale", [4, 1]), None);
        assert_eq!(again.values("norm.shift", [1, 4]), None);
        assert_eq!(Saved::read(&file).err(), Some(WeightsError::NoLink));
        let cut = Saved { bytes: saved.bytes[..70].to_vec(), ..saved };
        assert!(cut.file(HashMap::new()).is_err());
    }

    fn file() -> Vec<u8> {
        let tensor = |name: &str, shape, start| SavedTensor { name: name.into(), shape, start };
        let saved =
            Saved { step: 1, tensors: vec![tensor("a", [1, 2], 0), tensor("b", [2, 1], 8)], bytes: vec![7; 16] };
        saved.file(HashMap::from([("link".to_owned(), "#v=1".to_owned())])).expect("a file")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn no_file_panics(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..60),
            changes in proptest::collection::vec((0usize..400, any::<u8>()), 0..4),
            of_file in any::<bool>(),
            length in any::<u64>(),
        ) {
            if of_file {
                bytes = file();
                for (place, value) in changes {
                    let place = place % bytes.len();
                    bytes[place] = value;
                }
            } else if bytes.len() > 20 {
                // A header that lies about its length.
                bytes.splice(0..8, length.to_le_bytes());
                bytes[8] = b'{';
            }
            if let Ok((saved, _)) = Saved::read(&bytes) {
                for SavedTensor { name, shape, .. } in &saved.tensors {
                    prop_assert!(saved.values(name, *shape).is_some());
                }
            }
        }
    }
}
