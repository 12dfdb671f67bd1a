//! The menu of a chart that saves or copies it.

use leptos::{html, prelude::*, task::spawn_local};
use web_sys::KeyboardEvent;

use super::{
    apart,
    icon::{Glyph, Icon},
};
use crate::{
    chart::scene::Scene,
    t,
    workspace::{Workspace, export::chart::Numbers, message::Message},
};

/// A chart that is to be saved.
pub struct Figure {
    /// Stem of its file: `loss`.
    pub name: &'static str,
    /// What it shows, in one sentence.
    pub sentence: String,
    /// The link that opens its experiment.
    pub link: String,
    /// Its drawing.
    pub scene: Scene,
    /// Its numbers.
    pub numbers: Numbers,
}

/// What a chart is saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A drawing.
    Svg,
    /// A picture.
    Png,
    /// Its numbers.
    Csv,
    /// A picture in the clipboard.
    Copy,
}

impl Form {
    const ALL: [Self; 4] = [Self::Svg, Self::Png, Self::Csv, Self::Copy];

    /// Its name in the hooks of scripts.
    fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Csv => "csv",
            Self::Copy => "copy",
        }
    }

    /// What its button says.
    fn words(self) -> &'static str {
        match self {
            Self::Svg => t!("Save as SVG"),
            Self::Png => t!("Save as PNG"),
            Self::Csv => t!("Save as CSV"),
            Self::Copy => t!("Copy the picture"),
        }
    }
}

/// What the button of a chart does, for screen readers.
fn label(numbers: Numbers) -> &'static str {
    match numbers {
        Numbers::Loss => t!("Save the loss chart"),
        Numbers::Rate => t!("Save the learning rate chart"),
        Numbers::Gradient => t!("Save the gradient norm chart"),
        Numbers::Alpha => t!("Save the alpha chart"),
        Numbers::Esd => t!("Save the esd chart"),
    }
}

/// A button that opens the menu, and the menu.
#[component]
pub fn SaveMenu(
    /// Stem of the hooks.
    name: &'static str,
    /// Which chart it is, by its numbers.
    numbers: Numbers,
    /// The chart as it is now.
    figure: impl Fn() -> Figure + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let menu = NodeRef::<html::Details>::new();
    let button = NodeRef::<html::Summary>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            // An attribute that is there can be removed.
            let _ = menu.remove_attribute("open");
        }
    };
    let save = move |form: Form| {
        close();
        let figure = figure();
        spawn_local(async move {
            match apart::figure_saver().await {
                Ok(save) => save(workspace, figure, form).await,
                Err(_) => workspace.messages.push(Message::failure(t!(
                    "The part of the page that saves charts did not load: check the connection and try again."
                ))),
            }
        });
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" && menu.get_untracked().is_some_and(|menu| menu.has_attribute("open")) {
            event.prevent_default();
            close();
            if let Some(button) = button.get_untracked() {
                // The focus was inside what is closed now; where it cannot go back, Tab begins at the top.
                let _ = button.focus();
            }
        }
    };
    // A click soon after the menu opens should not wait: a picture is copied only while the click counts.
    let prepare = move |_| spawn_local(async { drop(apart::figure_saver().await) });
    let item = move |form: Form| {
        view! {
            <button
                type="button"
                class="btn small quiet"
                data-testid=format!("chart-save-{name}-{}", form.name())
                on:click=move |_| save(form)
            >
                {form.words()}
            </button>
        }
    };
    view! {
        <details class="chart-save" name="chart-save" node_ref=menu on:toggle=prepare on:keydown=escape>
            <summary
                class="btn small icon quiet"
                node_ref=button
                aria-label=label(numbers)
                title=t!("Save")
                data-testid=format!("chart-save-{name}")
            >
                <Glyph icon=Icon::Save />
            </summary>
            <div class="popover">{Form::ALL.map(item)}</div>
        </details>
    }
}
