//! Single keys: Space, `.`, B, Shift R, N, 0 to 8, D, X and L; none of them while a field has the focus.

use leptos::{ev, prelude::*};
use tailblazer_core::session::RunState;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::{
    engine::Engine,
    workspace::{Scope, Workspace, action::Action, view::Screen},
};

/// Listens to the keys.
pub fn listen(workspace: Workspace, engine: Engine) {
    let listener = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        if event.ctrl_key() || event.alt_key() || event.meta_key() || event.repeat() || event.default_prevented() {
            return;
        }
        if workspace.view.screen.get_untracked() != Screen::Train {
            return;
        }
        let on = focus(&event);
        let key = event.key();
        match key.as_str() {
            "Escape" => workspace.view.settings_open.set(false),
            _ if on == Focus::Field => return,
            // A focused button takes Space for itself.
            " " if on == Focus::Control => return,
            " " => engine.act(match untrack(|| workspace.state()) {
                RunState::Running | RunState::Preparing => Action::Pause,
                _ => Action::Play,
            }),
            "." => engine.act(Action::Step),
            "b" | "B" => engine.act(Action::Branch),
            "R" if event.shift_key() => engine.act(Action::Reset),
            "x" | "X" => workspace.view.x_axis.update(|axis| *axis = axis.next()),
            "n" | "N" => workspace.add_arm(),
            "0" => workspace.edit(Scope::Base),
            "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" => {
                let arm = usize::from(key.as_bytes()[0] - b'1');
                if arm < untrack(|| workspace.arms()) {
                    workspace.edit(Scope::Arm(arm));
                }
            }
            "d" | "D" => workspace.view.all_settings.update(|all| *all = !*all),
            "l" | "L" => workspace.view.log.update(|log| *log = !*log),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || listener.remove());
}

#[derive(PartialEq, Eq)]
enum Focus {
    Field,
    Control,
    Elsewhere,
}

fn focus(event: &KeyboardEvent) -> Focus {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return Focus::Elsewhere;
    };
    match element.tag_name().as_str() {
        "INPUT" | "TEXTAREA" | "SELECT" => Focus::Field,
        "BUTTON" | "SUMMARY" | "A" => Focus::Control,
        _ => Focus::Elsewhere,
    }
}
