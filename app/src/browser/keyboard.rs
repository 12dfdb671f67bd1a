//! Single keys: Space, `.`, B, Shift R, N, 0 to 8, D, X and L; on the screen that decodes Space, `,`, `.`, Home and End.
//! None of them while a field has the focus.

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
    let screen = workspace.view.screen;
    let listener = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        // A step through decodes is the one thing that repeats.
        let is_step = matches!(event.key().as_str(), "," | ".") && screen.get_untracked() == Screen::Decode;
        let is_repeated = event.repeat() && !is_step;
        if event.ctrl_key() || event.alt_key() || event.meta_key() || is_repeated || event.default_prevented() {
            return;
        }
        let on = focus(&event);
        if screen.get_untracked() == Screen::Decode {
            if on != Focus::Field && !(on == Focus::Control && event.key() == " ") && decode(workspace, engine, &event)
            {
                event.prevent_default();
            }
            return;
        }
        if screen.get_untracked() != Screen::Train {
            return;
        }
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
            "n" | "N" if !workspace.view.classroom.with_untracked(|classroom| classroom.locks("arms")) => {
                workspace.add_arm();
            }
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

/// What a key does on the screen that decodes; returns whether it does anything.
fn decode(workspace: Workspace, engine: Engine, event: &KeyboardEvent) -> bool {
    let decode = workspace.decode;
    match event.key().as_str() {
        " " => engine.play_decodes(),
        "," => decode.step(-1),
        "." => decode.step(1),
        "Home" => decode.playback.go(0.0, 0.0),
        "End" => {
            let end = untrack(|| decode.end());
            decode.playback.go(end, end);
        }
        _ => return false,
    }
    true
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
