//! The charts of the runs, each in its card.

mod alpha;
mod esd;
mod gradient;
mod law;
mod loss;
mod multipliers;
mod rate;

pub use alpha::AlphaCard;
pub use esd::EsdCard;
pub use gradient::GradientCard;
pub use law::forecast;
pub use loss::LossCard;
pub use multipliers::Multipliers;
pub use rate::RateCard;

use std::rc::Rc;

use leptos::prelude::*;
use tailblazer_core::session::RunState;

use super::canvas::{Draw, Follow, follow_view};
use crate::{
    chart::{
        gradient as gradient_chart,
        input::{Arm, Input},
        loss as loss_chart, rate as rate_chart,
        scene::Scene,
    },
    t,
    workspace::{Workspace, record::Record, run::Run, summary, view::Pace},
};

/// Calls `with` with what the charts are drawn from.
pub fn with_input<T>(workspace: Workspace, with: impl FnOnce(Input) -> T) -> T {
    let view = workspace.view;
    let (x_axis, crosshair, matrix) = (view.x_axis.get(), view.crosshair.get(), view.matrix.get());
    let runs = workspace.runs();
    let experiments: Vec<_> = (0..runs.len()).map(|arm| workspace.shown_of(arm)).collect();
    let records: Vec<_> = runs.iter().map(|run| (run.record.read_value(), run.earlier.read_value())).collect();
    let arm = |(index, ((run, experiment), (record, earlier)))| {
        let (run, record, earlier): (&Run, &Record, &Vec<Record>) = (run, record, earlier);
        Arm { index, experiment, record, failed: run.state.get() == RunState::Failed, earlier }
    };
    let parts = runs.iter().zip(&experiments).zip(records.iter().map(|(record, earlier)| (&**record, &**earlier)));
    let arms: Vec<Arm> = parts.enumerate().map(arm).collect();
    let overlays = view.overlays.get();
    with(Input { arms: &arms, x_axis, crosshair, matrix, law: None, overlays: &overlays })
}

/// A drawing of the runs.
fn drawing(workspace: Workspace, scene: impl Fn(Input, f64, f64) -> Scene + 'static) -> Draw {
    Rc::new(move |width, height| with_input(workspace, |input| scene(input, width, height)))
}

/// The charts as figures: names, drawings, and sentences that say what they show.
pub fn figures(workspace: Workspace) -> Vec<(&'static str, Scene, String)> {
    const SIZE: (f64, f64) = (720.0, 360.0);
    let (width, height) = SIZE;
    let log = workspace.view.log.get();
    let unit = summary::loss_unit(&workspace.shown());
    with_input(workspace, |input| {
        vec![
            ("loss", loss_chart::scene(input, log, width, height), loss_chart::summary(input, log, unit)),
            (
                "rate",
                rate_chart::scene(input, workspace.view.rate_log.get(), width, height),
                rate_chart::summary(input),
            ),
            ("gradient", gradient_chart::scene(input, width, height), gradient_chart::summary(input)),
        ]
    })
}

/// What charts of spectra depend on: they stand still between two measurements, but for the line that says how far the
/// run is, which may lag by a second.
fn spectra(workspace: Workspace) -> Follow {
    let measured = Memo::new(move |_| {
        workspace.version.track();
        let last = |run: &Run| run.record.with_value(|record| record.layers.last().map(|frame| frame.step));
        workspace.runs().iter().map(last).collect::<Vec<_>>()
    });
    Rc::new(move || {
        measured.track();
        workspace.slow_version.track();
        follow_view(workspace);
    })
}

/// A sentence about the runs. Screen readers need none that changes with every frame.
fn sentence(workspace: Workspace, sentence: impl Fn(Input) -> String + Send + Sync + 'static) -> Memo<String> {
    Memo::new(move |_| {
        workspace.slow_version.track();
        workspace.experiment.track();
        workspace.view.matrix.track();
        untrack(|| with_input(workspace, &sentence))
    })
}

/// A readout that follows its signals.
fn readout_view<V: IntoView + 'static>(readout: impl Fn() -> V + Copy + Send + Sync + 'static) -> ViewFn {
    ViewFn::from(move || view! { {move || readout()} })
}

/// A value in the colour of an arm, after its letter where arms are compared.
fn arm_value(arm: &Arm, is_comparison: bool, words: String) -> impl IntoView + use<> {
    let name = if is_comparison { format!("{} ", arm.letter()) } else { String::new() };
    let colour = format!("color: var(--arm-{}-text)", arm.index + 1);
    view! { <b style=colour>{format!("{name}{words}")}</b> }
}

/// Buttons of which one is pressed: the words, what each is called, and its hook.
fn choice<T: Copy + PartialEq + Send + Sync + 'static>(
    label: &'static str,
    value: RwSignal<T>,
    options: impl IntoIterator<Item = (T, &'static str, &'static str, &'static str)>,
) -> impl IntoView {
    let buttons = options.into_iter().map(|(this, word, label, hook)| {
        view! {
            <button
                type="button"
                title=label
                aria-pressed=move || (value.get() == this).to_string()
                data-testid=hook
                on:click=move |_| value.set(this)
            >
                {word}
            </button>
        }
    });
    view! { <span class="seg" role="group" aria-label=label>{buttons.collect_view()}</span> }
}

/// Which of the two charts that share a place is shown.
fn pace(workspace: Workspace) -> impl IntoView {
    let options = [
        (Pace::Rate, t!("rate"), t!("Learning rate"), "pace-rate"),
        (Pace::Gradient, t!("grad"), t!("Gradient norm"), "pace-gradient"),
    ];
    choice(t!("Chart"), workspace.view.pace, options)
}

/// The arms, as indices with letters; empty where there is nothing to choose between.
fn choosable(workspace: Workspace) -> Vec<(usize, char)> {
    with_input(workspace, |input| match input.is_comparison() {
        true => input.arms.iter().map(|arm| (arm.index, arm.letter())).collect(),
        false => Vec::new(),
    })
}
