//! What turns messages into objects and back, in a program of its own that arrives while the engine does.

use leptos::wasm_split::{SplitLoaderError, wasm_split};
use wasm_bindgen::JsValue;

use crate::transport::{FromWorker, ToWorker, TransportError};

/// Both directions of the page's side.
#[derive(Clone, Copy)]
pub struct Codec {
    /// Writes what the page sends.
    pub encode: fn(&ToWorker) -> Result<JsValue, TransportError>,
    /// Reads what a worker has sent.
    pub decode: fn(JsValue) -> Result<FromWorker, TransportError>,
}

/// Loads it.
#[wasm_split(transport, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn codec() -> Result<Codec, SplitLoaderError> {
    Ok(Codec { encode: ToWorker::encode, decode: FromWorker::decode })
}
