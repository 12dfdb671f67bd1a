//! The experiment as a frame for a course page: what is shown, hidden and locked, with the frame itself as a preview.

use leptos::prelude::*;
use tailblazer_core::experiment::Preset;

use super::{CopyButton, Switch};
use crate::{
    t, words,
    workspace::{
        Workspace,
        classroom::{Classroom, Layout, PIECES, Piece},
        summary,
        view::Theme,
    },
};

/// Width and height of a frame in pixels.
const SIZE: (usize, usize) = (720, 420);

/// The section of the dialog.
#[component]
pub fn EmbedSection(
    /// What the link says of the page.
    classroom: RwSignal<Classroom>,
    /// The link.
    link: Memo<String>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let is_previewed = RwSignal::new(false);
    let title = move || {
        let preset = workspace.comparison.with(Preset::guiding);
        preset.map_or_else(|| summary::question(&workspace.shown()), |preset| words::text(preset.title).to_owned())
    };
    let source = Memo::new(move |_| frame_link(&link.get()));
    let code = Signal::derive(move || frame(&source.get(), &title()));
    let switch = move |piece: &'static Piece, is_lock: bool| {
        let name = piece.name;
        let is_on = Signal::derive(move || {
            classroom.with(|classroom| if is_lock { classroom.locks(name) } else { classroom.hides(name) })
        });
        let set = Callback::new(move |on: bool| {
            classroom.update(|classroom| if is_lock { classroom.lock(name, on) } else { classroom.hide(name, on) });
        });
        let hook = format!("share-{}-{name}", if is_lock { "lock" } else { "hide" });
        view! { <Switch label=words::text(piece.title) hook is_on set /> }
    };
    let hidden = PIECES.iter().map(|piece| switch(piece, false)).collect_view();
    let locked = PIECES.iter().filter(|piece| piece.is_group).map(|piece| switch(piece, true)).collect_view();
    let choose_layout = move |name: String| {
        if let Some(layout) = Layout::ALL.into_iter().find(|layout| layout.name() == name) {
            classroom.update(|classroom| classroom.layout = layout);
        }
    };
    let choose_theme = move |name: String| classroom.update(|classroom| classroom.theme = Theme::named(&name));
    let theme = move || classroom.with(|classroom| classroom.theme.map_or("", Theme::name));
    let starts = Signal::derive(move || classroom.with(|classroom| classroom.starts));
    let story = Signal::derive(move || classroom.with(|classroom| classroom.story));
    view! {
        <section aria-labelledby="share-embed-title">
            <h3 id="share-embed-title">{t!("For a course page")}</h3>
            <div class="share-options">
                <label class="field">
                    {t!("Layout")}
                    <select
                        data-testid="share-layout"
                        prop:value=move || classroom.with(|classroom| classroom.layout.name())
                        on:change:target=move |event| choose_layout(event.target().value())
                    >
                        <option value="full">{t!("the whole page")}</option>
                        <option value="compact">{t!("compact: a chart at a time")}</option>
                        <option value="chart">{t!("one chart")}</option>
                    </select>
                </label>
                <label class="field">
                    {t!("Theme")}
                    <select
                        data-testid="share-theme"
                        prop:value=theme
                        on:change:target=move |event| choose_theme(event.target().value())
                    >
                        <option value="">{t!("as the reader has it")}</option>
                        <option value="light">{t!("light")}</option>
                        <option value="dark">{t!("dark")}</option>
                    </select>
                </label>
                <Switch
                    label=t!("Train once it is seen")
                    hook="share-autostart"
                    is_on=starts
                    set=Callback::new(move |on| classroom.update(|classroom| classroom.starts = on))
                />
                <Switch
                    label=t!("Open with its text")
                    hook="share-story"
                    is_on=story
                    set=Callback::new(move |on| classroom.update(|classroom| classroom.story = on))
                />
            </div>
            <details>
                <summary>{t!("Hide")}</summary>
                <div class="share-checks">{hidden}</div>
            </details>
            <details>
                <summary>{t!("Lock")}</summary>
                <div class="share-checks">{locked}</div>
            </details>
            <div class="share-row">
                <textarea class="mono" rows="4" readonly aria-label=t!("Code of the frame") data-testid="embed-code" prop:value=code></textarea>
                <CopyButton text=code what=t!("The code") hook="embed-copy" />
            </div>
            <details on:toggle:target=move |event| is_previewed.set(event.target().has_attribute("open"))>
                <summary>{t!("Preview")}</summary>
                <Show when=move || is_previewed.get()>
                    <iframe
                        class="share-preview"
                        src=source
                        title=t!("Preview of the frame")
                        width=SIZE.0.to_string()
                        height=SIZE.1.to_string()
                        data-testid="embed-preview"
                    ></iframe>
                </Show>
            </details>
        </section>
    }
}

/// The address of the frame's poster for a link to the page.
fn frame_link(link: &str) -> String {
    let place = link.find(['?', '#']).unwrap_or(link.len());
    let (page, rest) = link.split_at(place);
    let folder = &page[..page.rfind('/').map_or(0, |slash| slash + 1)];
    format!("{folder}embed/{rest}")
}

/// The frame as HTML.
fn frame(source: &str, title: &str) -> String {
    let [source, title] = [source, title].map(|text| text.replace('&', "&amp;").replace('"', "&quot;"));
    let (width, height) = SIZE;
    format!(
        "<iframe src=\"{source}\"\n  title=\"Experiment: {title}\"\n  width=\"{width}\" height=\"{height}\" loading=\"lazy\" allow=\"fullscreen; clipboard-write\"></iframe>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_shows_the_poster_beside_the_page() {
        let link = "https://example.org/lab/index.html?preset=wsd&ui=compact#v=1&seeds=2";
        assert_eq!(frame_link(link), "https://example.org/lab/embed/?preset=wsd&ui=compact#v=1&seeds=2");
        assert_eq!(frame_link("https://example.org/"), "https://example.org/embed/");
        let code = frame(&frame_link(link), "Is \"x\" < y?");
        assert!(code.contains("?preset=wsd&amp;ui=compact#v=1&amp;seeds=2\""), "{code}");
        assert!(code.contains("title=\"Experiment: Is &quot;x&quot; < y?\""), "{code}");
    }
}
