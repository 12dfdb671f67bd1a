//! The WebGPU adapter of this browser. It is looked for and not opened: that is the engine's work.

use js_sys::Reflect;
use tailblazer_core::session::Adapter;
use wasm_bindgen::prelude::*;

use crate::key;

#[wasm_bindgen]
extern "C" {
    /// `navigator.gpu`, of which web-sys has only unstable bindings.
    type Gpu;

    #[wasm_bindgen(method, catch, js_name = requestAdapter)]
    async fn request_adapter(this: &Gpu) -> Result<JsValue, JsValue>;
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The adapter.
    pub adapter: Adapter,
    /// All that the browser says of it, by which it is known again.
    pub words: String,
}

/// Looks for the adapter that WebGPU offers.
pub async fn find() -> Found {
    let missing = || Found { adapter: Adapter::Missing, words: String::new() };
    let Some(gpu) = get(&js_sys::global(), "navigator").and_then(|navigator| get(&navigator, "gpu")) else {
        return missing();
    };
    // A browser that refuses to answer has none to offer.
    let Some(adapter) = gpu.unchecked_into::<Gpu>().request_adapter().await.ok().filter(JsValue::is_object) else {
        return missing();
    };
    let info = get(&adapter, "info").unwrap_or(JsValue::UNDEFINED);
    // Browsers fill different fields, and older ones say beside them whether the adapter is a fallback.
    let words = ["description", "device", "architecture", "vendor"].map(|key| get(&info, key)?.as_string());
    let words: Vec<_> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    let is_fallback = [&info, &adapter].iter().any(|at| get(at, "isFallbackAdapter").is_some_and(|is| is.is_truthy()));
    let is_software = is_fallback || words.iter().any(|word| Adapter::judge(word.clone(), false) != Adapter::Hardware);
    let all = words.join(", ");
    let name = words.into_iter().next().unwrap_or_else(|| key!("the browser's own").into());
    Found { adapter: Adapter::judge(name, is_software), words: all }
}

/// A property, none where it is missing or null.
pub(super) fn get(object: &JsValue, key: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(key)).ok().filter(|value| !value.is_undefined() && !value.is_null())
}
