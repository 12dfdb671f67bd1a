//! What the seeds say: the paired difference of the final validation losses, its interval, and the word that follows.

use leptos::prelude::*;
use tailblazer_core::{
    session::RunState,
    stats::{self, Arm, Final, NoVerdict, Row},
};

use super::figure::Figure;
use crate::{
    chart::forest::{self, Line},
    key, t, words,
    workspace::{Workspace, quantity, record::Record, summary},
};

/// Pixels for the names of the rows: "B − A".
const NAMES: f64 = 42.0;

/// The finished runs of every arm, with their seeds; a run that diverged has no finite loss.
fn finals(workspace: Workspace) -> Vec<(Arm, Vec<Final>)> {
    workspace.version.track();
    let of = |arm: usize| {
        let (run, experiment) = (workspace.run_of(arm), workspace.shown_of(arm));
        let (seed, steps) = (experiment.seed, experiment.train.steps);
        let at = |place: usize, loss: f64| Final { seed: seed.wrapping_add(place as u32), loss };
        let ended = |record: &Record| record.final_loss(steps);
        let mut list: Vec<Final> = run.earlier.with_value(|earlier| {
            earlier.iter().enumerate().filter_map(|(place, record)| Some(at(place, ended(record)?))).collect()
        });
        let place = run.seed.get();
        match run.state.get() {
            RunState::Finished => list.extend(run.record.with_value(ended).map(|loss| at(place, loss))),
            RunState::Failed if run.has_steps() => list.push(at(place, f64::NAN)),
            _ => {}
        }
        Some((Arm::new(arm)?, list))
    };
    (0..workspace.arms()).filter_map(of).collect()
}

/// The strip between the arms and the charts.
#[component]
pub fn VerdictStrip() -> impl IntoView {
    let workspace = Workspace::expect();
    let ends = Memo::new(move |_| {
        workspace.slow_version.track();
        untrack(|| finals(workspace))
    });
    // Thousands of resamples: only when a run has ended, not once per second.
    let rows = Memo::new(move |_| ends.with(|ends| stats::forest(ends)));
    let unit = move || summary::loss_unit(&workspace.shown());
    let is_provisional = move || workspace.state() != RunState::Finished;
    let is_coming = move || is_provisional() && workspace.comparison.with(|comparison| comparison.seeds > 1);
    let lead = move || rows.with(|rows| rows.first().cloned());
    let quantities = move |row: &Row| row.arms.map(|arm| quantity::validation(&workspace.shown_of(arm.index())));
    // As scripts read it.
    let word = move || match lead() {
        Some(ref row @ Row { verdict: Ok(ref verdict), .. }) => verdict.word_of(quantities(row)),
        _ => key!("no verdict yet").into(),
    };
    let tone = move || match lead() {
        Some(ref row @ Row { verdict: Ok(ref verdict), .. }) if verdict.shows_a_better_model(quantities(row)) => {
            "badge ok"
        }
        _ => "badge",
    };
    let headline = move || match lead() {
        Some(Row { verdict: Ok(verdict), .. }) => words::sentence(&verdict.difference(unit())),
        Some(Row { verdict: Err(NoVerdict::TooFew { pairs: 0, .. }), .. }) if workspace.state() == RunState::Idle => {
            t!("Which arm do you expect to win, and by how much?").into()
        }
        Some(Row { verdict: Err(NoVerdict::TooFew { pairs, .. }), .. }) if is_coming() => {
            t!("The verdict comes with the second seed that all arms have finished; now {pairs}.", pairs)
        }
        Some(Row { verdict: Err(none), .. }) => words::sentence(&none.to_string()),
        None => String::new(),
    };
    let note = move || match lead() {
        Some(ref row @ Row { verdict: Ok(ref verdict), .. }) => {
            let quantities = quantities(row);
            let mut sentences = vec![format!("{}.", words::sentence(&verdict.conclusion_of(quantities)))];
            sentences.extend(verdict.caution(quantities).map(|caution| words::sentence(&caution)));
            sentences.push(t!("Final validation loss, 95 %, paired t.").into());
            if is_provisional() {
                sentences.push(t!("Provisional: runs are still to come.").into());
            }
            sentences.extend(verdict.pairs.diverged.iter().map(|diverged| words::sentence(&diverged.to_string())));
            sentences.join(" ")
        }
        row => {
            let arms = row.map_or([0, 0], |row| row.arms.map(Arm::index));
            let [a, b] = arms.map(|arm| workspace.shown_of(arm));
            let note = if a.shares_batches(&b) {
                t!("Both arms see the same batches for each seed; the verdict is the paired difference over seeds.")
            } else {
                t!("The arms see batches of their own, so that chance has a larger part; the verdict is the paired \
                     difference over seeds.")
            };
            note.into()
        }
    };
    // Every pair of arms has a row once any two have a verdict.
    let lines = Memo::new(move |_| {
        rows.with(|rows| match rows.iter().any(|row| row.verdict.is_ok()) {
            true => rows.iter().map(|row| Line::of(row.clone(), quantities(row))).collect(),
            false => Vec::new(),
        })
    });
    let plot = move || {
        let lines = lines.get();
        let summary = forest::summary(&lines);
        let draw = move |width| forest::scene(&lines, NAMES, width);
        view! { <div class="verdict-forest"><Figure draw=draw summary=summary /></div> }
    };
    view! {
        <div class="verdict" data-testid="verdict" data-word=word>
            <span class=tone>{move || words::sentence(&word())}</span>
            <div class="verdict-words">
                <p><b>{headline}</b></p>
                <p class="verdict-note">{note}</p>
            </div>
            <Show when=move || lines.with(|lines| !lines.is_empty())>{plot}</Show>
        </div>
    }
}
