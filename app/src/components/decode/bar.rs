//! Play, step, and what all decoders have in common.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Comparison, DECODERS},
    objective::Noise,
    session::Recording,
};

use super::number::NumberInput;
use crate::{
    chart::commits,
    components::icon::{Glyph, Icon},
    engine::Engine,
    t,
    workspace::{
        Workspace,
        decode::{
            Model,
            moment::{self, Align},
        },
        format::integer,
    },
};

/// The bar below the header.
#[component]
pub fn Bar() -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let decode = workspace.decode;
    let playback = decode.playback;
    let icon = Signal::derive(move || if playback.is_playing.get() { Icon::Pause } else { Icon::Play });
    let word = move || if playback.is_playing.get() { t!("Pause") } else { t!("Play") };
    let state = move || match (playback.is_playing.get(), decode.is_busy()) {
        (true, _) => "playing",
        (_, true) => "decoding",
        _ => "still",
    };
    let step = move |by: isize, icon: Icon, label: &'static str, key: &'static str, hook: &'static str| {
        view! {
            <button
                type="button"
                class="btn icon"
                aria-label=label
                title=key
                data-testid=hook
                on:click=move |_| decode.step(by)
            >
                <Glyph icon=icon />
            </button>
        }
    };
    let set_length = Callback::new(move |length: Option<usize>| {
        decode.common.update(|common| common.length = length.unwrap_or(common.length));
    });
    let set_temperature = Callback::new(move |temperature: Option<f64>| {
        decode.common.update(|common| common.temperature = temperature.unwrap_or(common.temperature));
    });
    let is_full = move || decode.list.with(Vec::len) >= DECODERS;
    view! {
        <section class="decode-bar" aria-label=t!("Decoding") data-state=state>
            <button
                type="button"
                class="btn primary"
                data-testid="decode-run"
                title=t!("Key Space")
                on:click=move |_| engine.play_decodes()
            >
                <Glyph icon=icon />
                {word}
            </button>
            {step(-1, Icon::Back, t!("One forward back"), t!("Key ,"), "decode-back")}
            {step(1, Icon::Step, t!("One forward on"), t!("Key ."), "decode-step")}
            <SpeedPick />
            <Moment />
            <span class="vr"></span>
            <Prompt />
            <ModelPick />
            <BlockPick />
            <NumberInput
                hook="decode-length".to_owned()
                label=t!("Length")
                title=t!("Tokens to decode; fewer where the context is full before")
                class="pick number"
                value=Signal::derive(move || Some(decode.common.get().length))
                fits=|length: &usize| (1..=4096).contains(length)
                put=set_length
            />
            <NumberInput
                hook="decode-temperature".to_owned()
                label=t!("Temp.")
                title=t!("Softmax temperature; 0 takes the likeliest token")
                class="pick number"
                value=Signal::derive(move || Some(decode.common.get().temperature))
                fits=|temperature: &f64| (0.0..=100.0).contains(temperature)
                put=set_temperature
            />
            <button
                type="button"
                class="btn"
                data-testid="decoder-add"
                disabled=is_full
                title=move || match is_full() {
                    true => t!("Six decoders are the most"),
                    false => t!("Another decoder beside these"),
                }
                on:click=move |_| decode.add(untrack(|| workspace.reading()).as_ref())
            >
                <Glyph icon=Icon::Plus />
                {t!("Decoder")}
            </button>
            <Show when=move || workspace.replay.is_shown()><Recorded /></Show>
            <Legend />
        </section>
    }
}

/// The scrubber of a small frame, which has no room for the timeline.
#[component]
fn Moment() -> impl IntoView {
    let decode = Workspace::expect().decode;
    let playback = decode.playback;
    let words = move || commits::moment(playback.align.get(), playback.at.get());
    let resolution = move || if playback.align.get() == Align::Forwards { "1" } else { "any" };
    let scrub = move |text: String| {
        if let Ok(at) = text.parse() {
            playback.go(at, untrack(|| decode.end()));
        }
    };
    view! {
        <span class="moment">
            <input
                type="range"
                min="0"
                max=move || decode.end().to_string()
                step=resolution
                prop:value=move || playback.at.get().to_string()
                aria-label=t!("Moment of all decodes")
                aria-valuetext=words
                data-testid="decode-scrubber"
                on:input:target=move |event| scrub(event.target().value())
            />
            <b>{words}</b>
        </span>
    }
}

/// Says that the traces are recorded, and where.
#[component]
fn Recorded() -> impl IntoView {
    let recording = Workspace::expect().replay.recording;
    let date = move || recording.with(|recording| recording.as_ref().map(|of| t!("Recorded {date}", date = of.date)));
    let source = move || {
        let words = |of: &Recording| t!("On {device}, build {build}", device = of.device, build = of.build);
        recording.with(|recording| recording.as_deref().map(words))
    };
    view! { <span class="chip" data-testid="decode-recorded" title=source>{date}</span> }
}

#[component]
fn SpeedPick() -> impl IntoView {
    let playback = Workspace::expect().decode.playback;
    let options = move || {
        let align = playback.align.get();
        let option = |speed: usize| view! { <option value=speed.to_string()>{moment::words(align, speed)}</option> };
        (0..moment::SPEEDS).map(option).collect_view()
    };
    let choose = move |text: String| {
        if let Ok(speed) = text.parse() {
            playback.speed.set(speed);
        }
    };
    view! {
        <label
            class="pick"
            title=t!("How fast it plays: forwards in a second, or parts of the time that decoding took")
        >
            <span class="k">{t!("Speed")}</span>
            <select
                data-testid="decode-speed"
                prop:value=move || {
                    playback.align.track();
                    playback.speed.get().to_string()
                }
                on:change:target=move |event| choose(event.target().value())
            >
                {options}
            </select>
        </label>
    }
}

