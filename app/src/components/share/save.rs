//! Everything that is known of the runs, as a file.

use leptos::{prelude::*, task::spawn_local};
use tailblazer_core::experiment::Comparison;

use super::figure::picture_of;
use crate::{
    browser::{address, download, picture, theme},
    chart::svg,
    components::{
        charts,
        icon::{Glyph, Icon},
    },
    engine::Engine,
    t, words,
    workspace::{
        Workspace,
        classroom::Classroom,
        export::{self, File},
        message::Message,
    },
};

/// The section of the dialog.
#[component]
pub fn SaveSection() -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let is_busy = RwSignal::new(false);
    let save = move |_| {
        is_busy.set(true);
        spawn_local(async move {
            let saved = archive(workspace, engine).await.and_then(|bytes| {
                download::bytes("tailblazer.zip", "application/zip", &bytes)
                    .map_err(|_| t!("the browser refused it").to_owned())
            });
            if let Err(reason) = saved {
                workspace.messages.push(Message::failure(t!("The archive was not saved: {reason}.", reason)));
            }
            is_busy.try_set(false);
        });
    };
    let word = move || if is_busy.get() { t!("Collecting") } else { t!("Save as zip") };
    view! {
        <section aria-labelledby="share-save-title">
            <h3 id="share-save-title">{t!("Data")}</h3>
            <p class="note share-note">
                {t!("Metrics, validations and spectra as CSV, samples, decodes, weights as safetensors, and the charts.")}
            </p>
            <button type="button" class="btn" data-testid="export-zip" disabled=is_busy on:click=save>
                <Glyph icon=Icon::Save />
                {word}
            </button>
        </section>
    }
}

/// The archive, with the weights of all arms that have some.
async fn archive(workspace: Workspace, engine: Engine) -> Result<Vec<u8>, String> {
    let link = untrack(|| address::whole_link(workspace, &Classroom::default()));
    let mut files = untrack(|| export::files(workspace, link.clone()));
    let palette = theme::palette();
    for (name, scene, words) in untrack(|| charts::figures(workspace)) {
        files.push(File::new(format!("charts/{name}.svg"), svg::document(&scene, &palette, &words, Some(&link))));
        let drawn = async { picture::bytes(&picture_of(scene, &words, &link).await?).await };
        match drawn.await {
            Ok(bytes) => files.push(File::new(format!("charts/{name}.png"), bytes)),
            Err(_) => workspace.messages.push(Message::warning(t!(
                "This browser could not draw the charts as pictures: the archive has them as SVG alone."
            ))),
        }
    }
    for arm in 0..untrack(|| workspace.arms()) {
        let place = untrack(|| workspace.place_of(arm));
        if let Some(saved) = engine.weights(place).await {
            let letter = Comparison::letter(arm).to_string();
            let about = [("step", saved.step.to_string()), ("link", link.clone()), ("arm", letter)];
            let about = about.map(|(key, value)| (key.to_owned(), value)).into();
            let file = saved.file(about).map_err(|error| words::sentence(&error.to_string()))?;
            files.push(File::new(format!("weights/{}.safetensors", Comparison::letter(arm)), file));
        }
    }
    export::archive(&files).map_err(|error| words::sentence(&error.to_string()))
}
