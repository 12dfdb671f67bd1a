//! The screen and the experiment in the address bar: read at the start and on navigation, kept up to date while
//! settings change.

use std::{fmt::Display, time::Duration};

use js_sys::Promise;
use leptos::{ev::MouseEvent, leptos_dom::helpers::TimeoutHandle, prelude::*};
use tailblazer_core::experiment::{Comparison, Corpus, LinkError, comparison_from_link};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::made;
use crate::{
    engine::Engine,
    workspace::{
        Workspace,
        classroom::{Classroom, Unknown},
        message::Message,
        view::Screen,
    },
};

/// Browsers refuse to rewrite an address too often.
const PAUSE: Duration = Duration::from_millis(300);

/// The comparison that the address describes, and what was wrong with it.
pub fn read() -> (Comparison, Vec<LinkError>) {
    let location = window().location();
    // An address that cannot be read, as in a sandboxed frame, describes the first visit.
    let search = location.search().unwrap_or_default();
    let hash = location.hash().unwrap_or_default();
    comparison_from_link(&format!("{search}{hash}"))
}

/// The screen that the address names.
pub fn read_screen() -> Screen {
    Screen::of_query(&window().location().search().unwrap_or_default())
}

/// What the address says of the page, and what in it means nothing.
pub fn read_classroom() -> (Classroom, Vec<Unknown>) {
    Classroom::read(&window().location().search().unwrap_or_default())
}

/// Keeps the address, the screen and the experiment together.
pub fn keep(workspace: Workspace, engine: Engine) {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |first: Option<()>| {
        let link = workspace.link.get();
        if let Some(timer) = timer.get_value() {
            timer.clear();
        }
        let screen = workspace.view.screen.get();
        // A first visit keeps the address that it came with; screens without an experiment have addresses of their own.
        if first.is_some() && screen.has_experiment() {
            let link = on_screen(&link, screen, &workspace.view.classroom.get());
            timer.set_value(set_timeout_with_handle(move || write(&link), PAUSE).ok());
        }
    });
    let follow = move |_| {
        let screen = read_screen();
        workspace.view.screen.set(screen);
        // The name of a screen alone leaves the experiment as it is.
        if screen == Screen::Train || names_an_experiment() {
            let (comparison, errors) = read();
            report(&workspace, errors);
            put(workspace, engine, comparison);
        }
    };
    // A step back changes the query, a typed fragment only the hash.
    let listeners = ["popstate", "hashchange"].map(|event| window_event_listener_untyped(event, follow));
    on_cleanup(move || listeners.into_iter().for_each(|listener| listener.remove()));
}

/// Makes a comparison the one that is edited, unless it is.
fn put(workspace: Workspace, engine: Engine, comparison: Comparison) {
    if workspace.comparison.with_untracked(|known| *known != comparison) {
        workspace.unreadable.update(|fields| fields.clear());
        workspace.replace(comparison);
        engine.end_unused();
    }
}

/// Whether the address has an experiment in it.
fn names_an_experiment() -> bool {
    let location = window().location();
    let [search, hash] = [location.search(), location.hash()].map(Result::unwrap_or_default);
    hash.len() > 1 || search.trim_start_matches('?').split('&').any(|pair| pair.starts_with("preset="))
}

/// The address of a screen, relative to the page; with what is edited where it has an experiment.
pub fn address_of(workspace: Workspace, screen: Screen) -> String {
    workspace.view.classroom.with(|classroom| address_in(workspace, screen, classroom))
}

fn address_in(workspace: Workspace, screen: Screen, classroom: &Classroom) -> String {
    if screen.has_experiment() {
        on_screen(&workspace.link.get(), screen, classroom)
    } else {
        on_screen("", screen, classroom)
    }
}

/// A link that opens on a screen, of a page as a class sees it.
fn on_screen(link: &str, screen: Screen, classroom: &Classroom) -> String {
    let (query, fragment) = link.split_at(link.find('#').unwrap_or(link.len()));
    let more = classroom.query(screen);
    match (query.is_empty(), more.strip_prefix('&')) {
        (true, Some(more)) => format!("?{more}{fragment}"),
        _ => format!("{query}{more}{fragment}"),
    }
}

