//! The benchmark page, `?ui=bench`: training speed of published shapes on both devices, in one visit.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{DeviceChoice, Experiment, ModelPreset},
    session::{Backend, RunState},
};

use crate::{
    engine::Engine,
    workspace::{
        Workspace,
        action::Action,
        format::{compact, fixed},
    },
};

/// Seconds of training that a case is measured over, after its first step.
const SECONDS: f64 = 5.0;

/// Steps that a case is measured over at least, after its first step.
const STEPS: usize = 3;

/// One shape on one device.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Case {
    preset: ModelPreset,
    batch: usize,
    device: DeviceChoice,
    /// Tokens per second of the same operations in another page of plain burn 0.22.1, in Chromium 156 on two cores
    /// without a GPU, where WebGPU was the software adapter SwiftShader.
    reference: f64,
}

const CASES: [Case; 4] = [
    Case { preset: ModelPreset::Nano, batch: 16, device: DeviceChoice::Cpu, reference: 12_900.0 },
    Case { preset: ModelPreset::Micro, batch: 12, device: DeviceChoice::Cpu, reference: 3_200.0 },
    Case { preset: ModelPreset::Nano, batch: 16, device: DeviceChoice::Gpu, reference: 155.0 },
    Case { preset: ModelPreset::Micro, batch: 12, device: DeviceChoice::Gpu, reference: f64::NAN },
];

impl Case {
    fn experiment(self) -> Experiment {
        let mut experiment = Experiment { device: self.device, ..Experiment::default() };
        self.preset.apply(&mut experiment.model);
        experiment.train.batch = self.batch;
        // Longer than any measurement, so that no validation or sample falls into it.
        (experiment.train.steps, experiment.train.eval_every, experiment.sample.every) = (1_000_000, 1_000_000, 0);
        experiment
    }

    fn name(self) -> String {
        format!("{}, context 64, batch {}", self.preset.name(), self.batch)
    }
}

/// What a case came to.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    case: Case,
    device: String,
    tokens_per_second: f64,
    milliseconds_per_step: f64,
    first_step_seconds: f64,
}

/// Runs all cases, one after another, and prints a table.
#[component]
pub fn Bench() -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let running = RwSignal::new(None::<usize>);
    // Whether the present case trains already: until then the page still shows the case before.
    let begun = StoredValue::new(false);
    let outcomes = RwSignal::new(Vec::<Outcome>::new());

    let begin = move |index: usize| {
        running.set(Some(index));
        begun.set_value(false);
        workspace.experiment.set(CASES[index].experiment());
        engine.act(Action::Reset);
        engine.act(Action::Play);
    };
    let next = move |index: usize| match CASES.get(index + 1) {
        Some(_) => begin(index + 1),
        None => running.set(None),
    };

    // A case that has steps enough is paused; once paused it is noted, and the next one begins.
    Effect::new(move |_| {
        workspace.version.track();
        let state = workspace.state.get();
        let Some(index) = running.get_untracked() else { return };
        match state {
            RunState::Running => {
                begun.set_value(true);
                if untrack(|| measured(workspace, CASES[index])).is_some_and(|measured| measured.is_enough) {
                    engine.act(Action::Pause);
                }
            }
            RunState::Paused if begun.get_value() => {
                if let Some(measured) = untrack(|| measured(workspace, CASES[index])) {
                    outcomes.update(|outcomes| outcomes.push(measured.outcome));
                    next(index);
                }
            }
            RunState::Failed => next(index),
            _ => {}
        }
    });

    let rows = move || outcomes.get().into_iter().map(|outcome| view! { <Row outcome /> }).collect_view();
    let status = move || match running.get() {
        Some(index) => format!("Measuring {} of {}: {}", index + 1, CASES.len(), CASES[index].name()),
        None if outcomes.with(Vec::is_empty) => "Takes a minute on a GPU, and several on a software adapter.".into(),
        None => "Done.".into(),
    };
    view! {
        <section class="card bench">
            <h2>"Training speed"</h2>
            <p class="note">
                "Each case trains for at least 5 seconds after its first step. The reference is plain burn 0.22.1 in
                Chromium 156 on two cores without a GPU; compare ratios, because machines differ."
            </p>
            <p>
                <button
                    type="button"
                    class="btn primary"
                    data-testid="bench-run"
                    disabled=move || running.get().is_some()
                    on:click=move |_| {
                        outcomes.set(Vec::new());
                        begin(0);
                    }
                >
                    "Measure"
                </button>
                <span class="note" role="status" data-testid="bench-status">{status}</span>
            </p>
            <div class="tbl" data-testid="bench-result">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"shape"</th>
                            <th scope="col">"device"</th>
                            <th scope="col">"tokens/s"</th>
                            <th scope="col">"ms/step"</th>
                            <th scope="col">"first step"</th>
                            <th scope="col">"reference tokens/s"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

struct Measured {
    outcome: Outcome,
    is_enough: bool,
}

/// The speed of the present run without its first step, whose time is the kernel compiler's.
fn measured(workspace: Workspace, case: Case) -> Option<Measured> {
    let device = workspace.device.get()?;
    workspace.record.with_value(|record| {
        let rows = record.columns.rows();
        let (first, last) = (rows.first()?, rows.last()?);
        let (steps, seconds) = (last.step - first.step, last.seconds - first.seconds);
        let outcome = Outcome {
            case,
            device: match device.backend {
                Backend::Cpu => "CPU".into(),
                Backend::Gpu => format!("WebGPU, {}", device.name),
            },
            tokens_per_second: (last.tokens - first.tokens) / seconds,
            milliseconds_per_step: 1e3 * seconds / steps as f64,
            first_step_seconds: first.seconds,
        };
        (steps > 0).then_some(Measured { outcome, is_enough: steps >= STEPS && seconds >= SECONDS })
    })
}

#[component]
fn Row(
    /// The numbers.
    outcome: Outcome,
) -> impl IntoView {
    let Outcome { case, device, tokens_per_second, milliseconds_per_step, first_step_seconds } = outcome;
    let reference = if case.reference.is_nan() { "not measured".into() } else { compact(case.reference) };
    view! {
        <tr data-value=tokens_per_second.to_string()>
            <td>{case.name()}</td>
            <td>{device}</td>
            <td>{compact(tokens_per_second)}</td>
            <td>{fixed(milliseconds_per_step, 1)}</td>
            <td>{format!("{} s", fixed(first_step_seconds, 1))}</td>
            <td>{reference}</td>
        </tr>
    }
}
