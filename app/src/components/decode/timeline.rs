//! Commits per forward: it is the scrubber.

use std::rc::Rc;

use leptos::{html, prelude::*};
use tailblazer_core::decode::ForwardKind;
use web_sys::{KeyboardEvent, PointerEvent};

use crate::{
    chart::commits::{self, Commits, Line},
    components::{
        canvas::{Canvas, Draw},
        icon::{Glyph, Icon},
    },
    t,
    workspace::{
        Workspace,
        decode::{Decode, moment::Align},
        format::{fixed, integer},
    },
};

/// The timeline of all decoders.
#[component]
pub fn Timeline() -> impl IntoView {
    let decode = Workspace::expect().decode;
    let align = decode.playback.align;
    let as_table = RwSignal::new(false);
    let moment = move || commits::moment(align.get(), decode.playback.at.get());
    let button = move |this: Align, word: &'static str, hook: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (align.get() == this).to_string()
                data-testid=hook
                on:click=move |_| decode.realign(this)
            >
                {word}
            </button>
        }
    };
    view! {
        <section class="card chart timeline" data-testid="chart-commits">
            <header>
                <h2>{t!("Commits per forward")}</h2>
                <span class="unit">{t!("bar height = tokens, hollow = verification, triangle = edit")}</span>
                <span class="read">{t!("at")} " " <b data-testid="decode-moment">{moment}</b></span>
                <span class="seg" role="group" aria-label=t!("Line decoders up by")>
                    {button(Align::Forwards, t!("forwards"), "align-forwards")}
                    {button(Align::Seconds, t!("seconds"), "align-seconds")}
                </span>
                <button
                    type="button"
                    class="btn small icon quiet"
                    aria-label=t!("Commits per forward as a table")
                    title=t!("Table")
                    data-testid="commits-table-toggle"
                    aria-pressed=move || as_table.get().to_string()
                    on:click=move |_| as_table.update(|on| *on = !*on)
                >
                    <Glyph icon=Icon::Table />
                </button>
            </header>
            <Show when=move || !as_table.get() fallback=|| view! { <Table /> }><Scrubber /></Show>
        </section>
    }
}

#[component]
fn Scrubber() -> impl IntoView {
    let decode = Workspace::expect().decode;
    let playback = decode.playback;
    let size = RwSignal::new((0.0, 0.0));
    let node = NodeRef::<html::Div>::new();
    let draw: Draw = Rc::new(move |width, height| commits::scene(&input(decode), width, height));
    let follow: Rc<dyn Fn()> = Rc::new(move || {
        playback.at.track();
        playback.align.track();
        decode.list.track();
        decode.over(|_| ());
    });
    let go = move |event: &PointerEvent| {
        let Some(node) = node.get_untracked() else { return };
        let x = f64::from(event.client_x()) - node.get_bounding_client_rect().left();
        let (domain, end) = untrack(|| (decode.domain(), decode.end()));
        let at = commits::scale(domain, size.get_untracked().0).invert(x);
        let at = if playback.align.get_untracked() == Align::Forwards { at.round() } else { at };
        playback.go(at, end);
    };
    let is_held = StoredValue::new(false);
    // A screen reader needs no sentence that changes with every forward of a decode at work.
    let summary = Memo::new(move |known: Option<&String>| {
        decode.list.track();
        decode.over(|_| ());
        match (decode.is_busy(), known) {
            (true, Some(known)) => known.clone(),
            _ => untrack(|| commits::summary(&input(decode))),
        }
    });
    view! {
        <div
            class="plot scrubber"
            node_ref=node
            role="slider"
            tabindex="0"
            data-testid="trace-scrubber"
            aria-label=t!("Moment of all decodes")
            aria-valuemin="0"
            aria-valuemax=move || decode.end().to_string()
            aria-valuenow=move || playback.at.get().to_string()
            aria-valuetext=move || commits::moment(playback.align.get(), playback.at.get())
            aria-describedby="commits-summary"
            on:pointerdown=move |event| {
                is_held.set_value(true);
                if let Some(node) = node.get_untracked() {
                    // A pointer that is gone already cannot be held on to.
                    let _ = node.set_pointer_capture(event.pointer_id());
                }
                go(&event);
            }
            on:pointermove=move |event| {
                if is_held.get_value() {
                    go(&event);
                }
            }
            on:pointerup=move |_| is_held.set_value(false)
            on:pointercancel=move |_| is_held.set_value(false)
            on:keydown=move |event| walk(decode, &event)
        >
            <Canvas draw=draw size=size follow=follow />
        </div>
        <p class="sr" id="commits-summary">{summary}</p>
    }
}

