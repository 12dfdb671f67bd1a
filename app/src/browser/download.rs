//! Saving figures and data as files.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Offers an SVG document for saving.
pub fn svg(name: &str, document_text: &str) -> Result<(), JsValue> {
    bytes(name, "image/svg+xml", document_text.as_bytes())
}

/// Offers bytes of a type for saving.
pub fn bytes(name: &str, kind: &str, content: &[u8]) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(content));
    blob(name, &Blob::new_with_u8_array_sequence_and_options(&parts, &options)?)
}

/// Offers a blob for saving.
pub fn blob(name: &str, content: &Blob) -> Result<(), JsValue> {
    let address = Url::create_object_url_with_blob(content)?;
    let anchor = document().create_element("a")?.unchecked_into::<HtmlAnchorElement>();
    anchor.set_href(&address);
    anchor.set_download(name);
    anchor.click();
    Url::revoke_object_url(&address)
}
