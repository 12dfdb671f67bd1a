//! Weights in a message, and as a safetensors file, which Python opens: `safetensors.numpy.load_file(path)`.

use std::collections::HashMap;

use safetensors::{Dtype, SafeTensorError, serialize, tensor::TensorView};
use serde::{Deserialize, Serialize};

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
    use safetensors::SafeTensors;

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
        let cut = Saved { bytes: saved.bytes[..70].to_vec(), ..saved };
        assert!(cut.file(HashMap::new()).is_err());
    }
}
