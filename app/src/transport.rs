//! How commands and events cross between the page and the worker.
//!
//! Control messages are plain objects. Metrics are the one dense message: six numbers per step in one transferred
//! buffer, so that a thousand steps cost no more objects than one.

use js_sys::{Array, Float64Array, Object, Reflect};
use serde::{Serialize, de::DeserializeOwned};
use tailblazer_core::session::{Command, Event, MetricsFrame, StepMetrics};
use wasm_bindgen::{JsCast, JsValue};

/// Numbers per step in the dense form.
pub const ROW: usize = 7;

/// The key that tells the dense form from an event: no event has a field of this name.
const ROWS: &str = "dense-rows";
const DIGEST: &str = "digest";
const WORK: &str = "work";
const CRASH: &str = "crash";

/// A message that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Not a message of this protocol.
    #[error("a message between the page and its worker could not be read: {0}")]
    Malformed(String),
}

/// What the page sends to the worker.
#[derive(Clone, Debug, PartialEq)]
pub enum ToWorker {
    /// A command for the session.
    Command(Command),
    /// This many metrics frames reached the screen.
    Acknowledge(u32),
}

/// What the worker sends to the page.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a message is read at once and never kept")]
pub enum FromWorker {
    /// An event of the session.
    Event(Event),
    /// The worker panicked; it will not answer any more.
    Crash(String),
}

/// A message and the buffers that move with it.
pub struct Parcel {
    /// The message.
    pub message: JsValue,
    /// The buffers, for the second argument of `postMessage`.
    pub transfer: Array,
}

impl Parcel {
    fn plain(message: JsValue) -> Self {
        Self { message, transfer: Array::new() }
    }
}

impl ToWorker {
    /// The form for `postMessage`.
    pub fn encode(&self) -> Result<JsValue, TransportError> {
        match self {
            Self::Command(command) => to_object(command),
            Self::Acknowledge(count) => Ok(JsValue::from(*count)),
        }
    }

    /// Reads what `encode` wrote.
    pub fn decode(value: JsValue) -> Result<Self, TransportError> {
        match value.as_f64() {
            Some(count) => Ok(Self::Acknowledge(count as u32)),
            None => from_object(value).map(Self::Command),
        }
    }
}

impl FromWorker {
    /// The form for `postMessage`.
    pub fn encode(&self) -> Result<Parcel, TransportError> {
        match self {
            Self::Event(Event::Metrics(frame)) => {
                let rows = Float64Array::from(flatten(&frame.steps).as_slice());
                let message = Object::new();
                set(&message, ROWS, &rows)?;
                set(&message, DIGEST, &JsValue::from_str(&frame.batch_digest))?;
                set(&message, WORK, &to_object(&frame.work)?)?;
                Ok(Parcel { transfer: Array::of1(&rows.buffer()), message: message.into() })
            }
            Self::Event(event) => to_object(event).map(Parcel::plain),
            Self::Crash(reason) => {
                let message = Object::new();
                set(&message, CRASH, &JsValue::from_str(reason))?;
                Ok(Parcel::plain(message.into()))
            }
        }
    }

    /// Reads what `encode` wrote.
    pub fn decode(value: JsValue) -> Result<Self, TransportError> {
        if let Some(rows) = get(&value, ROWS) {
            let steps = unflatten(&rows.unchecked_into::<Float64Array>().to_vec())?;
            let batch_digest = get(&value, DIGEST).and_then(|digest| digest.as_string()).unwrap_or_default();
            let work = get(&value, WORK).map(from_object).transpose()?.unwrap_or_default();
            return Ok(Self::Event(Event::Metrics(MetricsFrame { steps, batch_digest, work })));
        }
        if let Some(reason) = get(&value, CRASH).and_then(|reason| reason.as_string()) {
            return Ok(Self::Crash(reason));
        }
        from_object(value).map(Self::Event)
    }
}

/// Steps as one column of numbers, [`ROW`] per step.
pub fn flatten(steps: &[StepMetrics]) -> Vec<f64> {
    let row =
        |s: &StepMetrics| [s.step as f64, s.loss, s.learning_rate, s.gradient_norm, s.gradient_l1, s.tokens, s.seconds];
    steps.iter().flat_map(row).collect()
}

/// Reads what [`flatten`] wrote.
pub fn unflatten(numbers: &[f64]) -> Result<Vec<StepMetrics>, TransportError> {
    let (rows, rest) = numbers.as_chunks::<ROW>();
    if !rest.is_empty() {
        return Err(TransportError::Malformed(format!("{} numbers are no whole number of steps", numbers.len())));
    }
    let step = |&[step, loss, learning_rate, gradient_norm, gradient_l1, tokens, seconds]: &[f64; ROW]| StepMetrics {
        step: step as usize,
        loss,
        learning_rate,
        gradient_norm,
        gradient_l1,
        tokens,
        seconds,
    };
    Ok(rows.iter().map(step).collect())
}

fn to_object(value: &impl Serialize) -> Result<JsValue, TransportError> {
    // A saved state as a list of numbers would keep the page busy for seconds.
    let serializer = serde_wasm_bindgen::Serializer::json_compatible().serialize_bytes_as_arrays(false);
    value.serialize(&serializer).map_err(malformed)
}

fn from_object<T: DeserializeOwned>(value: JsValue) -> Result<T, TransportError> {
    serde_wasm_bindgen::from_value(value).map_err(malformed)
}

fn malformed(error: serde_wasm_bindgen::Error) -> TransportError {
    TransportError::Malformed(error.to_string())
}

fn get(object: &JsValue, key: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(key)).ok().filter(|value| !value.is_undefined())
}

fn set(object: &Object, key: &str, value: &JsValue) -> Result<(), TransportError> {
    match Reflect::set(object, &JsValue::from_str(key), value) {
        Ok(_) => Ok(()),
        Err(_) => Err(TransportError::Malformed(format!("{key} cannot be written"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_survive_the_dense_form_bit_for_bit() {
        let step = |step, loss| StepMetrics {
            step,
            loss,
            learning_rate: 4e-3,
            gradient_norm: 1.0 / 3.0,
            gradient_l1: 5.0 / 3.0,
            tokens: 1024.0 * step as f64,
            seconds: 0.1 * step as f64,
        };
        let steps = vec![step(1, 4.394_449_154_672_439), step(2, f64::INFINITY), step(3, -0.0)];
        assert_eq!(unflatten(&flatten(&steps)).unwrap(), steps);
    }

    #[test]
    fn nan_stays_nan() {
        let steps = vec![StepMetrics { step: 7, loss: f64::NAN, ..StepMetrics::default() }];
        assert!(unflatten(&flatten(&steps)).unwrap()[0].loss.is_nan());
    }

    #[test]
    fn half_a_step_is_refused() {
        assert!(unflatten(&[1.0, 2.0, 3.0]).is_err());
        assert!(unflatten(&[]).unwrap().is_empty());
    }
}
