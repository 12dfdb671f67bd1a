//! An SVG document as a PNG picture: as a file, or in the clipboard.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array, encode_uri_component};
use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Blob, CanvasRenderingContext2d, ClipboardItem, HtmlCanvasElement, HtmlImageElement};

/// The type of a picture.
pub const KIND: &str = "image/png";

/// Pixels of a picture for each one of its document.
const SCALE: f64 = 2.0;

/// Draws a document of this size as a picture of twice the size.
///
/// # Errors
/// When the browser reads no SVG or gives no canvas.
pub async fn png(svg: &str, (width, height): (f64, f64)) -> Result<Blob, JsValue> {
    let image = HtmlImageElement::new()?;
    let loaded = Promise::new(&mut |done: Function, failed: Function| {
        image.set_onload(Some(&done));
        image.set_onerror(Some(&failed));
    });
    // An address of a blob would make the canvas one that Safari lets nobody read.
    image.set_src(&format!("data:image/svg+xml;charset=utf-8,{}", String::from(encode_uri_component(svg))));
    JsFuture::from(loaded).await?;

    let [width, height] = [width, height].map(|length| (length * SCALE).round());
    let canvas = document().create_element("canvas")?.unchecked_into::<HtmlCanvasElement>();
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let context = canvas.get_context("2d")?.ok_or("no canvas")?.unchecked_into::<CanvasRenderingContext2d>();
    context.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width, height)?;
    let drawn = Promise::new(&mut |done: Function, failed: Function| {
        if let Err(error) = canvas.to_blob(&done) {
            // A function that only rejects a promise cannot fail.
            let _ = failed.call1(&JsValue::NULL, &error);
        }
    });
    JsFuture::from(drawn).await?.dyn_into::<Blob>()
}

/// The bytes of a picture.
///
/// # Errors
/// When the browser cannot read them.
pub async fn bytes(picture: &Blob) -> Result<Vec<u8>, JsValue> {
    Ok(Uint8Array::new(&JsFuture::from(picture.array_buffer()).await?).to_vec())
}

/// Puts a picture that is still to be drawn into the clipboard; the browser asks for it while the click still counts.
///
/// # Errors
/// When the browser does not allow it.
pub async fn copy(picture: impl Future<Output = Result<Blob, JsValue>> + 'static) -> Result<(), JsValue> {
    let picture = future_to_promise(async move { picture.await.map(JsValue::from) });
    let forms = Object::new();
    Reflect::set(&forms, &KIND.into(), &picture)?;
    let item = ClipboardItem::new_with_record_from_str_to_blob_promise(&forms)?;
    JsFuture::from(write_to_clipboard(&Array::of1(&item))?).await.map(drop)
}

#[wasm_bindgen]
extern "C" {
    /// Fails where the page was not served securely: there is no clipboard then.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = write)]
    fn write_to_clipboard(items: &Array) -> Result<Promise, JsValue>;
}