#[component]
fn Prompt() -> impl IntoView {
    let common = Workspace::expect().decode.common;
    view! {
        <label class="pick prompt" title=t!("The text to continue; without one, held-out text")>
            <span class="k">{t!("Prompt")}</span>
            <input
                class="mono"
                type="text"
                data-testid="decode-prompt"
                placeholder=t!("held-out text")
                autocomplete="off"
                spellcheck="false"
                prop:value=move || common.with(|common| common.prompt.clone())
                on:input:target=move |event| {
                    let text = event.target().value();
                    common.update(|common| common.prompt = text);
                }
            />
        </label>
    }
}

/// Which arm, and which of its weights.
#[component]
fn ModelPick() -> impl IntoView {
    let workspace = Workspace::expect();
    let decode = workspace.decode;
    let model = decode.model;
    // Steps pass while an arm trains: the list is made again only when another one can be chosen.
    let options = Memo::new(move |_| {
        let is_alone = workspace.arms() < 2;
        let mut list: Vec<(Model, String)> = Vec::new();
        for arm in 0..workspace.arms() {
            let run = workspace.place_of(arm);
            if workspace.trained(run).is_none() {
                continue;
            }
            let letter = Comparison::letter(arm);
            let words = |step: Option<usize>| match (step.map(integer), is_alone) {
                (None, true) => t!("present weights").to_owned(),
                (None, false) => t!("arm {arm}, present weights", arm = letter),
                (Some(step), true) => t!("step {step}", step),
                (Some(step), false) => t!("arm {arm}, step {step}", arm = letter, step),
            };
            list.push((Model { run, step: None }, words(None)));
            let kept = workspace.run_at(run).kept.get().into_iter().rev();
            list.extend(kept.map(|step| (Model { run, step: Some(step) }, words(Some(step)))));
        }
        list
    });
    let choose = move |text: String| {
        let (run, step) = text.split_once(':').unwrap_or((&text, ""));
        if let Ok(run) = run.parse() {
            decode.choose_model(Model { run, step: step.parse().ok() });
        }
    };
    // Each option knows whether it is the chosen one: there can be new ones before it.
    let option = move |(this, words): (Model, String)| {
        view! { <option value=value(this) prop:selected=move || model.get() == this>{words}</option> }
    };
    view! {
        <label class="pick" title=t!("Whose weights decode")>
            <span class="k">{t!("Model")}</span>
            <select
                data-testid="decode-model"
                on:change:target=move |event| choose(event.target().value())
            >
                {move || options.get().into_iter().map(option).collect_view()}
            </select>
        </label>
    }
}

fn value(model: Model) -> String {
    format!("{}:{}", model.run, model.step.map(|step| step.to_string()).unwrap_or_default())
}

/// Tokens of a block.
#[component]
fn BlockPick() -> impl IntoView {
    let workspace = Workspace::expect();
    let common = workspace.decode.common;
    let reading = Memo::new(move |_| workspace.reading());
    let options = move || {
        let reading = reading.get()?;
        let mut sizes: Vec<usize> = (0..=8).map(|power| 1 << power).chain(reading.sizes.iter().copied()).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let words = |size: usize| {
            let (is_trained, size) = (reading.sizes.contains(&size), integer(size));
            if is_trained { t!("{size}, trained", size) } else { size }
        };
        let is_chosen = move |size: Option<usize>| move || common.with(|common| common.block == size);
        let option = |size: usize| {
            view! { <option value=size.to_string() prop:selected=is_chosen(Some(size))>{words(size)}</option> }
        };
        Some(view! {
            <option value="" prop:selected=is_chosen(None)>{t!("auto, {size}", size = integer(reading.block))}</option>
            {sizes.into_iter().map(option).collect_view()}
        })
    };
    let has_none = move || reading.with(|reading| reading.as_ref().is_none_or(|of| of.noise == Noise::None));
    view! {
        <label class="pick" title=t!("Tokens of a block; a network that predicts the next token has none")>
            <span class="k">{t!("Block")}</span>
            <select
                data-testid="block-size"
                disabled=has_none
                on:change:target=move |event| {
                    let block = event.target().value().parse().ok();
                    common.update(|common| common.block = block);
                }
            >
                {options}
            </select>
        </label>
    }
}

/// The states of a token, each in its own shape.
#[component]
fn Legend() -> impl IntoView {
    let state = |state: &'static str, letter: &'static str, word: &'static str| {
        // What explains itself is left out where there is little room.
        let is_plain = matches!(state, "waiting" | "committed");
        view! { <span class:plain=is_plain><i class=format!("tok {state}")>{letter}</i>{word}</span> }
    };
    view! {
        <div class="token-states" role="group" aria-label=t!("Token states")>
            {state("waiting", "", t!("waiting"))} {state("masked", "", t!("masked"))} {state("now", "a", t!("now"))}
            {state("committed", "a", t!("earlier"))} {state("edited", "a", t!("edited"))}
            {state("rejected", "a", t!("rejected"))}
        </div>
    }
}
