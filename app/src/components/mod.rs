//! What a visitor sees. Every component reads its slice of the [`Workspace`] and asks the [`Engine`] for actions.

mod apart;
mod arms;
mod bench;
mod canvas;
mod chart_card;
mod charts;
mod decode;
mod denoising;
mod facts;
mod field;
mod figure;
mod guide;
mod header;
mod icon;
mod lab;
mod meters;
mod method;
mod methods;
mod notices;
mod paper;
mod replay;
mod results;
mod run_bar;
mod runs;
mod samples;
mod save_menu;
mod settings;
mod share;
mod table;
mod track;
mod train;
mod verdict;

use leptos::prelude::*;

use crate::{
    browser::{
        address, classroom, embed, keyboard, language as language_of_page, library, made, offline,
        replay as replay_page, screen, speed, theme,
    },
    engine::Engine,
    words::Language,
    workspace::{Workspace, view::Screen},
};
use apart::Apart;
pub use apart::recording_reader as load_recording_reader;
pub use results::state_word;

/// The page.
#[component]
pub fn App(
    /// The language that is spoken; none where that of the visitor did not load.
    language: Option<Language>,
) -> impl IntoView {
    let (comparison, errors) = address::read();
    let workspace = Workspace::new(comparison);
    workspace.view.screen.set(address::read_screen());
    workspace.follow_edits();
    address::report(&workspace, errors);
    let (classroom, unknown) = address::read_classroom();
    address::report(&workspace, unknown);
    workspace.view.classroom.set(classroom);
    match language {
        Some(language) => workspace.view.language.set(language),
        None => language_of_page::say_failure(workspace),
    }
    let engine = Engine::start(workspace);
    provide_context(workspace);
    provide_context(engine);

    theme::follow(workspace.view);
    language_of_page::follow(workspace);
    screen::follow(workspace.view);
    address::keep(workspace, engine);
    keyboard::listen(workspace, engine);
    classroom::follow(workspace, engine);
    embed::listen(workspace, engine);
    offline::follow(workspace);
    library::follow(workspace, engine);
    replay_page::follow(workspace);
    made::follow(workspace);
    speed::follow(workspace);

    // Every text is looked up as it is drawn.
    let spoken = move || [workspace.view.language.get()];
    view! { <For each=spoken key=|language| language.tag() let:_language><Screens /></For> }
}

/// The page in one language.
#[component]
fn Screens() -> impl IntoView {
    let workspace = Workspace::expect();
    let shown = workspace.view.screen;
    let is_bench = Memo::new(move |_| shown.get() == Screen::Bench);
    view! {
        <header::Header />
        <Show when=move || !is_bench.get() fallback=|| view! { <Apart part=apart::BENCH /> }>
            <train::TrainScreen />
        </Show>
        <Show when=move || shown.get() == Screen::Decode><Apart part=apart::DECODE /></Show>
        <Show when=move || shown.get() == Screen::Lab><Apart part=apart::LAB /></Show>
        <Show when=move || shown.get() == Screen::Runs><Apart part=apart::RUNS /></Show>
        <Show when=move || shown.get() == Screen::Methods><Apart part=apart::METHODS /></Show>
        <Show when=move || workspace.view.sharing.get()><Apart part=apart::SHARE /></Show>
        <paper::Foot />
    }
}
