//! A chart as a file or in the clipboard.

use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Blob;

use crate::{
    browser::{download, picture, theme},
    chart::{caption, input::Input, scene::Scene, svg},
    components::{
        charts::{self, with_input},
        save_menu::{Figure, Form},
    },
    key, t, words,
    workspace::{Workspace, export::chart, message::Message},
};

/// What is said where no file can be saved.
const REFUSED: &str = key!("The browser refused to save the chart: allow this page to download files.");

/// Saves a chart, or says why not.
pub async fn save(workspace: Workspace, figure: Figure, form: Form) {
    let name = figure.name;
    let done = match form {
        Form::Svg => {
            let document = svg::document(&figure.scene, &theme::palette(), &figure.sentence, Some(&figure.link));
            download::svg(&format!("tailblazer-{name}.svg"), &document).map_err(|_| REFUSED)
        }
        Form::Png => picture_of(figure.scene, &figure.sentence, &figure.link)
            .await
            .and_then(|picture| download::blob(&format!("tailblazer-{name}.png"), &picture))
            .map_err(|_| key!("The browser could not draw the chart as a picture: save it as SVG.")),
        Form::Csv => {
            let numbers = untrack(|| numbers(workspace, figure.numbers));
            if numbers.is_empty() {
                Err(key!("This chart has no numbers yet: save them once it shows some."))
            } else {
                download::bytes(&format!("tailblazer-{name}.csv"), "text/csv", &numbers).map_err(|_| REFUSED)
            }
        }
        Form::Copy => {
            let drawn = async move { picture_of(figure.scene, &figure.sentence, &figure.link).await };
            let copied = picture::copy(drawn).await;
            if copied.is_ok() {
                workspace.messages.push(Message::note(t!("The picture is in the clipboard.")));
            }
            copied.map_err(|_| key!("The browser does not let this page copy pictures: save the chart as PNG."))
        }
    };
    if let Err(reason) = done {
        workspace.messages.push(Message::warning(words::text(reason)));
    }
}

/// A drawing as a picture, with what it shows and where it is from below it.
///
/// # Errors
/// When the browser cannot draw it.
pub async fn picture_of(mut scene: Scene, sentence: &str, link: &str) -> Result<Blob, JsValue> {
    caption::add(&mut scene, sentence, link);
    let document = svg::document(&scene, &theme::palette(), sentence, Some(link));
    picture::png(&document, (scene.width, scene.height)).await
}

/// The numbers of a chart, with those of the annealing law where it is shown.
fn numbers(workspace: Workspace, which: chart::Numbers) -> Vec<u8> {
    let law = workspace.view.law.get().then(|| charts::forecast(workspace, None));
    let arm = workspace.view.alpha_arm.get();
    with_input(workspace, |input| chart::csv(which, Input { law: law.as_ref(), ..input }, arm))
}
