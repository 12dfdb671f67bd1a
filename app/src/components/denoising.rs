//! The denoising grid: the first block of each sample, by training step and by forward.

use std::sync::Arc;

use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    prelude::*,
};
use tailblazer_core::{experiment::Comparison, session::MASK};

use super::arms::Swatch;
use crate::{
    t,
    workspace::{
        Workspace,
        denoising::{moved, spread},
        format::integer,
    },
};

/// Most rows: more are thinned out, the first and the last stay.
const ROWS: usize = 24;

/// Most columns, likewise.
const COLUMNS: usize = 17;

/// A row: the training step, with the texts of its block.
#[derive(Clone, PartialEq)]
struct Row {
    step: usize,
    moments: Arc<[String]>,
}

/// The rows of an arm.
fn rows(workspace: Workspace, arm: usize) -> Vec<Row> {
    workspace.run_of(arm).samples.with(|samples| {
        let all = samples.iter().filter_map(|sample| {
            let moments = sample.denoising.as_ref()?.moments.clone();
            Some(Row { step: sample.step, moments })
        });
        let all: Vec<Row> = all.collect();
        spread(all.len(), ROWS).into_iter().map(|place| all[place].clone()).collect()
    })
}

/// The grids of the arms whose samples are filled in blocks.
#[component]
pub fn Denoising() -> impl IntoView {
    let workspace = Workspace::expect();
    let arms = Memo::new(move |_| {
        let has_any = |arm: &usize| {
            let samples = workspace.run_of(*arm).samples;
            samples.with(|samples| samples.iter().any(|sample| sample.denoising.is_some()))
        };
        (0..workspace.arms()).filter(has_any).collect::<Vec<usize>>()
    });
    move || arms.get().into_iter().map(|arm| view! { <Grid arm /> }).collect_view()
}

#[component]
fn Grid(arm: usize) -> impl IntoView {
    let workspace = Workspace::expect();
    let rows = Memo::new(move |_| rows(workspace, arm));
    // The forwards that are shown: those of the row with the most.
    let columns = Memo::new(move |_| {
        let most = rows.with(|rows| rows.iter().map(|row| row.moments.len()).max().unwrap_or(0));
        spread(most, COLUMNS)
    });
    // None is the end of the newest row.
    let chosen = RwSignal::new(None::<(usize, usize)>);
    let size = move || (rows.with(Vec::len), columns.with(Vec::len));
    let at = Memo::new(move |_| {
        let (height, width) = size();
        let (row, column) = chosen.get().unwrap_or((usize::MAX, usize::MAX));
        (row.min(height.saturating_sub(1)), column.min(width.saturating_sub(1)))
    });
    let point = move |event: PointerEvent| {
        let (x, y) = (event.client_x() as f32, event.client_y() as f32);
        let cell =
            document().element_from_point(x, y).and_then(|element| element.closest("[data-cell]").ok().flatten());
        let place = cell.and_then(|cell| cell.get_attribute("data-cell")).and_then(|text| {
            let (row, column) = text.split_once(',')?;
            Some((row.parse().ok()?, column.parse().ok()?))
        });
        if place.is_some() && chosen.get_untracked() != place {
            chosen.set(place);
        }
    };
    let press = move |event: KeyboardEvent| {
        if let Some(next) = moved(at.get_untracked(), untrack(size), &event.key()) {
            event.prevent_default();
            event.stop_propagation();
            chosen.set(Some(next));
        }
    };
    let words = move || {
        let (row, column) = at.get();
        let row = rows.with(|rows| rows.get(row).cloned())?;
        let last = row.moments.len() - 1;
        let forward = columns.with(|columns| columns.get(column).copied())?.min(last);
        let place = t!("step {step}, after forward {forward} of {last}", step = integer(row.step), forward, last);
        Some((place, row.moments[forward].clone()))
    };
    let is_comparison = move || workspace.arms() > 1;
    let name = move || match is_comparison() {
        true => t!("Denoising of {arm}", arm = Comparison::letter(arm)),
        false => t!("Denoising").to_owned(),
    };
    let head = move || {
        let cell = |forward: usize| view! { <th scope="col">{forward}</th> };
        columns.get().into_iter().map(cell).collect_view()
    };
    let body = move || {
        let columns = columns.get();
        let row = |(place, Row { step, moments }): (usize, Row)| {
            let cells = columns.iter().enumerate().map(|(column, forward)| {
                // A row with fewer forwards is done before the last column.
                let text = moments.get(*forward).cloned();
                let here = move || at.get() == (place, column);
                view! { <td data-cell=format!("{place},{column}") class:here=here>{text}</td> }
            });
            view! { <tr><th scope="row">{integer(step)}</th>{cells.collect_view()}</tr> }
        };
        rows.get().into_iter().enumerate().map(row).collect_view()
    };
    let caption = t!("The first block of each sample, by training step and forward; {mask} is a mask.", mask = MASK);
    let label = move || t!("{name}: training steps down, forwards across; arrow keys move", name = name());
    view! {
        <article class="denoising" data-testid="denoising-grid" data-arm=Comparison::letter(arm).to_string()>
            <h3>
                <Show when=is_comparison><Swatch arm /></Show>
                <b>{name}</b>
                <span data-testid="denoising-at">{move || words().map(|(place, _)| place)}</span>
            </h3>
            <pre data-testid="denoising-text">{move || words().map(|(_, text)| text)}</pre>
            <div
                class="denoising-cells"
                tabindex="0"
                role="region"
                aria-label=label
                on:pointermove=point
                on:pointerdown=point
                on:keydown=press
            >
                <table>
                    <caption>{caption}</caption>
                    <thead><tr><th scope="col">{t!("step")}</th>{head}</tr></thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
        </article>
    }
}
