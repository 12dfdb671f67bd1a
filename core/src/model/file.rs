//! Weights as a safetensors file, which Python opens: `safetensors.numpy.load_file(path)`.

use std::collections::HashMap;

use safetensors::{Dtype, SafeTensorError, serialize, tensor::TensorView};

use super::{ParameterSpec, flat};

/// The file of a network's values, one tensor for each parameter under its name, `[rows, columns]`: a matrix maps rows to
/// columns, so that a layer computes `x @ weight + bias`. `about` is kept as the file's metadata.
///
/// # Errors
/// When there are fewer values than the parameters have.
pub fn file(
    specs: &[ParameterSpec],
    values: &[f32],
    about: HashMap<String, String>,
) -> Result<Vec<u8>, SafeTensorError> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let flat = flat(specs);
    let tensor = |(index, spec): (usize, &ParameterSpec)| {
        let span = flat.span(index);
        // A view of too few bytes is refused.
        let data = bytes.get(4 * span.start..4 * span.end).unwrap_or_default();
        Ok((spec.name.clone(), TensorView::new(Dtype::F32, spec.shape.to_vec(), data)?))
    };
    let tensors = specs.iter().enumerate().map(tensor).collect::<Result<Vec<_>, SafeTensorError>>()?;
    serialize(tensors, Some(about))
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;
    use crate::{experiment::Experiment, model::specs};

    #[test]
    fn every_parameter_is_in_the_file_under_its_name() {
        let specs = specs(&Experiment::default().model, 60);
        let values: Vec<f32> = (0..flat(&specs).length).map(|i| i as f32 / 7.0).collect();
        let about = HashMap::from([("step".to_owned(), "7".to_owned())]);
        let bytes = file(&specs, &values, about).expect("a file");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
        assert_eq!(header.metadata().as_ref().and_then(|about| about.get("step")).map(String::as_str), Some("7"));
        let read = SafeTensors::deserialize(&bytes).expect("a file");
        assert_eq!(read.len(), specs.len());
        for (index, spec) in specs.iter().enumerate() {
            let tensor = read.tensor(&spec.name).expect("its name");
            assert_eq!(tensor.shape(), spec.shape);
            let first = f32::from_le_bytes(tensor.data()[..4].try_into().expect("four bytes"));
            assert_eq!(first, values[flat(&specs).span(index).start], "{}", spec.name);
        }
        assert!(file(&specs, &values[..values.len() / 2], HashMap::new()).is_err());
    }
}