/// What the chart is drawn from.
fn input(decode: Decode) -> Commits {
    let list = decode.list.get();
    let same = |name: &str| list.iter().filter(|entry| entry.name() == name).count() > 1;
    let lines = list.iter().map(|entry| {
        let column = decode.column(entry.place);
        let name = if same(entry.name()) { entry.label() } else { entry.name().to_owned() };
        column.with(|trace| Line {
            place: entry.place,
            name,
            steps: trace.steps(),
            at: decode.forward(entry.place),
            is_over: trace.is_over(),
        })
    });
    let lines = lines.collect();
    Commits { lines, align: decode.playback.align.get(), at: decode.playback.at.get(), domain: decode.domain() }
}

/// Scrubs with the keys of a slider.
fn walk(decode: Decode, event: &KeyboardEvent) {
    let end = untrack(|| decode.end());
    match event.key().as_str() {
        "ArrowLeft" | "ArrowDown" => decode.step(-1),
        "ArrowRight" | "ArrowUp" => decode.step(1),
        "PageDown" => (0..8).for_each(|_| decode.step(-1)),
        "PageUp" => (0..8).for_each(|_| decode.step(1)),
        "Home" => decode.playback.go(0.0, end),
        "End" => decode.playback.go(end, end),
        _ => return,
    }
    event.prevent_default();
}

/// The commits of every forward, a column for each decoder.
#[component]
fn Table() -> impl IntoView {
    let decode = Workspace::expect().decode;
    let lines = Memo::new(move |_| input(decode).lines);
    let heads = move || {
        let head = |line: &Line| {
            view! { <th scope="col">{line.name.clone()}</th> <th scope="col">"s"</th> }
        };
        lines.with(|lines| lines.iter().map(head).collect_view())
    };
    let rows = move || {
        lines.with(|lines| {
            let most = lines.iter().map(|line| line.steps.len()).max().unwrap_or_default();
            let row = |index: usize| {
                let cells = lines.iter().map(|line| {
                    let step = line.steps.get(index);
                    let words = step.map(|step| {
                        let kind = match step.kind {
                            ForwardKind::Draft => t!("draft"),
                            ForwardKind::Verify => t!("verify"),
                            ForwardKind::Commit => t!("commit"),
                        };
                        let edits = (step.edits > 0).then(|| t!("{count} edited", count = step.edits));
                        let edits = edits.map(|edits| format!(", {edits}")).unwrap_or_default();
                        format!("{} ({kind}{edits})", step.commits)
                    });
                    view! { <td>{words}</td> <td>{step.map(|step| fixed(step.seconds, 3))}</td> }
                });
                view! { <tr><td>{integer(index + 1)}</td>{cells.collect_view()}</tr> }
            };
            (0..most).map(row).collect_view()
        })
    };
    view! {
        <div
            class="tbl"
            tabindex="0"
            role="region"
            aria-label=t!("Commits per forward as a table")
            data-testid="commits-table"
        >
            <table>
                <caption class="sr">
                    {t!("Tokens that each forward committed, what the forward was for, and when it was answered")}
                </caption>
                <thead><tr><th scope="col">{t!("forward")}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