/// Goes to a screen, so that a step back leads here again.
pub fn go(workspace: Workspace, screen: Screen) {
    let before = workspace.view.screen.get_untracked();
    if before.has_experiment() {
        // What was edited a moment ago is not in the address yet.
        write(&untrack(|| address_of(workspace, before)));
    }
    push(&untrack(|| address_of(workspace, screen)));
    workspace.view.screen.set(screen);
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Shows a comparison on the first screen.
pub fn open(workspace: Workspace, engine: Engine, comparison: Comparison) {
    put(workspace, engine, comparison);
    go(workspace, Screen::Train);
}

/// Whether a click on a link asks for this tab and no other.
pub fn is_plain(click: &MouseEvent) -> bool {
    click.button() == 0 && !(click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key())
}

/// Says what was wrong with a link.
pub fn report(workspace: &Workspace, errors: impl IntoIterator<Item = impl Display>) {
    for error in errors {
        workspace.messages.push(Message::warning(error.to_string()));
    }
}

/// Makes `link` the address of what is shown.
fn write(link: &str) {
    if let Ok(history) = window().history() {
        // A frame without an address of its own has nothing to keep.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&at_this_page(link)));
    }
}

/// Makes `link` the address, behind the present one.
fn push(link: &str) {
    if let Ok(history) = window().history() {
        // As above.
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&at_this_page(link)));
    }
}

fn at_this_page(link: &str) -> String {
    format!("{}{link}", window().location().pathname().unwrap_or_default())
}

/// The whole link to what is edited, on the screen that is shown where it has an experiment.
pub fn whole_link(workspace: Workspace, classroom: &Classroom) -> String {
    let location = window().location();
    let origin = location.origin().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    let screen = Some(workspace.view.screen.get()).filter(|screen| screen.has_experiment());
    let link = address_in(workspace, screen.unwrap_or_default(), classroom);
    let link = made::note(workspace).map_or(link.clone(), |made| made.noted(&link));
    format!("{origin}{path}{link}")
}

/// The address of what is shown on the page as everybody else sees it.
pub fn full_page(workspace: Workspace) -> String {
    address_in(workspace, workspace.view.screen.get(), &Classroom::default())
}

/// The whole address of what is shown, for paper.
pub fn whole_page(workspace: Workspace) -> String {
    let location = window().location();
    let origin = location.origin().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    format!("{origin}{path}{}", full_page(workspace))
}

/// Whether what is edited is on a text of the visitor's, which no link holds.
pub fn has_own_text(workspace: Workspace) -> bool {
    (0..workspace.arms()).any(|arm| workspace.edited(arm).experiment.text.corpus == Corpus::Own)
}

/// Copies a text; false where the browser does not allow it.
pub async fn copy(text: &str) -> bool {
    match write_to_clipboard(text) {
        Ok(written) => JsFuture::from(written).await.is_ok(),
        Err(_) => false,
    }
}

#[wasm_bindgen]
extern "C" {
    /// Fails where the page was not served securely: there is no clipboard then.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = writeText)]
    fn write_to_clipboard(text: &str) -> Result<Promise, JsValue>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_experiment_the_screen_and_what_a_class_sees() {
        let link = "?preset=wsd#v=1&seeds=2";
        let plain = Classroom::default();
        assert_eq!(on_screen(link, Screen::Train, &plain), link);
        assert_eq!(on_screen(link, Screen::Decode, &plain), "?preset=wsd&ui=decode#v=1&seeds=2");
        assert_eq!(on_screen("", Screen::Lab, &plain), "?ui=lab");
        let (class, _) = Classroom::read("hide=nav&theme=dark");
        assert_eq!(on_screen(link, Screen::Decode, &class), "?preset=wsd&ui=decode&hide=nav&theme=dark#v=1&seeds=2");
        assert_eq!(on_screen("", Screen::Lab, &class), "?ui=lab&hide=nav&theme=dark");
    }
}
